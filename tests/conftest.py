"""Fixtures that several test files use."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from workflow_runs import finished_smoke_study

from sdglass.structures.amorphous import random_sequential_addition
from sdglass_study.config import load_study

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# What figures call the models of config.yaml.
LABELS = load_study(yaml.safe_load((ROOT / "config.yaml").read_text())).model_labels()


# Files whose tests use the finished study: with `-n` they share the worker that made it, others go file by file.
# (Marks xdist_group would say this, but pytest-xdist 3.8 cannot read them with pytest 9.2.)
WITH_STUDY = ("test_docs.py", "test_extending.py", "test_faults_workflow.py", "test_workflow.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep files together, and those of `WITH_STUDY`."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "study" if file.endswith(WITH_STUDY) else file

    return Scheduling(config, log)


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
def paper_tables():
    """Return the folder of the tables of the study at the paper's scale."""
    folder = ROOT / "results" / "paper" / "tables"
    if not folder.is_dir():
        pytest.skip("results/paper/tables is not there")
    return folder


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
