"""No data file is ever run: nothing in the library unpickles, and hostile files are refused."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hostile_files import FORMS, hostile, trap
from small_study import sites

from sdglass.cli import main

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*(ROOT / "src").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]

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


# Hostile files ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sprung(tmp_path):
    return trap(tmp_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("option", ["engine", "structure", "spins"])
def test_the_command_line_runs_no_file(tmp_path, capsys, sprung, option, form):
    sites(10).save(tmp_path / "S.npz")
    np.save(tmp_path / "SPINS.npy", np.tile([0.0, 0.0, 1.0], (10, 1)))
    options = {"engine": "exact", "structure": tmp_path / "S.npz", "spins": tmp_path / "SPINS.npy"}
    path = options[option] = hostile(tmp_path, form)
    options = {**options, "out": tmp_path / "OUT.npz"}
    assert (
        main(["evaluate", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]) == 2
    )
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert path.name in err
    assert not sprung.exists()
    assert not (tmp_path / "OUT.npz").exists()
