"""What the tables of a study are made of: everything that they depend on is in a job's inputs and plain data."""

import json

import pytest

from sdglass.errors import InputError
from sdglass_study.analysis import ANALYSES, analysis, arguments, run_analysis
from sdglass_study.config.study import make_study
from sdglass_study.jobs import judge

QUENCH = {"damping": 1.0, "temperature": 1e-3, "duration": 4.0, "time_step": 1.0}
LABELS = {"structures": "train", "random": 2}
NETWORK = {"kind": "network", "labels": "train", "layers": [4], "n_folds": 3, "trained": [0, 2], "realizations": 1}
CONFIG = {
    "study": "tiny",
    "seed": 3,
    "electrons": {"coupling": 6.0, "filling": 0.5, "temperature": 1e-3, "hopping": {"law": "yukawa"}},
    "descriptor": {"cutoff": 1.6, "shells": 6},
    "structures": {
        "train": {"kind": "amorphous", "n_sites": 8, "density": 0.8, "realizations": 3, "first": 0},
        "test": {"kind": "amorphous", "n_sites": 8, "density": 0.8, "realizations": 2, "first": 10},
    },
    "labels": {"train": LABELS, "test": LABELS | {"structures": "test"}, "other": LABELS | {"structures": "test"}},
    "models": {"pair": {"kind": "linear", "labels": "train"}, "small": NETWORK},
    "quenches": {"fig4": QUENCH | {"structures": "test", "models": ["exact", "small"], "replicas": 2}},
    "analysis": {
        "rkky": {"structures": "train", "couplings": [1.0], "configurations": 2},
        "correlation": {"quenches": ["fig4"]},
        "learning_curves": {"models": ["small"]},
        "torque_errors": {"models": ["pair", "small"], "labels": ["test"]},
        "compare_models": {"activation": ["small", "pair"]},
    },
}


@pytest.fixture(scope="module")
def study():
    return make_study(CONFIG)


def test_all_that_a_table_depends_on_is_plain_data_and_files(study):
    for name in study.analysis:
        given = arguments(study, name)
        assert json.loads(json.dumps(given)) == given
    assert arguments(study, "rkky")["parameters"] == pytest.approx(
        {"n_sites": 8, "box_length": 10 ** (1 / 3), "r_min": 0.5}
    )
    assert arguments(study, "rkky")["common"] == {"electrons": study.electrons.to_dict(), "seed": 3}
    assert arguments(study, "learning_curves")["parameters"] == {"fits": [["small", 0], ["small", 2]]}
    entry = ANALYSES["correlation"]
    inputs = entry.inputs_of(study, study.analysis["correlation"])["observables"]
    assert len(inputs) == 4  # two models, two realizations
    assert inputs[0] == "results/tiny/observables/fig4/exact/000.h5"
    assert entry.module == "sdglass_study.analysis.correlation"
    entry = ANALYSES["compare_models"]
    assert entry.tables_of(study.analysis["compare_models"]) == ("activation",)
    paths = ["results/tiny/errors/small.h5", "results/tiny/errors/pair.h5"]
    assert entry.inputs_of(study, study.analysis["compare_models"]) == {"activation": paths}


def test_settings_come_back_as_they_were(study, monkeypatch):
    monkeypatch.setattr(
        ANALYSES, "_found", {name: ANALYSES[name] for name in ANALYSES}
    )  # what is added is forgotten

    @analysis("test of settings", type(study.analysis["rkky"]))
    def returned(settings, inputs, electrons, **parameters):
        return {"settings": settings, "inputs": inputs, "electrons": electrons}

    given = arguments(study, "rkky") | {"name": "test of settings"}
    found = run_analysis(inputs={"one": "a.h5", "more": ["b.h5", "c.h5"]}, **given)
    assert found["settings"] == study.analysis["rkky"]
    assert found["electrons"] == study.electrons
    assert found["inputs"] == {"one": ["a.h5"], "more": ["b.h5", "c.h5"]}
    with pytest.raises(InputError, match="would replace"):
        analysis("rkky")(returned)
    with pytest.raises(InputError, match="correlatio"):
        run_analysis("correlatio", {}, {})


def test_a_model_is_judged_on_its_labels_and_on_those_of_the_table(study):
    inputs, settings = judge.arguments(study, "small")
    assert inputs["models"] == [f"results/tiny/fits/small/fold-{fold}.safetensors" for fold in (0, 2)]
    assert inputs["labels"][2:4] == ["results/tiny/labels/train/002.h5", "results/tiny/labels/test/000.h5"]
    assert settings["sets"] == ["training"] * 3 + ["test"] * 2
    assert settings["drawn"] == ["training", "test"]
    assert settings["fit"]["layers"] == [4]
    assert json.loads(json.dumps(settings)) == settings
    without = make_study(CONFIG | {"analysis": {}})
    assert judge.judged(without, "pair") == {"training": "train", "test": "test", "other": "other"}
