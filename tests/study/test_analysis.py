"""What the tables of a study are made of: everything that they depend on is in a job's inputs and plain data."""

import json

import pytest
from small_jobs import study as small_study

from sdglass.errors import InputError
from sdglass_study.analysis import ANALYSES, analysis, arguments, run_analysis
from sdglass_study.jobs import judge


@pytest.fixture(scope="module")
def study():
    return small_study()


def test_all_that_a_table_depends_on_is_plain_data_and_files(study):
    for name, settings in study.analysis.items():
        given = arguments(study, name)
        assert json.loads(json.dumps(given)) == given
        files = ANALYSES[name].inputs_of(study, settings)
        assert json.loads(json.dumps(files)) == files
        assert ANALYSES[name].tables_of(settings)
    sites = study.structures[study.analysis["rkky"].structures].kind.n_sites
    assert arguments(study, "rkky")["parameters"]["n_sites"] == sites
    assert arguments(study, "rkky")["common"] == {"electrons": study.electrons.to_dict(), "seed": study.seed}


def test_settings_come_back_as_they_were(study, monkeypatch):
    # What is added is forgotten.
    monkeypatch.setattr(ANALYSES, "_found", {name: ANALYSES[name] for name in ANALYSES})

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
    inputs, settings = judge.inputs(study, "paper"), judge.settings(study, "paper")
    assert json.loads(json.dumps(settings)) == settings
    assert inputs["models"] == study.fit_files("paper")
    assert len(inputs["labels"]) == len(settings["sets"])
    assert settings["drawn"] == ["training", "test"]
    for path, label in zip(inputs["labels"], settings["sets"], strict=True):
        assert f"/labels/{'train' if label == 'training' else label}/" in path
