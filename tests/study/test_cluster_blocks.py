"""Slurm jobs of the study on paper: hand-made plans, and the page that shows the real one."""

import sys

import pandas as pd
import pytest
from conftest import ROOT

PLAN = """Building DAG of jobs...
Job stats:
job      count
total        4

[Sat Nov 21 20:50:13 2026] Group job prepare-train (jobs in lexicogr. order):

    [Sat Nov 21 20:50:13 2026]
    rule dataset:
        output: results/cluster-blocks/datasets/train-005.h5
        benchmark: results/cluster-blocks/benchmarks/dataset/train-005.tsv
    [Sat Nov 21 20:50:13 2026]
    rule structure:
        benchmark: results/cluster-blocks/benchmarks/structure/train-005.tsv
[Sat Nov 21 20:50:13 2026]
rule train:
    benchmark: results/cluster-blocks/benchmarks/train/small-0.tsv
[Sat Nov 21 20:50:13 2026]
rule train:
    benchmark: results/cluster-blocks/benchmarks/train/small-1.tsv
[Sat Nov 21 20:50:13 2026]
rule all:
    input: results/cluster-blocks/report.html
Job stats:
job      count
total        4
"""


@pytest.fixture
def cluster_blocks(monkeypatch):
    """Return the program; programs find each other beside themselves."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import cluster_blocks

    yield cluster_blocks
    for name in ("cluster_blocks", "job_counts"):
        sys.modules.pop(name)


def test_jobs_of_a_block_are_counted_and_timed_together(cluster_blocks):
    jobs = cluster_blocks.planned_jobs(PLAN)
    assert jobs == [
        ("prepare-train", ["dataset/train-005", "structure/train-005"]),
        ("train", ["train/small-0"]),
        ("train", ["train/small-1"]),
    ]
    times = pd.Series({"dataset/train-005": 90.0, "structure/train-005": 30.0, "train/small-0": 600.0})
    found = cluster_blocks.blocks(jobs, times).set_index("block")
    assert list(found.index) == ["prepare", "train"]
    assert found.rule_jobs.to_dict() == {"prepare": 2, "train": 2}
    assert found.slurm_jobs.to_dict() == {"prepare": 1, "train": 2}
    assert found.timed.to_dict() == {"prepare": 2, "train": 1}
    assert found.longest.to_dict() == {"prepare": 2.0, "train": 10.0}
    assert found.shortest.to_dict() == {"prepare": 2.0, "train": 10.0}  # no time is none, not zero


def test_a_plan_without_jobs_is_refused(cluster_blocks):
    from sdglass.errors import InputError

    with pytest.raises(InputError, match="no job in the plan"):
        cluster_blocks.planned_jobs("Nothing to be done")


def test_every_kind_of_block_of_the_profile_has_a_name(cluster_blocks):
    """And the page shows the table that was made."""
    table = pd.read_csv(ROOT / "results" / "benchmarks" / "cluster_blocks.csv")
    assert set(table.block) <= set(cluster_blocks.KINDS)
    shown = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert sys.modules["job_counts"].with_lines(shown, "blocks", cluster_blocks.lines(table)) == shown
