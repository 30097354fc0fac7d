"""Parameters that are changed on the command line, ``snakemake ... --config filling=0.25``, and what follows.

A handful of physical parameters have a short name of their own. Each stands for every key of the configuration
that has to change with it, and gives the study another name, so that nothing that was computed is overwritten.
"""

import copy
import difflib
import json
from decimal import Decimal

import yaml

from sdglass.errors import InputError
from sdglass.structures.amorphous import cube_edge
from sdglass_study.config import (
    expected,
    load_config,
    load_schema,
    obeys,
    remove_nulls,
    schema_node,
    validate_config,
)

# Short names in the order in which they appear in a study's name, and what each of them sets.
PARAMETERS = {
    "coupling": "electrons.coupling, J: its sign changes nothing",
    "filling": "electrons.filling, electrons per state",
    "density": "sites per volume: the edge of every box follows from its number of sites",
    "temperature": "one temperature of electrons and spins, in the labels and in the quenches",
    "seed": "every random number of the study",
}
# Keys of the configuration whose schema says what their values may be, and what it does not say.
_KEYS = {
    "coupling": ("electrons", "coupling"),
    "filling": ("electrons", "filling"),
    "temperature": ("electrons", "temperature"),
    "seed": ("seed",),
}
_LIMITS = {
    "coupling": {"exclusiveMinimum": 0},
    "density": {"type": "number", "exclusiveMinimum": 0, "unit": "1/ell^3"},
}
# What may be said on the command line without another name for the study: how it is computed, or compared.
_HARMLESS = ("study", "device", "resources", "sweep")
_DIGITS = 3  # of a box edge that follows from a density
_GIVEN_DIGITS = 2  # of the paper's boxes: 5.0 is 5.00, and 10.77 stands for 10.772


def study_config(files, given, schema_path):
    """Return the checked configuration of a study.

    Parameters
    ----------
    files : sequence of path
        YAML files, the base first.
    given : dict
        What ``--config`` says, as Snakemake reads it: values inside a mapping may still be text.
    schema_path : path

    Raises
    ------
    InputError
        If a file, a name or a value is not valid; the message says what is.
    """
    config = load_config(*files)
    if given:
        validate_config(config, schema_path)
        config = with_overrides(config, given, load_schema(schema_path))
        remove_nulls(config)
    validate_config(config, schema_path)
    return config


def with_overrides(config, given, schema):
    """Return a copy of a configuration with what the command line says.

    Parameters
    ----------
    config : dict
        A whole configuration.
    given : dict
        ``{name: value}``; a name is one of `PARAMETERS` or a section of the configuration.
    schema : dict
        Of the configuration.

    Returns
    -------
    dict
        Its ``study`` is the one given, or else that of `config` with every parameter that changes something:
        ``quick-filling-0.25``.

    Raises
    ------
    InputError
        If a name is unknown, a parameter has no sensible value, or a section would change a study in place.
    """
    given = {name: _understood(name, value) for name, value in given.items()}
    result = copy.deepcopy(config)
    suffix = ""
    for name in sorted(given, key=_order):
        if name in PARAMETERS:
            before = copy.deepcopy(result)
            _SETTERS[name](result, _number(name, given[name], schema))
            if result != before:
                suffix += f"-{name}-{as_text(given[name])}"
        elif name in config or name in _HARMLESS:
            _require_name(name, given, config["study"])
            result[name] = _merged(result.get(name), given[name])
        else:
            raise InputError(_unknown(name, config))
    if "study" not in given:
        result["study"] = f"{config['study']}{suffix}"
    return result


def parse_assignments(words):
    """Return ``{name: value}`` of command-line words ``name=value``.

    Raises
    ------
    InputError
        If a word is not of that form.
    """
    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise InputError(f"{word}: expected NAME=VALUE, such as filling=0.25")
        given[name] = value
    return given


def assignments(given):
    """Return the command-line words ``name=value`` of ``{name: value}``; `parse_assignments` takes them back."""
    return [f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in given.items()]


def sweep_members(files, given, schema_path):
    """Return the sweep that is asked for and its studies.

    Parameters
    ----------
    files, given, schema_path
        As in `study_config`; ``sweep`` may be in either of the first two.

    Returns
    -------
    tuple
        The section ``sweep``, and a list of (value, name of the study, ``{name: value}`` that makes it on the
        command line). Both are None where no sweep is asked for.

    Raises
    ------
    InputError
        If the study of one of the values is not valid, or that of another one too.
    """
    base = study_config(files, given, schema_path)
    if "sweep" not in base:
        return None, None
    sweep = base["sweep"]
    others = {name: value for name, value in given.items() if name not in ("sweep", sweep["parameter"])}
    members = []
    for value in sweep["values"]:
        said = {**others, sweep["parameter"]: value}
        if "study" in others:  # a name for them all would make them overwrite one another
            said["study"] = f"{others['study']}-{sweep['parameter']}-{as_text(value)}"
        study = study_config(files, said, schema_path)["study"]
        for other, earlier, _ in members:
            if earlier == study:
                raise InputError(
                    f"sweep.values: {other} and {value} are the same study, {study}; expected values that differ"
                )
        members.append((value, study, said))
    return sweep, members


def as_text(value):
    """Return a number as it appears in the name of a study."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _order(name):
    names = list(PARAMETERS)
    return names.index(name) if name in names else len(names)


def _understood(name, value):
    try:
        return _parsed(value)
    except yaml.YAMLError:
        raise InputError(f"--config {name}={value}; expected YAML, such as '{{key: value}}'") from None


def _parsed(value):
    """Return what a value means that may still be text."""
    if isinstance(value, dict):
        return {key: _parsed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_parsed(one) for one in value]
    if not isinstance(value, str):
        return value
    for kind in (int, float):  # YAML takes 1e-3 for text
        try:
            return kind(value)
        except ValueError:
            pass
    parsed = yaml.safe_load(value)
    return parsed if isinstance(parsed, str) or parsed is None or isinstance(parsed, bool) else _parsed(parsed)


def _number(name, value, schema):
    node = (schema_node(_KEYS[name], schema) if name in _KEYS else {}) | _LIMITS.get(name, {})
    if not obeys(value, node, schema):
        raise InputError(f"--config {name}={value}; expected {expected(node, schema)} ({PARAMETERS[name]})")
    return value


def _set_coupling(config, value):
    config["electrons"]["coupling"] = float(value)


def _set_filling(config, value):
    config["electrons"]["filling"] = float(value)


def _set_density(config, value):
    boxes = [(box, cube_edge(box["n_sites"], value)) for box in _boxes(config)]
    if all(_rounds_to(edge, box["box_length"]) for box, edge in boxes):
        return  # as it is: an edge that is given to fewer digits stands for the same density
    for box, edge in boxes:
        box["box_length"] = round(edge, _DIGITS)


def _rounds_to(edge, given):
    """Return whether an edge, rounded to the digits of the given one, is that."""
    digits = -Decimal(str(given)).as_tuple().exponent
    return round(edge, max(digits, _GIVEN_DIGITS)) == given


def _set_temperature(config, value):
    for section in config.values():
        if isinstance(section, dict) and "temperature" in section:
            section["temperature"] = float(value)


def _set_seed(config, value):
    config["seed"] = value


_SETTERS = {
    "coupling": _set_coupling,
    "filling": _set_filling,
    "density": _set_density,
    "temperature": _set_temperature,
    "seed": _set_seed,
}


def _boxes(config):
    """Yield every part of a configuration that has a number of sites and the edge of their box."""
    yield config["structure"]
    yield config["quench_large"]
    yield from config["dataset"]["transfer"].values()
    locator = config.get("locator", {})
    yield from locator.get("sets", {}).values()
    yield from (run for run in locator.get("quenches", {}).values() if "n_sites" in run)


def _require_name(name, given, study):
    if name in _HARMLESS or "study" in given:
        return
    raise InputError(
        f"--config {name}=... would change results/{study}/ in place; expected study=NAME beside it, one of "
        f"{', '.join(PARAMETERS)}, which name a study of their own, or a file with study and {name} in it"
    )


def _merged(old, new):
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}


def _unknown(name, config):
    near = difflib.get_close_matches(name, [*PARAMETERS, *config], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"--config {name}: unknown{hint} (names are {', '.join(PARAMETERS)}, and the sections of config.yaml)"
