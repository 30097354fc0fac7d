"""Kept results: what counts as up to date in another checkout, and what does not."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest

from sdglass.config import load_config
from sdglass.errors import InputError
from sdglass.landed import MANIFEST, Manifest, context_digest, recorded_recipe
from sdglass.model_file import write_tensors
from sdglass.steps import land
from sdglass.steps.land import enter
from sdglass.study import Recipes

ROOT = Path(__file__).resolve().parents[1]

EXPECTED = {"training/a/fold-0.safetensors": "aaaa", "training/a/fold-0.csv": "aaaa", "errors/a.h5": "bbbb"}


def observables(path, recipe):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as handle:
        handle.attrs["attributes"] = json.dumps({"recipe": recipe, "provenance": {"code": "v1"}})


@pytest.fixture
def folder(tmp_path):
    """A network, its learning curve and its errors, entered and saved."""
    (tmp_path / "training/a").mkdir(parents=True)
    header = {"info": {"recipe": "aaaa", "provenance": {"code": "v0"}}}
    write_tensors(tmp_path / "training/a/fold-0.safetensors", {}, header)
    (tmp_path / "training/a/fold-0.csv").write_text("epoch,loss\n1,0.5\n")
    observables(tmp_path / "errors/a.h5", "bbbb")
    manifest = Manifest.load(tmp_path)
    assert manifest.files == {}
    assert enter(manifest, EXPECTED) == []
    manifest.save()
    return tmp_path


def test_a_file_carries_the_recipe_and_the_commit_that_made_it(folder):
    assert recorded_recipe(folder / "training/a/fold-0.safetensors") == ("aaaa", "v0")
    assert recorded_recipe(folder / "errors/a.h5") == ("bbbb", "v1")
    (folder / "errors/a.h5").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"a\.h5: cannot read what it was made from"):
        recorded_recipe(folder / "errors/a.h5")


def test_what_is_intact_and_of_the_right_recipe_is_valid(folder):
    manifest = Manifest.load(folder)
    assert manifest.valid(EXPECTED) == set(EXPECTED)
    assert manifest.problems(EXPECTED) == {}
    assert manifest.files["errors/a.h5"]["code"] == "v1"


def test_another_recipe_is_a_problem_and_not_valid(folder):
    manifest = Manifest.load(folder)
    asked = EXPECTED | {"errors/a.h5": "cccc"}
    assert manifest.valid(asked) == set(EXPECTED) - {"errors/a.h5"}
    assert manifest.problems(asked) == {"errors/a.h5": "made with other parameters"}
    assert enter(manifest, asked) == ["errors/a.h5"]
    # What the configuration no longer asks for is left alone.
    del asked["errors/a.h5"]
    assert manifest.problems(asked) == {}


def test_a_changed_file_is_noticed_and_a_missing_one_is_only_missing(folder):
    (folder / "training/a/fold-0.csv").write_text("epoch,loss\n1,0.4\n")
    (folder / "errors/a.h5").unlink()
    manifest = Manifest.load(folder)
    assert manifest.valid(EXPECTED) == {"training/a/fold-0.safetensors"}
    assert manifest.problems(EXPECTED) == {"training/a/fold-0.csv": "changed since it was recorded"}


def test_a_learning_curve_outlives_weights_that_are_not_kept(folder):
    (folder / "training/a/fold-0.safetensors").unlink()
    manifest = Manifest.load(folder)
    enter(manifest, EXPECTED)
    assert "training/a/fold-0.csv" in manifest.valid(EXPECTED)


def test_a_damaged_manifest_is_refused(folder):
    for text in ("{", '{"files": {"a": {"sha256": "0"}}}', "[]"):
        (folder / MANIFEST).write_text(text)
        with pytest.raises(InputError, match=r"manifest\.json: not a readable manifest"):
            Manifest.load(folder)


def test_a_finished_study_is_refreshed_in_the_order_of_its_making_unless_something_changed(folder, tmp_path):
    source = tmp_path / "code.py"
    source.write_text("x = 1\n")
    for name in ("table.csv", "figure.png"):
        (folder / name).write_text(name)
    for age, name in enumerate(("training/a/fold-0.csv", "table.csv", "figure.png")):
        os.utime(folder / name, (1e9 - age, 1e9 - age))  # the wrong way round
    manifest = Manifest.load(folder)
    stages = [["table.csv"], ["figure.png"]]
    manifest.finished = {"context": context_digest(manifest.files, [source], "dddd"), "stages": stages}
    manifest.save()
    manifest = Manifest.load(folder)
    source.write_text("x = 2\n")
    assert not manifest.refresh(context_digest(manifest.files, [source], "dddd"))
    assert (folder / "table.csv").stat().st_mtime == 1e9 - 1
    source.write_text("x = 1\n")
    time.sleep(0.02)  # what is refreshed must be later than this by more than the clock's grain
    assert not manifest.refresh(context_digest(manifest.files, [source], "eeee"))
    assert manifest.refresh(context_digest(manifest.files, [source], "dddd"))
    parts, table, figure = (
        (folder / name).stat().st_mtime for name in ("training/a/fold-0.csv", "table.csv", "figure.png")
    )
    assert source.stat().st_mtime < parts < table < figure
    (folder / "figure.png").unlink()
    assert not manifest.refresh(context_digest(manifest.files, [source], "dddd"))


def test_the_kept_results_of_the_paper_scale_fit_its_configuration():
    """A changed key of config.yaml, or a file edited by hand, must not pass for what was computed."""
    folder = ROOT / "results" / "paper"
    if not (folder / MANIFEST).is_file():
        pytest.skip("nothing is kept of the paper's scale yet")
    recipes = Recipes(load_config(ROOT / "config.yaml"))
    expected = recipes.kept() | recipes.tables()
    manifest = Manifest.load(folder)
    assert manifest.problems(expected) == {}
    assert set(manifest.files) <= set(expected)
    listed = subprocess.run(
        ["git", "ls-files", "results/paper"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    sizes = [(ROOT / name).stat().st_size for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    assert sum(sizes) < 34 * 2**20  # what a clone has to carry


def test_landing_keeps_the_times_of_jobs(tmp_path, monkeypatch):
    """Those that ran here count before those of another checkout, which count before those that were kept."""

    def benchmark(path, seconds):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tmax_rss\n{seconds}\t100\n")

    results, elsewhere = tmp_path / "results", tmp_path / "elsewhere"
    benchmark(results / "benchmarks" / "claims.tsv", 1)
    benchmark(elsewhere / "claims.tsv", 2)
    benchmark(elsewhere / "train" / "bond-0.tsv", 3)
    results.joinpath("runtimes.csv").write_text("job,seconds,memory_mb\nrkky,4,50\ntrain/bond-0,5,50\n")
    words = ["land", "--results", results, "--config", ROOT / "config.yaml", "--benchmarks", elsewhere]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    land.main()
    lines = (results / "runtimes.csv").read_text().splitlines()
    assert lines == ["job,seconds,memory_mb", "claims,1,100", "rkky,4,50", "train/bond-0,3,100"]
