"""Interrupted steps: they go on from their own checkpoint, and start afresh where it is damaged or stale."""

import functools
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from small_steps import make_inputs, step_options, words

from sdglass.dynamics import quench as driver
from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.forcefields.behler_parrinello import training
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass_study.jobs import checkpoints, dataset, quench_exact, quench_model, train, transfer_dataset
from sdglass_study.jobs import quench as quench_step

# (step, two changes of its options that make a checkpoint stale)
STEPS = {
    "dataset": (dataset, [{"temperature": 2e-3}, {"coupling": 6.0 + 1e-9}]),
    "transfer_dataset": (transfer_dataset, [{"snapshots": 4}]),
    "quench_exact": (quench_exact, [{"damping": 1.0}, {"duration": 12.0}]),
    "quench_model": (quench_model, [{"seed": 4}, {"dtype": "float32"}]),
    "train": (
        train,
        [{"settings": {"epochs": 5, "batch": 4, "patience": 5, "learning_rate": 2e-3}}, {"ridge": 1e-3}],
    ),
}
CHANGES = [(name, change) for name, (_, changes) in STEPS.items() for change in changes]
DISCARDED = "discarded, starting afresh: "


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


class Interrupted(Exception):
    pass


@pytest.fixture
def study(inputs, tmp_path, monkeypatch):
    """Return a function that runs a step, interrupted after some units of work or not, and counts them.

    A unit is a step of the integrator or an epoch; a checkpoint is written after each.
    """
    monkeypatch.setattr(torch, "set_num_interop_threads", lambda count: None)  # torch allows it once only
    for module in (dataset, quench_step):
        monkeypatch.setattr(module, "quench", functools.partial(driver.quench, checkpoint_interval=0.0))
    monkeypatch.setattr(Checkpoint, "due", lambda checkpoint: True)
    advance, epoch = driver._Run.advance, training._run_epoch
    work = {"done": 0, "until": None}

    def counted(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            if work["done"] == work["until"]:
                raise Interrupted
            work["done"] += 1
            return function(*args, **kwargs)

        return wrapper

    monkeypatch.setattr(driver._Run, "advance", counted(advance))
    monkeypatch.setattr(training, "_run_epoch", counted(epoch))

    def run(name, out, until=None, **change):
        """Run a step and return the bytes that it wrote and its units of work."""
        options = step_options(name, inputs, tmp_path / out, **change)
        work.update(done=0, until=until)
        run_step(STEPS[name][0], monkeypatch, **options)
        return options["out"].read_bytes(), work["done"]

    def interrupt(name, out):
        with pytest.raises(Interrupted):
            run(name, out, until=3)
        assert not (tmp_path / out).exists()
        checkpoint = tmp_path / f"{out}.checkpoint"
        assert checkpoint.stat().st_size > 0
        return checkpoint

    run.interrupt = interrupt
    return run


def run_step(module, monkeypatch, **options):
    """Run a step's main with options as on the command line."""
    monkeypatch.setattr(sys, "argv", [module.__name__, *words(options)])
    module.main()


def discarded(captured):
    return [line for line in captured.err.splitlines() if DISCARDED in line]


@pytest.mark.parametrize("name", STEPS)
def test_an_interrupted_step_goes_on(study, capsys, name):
    whole, work = study(name, "whole")
    checkpoint = study.interrupt(name, "out")
    result, rest = study(name, "out")
    assert result == whole
    assert rest == work - 3
    assert discarded(capsys.readouterr()) == []
    assert not checkpoint.exists()


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_a_checkpoint_of_other_parameters_is_discarded(study, capsys, name, change):
    fresh, work = study(name, "fresh", **change)
    checkpoint = study.interrupt(name, "out")
    result, units = study(name, "out", **change)
    assert (result, units) == (fresh, work)
    (line,) = discarded(capsys.readouterr())
    assert line.startswith(f"{checkpoint}: ")
    assert not checkpoint.exists()


@pytest.mark.parametrize("name", STEPS)
def test_a_checkpoint_of_other_code_is_discarded(study, capsys, name, monkeypatch, tmp_path):
    fresh, work = study(name, "fresh")
    modules = checkpoints.library_modules

    def before(module):
        """What the step ran before an edit: one file was another."""
        (tmp_path / "old.py").write_text("pass\n")
        return [*modules(module)[:-1], tmp_path / "old.py"]

    monkeypatch.setattr(checkpoints, "library_modules", before)
    checkpoint = study.interrupt(name, "out")
    monkeypatch.setattr(checkpoints, "library_modules", modules)
    assert study(name, "out") == (fresh, work)
    (line,) = discarded(capsys.readouterr())
    assert "code" in line
    assert checkpoints.code_digest(name)[:30] in line
    assert not checkpoint.exists()


@pytest.mark.parametrize("name", STEPS)
def test_a_damaged_checkpoint_is_discarded(study, capsys, name):
    fresh, work = study(name, "fresh")
    checkpoint = study.interrupt(name, "out")
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: len(content) // 2])
    assert study(name, "out") == (fresh, work)
    assert len(discarded(capsys.readouterr())) == 1


def test_a_changed_input_file_makes_a_checkpoint_stale(study, inputs, capsys, monkeypatch):
    """Another model of the same predictions: its weights are those, but it is another file."""
    checkpoint = study.interrupt("quench_model", "out")
    old = inputs["model"].read_bytes()
    try:
        loaded = NetworkModel.load(inputs["model"])
        loaded.info["note"] = "made again"
        loaded.save(inputs["model"])
        assert study("quench_model", "out") == study("quench_model", "fresh")
    finally:
        inputs["model"].write_bytes(old)
    (line,) = discarded(capsys.readouterr())
    assert "inputs" in line
    assert not checkpoint.exists()


def test_the_code_of_a_step_is_what_it_runs():
    digests = {name: checkpoints.code_digest(name) for name in STEPS}
    assert len(set(digests.values())) == len(STEPS)
    assert checkpoints.code_digest("train") == digests["train"]


def test_other_errors_are_not_taken_for_a_stale_checkpoint(study, tmp_path):
    """Bad input is refused as it is, and the checkpoint of the good run stays."""
    checkpoint = study.interrupt("quench_exact", "out")
    before = checkpoint.read_bytes()
    with pytest.raises(ValueError, match="damping"):
        study("quench_exact", "out", damping=-1.0)
    assert checkpoint.read_bytes() == before


def test_training_stops_after_the_patience(study, tmp_path):
    """The step's learning curve ends `patience` epochs after its best."""
    settings = {"epochs": 60, "batch": 4, "patience": 2, "learning_rate": 0.3, "schedule": "constant"}
    _, work = study("train", "out", settings=settings)
    curve = pd.read_csv(tmp_path / "out.csv")
    assert len(curve) == work < 60
    assert len(curve) == np.argmin(curve.validation_loss) + 1 + 2
