"""Parameters on the command line: what each sets, the name of its study, and words for what is refused."""

from pathlib import Path

import pytest
from snakemake.cli import parse_config

from sdglass.errors import InputError
from sdglass_study.config import load_config, load_schema, parameters
from sdglass_study.overrides import PARAMETERS, parse_assignments, study_config, sweep_members
from sdglass_study.study import Recipes, large_runs

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
PAPER = [ROOT / "config.yaml"]
QUICK = [*PAPER, ROOT / "workflow" / "scales" / "quick.yaml"]


def overridden(*words, files=QUICK):
    """Return the configuration that Snakemake's command line asks for."""
    return study_config(files, parse_config(list(words)), SCHEMA)


def differences(one, other, path=()):
    """Yield the paths at which two configurations differ."""
    for key in sorted({*one, *other}):
        a, b = one.get(key), other.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from differences(a, b, (*path, key))
        elif a != b:
            yield ".".join((*path, key))


def changed(*words, files=QUICK):
    return set(differences(study_config(files, {}, SCHEMA), overridden(*words, files=files)))


def test_each_parameter_changes_what_it_names_and_the_study():
    assert changed("coupling=4") == {"study", "electrons.coupling"}
    assert changed("filling=0.25") == {"study", "electrons.filling"}
    temperatures = {".".join(path) for path, _ in parameters(load_schema(SCHEMA)) if path[-1] == "temperature"}
    assert temperatures > {"electrons.temperature", "quench_small.temperature", "film.temperature"}
    assert changed("temperature=1e-2") == {"study", *temperatures}
    assert changed("seed=7") == {"study", "seed"}
    assert changed("density=0.6") == {"study", "structure.box_length", "quench_large.box_length"}
    sets = {f"locator.sets.{name}.box_length" for name in ("a100", "a300", "b100", "b500", "b1000")}
    boxes = {"structure.box_length", "quench_large.box_length", "dataset.transfer.n1000.box_length"}
    boxes |= {"locator.quenches.locator-wide.box_length"}
    assert changed("density=0.6", files=PAPER) == {"study", *boxes, *sets}


def test_a_density_is_that_of_every_box():
    config = overridden("density=0.6", files=PAPER)
    boxes = [config["structure"], config["quench_large"], *config["dataset"]["transfer"].values()]
    boxes += [*config["locator"]["sets"].values(), config["locator"]["quenches"]["locator-wide"]]
    for box in boxes:
        assert box["n_sites"] / box["box_length"] ** 3 == pytest.approx(0.6, rel=5e-4)  # edges have three decimals


def test_the_study_is_named_after_what_changes():
    assert overridden("filling=0.25")["study"] == "quick-filling-0.25"
    assert overridden("filling=.250")["study"] == "quick-filling-0.25"
    assert overridden("seed=7", "temperature=1e-5", "coupling=4.0")["study"] == (
        "quick-coupling-4-temperature-1e-05-seed-7"
    )
    assert overridden("filling=0.5")["study"] == "quick"  # as it is: the same study
    assert overridden("filling=0.25", "study=mine")["study"] == "mine"
    assert overridden("device=cpu", "resources={threads: 2}")["study"] == "quick"


@pytest.mark.parametrize("files", [PAPER, QUICK], ids=["paper", "quick"])
def test_the_density_of_the_boxes_as_they_are_given_changes_nothing(files):
    """The paper's scale says 10.77 for 1000 sites at 0.8, whose edge is 10.772."""
    assert overridden("density=0.8", files=files) == overridden(files=files)
    for other in ("density=0.79", "density=0.81"):
        config = overridden(other, files=files)
        assert config["study"] != overridden(files=files)["study"]
        assert config["structure"]["box_length"] != 5.0


def test_a_study_of_its_own_shares_no_recipe_with_that_it_came_from():
    before = Recipes(overridden()).kept()
    for word in ("coupling=4", "filling=0.25", "density=0.6", "temperature=1e-2", "seed=7"):
        after = Recipes(overridden(word)).kept()
        assert set(before.values()).isdisjoint(after.values()), word


def test_a_number_means_the_same_however_it_is_written():
    assert Recipes(overridden("coupling=4")).study() == Recipes(overridden("coupling=4.0")).study()


def test_a_section_needs_a_name_for_the_study():
    config = overridden("electrons={filling: 0.25, coupling: 5.0}", "study=mine")
    assert (config["electrons"]["filling"], config["electrons"]["coupling"]) == (0.25, 5.0)
    assert config["electrons"]["temperature"] == 1e-3  # merged, not replaced
    with pytest.raises(InputError, match=r"would change results/quick/ in place; expected study=NAME beside it"):
        overridden("electrons={filling: 0.25}")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("filing=0.25", r"--config filing: unknown; did you mean filling\?"),
        ("elektrons={filling: 0.2}", r"elektrons: unknown; did you mean electrons\?"),
        ("nonsense=1", r"nonsense: unknown \(names are coupling, filling, density, temperature, seed, and"),
        (
            "filling=1.5",
            r"filling=1\.5; expected a number > 0 and < 1 \(electrons\.filling",
        ),
        ("filling=half", r"filling=half; expected"),
        ("filling=true", r"filling=True; expected"),
        ("coupling=-6", r"coupling=-6; expected a number > 0 \[t0\]"),
        ("coupling=inf", r"coupling=inf; expected a number > 0 \[t0\]"),
        ("density=nan", r"density=nan; expected a number > 0 \[1/ell\^3\]"),
        ("temperature=-1", r"temperature=-1; expected a number >= 0 \[t0\] \(one temperature of electrons"),
        ("temperature={a: 1}", r"temperature=\{'a': 1\}; expected a number >= 0"),
        ("seed=1.5", r"seed=1\.5; expected an integer >= 0 \(every random number of the study\)"),
        ("seed=1000.0", r"seed=1000\.0; expected an integer >= 0"),
        ("seed=-1", r"seed=-1; expected an integer >= 0"),
        ("filling=", r"filling=None; expected"),
        ("density=2", r"packing fraction of 0\.\d+; expected less than"),
        ("filling=0.001", r"structure\.n_sites = 100; electrons\.filling"),
        ("study=Mine", r"study = 'Mine'; expected lower-case letters, digits, hyphens and points"),
        ("sweep={parameter: damping, values: [1, 2]}", r"sweep\.parameter = 'damping'; expected one of coupling"),
    ],
)
def test_what_is_refused(word, message):
    with pytest.raises(InputError, match=message):
        overridden(word)


def test_no_run_of_the_locator_force_field_is_left_where_there_is_none():
    assert "locator-fast" in large_runs(overridden(files=PAPER))
    for config in (overridden("filling=0.25", files=PAPER), overridden()):  # the quick scale has none
        assert not [run for run in large_runs(config).values() if run["engine"] == "locator"]


def test_a_file_may_change_the_filling_at_the_paper_s_scale(tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("study: quarter\nelectrons:\n  filling: 0.25\n")
    assert study_config([*PAPER, overlay], {}, SCHEMA) == load_config(*PAPER, overlay)


def test_words_of_a_command_line():
    assert parse_assignments(["filling=0.25", "study=a=b"]) == {"filling": "0.25", "study": "a=b"}
    assert study_config(QUICK, parse_assignments(["filling=0.25"]), SCHEMA) == overridden("filling=0.25")
    for word in ("filling", "=1", "filling="):
        with pytest.raises(InputError, match="expected NAME=VALUE"):
            parse_assignments([word])


def members(*words, files=QUICK):
    return sweep_members(files, parse_config(list(words)), SCHEMA)


def test_a_sweep_has_a_study_for_every_value():
    sweep, found = members("sweep={parameter: filling, values: [0.25, 0.5]}")
    assert sweep == {"parameter": "filling", "values": [0.25, 0.5]}
    assert found == [
        (0.25, "quick-filling-0.25", {"filling": 0.25}),
        (0.5, "quick", {"filling": 0.5}),  # what is there already is not made again
    ]
    assert members() == (None, None)


def test_a_sweep_keeps_what_else_is_said():
    _, found = members("seed=7", "sweep={parameter: coupling, values: [4, 6.0]}")
    assert [name for _, name, _ in found] == ["quick-coupling-4-seed-7", "quick-seed-7"]
    assert all(said["seed"] == 7 for *_, said in found)
    _, found = members("study=mine", "sweep={parameter: seed, values: [1, 2]}")
    assert [name for _, name, _ in found] == ["mine-seed-1", "mine-seed-2"]


def test_a_sweep_in_a_file(tmp_path):
    overlay = tmp_path / "sweep.yaml"
    overlay.write_text("sweep:\n  parameter: density\n  values: [0.6, 0.8]\n  figures: [fig4]\n")
    sweep, found = members(files=[*QUICK, overlay])
    assert sweep["figures"] == ["fig4"]
    assert found[0][1] == "quick-density-0.6"


def test_every_value_of_a_sweep_is_checked():
    with pytest.raises(InputError, match=r"filling=1\.5; expected"):
        members("sweep={parameter: filling, values: [0.25, 1.5]}")
    with pytest.raises(InputError, match=r"sweep\.values = \[0\.25\]; expected a list of at least 2"):
        members("sweep={parameter: filling, values: [0.25]}")


def test_values_of_a_sweep_that_are_one_study_are_refused():
    with pytest.raises(InputError, match=r"sweep\.values: 0\.8 and 0\.80001 are the same study, quick; expected"):
        members("sweep={parameter: density, values: [0.8, 0.80001, 0.6]}")


def test_the_schema_knows_the_parameters():
    assert load_schema(SCHEMA)["properties"]["sweep"]["properties"]["parameter"]["enum"] == list(PARAMETERS)
