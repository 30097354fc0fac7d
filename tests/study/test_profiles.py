"""The profiles for clusters and GPUs: what they ask for, and what is said without a GPU.

A real Slurm runs a part of the study in tests/slurm/run.sh; here are dry runs, and what can be tried without it.
"""

import re
import subprocess

import pytest
import torch
from conftest import ROOT
from workflow_runs import SMOKE, copy_study, snakemake

from sdglass.errors import InputError
from sdglass_study.devices import require_device

SLURM, GPU = "workflow/profiles/slurm", "workflow/profiles/gpu"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study in which nothing has been made."""
    folder = tmp_path_factory.mktemp("profiles")
    copy_study(folder)
    return folder


def dry_run(folder, *arguments):
    """Return what a dry run prints."""
    result = snakemake(folder, "-n", "-p", *arguments, "--configfile", SMOKE)
    assert result.returncode == 0, result.stdout[-3000:]
    return result.stdout


def asked(printed, rule, resource):
    """Return the values of a resource that a dry run prints for the jobs of a rule."""
    jobs = re.findall(rf"^ *rule {rule}:\n((?: +\w+: .*\n)+)", printed, re.MULTILINE)
    assert jobs, f"no job of rule {rule}"
    return {value for job in jobs for value in re.findall(rf"\b{resource}=(\d+)", job)}


@pytest.mark.slow
def test_a_second_attempt_asks_for_twice_as_much(folder):
    first, second = (
        dry_run(folder, "--profile", SLURM, "--attempt", str(n), "--until", "label", "tables_two_site")
        for n in (1, 2)
    )
    for rule in ("label", "tables_two_site"):
        for resource in ("mem_mb", "runtime"):
            (small,), (large,) = (asked(printed, rule, resource) for printed in (first, second))
            assert int(large) == 2 * int(small)


@pytest.mark.slow
def test_short_jobs_share_slurm_jobs(folder):
    printed = dry_run(folder, "--profile", SLURM)
    jobs = sum(int(count) for count in re.findall(r"^(?!total)\w+ +(\d+)$", printed.split("Job stats:")[1], re.M))
    blocks = set(re.findall(r"Group job ([\w-]+)", printed))
    alone = len(re.findall(r"^rule \w+:", printed, re.MULTILINE))
    assert alone + len(blocks) < jobs / 2


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--profile", GPU), ("--profile", SLURM, "--profile", GPU)])
def test_networks_ask_for_a_gpu_and_nothing_else_does(folder, words):
    printed = dry_run(folder, *words)
    for rule in ("fit", "judge", "quench"):
        assert "1" in asked(printed, rule, "gpu"), rule
    assert "1" not in asked(printed, "label", "gpu")
    assert '"device": "cuda"' in printed
    assert '"device": "cuda"' not in dry_run(folder, *words, "--config", "device=cpu")


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_starts(folder):
    result = snakemake(folder, "--profile", GPU, "--configfile", SMOKE)
    assert result.returncode != 0
    assert "device = 'cuda', but no GPU is available; use device cpu" in result.stdout
    assert not list(folder.glob("results/smoke/*/*.npz"))


@pytest.mark.parametrize(("offered", "fine"), [("gpu:h100:4(S:0-1)\n(null)\n", True), ("(null)\n", False)])
def test_on_a_cluster_its_nodes_are_asked(tmp_path, monkeypatch, offered, fine):
    program = tmp_path / "sinfo"
    program.write_text(f"#!/bin/sh\nprintf '{offered}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if fine:
        require_device("cuda", on_cluster=True)
    else:
        with pytest.raises(InputError, match=r"no node of this Slurm cluster .*sinfo says \(null\)"):
            require_device("cuda", on_cluster=True)
    program.unlink()
    with pytest.raises(InputError, match="Slurm does not say what it offers"):
        require_device("cuda", on_cluster=True)
    require_device("cpu", on_cluster=True)


def test_where_there_can_be_no_slurm_the_test_says_why():
    done = subprocess.run(
        ["bash", "-c", "uname() { echo Darwin; }; export -f uname; tests/slurm/run.sh python3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (77, "skipped: this is no Linux")
