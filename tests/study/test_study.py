"""What a configuration asks for: realizations, models, engines, and recipes that change when they must."""

import copy
import re
from pathlib import Path

import pytest
from test_config import leaves

from sdglass_study.comparisons import comparisons
from sdglass_study.config import load_config, trained_folds, variant_settings
from sdglass_study.study import (
    SLOW_TABLES,
    Recipes,
    descent_sets,
    engine_members,
    engine_model,
    ensemble_run,
    large_runs,
    model_names,
    realization_groups,
    transfer_sets,
)

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "config.yaml"
OVERLAYS = sorted((ROOT / "workflow" / "scales").glob("*.yaml"))


@pytest.fixture
def config():
    return load_config(BASE)


# ---- recipes --------------------------------------------------------------------------------------------------

CONFIG = load_config(BASE)
PATHS = list(leaves(CONFIG))


def recipes(config):
    """Return {name: recipe} of everything that has one, but the tables."""
    made = Recipes(config)
    names = made.kept()
    for group in made.groups:
        labelled = {**transfer_sets(config)}.get(group, {"realizations": 1})["realizations"]
        labelled = labelled and not group.startswith("large-")  # those are quenched only
        names |= {f"structures/{group}": made.structure(group, 0)}
        names |= {f"datasets/{group}": made.dataset(group, 0)} if labelled else {}
    return names


def altered(value):
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [*value[:-1], altered(value[-1])]
    return {"paper": "else", "small": "bond"}.get(value, f"{value}x") if isinstance(value, str) else value + 1


def with_other(config, path):
    """Return a copy in which the value at `path` is another."""
    config = copy.deepcopy(config)
    section = config
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = altered(section[path[-1]])
    return config


def engine_of(name):
    """Return the engine behind observables, None for other files."""
    small = re.match(r"observables/small-(\w+)/(\w+)/", name)
    large = re.match(r"observables/large-([\w-]+)/\d", name)
    if small:
        return small[2]
    return large_runs(CONFIG)[large[1]]["engine"] if large else None


def model_of(name):
    """Return the model behind a model file, errors or observables; None for exact diagonalization."""
    engine = engine_of(name)
    if engine:
        return engine_model(CONFIG, engine)
    match = re.match(r"(?:models|training|errors)/([\w-]+)", name)
    return match[1] if match else None


def depends(name, path):
    """Whether the file `name` depends on the key at `path`: written from what the steps read."""
    kind, key = name.partition("/")[0], ".".join(path)
    engine, model = engine_of(name), model_of(name)
    group = name.partition("/")[2]
    observed_large = name.startswith("observables/large")
    box = {"structures": group, "datasets": group, "observables": "large" if observed_large else "unseen"}.get(
        kind
    )
    labelled = kind == "datasets"
    sized = kind == "structures" and group.startswith("large-")
    if model == "locator" or group.startswith("descent-") or sized:
        return depends_locator(kind, group, path)
    if path[0] == "locator":
        return False
    # What a least-squares model depends on, or a network, or what they are judged on or move.
    learned = model is not None or (labelled and group in ("large", "n1000"))
    if key in ("study", "device") or path[0] in (
        "density_of_states",
        "time_step_test",
        "rkky",
        "film",
        "resources",
    ):
        return False
    if key == "seed" or key == "structure.r_min":
        return True
    if path[0] == "analysis":
        return key == "analysis.bin_width" and kind == "observables"
    if path[0] == "structure":
        return learned or box in ("train", "unseen")
    if path[0] == "electrons" or key == "integrator":
        return kind != "structures"
    if path[0] == "dataset" and path[1] == "transfer":
        is_box = path[3] in ("n_sites", "box_length")
        return kind == "errors" or (group == path[2] and (labelled or (kind == "structures" and is_box)))
    if path[0] == "dataset" and path[1].startswith("large_"):
        return kind == "errors" or (labelled and group == "large")
    if key == "dataset.unseen_realizations":
        return kind == "errors"
    if path[0] == "dataset":
        return learned or (labelled and key != "dataset.training_realizations")
    if path[0] in ("descriptor", "linear_model"):
        return learned
    if key.startswith("network.variants"):
        if path[-1] == "trained":  # says which folds, not how
            return model == path[2] and kind in ("models", "errors")
        return model == path[2]
    if path[0] == "network":
        overridden = model in CONFIG["network"]["variants"] and path[1] in CONFIG["network"]["variants"][model]
        return model in CONFIG["network"]["variants"] and not overridden
    if path[0] == "force_field":
        return engine == "network" or (
            path[1] == "dtype" and model in CONFIG["network"]["variants"] and bool(engine)
        )
    if path[0] == "quench_small":
        run = path[2] if path[1] == "runs" else None
        ours = kind == "observables" and not observed_large
        return ours and (run is None or name.startswith(f"observables/small-{run}/"))
    if path[0] == "quench_large":
        if path[1] in ("n_sites", "box_length"):
            return box == "large" or kind == "errors"
        if path[-1] == "realizations" or not observed_large:
            return False
        run = re.match(r"observables/large-([\w-]+)/", name)[1]
        if path[1] == "runs":
            return path[2] == run
        return path[1] not in CONFIG["quench_large"]["runs"][run]
    raise AssertionError(f"{key}: say here what depends on it")


def depends_locator(kind, group, path):
    """The same for the locator force field, its labelled sets and its quenches."""
    if ".".join(path) in ("seed", "structure.r_min"):
        return True
    if path[0] == "electrons":
        return kind != "structures"
    run = re.match(r"large-([\w-]+?)(/\d+\.h5)?$", group)
    if run:
        return depends_locator_quench(kind, run[1], path)
    return path[0] == "locator" and depends_locator_fit(kind, group, path)


def depends_locator_quench(kind, run, path):
    """The same for a large quench with it, or the realizations of a run of another size."""
    settings, key = CONFIG["locator"]["quenches"][run], ".".join(path)
    of_run = path[:3] == ("locator", "quenches", run)
    if kind == "structures":
        return of_run and path[-1] in ("n_sites", "box_length")
    if key in ("integrator", "analysis.bin_width", "force_field.dtype"):
        return True
    if path[0] == "quench_large":
        return path[1] != "runs" and path[1] != "realizations" and path[1] not in settings
    if path[:2] == ("locator", "quenches"):
        return of_run and path[-1] != "realizations"
    return path[0] == "locator" and depends_locator_fit("models", "", path)


def depends_locator_fit(kind, group, path):
    """The same for the fit and its labelled sets, of a key in the section ``locator``."""
    if path[1] == "quenches":
        return False
    if path[1] == "sets":
        if kind == "models":
            return path[-1] == "trained" or CONFIG["locator"]["sets"][path[2]]["trained"]
        keys = {"structures": ("n_sites", "box_length"), "datasets": ("n_sites", "box_length", "configurations")}
        return group == f"descent-{path[2]}" and path[-1] in keys[kind]
    return kind == "models" or (kind == "datasets" and path[1] == "descent")


@pytest.mark.parametrize("path", [path for path in PATHS if path[-1] != "engines"], ids=".".join)
def test_a_key_changes_the_recipes_of_what_depends_on_it_and_no_others(config, path):
    before, after = recipes(config), recipes(_valid(with_other(config, path), path))
    common = before.keys() & after.keys()
    assert len(common) > 0.5 * len(before)
    wrong = [name for name in sorted(common) if (before[name] != after[name]) != depends(name, path)]
    assert not wrong


def _valid(config, path):
    """Keep the altered value where it still means something: engines and members that exist."""
    if path[-1] == "engine":
        config["quench_large"]["runs"][path[2]]["engine"] = "linear"
    if path[-1] == "law":
        config["electrons"]["hopping"]["law"] = "shells"
    return config


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_the_study_depends_on_everything_but_how_it_is_computed(config, path):
    same = Recipes(config).study() == Recipes(with_other(config, path)).study()
    assert same == (path[0] in ("resources", "device"))


# Slow tables, and one key of every section (or a whole one) that each is made from.
TABLES = {
    "fig2_density_of_states": {"structure", "electrons", "seed", "density_of_states"},
    "electrons": {"structure", "electrons", "seed", "density_of_states"},
    "two_site": {"electrons"},
    "rkky": {"structure", "electrons", "seed", "rkky"},
    "fig1_neighbourhood": {"structure", "electrons", "seed", "integrator", "dataset.random", "descriptor.cutoff"},
    "couplings": {
        *("structure", "electrons", "seed", "integrator", "dataset.random", "descriptor", "linear_model"),
        *("analysis.bin_width", "force_field.variant", "network.torque_weight"),
    },
    "time_step": {
        *("structure", "electrons", "seed", "integrator", "dataset.random", "descriptor", "linear_model"),
        "time_step_test",
    },
}
TABLES["spins3d"] = {"structure", "electrons", "seed", "integrator", "locator", "film"}
TABLES["learning_curves"] = TABLES["training"] = {
    *("structure", "electrons", "seed", "integrator", "dataset.random", "descriptor", "linear_model"),
    "network.torque_weight",
}
KEYS = sorted(
    {section for section in CONFIG if isinstance(CONFIG[section], dict)}.difference(
        {"dataset", "descriptor", "analysis", "force_field", "network", "electrons"}
    )
    | {"seed", "integrator", "electrons", "dataset.random", "descriptor.shells", "descriptor.cutoff"}
    | {"analysis.bin_width", "force_field.variant", "network.torque_weight", "analysis.bootstrap"}
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("table", TABLES)
def test_a_slow_table_depends_on_the_sections_it_is_made_from(config, table, key):
    path = tuple(key.split("."))
    chosen = next(one for one in PATHS if one[: len(path)] == path)
    changed = Recipes(config).table(table) != Recipes(with_other(config, chosen)).table(table)
    assert changed == any(key == part or key.startswith(f"{part}.") for part in TABLES[table])


def test_every_slow_table_has_a_recipe(config):
    assert set(TABLES) == set(SLOW_TABLES)
    assert len({Recipes(config).table(name) for name in SLOW_TABLES}) == len(SLOW_TABLES)


def test_a_recipe_is_of_what_is_meant_and_not_of_how_it_is_written(config):
    """A variant that repeats what it would inherit is the same training; the order of keys does not matter."""
    other = copy.deepcopy(config)
    other["network"]["variants"]["bond"] |= {"batch": config["network"]["batch"], "trained": [0, 1, 2, 3, 4]}
    other["network"]["variants"] = dict(reversed(other["network"]["variants"].items()))
    assert Recipes(other).kept() == Recipes(config).kept()


def test_the_second_fold_is_another_network(config):
    made = Recipes(config)
    found = [made.training(variant, fold) for variant in config["network"]["variants"] for fold in (0, 1)]
    assert len(set(found)) == len(found)
    kept = made.kept()
    # Weights and learning curve of a fold come from one training; everything else has a recipe of its own.
    curves = {name: recipe for name, recipe in kept.items() if name.endswith(".csv")}
    others = {name: recipe for name, recipe in kept.items() if name not in curves}
    assert all(kept[name.replace(".csv", ".safetensors")] == recipe for name, recipe in curves.items())
    assert len(set(others.values())) == len(others)


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_every_scale_has_recipes(overlay):
    config = load_config(BASE, overlay)
    kept = Recipes(config).kept()
    assert {name for name in kept if name.startswith("errors/")} == {f"errors/{m}.h5" for m in model_names(config)}
    assert set(kept.values()).isdisjoint(Recipes(CONFIG).kept().values())


# ---- groups, engines, runs ------------------------------------------------------------------------------------


def test_no_two_groups_share_a_realization(config):
    config["dataset"]["transfer"]["n200"] = {**config["dataset"]["transfer"]["n1000"], "n_sites": 200}
    groups = realization_groups(config)
    descents = {f"descent-{name}" for name in ("a100", "a300", "b100", "b500", "b1000")}
    assert set(groups) == {"train", "unseen", "large", "n1000", "n200", "large-locator-wide"} | descents
    numbers = [one["first"] + k for one in groups.values() for k in range(one["count"])]
    assert len(numbers) == len(set(numbers))
    assert groups["n200"]["box"] == {"n_sites": 200, "box_length": 10.77}
    assert groups["large"]["count"] == 10  # quenches need more of them than labels
    assert transfer_sets(config)["large"] == {"realizations": 4, "random": 5, "relaxed": 5}


def test_there_is_no_locator_force_field_away_from_half_filling(config):
    assert descent_sets(config).keys() == {f"descent-{name}" for name in config["locator"]["sets"]}
    assert descent_sets(config, trained=True).keys() == {"descent-a100", "descent-a300"}
    assert "tables/locator_errors.csv" in Recipes(config).tables()
    config["electrons"]["filling"] = 0.25
    assert descent_sets(config) == {}
    assert not [path for path in (*Recipes(config).kept(), *Recipes(config).tables()) if "locator" in path]


def test_tables_on_the_locator_force_field_depend_on_all_models_in_them(config):
    before = Recipes(config).locator_table("locator_errors")
    for section, key in (("linear_model", "ridge"), ("network", "torque_weight"), ("locator", "taper")):
        changed = copy.deepcopy(config)
        changed[section][key] *= 2
        assert Recipes(changed).locator_table("locator_errors") != before
    config["quench_large"]["replicas"] += 1
    assert Recipes(config).locator_table("locator_errors") == before


def test_ablation_of_the_locator_force_field_depends_on_no_network(config):
    before = {name: Recipes(config).locator_table(name) for name in ("locator_ablation", "locator_learning")}
    assert len(set(before.values())) == 2
    for section, key, same in (("network", "torque_weight", True), ("linear_model", "ridge", False)):
        changed = copy.deepcopy(config)
        changed[section][key] *= 2
        assert all((Recipes(changed).locator_table(name) == recipe) == same for name, recipe in before.items())


def test_engines_are_models_or_exact(config):
    assert engine_model(config, "exact") is None
    assert engine_model(config, "pair") == "pair"
    assert engine_model(config, "network") == "small"
    config["force_field"]["members"] = [1, 2]
    assert engine_members(config, "network") == [1, 2]
    assert engine_members(config, "bond") == [0]


def test_a_run_may_have_fewer_replicas_of_its_own(config):
    plain, exact = (ensemble_run(config, "large", run) for run in ("pair-fast", "exact-fast"))
    assert (plain["realizations"], plain["replicas"]) == (10, 20)
    assert (exact["realizations"], exact["replicas"], exact["temperature"]) == (4, 2, 1e-3)
    small = ensemble_run(config, "small", "slow")
    assert (small["realizations"], small["replicas"], small["damping"]) == (10, 10, 0.05)


def test_folds_and_settings_of_a_variant(config):
    network = config["network"]
    assert trained_folds(network, "bond") == [0, 1, 2, 3, 4]
    assert trained_folds(network, "tiny") == [0]
    tiny = variant_settings(network, "tiny")
    assert (tiny["layers"], tiny["epochs"], tiny["linear_term"]) == ([32, 32], network["epochs"], True)
    assert "folds" not in tiny


# ---- comparisons ----------------------------------------------------------------------------------------------


def test_comparisons_at_the_paper_s_scale(config):
    found = comparisons(config)
    assert found["network_size"][0] == "bond"
    sizes = {"bond", "bond-long", "small", "tiny", "medium", "small-unstarted"}
    assert set(found["network_size"]) == {"pair", "linear"} | sizes
    assert found["training_size"][0] == found["activation"][0] == "small"
    data = {"data-2x50", "data-4x50", "data-8x50", "data-2x250", "data-4x250"}
    assert set(found["training_size"]) == {"small", "pair", "linear"} | data
    assert set(found["activation"]) == {"small", "small-relu", "small-silu", "pair", "linear"}


def test_a_comparison_of_one_network_is_none(config):
    for overlay in OVERLAYS:
        assert comparisons(load_config(BASE, overlay)) == {}
    config["network"]["variants"] = {
        name: one for name, one in config["network"]["variants"].items() if not name.startswith("data")
    }
    assert set(comparisons(config)) == {"network_size", "activation"}
    # A network that differs in two respects shows neither.
    config["network"]["variants"]["small-relu"]["layers"] = [64]
    config["network"]["variants"]["small-silu"]["epochs"] = 7
    assert set(comparisons(config)) == {"network_size"}
