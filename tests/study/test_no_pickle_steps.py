"""No file that a step of the study is given is ever run."""

import re
import sys
from pathlib import Path

import pytest
import torch
from hostile_files import FORMS, hostile, trap
from sdglass_study.jobs.arguments import run
from small_steps import make_inputs, step_options, words

from sdglass_study.jobs import observables, quench_model, train

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]
MODULES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture
def sprung(tmp_path):
    return trap(tmp_path)


def test_nothing_in_the_workflow_unpickles():
    """The rules are not quite Python: words are searched for."""
    assert len(WORKFLOW) > 10
    words = "|".join([*MODULES, "allow_pickle", "read_pickle", r"torch\.load", r"yaml\.load"])
    for path in WORKFLOW:
        assert not re.search(rf"\b({words})\b", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("step", "option"),
    [
        (train, "data"),
        (train, "features"),
        (quench_model, "model"),
        (quench_model, "features"),
        (quench_model, "structure"),
        (observables, "trajectory"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__.rpartition(".")[2],
)
def test_the_steps_run_no_file(inputs, tmp_path, monkeypatch, capsys, sprung, step, option, form):
    monkeypatch.setattr(torch, "set_num_interop_threads", lambda count: None)  # torch allows it once only
    if step is observables:
        options = {"structure": inputs["structure"], "r_min": 0.5, "bin_width": 0.1, "out": tmp_path / "O.h5"}
    else:
        options = step_options(step.__name__.rpartition(".")[2], inputs, tmp_path / "O.h5")
    path = options[option] = hostile(tmp_path, form)
    monkeypatch.setattr(sys, "argv", [step.__name__, *words(options)])
    with pytest.raises(SystemExit) as left:
        run(step.main)
    assert left.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert path.name in line
    assert not sprung.exists()
    assert not (tmp_path / "O.h5").exists()


def test_a_hostile_checkpoint_is_discarded_unread(inputs, tmp_path, monkeypatch, capsys, sprung):
    """A step begins afresh, and says so."""
    monkeypatch.setattr(torch, "set_num_interop_threads", lambda count: None)
    options = step_options("quench_model", inputs, tmp_path / "T.h5")
    hostile(tmp_path, "h5").rename(tmp_path / "T.h5.checkpoint")
    monkeypatch.setattr(sys, "argv", ["quench_model", *words(options)])
    run(quench_model.main)
    assert "T.h5.checkpoint: discarded, starting afresh" in capsys.readouterr().err
    assert (tmp_path / "T.h5").exists()
    assert not sprung.exists()
