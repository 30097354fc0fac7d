"""Processes of a user: scripts without a main guard, forks after an evaluation, threads, no cache."""

import os
import subprocess
import sys

import numpy as np
import pytest

TIME_LIMIT = 240

SETUP = """
import multiprocessing, os, sys
import numpy as np
import sdglass
structure = sdglass.random_sequential_addition(12, 2.5, 0.5, np.random.default_rng(0))
spins = sdglass.random_spins(12, np.random.default_rng(1), 6)
"""
ENGINES = {
    "exact": "engine = sdglass.load_force_field('exact', structure)",
    "workers": "engine = sdglass.load_force_field('exact', structure, workers=2)",
    "locator": """
from sdglass.forcefields.locator.coefficients import LocatorSettings
from sdglass.forcefields.locator.fit import LocatorModel
shape = LocatorSettings(pair_cutoff=1.4, loop_cutoff=1.1, taper=0.2)
engine = LocatorModel(sdglass.SDModel(), shape, np.ones(4), np.ones(2)).on(structure)
""",
    "network": """
import torch
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions
torch.manual_seed(0)
torch.set_num_threads(2)
structure = sdglass.random_sequential_addition(200, 6.5, 0.5, np.random.default_rng(0))
spins = sdglass.random_spins(200, np.random.default_rng(1), 6)
functions = SymmetryFunctions(cutoff=2.0)
model = NetworkModel(sdglass.SDModel(), functions, [EnergyReference(0, 0)], [SiteEnergy(functions.n_features)])
engine = model.on(structure)
""",
    "greens-function": """
metal = sdglass.SDModel(temperature=0.01)
engine = sdglass.load_force_field('greens-function', structure, metal)
""",
    "kpm": """
engine = sdglass.load_force_field('kpm', structure, order=16, method='clusters')
""",
}


def script(tmp_path, text, limit=TIME_LIMIT, **environment):
    path = tmp_path / "script.py"
    path.write_text(text)
    return subprocess.run(
        [sys.executable, path], capture_output=True, text=True, timeout=limit, cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "2", **environment},
    )  # fmt: skip


def test_workers_in_a_script_without_a_main_guard(tmp_path):
    done = script(tmp_path, f"{SETUP}{ENGINES['workers']}\nengine.evaluate(spins)\n")
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert "InputError: workers = 2" in lines[-1]
    assert lines[-1].endswith("if __name__ == '__main__':")
    assert len(lines) < 15, done.stderr


FORKS = """
def work(replica):
    result = engine.evaluate(spins[replica:replica + 5])
    return result.energy, result.field

if __name__ == "__main__":
    first, both = work(0), work(1)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for here, there in zip([first, both], pool.map(work, [0, 1]), strict=True):
            for one, other in zip(here, there, strict=True):
                np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9)
    child = os.fork()
    if child == 0:
        np.testing.assert_allclose(work(0)[1], first[1], rtol=1e-9, atol=1e-9)
        few = engine.evaluate(spins[:1])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    np.testing.assert_array_equal(work(0)[1], first[1])
    getattr(engine, "close", lambda: None)()
    print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_fork_after_an_evaluation_gives_the_same_numbers(tmp_path, engine):
    text = SETUP + FORKS
    setup, main = text.split("def work", 1)
    if engine == "workers":  # only where it is the main program
        made = f"if __name__ == '__main__':\n    {ENGINES[engine]}\n"
    else:
        made = ENGINES[engine]
    done = script(tmp_path, f"{setup}{made}\ndef work{main}")
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.parametrize("engine", ["exact", "locator", "network"])
def test_threads_share_an_engine(tmp_path, engine):
    threads = """
from concurrent.futures import ThreadPoolExecutor
expected = [engine.evaluate(spins[k:k + 1]).field for k in range(6)]
with ThreadPoolExecutor(2) as pool:
    found = list(pool.map(lambda k: engine.evaluate(spins[k:k + 1]).field, [0, 1, 2, 3, 4, 5] * 3))
for k, field in enumerate(found):
    np.testing.assert_allclose(field, expected[k % 6], rtol=1e-9, atol=1e-9)
print("done")
"""
    done = script(tmp_path, SETUP + ENGINES[engine] + threads)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


WITHOUT = {
    "no folder for it": "caching.CacheImpl._locator_classes = []",
    "a full disk": """
def full(*_, **__):
    raise OSError(28, "No space left on device")
caching.IndexDataCacheFile.save = full
""",
    "damaged files": """
def damaged(*_, **__):
    raise EOFError("Ran out of input")
caching.IndexDataCacheFile.load = damaged
""",
}


@pytest.mark.parametrize("why", WITHOUT)
def test_a_compiler_without_its_cache(tmp_path, why):
    text = f"from numba.core import caching\n{WITHOUT[why]}{SETUP}{ENGINES['locator']}"
    done = script(tmp_path, f"{text}\nprint(engine.evaluate(spins[:1]).field.shape)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "(1, 12, 3)\n", "")


# --- names of files, and streams that cannot write them


NAMES = ["é.npz", "a b.npz", 'it\'s "$x" `y`.npz', "two\nlines.npz", "-dash.npz", "日本.npz", "x" * 250 + ".npz"]


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "latin-1"])
@pytest.mark.parametrize("name", NAMES)
def test_files_of_any_name_are_written_and_read(tmp_path, name, encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"}

    def run(*arguments):
        command = [sys.executable, "-m", "sdglass.cli", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr

    run("structure", "--n-sites", "9", f"--out={name}")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    if name == NAMES[0]:
        run("quench", "--engine", "exact", f"--structure={name}", "--duration=2", f"--out={name}.h5")
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"{name}.h5"])


def test_a_name_that_is_too_long_is_refused_before_anything_is_computed(tmp_path):
    command = [sys.executable, "-m", "sdglass.cli", "structure", "--out", "x" * 300]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith("the name is too long; expected a shorter one\n")
    assert done.stderr.count("\n") == 1


def test_a_models_errors_go_with_its_file(tmp_path):
    from small_study import BONDS, MODEL, REFERENCE

    from sdglass.forcefields.behler_parrinello.linear import LinearModel

    errors = {"test": {"random": {"rmse": 1.24e-3, "relative": 0.0625, "n_sites": 100}}}
    model = LinearModel(MODEL, BONDS, np.ones(BONDS.n_g2), REFERENCE, {}, errors)
    model.save(tmp_path / "a" / "M.safetensors")
    (tmp_path / "a" / "M.safetensors").rename(tmp_path / "elsewhere.safetensors")
    command = [sys.executable, "-m", "sdglass.cli", "info", "elsewhere.safetensors"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "random 1.2e-03 t0 (6.2 %)" in done.stdout
