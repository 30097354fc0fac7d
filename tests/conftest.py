"""Fixtures that several test files use."""

import json
from pathlib import Path

import numpy as np
import pytest
from workflow_runs import finished_smoke_study

from sdglass.packing import random_sequential_addition

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config, items):
    """With `-n`: a file stays on one worker, and all that use the finished study on the one that made it."""
    for item in items if config.pluginmanager.hasplugin("xdist") else []:
        group = "smoke study" if "smoke_study" in item.fixturenames else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def shared_file():
    """Return a function: path below ../shared, or skip the test where it is not there."""

    def find(name):
        path = SHARED / name
        if not path.is_file():
            pytest.skip(f"../shared/{name} is absent (published data, not part of this project)")
        return path

    return find


@pytest.fixture(scope="session")
def exact_small():
    """Three small structures solved by an independent program: positions, spins, F, levels, fields."""
    return json.loads((Path(__file__).parent / "data" / "exact_small.json").read_text())


@pytest.fixture(scope="session")
def small_structure():
    """Return 14 sites at the paper's density of 0.8 / ell^3 (about), small enough for many ED calls."""
    return random_sequential_addition(14, 2.6, 0.5, np.random.default_rng(7))


@pytest.fixture(scope="session")
def smoke_study(tmp_path_factory):
    """Return the folder of a smoke study, run once; who changes something in it changes it back."""
    return finished_smoke_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def study(smoke_study):
    """The same, for those who leave it as it is."""
    return smoke_study
