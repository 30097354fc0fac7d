"""The configuration: what the schema says of every key, and what is refused."""

import copy
from pathlib import Path

import pytest
import yaml

from sdglass.dynamics.llg import INTEGRATORS
from sdglass.electrons.hopping import HOPPING_LAWS
from sdglass.errors import InputError
from sdglass_study.config import load_config, load_schema, parameters, remove_nulls, validate_config

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "config.yaml"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
OVERLAYS = sorted((ROOT / "workflow" / "scales").glob("*.yaml"))


ONE_VARIANT = {"bond": {"chirality": False, "protocol": "realizations"}}


@pytest.fixture
def config():
    return load_config(BASE)


def leaves(value, path=()):
    """Yield the path of everything in a configuration that is not a mapping."""
    if not isinstance(value, dict):
        yield path
        return
    for key, child in value.items():
        yield from leaves(child, (*path, key))


def changed(config, path, value):
    """Return a copy of `config` with the key at the dotted `path` set."""
    config = copy.deepcopy(config)
    section = config
    *parents, last = path.split(".")
    for key in parents:
        section = section[key]
    section[last] = value
    return config


def problems(config):
    with pytest.raises(InputError) as caught:
        validate_config(config, SCHEMA)
    return str(caught.value).splitlines()


def test_the_scales_exist():
    assert {path.stem for path in OVERLAYS} >= {"quick", "smoke"}


@pytest.mark.parametrize("overlay", [None, *OVERLAYS], ids=lambda path: path.stem if path else "paper")
def test_every_scale_is_valid(overlay):
    config = load_config(BASE, *([overlay] if overlay else []))
    validate_config(config, SCHEMA)
    assert config["study"] == (overlay.stem if overlay else "paper")


def test_every_parameter_has_unit_source_and_description(config):
    known = {}
    for path, leaf in parameters(load_schema(SCHEMA)):
        known[path] = leaf
        for keyword in ("description", "source", "unit"):
            assert isinstance(leaf.get(keyword), str), f"{path}: no {keyword}"
        assert leaf["description"], path
        assert leaf["source"].startswith(("paper", "ours")), path
    for path in leaves(config):
        match = path if path in known else (*path[:-2], "*", path[-1])
        assert match in known, f"{'.'.join(path)} is not in the schema"


def test_the_schema_is_valid_and_closed():
    """Draft 2020-12 itself accepts the schema, and no mapping in it lets unknown keys through."""
    import jsonschema

    schema = load_schema(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(schema)

    def visit(node, where):
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node.get("additionalProperties") is False, where
                # The keys of the hopping depend on its law; a variant and a run may leave out what others say.
                # Without its section, a study has no locator force field; a sweep is asked for when it is wanted.
                if "properties" in node and not where.endswith(("hopping", "z][a-z0-9-]*$")):
                    optional = {"locator", "sweep", "figures", "options"}
                    assert set(node["required"]) == set(node["properties"]) - optional, where
            for key, child in node.items():
                visit(child, f"{where}/{key}")

    visit(schema, "")


def test_what_is_expected_of_every_parameter_can_be_said():
    """Everything has a value of a type that no parameter has: words are found for each."""
    wrong, nothing = {}, object()
    known = [path for path, _ in parameters(load_schema(SCHEMA))]
    for *parents, last in known:
        section = wrong
        for key in parents:
            section = section.setdefault(key.replace("*", "a"), {})
        section[last.replace("*", "a")] = nothing
    lines = problems(wrong)
    for path in known:
        name = ".".join(path).replace("*", "a")
        assert any(line.startswith(f"config: {name} = <object") and "; expected " in line for line in lines), name


def test_the_schema_names_what_the_library_has():
    known = dict(parameters(load_schema(SCHEMA)))
    assert known["electrons", "hopping", "law"]["enum"] == sorted(HOPPING_LAWS, reverse=True)
    assert known[("integrator",)]["enum"] == list(INTEGRATORS)
    fields = {field for law in HOPPING_LAWS.values() for field in law.__dataclass_fields__}
    assert {path[2] for path in known if path[:2] == ("electrons", "hopping")} == fields | {"law"}


def test_the_schema_names_the_activations():
    from sdglass.forcefields.behler_parrinello.network import ACTIVATIONS

    assert dict(parameters(load_schema(SCHEMA)))["network", "activation"]["enum"] == list(ACTIVATIONS)


def optional(path):
    """Whether a key may be missing: the numbers of a hopping law, and what a variant or run changes."""
    return (
        (path[:2] == ("electrons", "hopping") and path[-1] != "law")
        or (path[:2] == ("network", "variants") and path[-1] not in ("chirality", "protocol"))
        or (path[:2] == ("quench_large", "runs") and path[-1] in ("realizations", "replicas"))
        or (path[:2] == ("locator", "quenches") and path[-1] not in ("damping", "duration", "time_step"))
    )


@pytest.mark.parametrize("path", list(leaves(yaml.safe_load(BASE.read_text()))), ids=".".join)
def test_a_misspelt_key_is_refused_with_the_right_one(config, path):
    """A letter doubled in any key, at any depth: the key becomes unknown, and the right one missing."""
    section = config
    for key in path[:-1]:
        section = section[key]
    wrong = path[-1][:-1] + 2 * path[-1][-1]
    section[wrong] = section.pop(path[-1])
    name = ".".join(path)
    lines = problems(config)
    assert f"config: {'.'.join((*path[:-1], wrong))} is unknown; did you mean {name}?" in lines
    if not optional(path):
        assert any(line.startswith(f"config: {name} is missing; expected ") for line in lines)


@pytest.mark.parametrize("section", [key for key, value in yaml.safe_load(BASE.read_text()).items()])
def test_a_misspelt_section_is_refused_with_the_right_one(config, section):
    wrong = section[:1] + section[2:]
    config[wrong] = config.pop(section)
    assert f"config: {wrong} is unknown; did you mean {section}?" in problems(config)


def test_a_key_in_the_wrong_section_is_sent_home(config):
    assert problems(changed(config, "filling", 0.5)) == [
        "config: filling is unknown; did you mean electrons.filling?"
    ]


def test_a_key_like_no_other_still_gets_a_name(config):
    (line,) = problems(changed(config, "electrons.qqq", 1))
    assert "electrons.qqq is unknown; the nearest name is electrons." in line
    assert "filling" in line


def test_all_problems_are_reported_at_once(config):
    lines = problems(changed(changed(config, "electrons.filing", 0.5), "seed", -1))
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("electrons.filling", 0.0, "expected a number > 0 and < 1"),
        ("electrons.filling", 1, "expected a number > 0 and < 1"),
        ("electrons.filling", float("nan"), "expected a finite number"),
        ("electrons.coupling", float("inf"), "expected a finite number"),
        ("electrons.temperature", "1e-3", "write 1.0e-3"),
        ("electrons.temperature", "1.0e3", "write 1.0e+3"),
        ("electrons.temperature", "-2.5e-3", "write -2.5e-3"),
        ("electrons.temperature", -0.1, "expected a number >= 0 [t0]"),
        ("electrons", 3, "expected the keys coupling, filling"),
        ("electrons.hopping.law", "yukawas", "expected one of yukawa, shells"),
        ("structure.n_sites", 100.0, "write 100"),
        ("structure.n_sites", "1e2", "write 100"),
        ("structure.n_sites", True, "expected an integer >= 1"),
        ("structure.box_length", [5.0], "expected a number > 0 [ell]"),
        ("network.activation", "gelu", "expected one of relu, celu, silu"),
        ("network.linear_term", "yes please", "expected true or false"),
        ("network.layers", [], "expected a list of at least 1, each an integer >= 1"),
        ("network.variants", {}, "expected at least one name"),
        ("network.variants.Bond", {"chirality": True, "protocol": "realizations"}, "begins with a letter"),
        ("network.variants.bond.protocol", "folds", "expected one of realizations, configurations"),
        ("quench_small.engines", ["exact", "exact"], "without repeats"),
        ("analysis.fit_start", ["1e1"], "analysis.fit_start[0] = '1e1'"),
        ("density_of_states.realizations", 1, "expected an integer >= 2"),
        ("density_of_states.coupled_realizations", 1, "expected an integer >= 2"),
        ("dataset.unseen_realizations", 1, "expected an integer >= 2"),
        ("quench_small.replicas", 1, "expected an integer >= 2"),
        ("quench_large.replicas", 1, "expected an integer >= 2"),
        ("quench_large.realizations", 1, "expected an integer >= 2"),
        ("quench_large.runs", {}, "expected at least one name"),
        ("time_step_test.dampings", [], "expected a list of at least 1, each a number > 0"),
        ("time_step_test.dampings", [0.0], "time_step_test.dampings[0] = 0.0; expected a number > 0"),
        ("study", "Paper", "lower-case letters"),
        ("electrons.coupling", 1e200, "expected a number between 1e-100 and 1e+100 in size"),
        ("quench_small.runs.slow.time_step", 5e-324, "expected a number between 1e-100 and 1e+100 in size"),
        ("seed", 2**64, "expected an integer below 2^63"),
        ("network.folds", 10**9, "expected an integer >= 2 and <= 1000"),
        ("electrons", {1: 0.5}, "has the key 1; expected a name"),
        ("sweep", {"parameter": "filling", "values": [0.25, 0.5], "options": 3}, ".options = 3; expected text"),
        (
            "sweep",
            {"parameter": "filling", "values": [0.25, 0.5], "options": ""},
            ".options = ''; expected text, not empty",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_expected(config, path, value, words):
    (line,) = problems(changed(config, path, value))
    assert line.startswith(f"config: {path}")
    assert words in line


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"electrons.coupling": 0.0}, "electrons.coupling", "expected another number"),
        (
            {"density_of_states.dense_sites": 100},
            "density_of_states.dense_sites",
            "more than structure.n_sites = 100",
        ),
        ({"electrons.filling": 0.001}, "structure.n_sites", "expected between 1 and 199"),
        ({"electrons.filling": 0.9999}, "quench_large.n_sites", "expected between 1 and 999"),
        ({"dataset.duration": 1000.5}, "dataset.duration", "a multiple of the time step 2.0"),
        ({"dataset.duration": 0.5}, "dataset.duration", "a multiple of the time step 2.0"),
        ({"quench_small.runs.slow.time_step": 0.7}, "quench_small.runs.slow.duration", "a multiple"),
        ({"quench_large.runs.pair-fast.duration": 3.3}, "quench_large.runs.pair-fast.duration", "a multiple"),
        ({"time_step_test.duration": 202.0}, "time_step_test.duration", "a multiple of the time step 4.0"),
        ({"film.duration": 3.0}, "film.duration", "a multiple of the time step 2.0"),
        ({"film.first_snapshot": 2002.0}, "film.first_snapshot", "at most film.duration, 2000.0"),
        ({"dataset.snapshots": 1001}, "dataset.snapshots", "at most one per time step, 500 in all"),
        ({"network.folds": 11}, "network.folds", "at most the 10 realizations"),
        (
            {"network.variants.bond.chirality": True},
            "network.variants.chirality",
            "same model as network.variants.bond",
        ),
        (
            {"network.variants.chirality.chirality": False},
            "network.variants.chirality",
            "expected {chirality: true, protocol: realizations}",
        ),
        ({"network.variants": ONE_VARIANT}, "network.variants.chirality", "is missing; expected {chirality: true"),
        ({"network.variants.pair": ONE_VARIANT["bond"]}, "network.variants.pair", "stands for something else"),
        (
            {"quench_small.engines": ["exact", "network", "pair", "rkky"]},
            "quench_small.engines[3]",
            "rkky; expected one of exact, network, pair, linear, bond",
        ),
        ({"quench_large.runs.pair-slow.engine": "bonds"}, "quench_large.runs.pair-slow.engine", "expected one of"),
        (
            {"network.variants.chirality.trained": [0, 5]},
            "network.variants.chirality.trained",
            "0 and network.folds",
        ),
        ({"network.variants.tiny.realizations": 11}, "network.variants.tiny.realizations", "at most 10"),
        ({"network.variants.tiny.configurations": 251}, "network.variants.tiny.configurations", "at most 250"),
        (
            {"dataset.transfer.n1000.box_length": 5.0},
            "dataset.transfer.n1000.n_sites",
            "expected less than 0.3841",
        ),
        ({"quench_small.engines": ["exact", "network"]}, "quench_small.engines", "expected pair too"),
        ({"quench_small.engines": ["pair"]}, "quench_small.engines", "expected exact, network too"),
        ({"analysis.fit_start": [100.0, 30.0]}, "analysis.fit_start", "ascending values, [30.0, 100.0]"),
        ({"analysis.fit_stop": [3000.0, 300.0]}, "analysis.fit_stop", "ascending values"),
        ({"analysis.time_units": [1.0, 0.1]}, "analysis.time_units", "ascending values"),
        ({"force_field.variant": "bonds"}, "force_field.variant", "one of network.variants, bond, chirality"),
        ({"force_field.members": [0, 5]}, "force_field.members", "between 0 and 4, those of small"),
        ({"descriptor.shell_stop": 2.5}, "descriptor.shell_stop", "less than descriptor.cutoff = 2.5"),
        ({"descriptor.shell_start": 2.47}, "descriptor.shell_start", "less than descriptor.shell_stop = 2.46"),
        ({"structure.box_length": 2.5}, "structure.n_sites", "expected less than 0.3841"),
        ({"quench_large.box_length": 4.0}, "quench_large.n_sites", "expected less than 0.3841"),
        ({"density_of_states.dense_sites": 800}, "density_of_states.dense_sites", "expected less than 0.3841"),
        ({"analysis.fit_start": [30.0, 30000.0]}, "analysis.fit_start", "before the last of analysis.fit_stop"),
        (
            {"electrons.hopping.tolerance": 1e-6},
            "electrons.hopping.tolerance",
            "does not belong to the law yukawa",
        ),
        ({"electrons.hopping.law": "shells"}, "electrons.hopping.distances", "is missing"),
        (
            {"sweep": {"parameter": "filling", "values": [0.25, 0.5], "options": "--profile 'slurm"}},
            "sweep.options",
            "--profile 'slurm; expected words as in a shell (No closing quotation)",
        ),
    ],
)
def test_keys_that_contradict_each_other_are_refused(config, changes, key, words):
    for path, value in changes.items():
        config = changed(config, path, value)
    assert any(line.startswith(f"config: {key}") and words in line for line in problems(config))


def test_durations_of_a_decimal_time_step_are_multiples(config):
    """300 / 0.1 is 3000 only up to rounding."""
    validate_config(changed(config, "quench_small.runs.fast.time_step", 0.1), SCHEMA)


def test_an_overlay_merges_replaces_and_removes(tmp_path):
    overlay = tmp_path / "lattice.yaml"
    overlay.write_text(
        "electrons:\n"
        "  hopping: {law: shells, distances: [1.0], amplitudes: [-1.0], tolerance: 1.0e-6,"
        " amplitude: null, decay_length: null}\n"
        "network: {layers: [8]}\n"
        "quench_large: {runs: {pair-fast: null}}\n"
    )
    config = load_config(BASE, overlay)
    validate_config(config, SCHEMA)
    assert config["electrons"]["coupling"] == 6.0  # merged
    assert config["network"]["layers"] == [8]  # replaced
    assert "pair-fast" not in config["quench_large"]["runs"]  # removed
    assert "pair-slow" in config["quench_large"]["runs"]


def test_merging_agrees_with_snakemake():
    from snakemake.utils import update_config

    for overlay in OVERLAYS:
        expected = yaml.safe_load(BASE.read_text())
        update_config(expected, yaml.safe_load(overlay.read_text()))
        remove_nulls(expected)
        assert load_config(BASE, overlay) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("seed: [1", "not YAML"),
        ("- seed\n", "keys at the top level"),
        ("seed: 2001-99-99\n", "not YAML"),
        ("seed: &a [*a]\n", "not YAML"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text, words):
    path = tmp_path / "broken.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        load_config(BASE, path)
    assert "broken.yaml" in str(caught.value)
