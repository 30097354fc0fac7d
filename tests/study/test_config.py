"""The typed configuration: what is refused, in which words, and what follows from a valid one."""

import copy

import pytest
import yaml
from conftest import ROOT

from sdglass import SDModel, Shells, lattice
from sdglass.errors import InputError
from sdglass_study.config import load_study
from sdglass_study.config.shortcuts import effective
from sdglass_study.jobs import quench as quench_job
from sdglass_study.jobs.common import driver

BASE = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def merged(base, overlay):
    """Lay one configuration over another, as Snakemake does."""
    result = copy.deepcopy(base)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def preset(name):
    return merged(
        BASE, yaml.safe_load((ROOT / "workflow" / "presets" / f"{name}.yaml").read_text(encoding="utf-8"))
    )


@pytest.mark.parametrize("name", ["quick", "smoke"])
def test_presets_are_valid(name):
    study = load_study(preset(name))
    assert study.folder == f"results/{name}"
    assert set(study.figures()) >= {"fig1", "fig2", "fig3", "fig4", "fig5"}


def test_base_is_the_paper():
    study = load_study(BASE)
    assert study.electrons.coupling == 6.0
    assert study.structures["train"].kind.n_sites == 100
    assert study.models["paper"].settings.layers == (1024, 1024, 512, 256, 128, 128, 128, 128)
    assert study.models["paper-chirality"].settings.descriptor.chirality
    assert not study.models["paper"].settings.descriptor.chirality
    assert study.fit_files("paper-chirality") == [
        f"results/paper/fits/paper-chirality/fold-{k}.safetensors" for k in (0, 1)
    ]
    assert len(study.observable_files("fig4-slow")) == 3 * 10


WRONG = {
    "unknown key": ({"electrons": {"couplin": 5.0}}, "electrons.couplin is unknown; did you mean coupling?"),
    "text for a number": (
        {"electrons": {"coupling": "strong"}},
        "electrons.coupling = 'strong'; expected a number",
    ),
    "range": (
        {"electrons": {"filling": 1.5}},
        "electrons: filling = 1.5; expected a number strictly between 0 and 1",
    ),
    "hopping law": (
        {"electrons": {"hopping": {"law": "yukawaa"}}},
        "electrons.hopping.law: hopping law 'yukawaa' is unknown; did you mean yukawa?",
    ),
    "hopping parameter": ({"electrons": {"hopping": {"range": 3}}}, "electrons.hopping.range is unknown"),
    "kind": ({"structures": {"train": {"kind": "amorphus"}}}, "did you mean amorphous?"),
    "count with a point": (
        {"structures": {"train": {"n_sites": 100.0}}},
        "a count has no decimal point: write 100",
    ),
    "too dense": ({"structures": {"train": {"n_sites": 2000}}}, "structures.train"),
    "shared numbers": (
        {"structures": {"test": {"first": 5}}},
        "structures.test.first = 5; realization 5 belongs to",
    ),
    "no such structures": (
        {"labels": {"test": {"structures": "tests"}}},
        "labels.test.structures = tests; expected one of train, test,",
    ),
    "too many": (
        {"labels": {"test": {"realizations": 11}}},
        "labels.test.realizations = 11; expected at most the 10",
    ),
    "no multiple": ({"quenches": {"fig4-slow": {"duration": 6001.0}}}, "quenches.fig4-slow: duration = 6001.0 is"),
    "no such model": (
        {"quenches": {"fig4-slow": {"models": ["exact", "smal"]}}},
        "quenches.fig4-slow.models = smal;",
    ),
    "no such quench": (
        {"analysis": {"correlation": {"quenches": ["fig4"]}}},
        "analysis.correlation.quenches = fig4; expected one of fig4-slow",
    ),
    "analysis": (
        {"analysis": {"corelation": {}}},
        "analysis.corelation: analysis 'corelation' is unknown; did you mean",
    ),
    "model setting": ({"models": {"pair": {"ridg": 1.0}}}, "models.pair.ridg is unknown; did you mean ridge?"),
    "observable": ({"observables": ["energie"]}, "observables = energie; expected one of"),
    "not finite": (
        {"electrons": {"coupling": float("nan")}},
        "electrons.coupling = nan; expected a finite number",
    ),
    "device": ({"device": "tpu"}, "device = tpu; expected cpu or cuda"),
    "section": ({"electrons": 3}, "electrons = 3; expected the keys coupling"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_line_names_key_value_and_what_was_expected(name):
    overlay, words = WRONG[name]
    with pytest.raises(InputError) as caught:
        load_study(merged(BASE, overlay))
    assert words in str(caught.value)
    assert all(line.startswith("config: ") for line in str(caught.value).splitlines())


def test_all_problems_at_once():
    overlay = {"electrons": {"coupling": "x"}, "structures": {"train": {"n_site": 3}}, "seed": 1.5}
    with pytest.raises(InputError) as caught:
        load_study(merged(BASE, overlay))
    assert len(str(caught.value).splitlines()) == 3


def test_numbers_that_yaml_takes_for_text():
    study = load_study(merged(BASE, {"electrons": {"temperature": "1e-4"}}))
    assert study.electrons.temperature == 1e-4


def test_null_takes_an_entry_away():
    config = merged(BASE, {"analysis": {"film": None, "spins3d": None}, "quenches": {"film": None}})
    assert "film" not in load_study(config).quenches


LATTICE = {
    "study": "lattice",
    "seed": 1,
    "electrons": {"coupling": 3.0, "filling": 0.25, "temperature": 1.0e-3, "hopping": {"law": "shells"}},
    "structures": {"a": {"kind": "lattice", "lattice": "square", "cells": 4, "realizations": 1, "first": 0}},
    "labels": {"a": {"structures": "a", "random": 2}},
    "models": {"jackson": {"kind": "kpm", "order": 32}, "pair": {"kind": "linear", "labels": "a", "g3": False}},
    "quenches": {
        "q": {"structures": "a", "models": ["exact", "jackson"], "coupling": 2.0, "damping": 1.0}
        | {"temperature": 0.0, "duration": 2.0, "time_step": 1.0, "replicas": 2}
    },
}


class TestSolvers:
    """Electrons that are solved drive quenches without a fit, at any J."""

    def test_a_solver_is_a_model_of_quenches(self):
        study = load_study(LATTICE)
        assert study.driver_file("jackson") == study.driver_file("exact") == []
        told = quench_job.settings(study, "q", "jackson", "000")
        assert (told["solver"], told["options"]) == ("kpm", {"order": 32})
        assert told["electrons"]["coupling"] == 2.0
        assert study.model_modules("jackson") == ["sdglass.forcefields.kernel_polynomial"]

    @pytest.mark.parametrize(
        ("overlay", "words"),
        [
            ({"quenches": {"q": {"models": ["pair"]}}}, "quenches.q.coupling = 2.0; pair was fitted"),
            ({"models": {"jackson": {"ordr": 3}}}, "models.jackson.ordr means nothing to a solver; expected"),
            ({"models": {"jackson": {"labels": "a"}}}, "models.jackson.labels means nothing to a solver;"),
            ({"published": ["jackson"]}, "published = jackson; expected one of pair"),
            (
                {"labels": {"a": {"quenched": {"model": "jackson", "trajectories": 1, "snapshots": 1}
                 | {"damping": 1.0, "temperature": 0.0, "duration": 2.0, "time_step": 1.0}}}},
                "labels.a.quenched.model = jackson; expected one of exact, pair",
            ),
        ],
    )  # fmt: skip
    def test_refused(self, overlay, words):
        with pytest.raises(InputError) as caught:
            load_study(merged(LATTICE, overlay))
        assert words in str(caught.value)

    def test_a_job_takes_the_cheaper_exact_solver(self):
        """Long hoppings between few sites are diagonalized, as ever; of lattices the size decides."""
        sheet = lattice("square", 23)
        short, long = SDModel(hopping=Shells()).to_dict(), SDModel().to_dict()
        kinds = [
            type(driver({"model": "exact", "electrons": electrons}, sheet, [])).__name__
            for electrons in (short, long)
        ]
        assert kinds == ["GreensFunctionForceField", "ExactForceField"]


class TestShortcuts:
    def test_another_name_for_the_study(self):
        config = effective(merged(BASE, {"filling": 0.25}))
        assert (config["study"], config["electrons"]["filling"]) == ("paper-filling-0.25", 0.25)
        assert effective(merged(BASE, {"filling": 0.5}))["study"] == "paper"  # nothing changes

    def test_away_from_half_filling_there_is_no_locator(self):
        study = load_study(merged(BASE, {"filling": 0.25}))
        assert "locator" not in study.models
        assert not any(name.startswith("locator") for name in [*study.quenches, *study.analysis])

    def test_density_sets_every_box(self):
        config = effective(merged(BASE, {"density": 0.4}))
        for box in config["structures"].values():
            assert abs(box["n_sites"] / box["box_length"] ** 3 - 0.4) < 1e-3
        assert effective(merged(BASE, {"density": 0.8}))["structures"] == BASE["structures"]

    def test_temperature_is_that_of_electrons_and_spins(self):
        config = effective(merged(BASE, {"temperature": 0.002}))
        assert config["electrons"]["temperature"] == 0.002
        assert {run["temperature"] for run in config["quenches"].values()} == {0.002}
        assert config["labels"]["test-500"]["quenched"]["temperature"] == 0.002

    @pytest.mark.parametrize("wrong", [{"filling": 1.5}, {"coupling": "strong"}, {"density": -1}])
    def test_refused(self, wrong):
        with pytest.raises(InputError, match=next(iter(wrong))):
            effective(merged(BASE, wrong))
