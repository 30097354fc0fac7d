"""No file that a user names is ever run: nothing in the library unpickles, and hostile files are refused."""

import ast
import os
import pickle
import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save
from small_steps import make_inputs, step_options, words

import sdglass
from sdglass.cli import main
from sdglass_study.jobs import observables, quench_model, train
from sdglass_study.jobs.arguments import run

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*Path(sdglass.__file__).parent.rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
WORKFLOW = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]

# Modules that run what they read, and functions, built in or of others, that do.
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
BUILT_IN = {"eval", "exec", "compile"}
FUNCTIONS = {
    "read_pickle", "read_hdf", "HDFStore", "full_load", "unsafe_load", "load_all",
    "torch.load", "torch.jit.load", "torch.hub.load", "yaml.load",
}  # fmt: skip


def dotted(node):
    """Return "np.load" of the expression np.load; anything but names is "?" in it."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def dangers(source):
    """Return what in a source text could run the content of a file."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name for name in whole if name.partition(".")[0] in MODULES or name in FUNCTIONS]
        elif isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in BUILT_IN | FUNCTIONS or name.rpartition(".")[2] in FUNCTIONS:
                found.append(name)
            options = {keyword.arg: keyword.value for keyword in node.keywords}
            allowed = options.get("allow_pickle")
            refused = isinstance(allowed, ast.Constant) and allowed.value is False
            if name in ("np.load", "numpy.load") and not refused:
                found.append(f"{name} without allow_pickle=False")
            elif allowed is not None and not refused:
                found.append(f"{name} with allow_pickle")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import joblib.memory",
        "from pickle import loads",
        "from torch import load\nload(p)",
        "torch.load(p)",
        "np.load(p)",
        "np.load(p, allow_pickle=True)",
        "np.load(p, allow_pickle=flag)",
        "np.save(p, a, allow_pickle=True)",
        "pd.read_pickle(p)",
        "yaml.load(t, Loader=L)",
        "yaml.unsafe_load(t)",
        "eval(t)",
    ],
)
def test_every_danger_is_recognised(source):
    assert dangers(source)


def test_nothing_in_the_library_unpickles():
    assert len(SOURCES) > 100
    assert {str(path): found for path in SOURCES if (found := dangers(path.read_text(encoding="utf-8")))} == {}
    assert dangers("re.compile(t)\ncopy(network).eval()\nnp.load(p, allow_pickle=False)\nyaml.safe_load(t)") == []


def test_nothing_in_the_workflow_unpickles():
    """The rules are not quite Python: words are searched for."""
    assert len(WORKFLOW) > 10
    words = "|".join([*MODULES, "allow_pickle", "read_pickle", r"torch\.load", r"yaml\.load"])
    for path in WORKFLOW:
        assert not re.search(rf"\b({words})\b", path.read_text(encoding="utf-8")), path


# Hostile files ---------------------------------------------------------------------------------------------------


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


def hostile(folder, form):
    """Write a file that springs the trap if it is unpickled; return its path."""
    trap, path = Trap(folder / "sprung"), folder / f"hostile.{form}"
    payload = pickle.dumps(trap)
    objects = np.array([trap, None], dtype=object)
    if form == "npy":
        np.save(path, objects, allow_pickle=True)
    elif form == "npz":
        np.savez(path, positions=objects, box=objects, allow_pickle=True)
    elif form == "pt":
        torch.save(trap, path)
    elif form == "h5":
        with h5py.File(path, "w") as handle:
            for name in ("spins", "positions", "box", "energy", "field", "time", "times", "torque_rms", "first"):
                handle[name] = np.void(payload)
            for name in ("model", "provenance", "functions", "attributes", "structure"):
                handle.attrs[name] = np.void(payload)
    elif form == "safetensors":
        path.write_bytes(
            save({"w": torch.frombuffer(bytearray(payload), dtype=torch.uint8)}, {"sdglass": repr(payload)})
        )
    else:
        path.write_bytes(payload)
    return path


FORMS = ("npy", "npz", "pt", "h5", "safetensors", "pkl")


@pytest.fixture
def sprung(tmp_path):
    """The folder that the traps would make; one that works is proof that they would."""
    pickle.loads(pickle.dumps(Trap(tmp_path / "sprung")))
    (tmp_path / "sprung").rmdir()
    return tmp_path / "sprung"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("option", ["engine", "structure", "spins"])
def test_the_command_line_runs_no_file(inputs, tmp_path, capsys, sprung, option, form):
    np.save(tmp_path / "SPINS.npy", np.tile([0.0, 0.0, 1.0], (10, 1)))
    options = {"engine": "exact", "structure": inputs["structure"], "spins": tmp_path / "SPINS.npy"}
    path = options[option] = hostile(tmp_path, form)
    assert main(["evaluate", *words({**options, "out": tmp_path / "OUT.npz"})]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert path.name in err
    assert not sprung.exists()
    assert not (tmp_path / "OUT.npz").exists()


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
