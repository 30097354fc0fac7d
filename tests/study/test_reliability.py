"""The table of faults in docs/reliability.md: every row names tests, and the figure shows every row."""

import ast
import os
import subprocess
import sys
from functools import cache
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

from reliability_figure import OUTCOMES, read_rows  # noqa: E402

PAGE = (DOCS / "reliability.md").read_text(encoding="utf-8")
ROWS = read_rows(PAGE)

# What must not be missing: (fault, word in what it hits).
WANTED = [
    *(("kill -9", where) for where in ("labelling", "training", "quench", "figure", "study")),
    ("other cores", "study"),
    ("other order of jobs", "study"),
    ("other block size", "noise"),
    ("other block size", "trajectory"),
    *(("truncated", where) for where in ("dataset", "feature cache", "checkpoint", "weights")),
    *(("flipped bit", where) for where in ("dataset", "feature cache", "checkpoint", "weights")),
    ("full disk", "any file"),
    ("read-only folder", "any file"),
    ("read-only folder", "study"),
    ("two runs at once", "study folder"),
    ("edited configuration", "in the middle of a run"),
    *(("random input", where) for where in ("spins", "structure", "configuration")),
    ("hostile file", "command line"),
]


@cache
def names_in(name):
    """Return the names of the tests in a file of this folder."""
    path = Path(__file__).with_name(name)
    assert path.is_file(), f"{name} does not exist"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.fault}: {row.where}")
def test_every_row_names_tests_that_exist(row):
    assert row.tests
    for test in row.tests:
        name, _, function = test.partition("::")
        assert function in names_in(name), test


def test_no_row_is_there_twice():
    assert len({(row.fault, row.where) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("fault", "where"), WANTED, ids=": ".join)
def test_what_was_promised_is_in_the_table(fault, where):
    assert any(row.fault == fault and where in row.where for row in ROWS)


def test_every_test_of_a_fault_is_in_the_table():
    named = {test for row in ROWS for test in row.tests}
    for path in Path(__file__).parent.glob("test_faults_*.py"):
        assert {f"{path.name}::{test}" for test in names_in(path.name)} - named <= UNNAMED


# Tests of the tests' own tools.
UNNAMED = {"test_faults_damage.py::test_a_whole_file_is_read_as_it_was_written"}


@pytest.mark.parametrize(
    ("integration", "outcome"), [("true", "1 failed"), ("", "1 skipped")], ids=["CI", "elsewhere"]
)
def test_no_test_of_the_table_is_skipped_in_continuous_integration(tmp_path, integration, outcome):
    """Where nothing can be mounted, say."""
    (tmp_path / "mount").write_text("#!/bin/sh\necho 'mount: permission denied' >&2\nexit 1\n")
    (tmp_path / "mount").chmod(0o755)
    environment = os.environ | {"CI": integration, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    test = "tests/test_faults_disk.py::test_a_read_only_results_folder[tmpfs]"
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert outcome in done.stdout.splitlines()[-1], done.stdout
    assert (done.returncode != 0) == (integration == "true")
    assert "cannot be mounted here (mount: permission denied)" in done.stdout


def test_the_figure_is_drawn_from_the_table(tmp_path):
    """The committed one has the same words and marks as one that is drawn now."""
    drawn = tmp_path / "drawn.svg"
    command = [sys.executable, DOCS / "reliability_figure.py", "--page", DOCS / "reliability.md", "--out", drawn]
    subprocess.run(command, check=True)
    for path in (drawn, DOCS / "reliability.svg"):
        text = unescape(path.read_text(encoding="utf-8"))
        for row in ROWS:
            assert f">{row.fault}<" in text, f"{path}: draw it again with docs/reliability_figure.py"
            assert f">{row.where}<" in text, f"{path}: draw it again with docs/reliability_figure.py"
        for outcome in OUTCOMES:
            count = sum(row.outcome == outcome for row in ROWS)
            assert f">{outcome} ({count})<" in text, f"{path}: draw it again with docs/reliability_figure.py"


@pytest.mark.parametrize(
    "text",
    [
        "no table",
        "| fault | where |\n|---|---|\n| a | b |",
        PAGE.replace("| refused |", "| unclear |", 1),
        PAGE.replace("| kill -9 | figure |", "| kill -9 |", 1),
    ],
)
def test_a_damaged_table_is_refused(text):
    with pytest.raises(ValueError, match=r"expected|no table"):
        read_rows(text)
