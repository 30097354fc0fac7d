"""Kept results: what counts as up to date in another checkout, and what does not."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest
from poor_disks import mounted, remount
from workflow_runs import SMOKE, copy_study, snakemake

from sdglass.errors import InputError
from sdglass.forcefields.model_file import write_tensors
from sdglass_study.config import load_config, load_schema
from sdglass_study.jobs import land
from sdglass_study.jobs.land import enter
from sdglass_study.landed import MANIFEST, Manifest, context_digest, recorded_recipe
from sdglass_study.overrides import parse_assignments, with_overrides
from sdglass_study.study import Recipes

ROOT = Path(__file__).resolve().parents[2]

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


def test_a_file_that_has_not_changed_keeps_the_commit_that_made_it(folder):
    manifest = Manifest.load(folder)
    before = dict(manifest.files)
    for path, recipe in EXPECTED.items():
        manifest.record(path, recipe, "v2")
    assert manifest.files == before
    (folder / "training/a/fold-0.csv").write_text("epoch,loss\n1,0.4\n")
    manifest.record("training/a/fold-0.csv", "aaaa", "v2")
    manifest.record("errors/a.h5", "cccc", "v2")
    assert manifest.files["training/a/fold-0.csv"]["code"] == manifest.files["errors/a.h5"]["code"] == "v2"


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
    assert (folder / MANIFEST).is_file()
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
    words = ["land", "--results", results, "--benchmarks", elsewhere]
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    land.main()
    lines = (results / "runtimes.csv").read_text().splitlines()
    assert lines == ["job,seconds,memory_mb", "claims,1,100", "rkky,4,50", "train/bond-0,3,100"]


# The workflow and its kept results -------------------------------------------------------------------------------

CONFIG = load_config(ROOT / "config.yaml", ROOT / SMOKE)


def run_land(folder, *words):
    """Run the step in `folder`; return its status and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "sdglass_study.jobs.land", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture
def checkout(tmp_path):
    """A checkout with a landed study of which little is there: what is read of it are names, recipes and times."""
    copy_study(tmp_path)
    results = tmp_path / "results" / "smoke"
    recipes = Recipes(CONFIG)
    for path, recipe in recipes.kept().items():
        if path.startswith("observables/small"):
            observables(results / path, recipe)
    (results / "tables").mkdir()
    for path in recipes.tables():
        (results / path).write_text(path)
    status, said = run_land(tmp_path, "--complete", "--configfile", SMOKE)
    assert status == 0, said
    return tmp_path


@pytest.mark.workflow
def test_a_finished_study_on_a_read_only_disk_can_be_planned(checkout, tmp_path_factory):
    """Without the times that say what is up to date; one line says so."""
    elsewhere = tmp_path_factory.mktemp("results")
    (checkout / "results").rename(elsewhere / "results")
    (checkout / "results").mkdir()
    with mounted(checkout / "results", "16m"):
        shutil.copytree(elsewhere / "results", checkout / "results", dirs_exist_ok=True)
        remount(checkout / "results", "ro")
        plan = snakemake(checkout, "-n", "--configfile", SMOKE)
    assert plan.returncode == 0, plan.stdout[-3000:]
    assert "This was a dry-run" in plan.stdout
    (line,) = [line for line in plan.stdout.splitlines() if "Read-only file system" in line]
    assert line.startswith("results/smoke/: times of files cannot be set (Read-only file system), so finished")
    assert "Traceback" not in plan.stdout


@pytest.mark.workflow
def test_what_does_not_fit_is_forgotten_by_the_command_that_is_printed(checkout):
    """Also where it is the command line that it does not fit."""
    said = ("--configfile", SMOKE, "--config", "study=smoke", "filling=0.25")
    refused = snakemake(checkout, "-n", *said)
    assert refused.returncode != 0
    command = re.search(r"python -m sdglass\.steps\.land (.*)", refused.stdout)[1]
    status, printed = run_land(checkout, *shlex.split(command))
    assert status == 0, printed
    assert re.search(r"^results/smoke/observables/\S+: deleted, made with other parameters$", printed, re.M)
    assert snakemake(checkout, "-n", *said).returncode == 0
    status, printed = run_land(checkout, *shlex.split(command))
    assert (status, printed) == (0, "results/smoke: nothing deleted, every kept result fits this configuration\n")


@pytest.mark.workflow
def test_nothing_is_landed_where_there_is_no_study(checkout):
    for option in ("--forget", "--complete"):
        status, printed = run_land(checkout, option, "--results", "results/nope")
        assert status == 2
        assert printed == "error: results/nope: no such folder; expected that of a study, results/<study>\n"
    assert not (checkout / "results/nope").exists()


@pytest.mark.workflow
def test_the_report_shows_the_options_that_make_this_study(checkout):
    """With what the command line said, in words that a shell takes back."""
    overlay = checkout.parent / "my overlay.yaml"
    overlay.write_text("analysis: {confidence: 0.9}\n")
    said = ("filling=0.25", "electrons={hopping: {decay_length: 1.5}}", "study=mine")
    plan = snakemake(checkout, "-n", "-p", "report", "--configfile", SMOKE, str(overlay), "--config", *said)
    assert plan.returncode == 0, plan.stdout[-3000:]
    (command,) = re.findall(r"python -m sdglass\.steps\.report .*", plan.stdout)
    (options,) = [word for word in shlex.split(command) if word.startswith("--options=")]
    words = shlex.split(options.removeprefix("--options="))
    assert words[:4] == ["--configfile", SMOKE, "my overlay.yaml", "--config"]
    schema = load_schema(ROOT / "workflow" / "schemas" / "config.schema.yaml")
    found, expected = (with_overrides(CONFIG, parse_assignments(one), schema) for one in (words[4:], said))
    assert found == expected
