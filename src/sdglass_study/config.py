"""The configuration of a study: read, merged, and checked before anything runs.

The schema (``workflow/schemas/config.schema.yaml``) knows names, types and ranges; what relates several
keys to one another is checked here. All problems are reported at once, each on its own line.
"""

import difflib
import json
import math
import re
import shlex
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from sdglass.electrons.hopping import HOPPING_LAWS, hopping_from_dict
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.io import require_file
from sdglass.structures.amorphous import JAMMING_FRACTION, packing_fraction

# The trainings that the error tables and the claims compare, by these names.
VARIANTS = {
    "bond": {"chirality": False, "protocol": "realizations"},
    "chirality": {"chirality": True, "protocol": "realizations"},
    "bond-configurations": {"chirality": False, "protocol": "configurations"},
    "chirality-configurations": {"chirality": True, "protocol": "configurations"},
}
# Other models and engines in the same tables and folders.
RESERVED = ("pair", "linear", "exact", "network", "locator")
# Compared with one another in Fig. 4 and its claims.
ENGINES = ("exact", "network", "pair")

# What YAML 1.1 takes for a string although it means a number: 1e-3 has no point, 1.0e3 no sign.
_NUMBER_AS_TEXT = re.compile(r"([-+]?)(\d+)(?:\.(\d*))?(?:[eE]([-+]?)(\d+))?")
_TYPES = {"number": "a number", "integer": "an integer", "boolean": "true or false", "string": "text"}
# 100.0 is an integer to JSON Schema, but not to range().
_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def load_config(*paths):
    """Return the configuration of `paths`, each one laid over those before it, as Snakemake does.

    Mappings are merged key by key, anything else is replaced; a key set to null is removed.

    Parameters
    ----------
    *paths : path
        YAML files, the base first.

    Raises
    ------
    InputError
        If a file is missing, is not YAML, or holds no mapping.
    """
    config = {}
    for path in paths:
        require_file(path, "a YAML configuration")
        try:
            overlay = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            json.dumps(overlay, default=str, skipkeys=True)  # an error if something contains itself
        except (yaml.YAMLError, ValueError, RecursionError) as error:  # of dates that do not exist, of other codes
            raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
        if not isinstance(overlay, dict):
            raise InputError(f"{path}: expected keys at the top level")
        _merge(config, overlay)
    remove_nulls(config)
    return config


def remove_nulls(config):
    """Delete, in place, every key whose value is null: how an overlay takes a name away from its base."""
    for key in [key for key, value in config.items() if value is None]:
        del config[key]
    for value in config.values():
        if isinstance(value, dict):
            remove_nulls(value)


def validate_config(config, schema_path):
    """Check a merged configuration against the schema and against itself.

    Parameters
    ----------
    config : dict
        The whole configuration, overlays merged.
    schema_path : path
        The schema, YAML.

    Raises
    ------
    InputError
        With one line per problem: the key, its value, what is expected and, for an unknown key, the
        nearest valid name.
    """
    schema = load_schema(schema_path)
    problems = list(_not_text(config, []))
    problems = problems or [
        line for error in _Validator(schema).iter_errors(config) for line in _describe(error, schema)
    ]
    if not problems:
        problems = _contradictions(config)
    if problems:
        raise InputError("\n".join(f"config: {line}" for line in dict.fromkeys(problems)))


def variant_settings(network, name):
    """Return the settings of one of `network.variants`: those of `network`, except where it says otherwise.

    The training set's keys ``trained``, ``realizations`` and ``configurations`` are absent where all are used.
    """
    base = {key: value for key, value in network.items() if key not in ("folds", "variants")}
    return base | network["variants"][name]


def trained_folds(network, name):
    """Return the folds of one of `network.variants` that are trained; they number its members."""
    return network["variants"][name].get("trained", list(range(network["folds"])))


def load_schema(path):
    """Return the schema as plain data."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def parameters(schema):
    """Yield (key path, schema of the parameter) of every parameter that the schema knows.

    The path is a tuple; a name that the user chooses, such as that of a run, is ``"*"`` in it.
    """
    yield from _leaves(schema, schema, ())


def _leaves(node, schema, path):
    children = [*node.get("properties", {}).items()]
    children += [("*", child) for child in node.get("patternProperties", {}).values()]
    if not children:
        yield path, node
    for key, child in children:
        yield from _leaves(_resolved(child, schema), schema, (*path, key))


def _resolved(node, schema):
    """Return `node` with the keywords that its $ref points to."""
    if "$ref" not in node:
        return node
    return {**schema["$defs"][node["$ref"].removeprefix("#/$defs/")], **node}


def _merge(base, overlay):
    for key, value in overlay.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _not_text(value, path):
    """Yield a line for every key that is no text; YAML reads 1, yes and null as something else."""
    if isinstance(value, dict):
        for key, child in value.items():
            if not isinstance(key, str):
                yield f"{_dotted(path)} has the key {_short(key)}; expected a name, in quotes if need be"
            else:
                yield from _not_text(child, [*path, key])
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _not_text(child, [*path, number])


# What the schema finds ------------------------------------------------------------------------------------


def _describe(error, schema):
    """Return the lines that say in words what a jsonschema error means."""
    path, value = list(error.absolute_path), error.instance
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        patterns = error.schema.get("patternProperties", {})
        unknown = [key for key in value if key not in known and not any(re.search(p, str(key)) for p in patterns)]
        return [_unknown(path, key, error.schema, schema) for key in unknown]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in value]
        return [
            f"{_dotted([*path, key])} is missing; expected {expected(schema_node([*path, key], schema), schema)}"
            for key in missing
        ]
    if error.validator == "minProperties":
        return [f"{_dotted(path)} is empty; expected at least one name"]
    return [f"{_dotted(path)} = {_short(value)}; {_remedy(value, schema_node(path, schema), schema)}"]


def _unknown(path, key, node, schema):
    name = _dotted([*path, key])
    if "patternProperties" in node:
        return f"{name}: a name here is lower-case letters, digits and hyphens, and begins with a letter"
    siblings = list(node["properties"])
    near = difflib.get_close_matches(str(key), siblings, n=1)
    if near:
        return f"{name} is unknown; did you mean {_dotted([*path, near[0]])}?"
    elsewhere = [".".join(leaf) for leaf, _ in parameters(schema) if leaf[-1] == key]
    if elsewhere:
        return f"{name} is unknown; did you mean {' or '.join(elsewhere[:3])}?"
    nearest = max(siblings, key=lambda sibling: difflib.SequenceMatcher(None, str(key), sibling).ratio())
    return f"{name} is unknown; the nearest name is {_dotted([*path, nearest])}, others are {', '.join(siblings)}"


def schema_node(path, schema):
    """Return the schema of the value at `path`, $ref resolved."""
    node = schema
    for key in path:
        if isinstance(key, int):
            child = node["items"]
        elif key in node.get("properties", {}):
            child = node["properties"][key]
        else:
            child = next(iter(node["patternProperties"].values()))
        node = _resolved(child, schema)
    return node


def _remedy(value, node, schema):
    """Return what to write instead of `value`."""
    number = _NUMBER_AS_TEXT.fullmatch(value) if isinstance(value, str) else None
    if number and node.get("type") == "number":
        sign, whole, decimals, exponent_sign, exponent = number.groups()
        text = f"{sign}{whole}.{decimals or '0'}"
        text += f"e{exponent_sign or '+'}{exponent}" if exponent else ""
        return f"YAML reads that as text: write {text}"
    if number and node.get("type") == "integer" and float(value).is_integer():
        return f"YAML reads that as text: write {int(float(value))}"
    if node.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return f"a count has no decimal point: write {int(value)}"
    return f"expected {expected(node, schema)}"


def obeys(value, node, schema):
    """Return whether a value is one that `node`, a part of the schema, accepts, and finite."""
    problem = next(_Validator({**node, "$defs": schema["$defs"]}).iter_errors(value), None)
    return problem is None and not any(_not_finite(value, []))


def expected(node, schema):
    """Return in words what values `node`, a part of the schema, accepts."""
    if "enum" in node:
        return f"one of {', '.join(map(str, node['enum']))}"
    if "pattern" in node:
        points = " and points" if "." in node["pattern"] else ""
        return f"lower-case letters, digits{',' if points else ' and'} hyphens{points}, beginning with a letter"
    kind = node["type"]
    if kind == "object":
        children = node.get("properties", {})
        return f"the keys {', '.join(children)}" if children else "a name and its settings for each"
    if kind == "array":
        items = expected(_resolved(node["items"], schema), schema)
        words = f"a list of at least {node.get('minItems', 0)}, each {items}"
        words += ", without repeats" if node.get("uniqueItems") else ""
    else:
        words = _TYPES[kind]
        bounds = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}
        limits = [f"{sign} {node[keyword]}" for keyword, sign in bounds.items() if keyword in node]
        words = " ".join([words, " and ".join(limits)]).strip()
        words += ", not empty" if node.get("minLength") else ""
    unit = node.get("unit", "")
    return f"{words} [{unit}]" if unit not in ("", "1") else words


def _dotted(path):
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".") or "the file"


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# What only several keys together show ---------------------------------------------------------------------


def _contradictions(config):
    """Return the problems of a configuration that obeys the schema."""
    problems = list(_not_finite(config, []))
    if problems:
        return problems
    for check in (
        _hopping,
        _electrons,
        _packing,
        _descriptor,
        _durations,
        _dataset,
        _variants,
        _force_field,
        _engines,
        _locator,
        _ascending,
        _windows,
        _sweep,
    ):
        problems += check(config)
    return problems


def _not_finite(value, path):
    """Yield a line for every number that passes any range but cannot be calculated with."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{_dotted(path)} = {value}; expected a finite number"
    elif isinstance(value, float) and not (value == 0 or 1e-100 <= abs(value) <= 1e100):
        yield f"{_dotted(path)} = {value}; expected a number between 1e-100 and 1e+100 in size"
    elif isinstance(value, int) and abs(value) >= 2**63:
        yield f"{_dotted(path)} = {_short(value)}; expected an integer below 2^63"
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _not_finite(child, [*path, key])


def _hopping(config):
    hopping = config["electrons"]["hopping"]
    law, given = hopping["law"], set(hopping) - {"law"}
    wanted = HOPPING_LAWS[law].__dataclass_fields__
    for key in sorted(given - set(wanted)):
        yield (
            f"electrons.hopping.{key} does not belong to the law {law}, which takes {', '.join(wanted)}; "
            f"remove it (in an overlay: {key}: null)"
        )
    for key in wanted:
        if key not in given:
            yield f"electrons.hopping.{key} is missing; the law {law} takes {', '.join(wanted)}"
    if given == set(wanted):
        try:
            hopping_from_dict(hopping)
        except InputError as error:
            yield f"electrons.hopping: {error}"


def _sites(config):
    """Return {key: (number of sites, box length)} of everything that is packed."""
    box = config["structure"]["box_length"]
    large = config["quench_large"]
    sized = {
        f"locator.quenches.{name}.n_sites": (run["n_sites"], run["box_length"])
        for name, run in config.get("locator", {}).get("quenches", {}).items()
        if {"n_sites", "box_length"} <= run.keys()
    }
    return (
        sized
        | {
            "structure.n_sites": (config["structure"]["n_sites"], box),
            "density_of_states.dense_sites": (config["density_of_states"]["dense_sites"], box),
            "quench_large.n_sites": (large["n_sites"], large["box_length"]),
        }
        | {
            f"{section}.{name}.n_sites": (one["n_sites"], one["box_length"])
            for section, sets in (
                ("dataset.transfer", config["dataset"]["transfer"]),
                ("locator.sets", config.get("locator", {}).get("sets", {})),
            )
            for name, one in sets.items()
        }
    )


def _electrons(config):
    if config["electrons"]["coupling"] == 0:
        yield (
            "electrons.coupling = 0; expected another number: without it the spins feel no field "
            "(the density of states at J = 0 is always made)"
        )
    for key, (n_sites, _) in _sites(config).items():
        try:
            SDModel(filling=config["electrons"]["filling"]).n_electrons(n_sites)
        except InputError as error:
            yield f"{key} = {n_sites}; electrons.{error}"
    sites, dense = config["structure"]["n_sites"], config["density_of_states"]["dense_sites"]
    if dense <= sites:
        yield f"density_of_states.dense_sites = {dense}; expected more than structure.n_sites = {sites}"


def _packing(config):
    r_min = config["structure"]["r_min"]
    for key, (n_sites, box_length) in _sites(config).items():
        fraction = packing_fraction(n_sites, box_length, r_min)
        if fraction >= JAMMING_FRACTION:
            yield (
                f"{key} = {n_sites} at structure.r_min = {r_min} in a box of {box_length} is a packing fraction "
                f"of {fraction:.3f}; expected less than {JAMMING_FRACTION}, where sequential addition jams"
            )


def _descriptor(config):
    start, stop, cutoff = (config["descriptor"][key] for key in ("shell_start", "shell_stop", "cutoff"))
    if stop >= cutoff:
        yield f"descriptor.shell_stop = {stop}; expected less than descriptor.cutoff = {cutoff}"
    if start >= stop:
        yield f"descriptor.shell_start = {start}; expected less than descriptor.shell_stop = {stop}"


def _durations(config):
    test = config["time_step_test"]
    pairs = [("dataset.duration", config["dataset"]["duration"], config["dataset"]["time_step"])]
    for section in ("quench_small", "quench_large"):
        for name, run in config[section]["runs"].items():
            pairs.append((f"{section}.runs.{name}.duration", run["duration"], run["time_step"]))
    for name, run in config.get("locator", {}).get("quenches", {}).items():
        pairs.append((f"locator.quenches.{name}.duration", run["duration"], run["time_step"]))
    pairs += [("time_step_test.duration", test["duration"], step) for step in test["time_steps"]]
    film = config["film"]
    pairs.append(("film.duration", film["duration"], film["time_step"]))
    if film["first_snapshot"] > film["duration"]:
        yield f"film.first_snapshot = {film['first_snapshot']}; expected at most film.duration, {film['duration']}"
    for key, duration, step in pairs:
        steps = duration / step
        if round(steps) < 1 or abs(steps - round(steps)) > 1e-9 * steps:
            yield f"{key} = {duration}; expected a multiple of the time step {step}"


def _dataset(config):
    dataset = config["dataset"]
    steps = round(dataset["duration"] / dataset["time_step"])
    if dataset["snapshots"] > steps:
        yield f"dataset.snapshots = {dataset['snapshots']}; expected at most one per time step, {steps} in all"


def _variants(config):
    dataset, network = config["dataset"], config["network"]
    realizations = dataset["training_realizations"]
    per_realization = dataset["random"] + dataset["relaxations"] * dataset["snapshots"]
    configurations = realizations * per_realization
    available = {"realizations": realizations, "configurations": configurations}
    for name, wanted in VARIANTS.items():
        given = network["variants"].get(name)
        if given is None or any(given[key] != value for key, value in wanted.items()):
            words = ", ".join(f"{key}: {str(value).lower()}" for key, value in wanted.items())
            given = "is missing" if given is None else f"= {given}"
            yield (
                f"network.variants.{name} {given}; expected {{{words}}}, which the error tables and the claims "
                "compare by this name"
            )
    first = {}
    for name, variant in network["variants"].items():
        if name in RESERVED:
            words = ", ".join(RESERVED)
            yield f"network.variants.{name}: the name stands for something else; expected none of {words}"
        protocol = variant["protocol"]
        if network["folds"] > available[protocol]:
            yield (
                f"network.folds = {network['folds']}; expected at most the {available[protocol]} {protocol} of "
                f"the training set, which network.variants.{name} divides"
            )
        for fold in variant.get("trained", ()):
            if fold >= network["folds"]:
                yield (
                    f"network.variants.{name}.trained = {variant['trained']}; expected folds between 0 and "
                    f"network.folds - 1 = {network['folds'] - 1}"
                )
        for key, most in (("realizations", realizations), ("configurations", per_realization)):
            if variant.get(key, 0) > most:
                yield f"network.variants.{name}.{key} = {variant[key]}; expected at most {most}, which there are"
        settings = {key: value for key, value in variant_settings(network, name).items() if key != "trained"}
        same = first.setdefault(json.dumps(settings, sort_keys=True), name)
        if same != name:
            yield f"network.variants.{name} is the same model as network.variants.{same}; remove or change one"


def _force_field(config):
    variants = config["network"]["variants"]
    variant, members = config["force_field"]["variant"], config["force_field"]["members"]
    if variant not in variants:
        yield f"force_field.variant = {variant}; expected one of network.variants, {', '.join(variants)}"
        return
    trained = len(trained_folds(config["network"], variant))
    for member in members:
        if member >= trained:
            yield f"force_field.members = {members}; expected between 0 and {trained - 1}, those of {variant}"
            break


def _engines(config):
    engines = config["quench_small"]["engines"]
    known = ["exact", "network", "pair", "linear", *config["network"]["variants"]]
    if "locator" in config and config["electrons"]["filling"] == 0.5:
        known.append("locator")
    asked = {f"quench_small.engines[{k}]": engine for k, engine in enumerate(engines)}
    asked |= {
        f"quench_large.runs.{name}.engine": run["engine"] for name, run in config["quench_large"]["runs"].items()
    }
    for key, engine in asked.items():
        if engine not in known:
            yield f"{key} = {engine}; expected one of {', '.join(known)}"
    missing = [engine for engine in ENGINES if engine not in engines]
    if missing:
        yield (
            f"quench_small.engines = {engines}; expected {', '.join(missing)} too: the figure and the claims "
            "compare all three"
        )


def _locator(config):
    sets = config.get("locator", {}).get("sets", {})
    for trained, purpose in ((True, "is fitted to"), (False, "is judged on")):
        if sets and not any(one["trained"] == trained for one in sets.values()):
            flag = str(trained).lower()
            yield f"locator.sets: none has trained: {flag}; expected one that the force field {purpose}"
    for name, run in config.get("locator", {}).get("quenches", {}).items():
        given = [key for key in ("n_sites", "box_length") if key in run]
        if len(given) == 1:
            yield f"locator.quenches.{name} has {given[0]} alone; expected n_sites and box_length, or neither"
        if name in config["quench_large"]["runs"]:
            yield f"locator.quenches.{name}: quench_large.runs has a run of this name; expected another one"


def _ascending(config):
    for key in ("fit_start", "fit_stop", "time_units"):
        values = config["analysis"][key]
        if values != sorted(values):
            yield f"analysis.{key} = {values}; expected ascending values, {sorted(values)}"


def _windows(config):
    starts, stops = config["analysis"]["fit_start"], config["analysis"]["fit_stop"]
    for start in starts:
        if start >= max(stops):
            yield f"analysis.fit_start {start}: expected a time before the last of analysis.fit_stop, {max(stops)}"


def _sweep(config):
    options = config.get("sweep", {}).get("options", "")
    try:
        shlex.split(options)
    except ValueError as error:
        yield f"sweep.options = {options}; expected words as in a shell ({error})"
