"""What of a study is there: counted from files, with kept ones, without writing anything."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workflow_runs import assert_ends_silently

from sdglass_study.config import load_config
from sdglass_study.jobs.status import duration
from sdglass_study.landed import Manifest
from sdglass_study.status import INTERMEDIATE, study_parts, unfinished_jobs, wanted_files
from sdglass_study.study import Recipes

ROOT = Path(__file__).resolve().parents[2]
CONFIG = load_config(ROOT / "config.yaml", ROOT / "workflow" / "scales" / "smoke.yaml")


def by_name(root):
    return {part.name: part for part in study_parts(CONFIG, root)}


def make(root, *paths):
    for path in paths:
        file = root / "smoke" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)


def test_an_empty_folder_has_nothing(tmp_path):
    parts = by_name(tmp_path)
    assert all(part.done == 0 and part.missing == part.wanted for part in parts.values())
    assert len(parts["structures"].wanted) == 3 + 2 + 2 + 2 + 6  # train, unseen, large, a wider box, descents
    assert len(parts["networks"].wanted) == 4 * 2
    assert len(parts["quench large-exact-fast"].wanted) == 2


def test_files_that_are_there_are_done(tmp_path):
    make(tmp_path, "structures/train-000.npz", "observables/large-pair-fast/001.h5")
    parts = by_name(tmp_path)
    assert parts["structures"].done == 1
    assert parts["quench large-pair-fast"].missing == ["observables/large-pair-fast/000.h5"]


def test_kept_files_count_unless_they_belong_to_another_configuration(tmp_path):
    good, bad = "observables/large-pair-fast/000.h5", "observables/large-pair-fast/001.h5"
    make(tmp_path, good, bad)
    manifest = Manifest(tmp_path / "smoke")
    manifest.record(good, Recipes(CONFIG).kept()[good])
    manifest.record(bad, "of something else")
    manifest.save()
    part = by_name(tmp_path)["quench large-pair-fast"]
    assert (part.done, part.kept, part.missing) == (1, 1, [bad])


def test_every_part_of_the_kept_results_is_asked_for():
    """Everything that has a recipe is counted somewhere, but for what is drawn from a network's file."""
    counted = {path for paths in wanted_files(CONFIG).values() for path in paths}
    recipes = Recipes(CONFIG)
    kept = {path for path in recipes.kept() | recipes.tables() if not path.endswith(".csv") or "tables" in path}
    drivers = {"models/bond.safetensors", "models/pair.safetensors", "models/linear.safetensors"}
    committees = {path for path in kept if path.startswith("models/")} - drivers - {"models/locator.safetensors"}
    assert kept - committees <= counted


def test_jobs_that_have_begun(tmp_path):
    study = tmp_path / "results" / "smoke"
    make(tmp_path / "results", "logs/train/bond-0.log", "logs/rkky.log", "benchmarks/rkky.tsv")
    (study / "logs/train/bond-0.log").write_text("bond fold 0: 10%\rbond fold 0: 20% 2/10 [00:10<00:40]\n\n")
    make(tmp_path / "results", "training/bond/fold-0.safetensors.checkpoint")
    now = time.time()
    os.utime(study / "logs/train/bond-0.log", (now - 30, now - 30))
    locked, jobs, checkpoints = unfinished_jobs(study, tmp_path)
    assert not locked
    assert [(path, text) for path, _, text in jobs] == [
        ("logs/train/bond-0.log", "bond fold 0: 20% 2/10 [00:10<00:40]")
    ]
    assert 29 < jobs[0][1] < 60
    assert checkpoints == ["training/bond/fold-0.safetensors.checkpoint"]
    (tmp_path / ".snakemake" / "locks").mkdir(parents=True)
    (tmp_path / ".snakemake" / "locks" / "0.input.lock").touch()
    assert unfinished_jobs(study, tmp_path)[0]


@pytest.mark.parametrize(("seconds", "words"), [(12.3, "12 s"), (180, "3 min"), (7200, "2 h")])
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.fixture
def checkout(tmp_path):
    shutil.copy2(ROOT / "config.yaml", tmp_path)
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow")
    return tmp_path


def status(folder, *words):
    command = [
        sys.executable,
        "-B",
        "-m",
        "sdglass_study.jobs.status",
        "--configfile",
        "workflow/scales/smoke.yaml",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [*command, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_the_page(checkout):
    make(checkout / "results", *(path for paths in wanted_files(CONFIG).values() for path in paths))
    (checkout / "results/smoke/tables/rkky.csv").unlink()
    shutil.rmtree(checkout / "results/smoke/datasets")
    make(checkout / "results", "logs/rkky.log")
    before = everything(checkout)
    done = status(checkout)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "results/smoke/"
    rows = {line[:30].strip(): line[30:].split(maxsplit=2) for line in lines if line.startswith("  ")}
    assert [row[:2] for name, row in rows.items() if name.startswith("report")] == [["4", "4"]]
    assert re.search(r"^  results/smoke/logs/rkky\.log, \d+ s ago: logs/rkky\.log$", done.stdout, re.MULTILINE)
    assert lines[lines.index("missing:") + 1] == "  tables/rkky.csv"
    assert everything(checkout) == before  # nothing is written
    make(checkout / "results", "tables/rkky.csv", "benchmarks/rkky.tsv")
    done = status(checkout)
    assert "everything is there" in done.stdout
    assert "not needed: what is made from them is there" in done.stdout


def test_a_changed_parameter_is_another_study(checkout):
    done = status(checkout, "--config", "filling=0.25")
    assert done.stdout.startswith("results/smoke-filling-0.25/ does not exist yet")
    done = status(checkout, "--config", "filing=0.25")
    assert done.returncode == 2
    assert "did you mean filling?" in done.stderr


def test_a_reader_may_leave_early(checkout):
    """As `| head -1` does."""
    assert_ends_silently(
        [sys.executable, "-B", "-m", "sdglass_study.jobs.status", "--missing"],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )


def test_intermediate_parts_are_parts():
    assert set(INTERMEDIATE) <= set(wanted_files(CONFIG))
