"""A checkout is run from any directory and under any name, or refused in a line; what runs is its own package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from workflow_runs import SMOKE, copy_study, snakemake

TARGET = "results/smoke/structures/train/000.npz"
SIGNS = "a 'b\" `touch pwned` $HOME $(touch pwned) %s é日本 \\ ;& [c]* #"


def checkout(folder):
    """Copy the study to `folder`; its job on structures leaves a file that says which package it is of."""
    folder.mkdir()
    copy_study(folder)
    job = folder / "src/sdglass_study/jobs/structure.py"
    job.write_text(job.read_text() + '\n__import__("pathlib").Path("which").write_text(__file__)\n')
    return folder


def assert_made(clone, where, result):
    """The target is in the folder `where`, made by the package of `clone`, and no path was run as a command."""
    assert result.returncode == 0, result.stdout[-2000:]
    assert (where / TARGET).is_file()
    assert Path((where / "which").read_text()).is_relative_to(clone)
    assert not list(clone.parent.rglob("pwned"))


def test_a_checkout_runs_under_any_name(tmp_path):
    clone = checkout(tmp_path / SIGNS)
    assert_made(clone, clone, snakemake(clone, TARGET, "--configfile", SMOKE))


@pytest.mark.parametrize("name", ["plain", SIGNS + "{b}{ {wildcards.index} {{c}}"])
def test_results_go_to_the_working_directory(name, tmp_path):
    clone, work = checkout(tmp_path / name), tmp_path / "work"
    work.mkdir()
    (work / "sdglass_study").mkdir()  # a package of that name is none of the checkout's
    (work / "sdglass_study/__init__.py").write_text("raise SystemExit('the wrong package')\n")
    result = snakemake(work, "--snakefile", clone / "Snakefile", TARGET, "--configfile", clone / SMOKE)
    assert_made(clone, work, result)
    assert not (clone / "results").exists()
    assert "profiles/default" in result.stdout


def test_the_working_directory_is_chosen_by_an_option_too(tmp_path):
    clone = checkout(tmp_path / "clone")
    assert_made(
        clone, tmp_path / "work", snakemake(clone, TARGET, "--directory", "../work", "--configfile", SMOKE)
    )


@pytest.mark.parametrize("name", ["a:b", "a\nb", "a{b}", "a{b"])
def test_what_python_or_snakemake_cannot_read_is_refused_before_anything_runs(name, tmp_path):
    clone = checkout(tmp_path / name)
    result = snakemake(clone, TARGET, "--configfile", SMOKE)
    assert result.returncode != 0
    assert len([line for line in result.stdout.splitlines() if line.endswith("in its path; rename it")]) == 1
    assert "Traceback" not in result.stdout
    assert not (clone / "results").exists()


def test_targets_besides_the_study_are_planned_from_elsewhere(tmp_path):
    """Commands name the Snakefile and the archive of the checkout, from where they are given."""
    checkout(tmp_path / "a {b}")
    work = tmp_path / "work"
    work.mkdir()
    options = ["--snakefile", "../a {b}/Snakefile", "--configfile", f"../a {{b}}/{SMOKE}"]
    plan = snakemake(work, "-n", "-p", "sweep", *options, "--config", "sweep={filling: [0.25]}").stdout
    assert f"--snakefile '../a {{b}}/Snakefile' --configfile '../a {{b}}/{SMOKE}'" in plan
    plan = snakemake(work, "-n", "-p", "benchmarks", *options[:2]).stdout
    assert "--errors '../a {b}/results/paper/tables'" in plan
    assert snakemake(work, "replot", *options).returncode == 0


def test_a_cluster_is_given_no_path_that_its_shells_would_read(tmp_path):
    """Without Slurm: the refusal comes before anything is submitted."""
    pytest.importorskip("snakemake_executor_plugin_slurm")
    clone = checkout(tmp_path / "a$b")
    command = [sys.executable, "-m", "snakemake", TARGET, "--configfile", SMOKE]
    command += ["--profile", "workflow/profiles/slurm", "--default-resources", "slurm_partition=none"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(command, cwd=clone, env=environment, text=True, capture_output=True, check=False)
    assert result.returncode != 0
    assert "on a cluster a path has no quote, dollar or backslash" in result.stderr
    assert "sbatch" not in result.stderr
