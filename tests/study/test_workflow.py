"""The real workflow at smoke scale, in a temporary folder: it finishes, knows it is done, reruns what it must."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time

import h5py
import pytest
from PIL import Image
from workflow_runs import SMOKE, copy_study, planned, snakemake

pytestmark = pytest.mark.slow


def results_of(folder):
    """Return {path: bytes} of what belongs to a study, without what belongs to a run of it."""
    results = folder / "results" / "smoke"
    return {
        str(path.relative_to(results)): path.read_bytes()
        for path in results.rglob("*")
        if path.is_file() and path.relative_to(results).parts[0] not in ("logs", "benchmarks", "report.html")
    }


def test_everything_is_there(study):
    results = study / "results" / "smoke"
    drawn = list((results / "figures").glob("*.png"))
    assert {path.stem for path in drawn} >= {"fig1", "fig2", "fig3", "fig4", "fig5", "spins3d", "locator_errors"}
    for path in drawn:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert (results / "report.html").read_text().count("data:image/png;base64,") >= len(drawn)
    # A finished job leaves no half-written file and no checkpoint behind.
    assert not [path for path in results.rglob("*") if path.suffix == ".checkpoint" or ".tmp" in path.name]


def test_no_claim_is_left_open(study):
    with open(study / "results" / "smoke" / "claims.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 24
    assert all(value.strip() for row in rows for value in row.values())


def test_a_published_model_holds_its_errors(study):
    from sdglass.forcefields.registry import load_model

    for name in ("pair", "paper", "locator"):
        model = load_model(study / "results" / "smoke" / "models" / f"{name}.safetensors")
        assert all(stage["rmse"] > 0 for stages in model.errors.values() for stage in stages.values())
        assert model.errors


def test_a_finished_study_has_nothing_to_do(study):
    assert planned(study, "--configfile", SMOKE) == {}


def test_nor_has_a_clone_of_it(study, tmp_path):
    """Version control keeps neither times nor intermediate files nor Snakemake's records."""
    copy_study(tmp_path)
    kept = tmp_path / "results" / "smoke"
    shutil.copytree(
        study / "results" / "smoke",
        kept,
        ignore=shutil.ignore_patterns("trajectories", "labels", "descriptors", "structures", "logs", "benchmarks"),
        copy_function=shutil.copyfile,
    )
    for age, path in enumerate(sorted(kept.rglob("*"), reverse=True)):
        os.utime(path, (time.time() - age, time.time() - age))
    assert planned(tmp_path, "--configfile", SMOKE) == {}
    refused = snakemake(tmp_path, "-n", "--configfile", SMOKE, "--config", "seed=5", "study=smoke")
    assert refused.returncode != 0
    assert "seed: 2311 there, 5 now" in refused.stdout
    # Deleted there: made again from what is kept, with nothing else.
    (kept / "tables" / "freezing.csv").unlink()
    assert {"tables_freezing", "figure"} <= set(planned(tmp_path, "--configfile", SMOKE))
    assert not {"quench", "label", "fit"} & set(planned(tmp_path, "--configfile", SMOKE))


def test_an_edited_module_reruns_what_depends_on_it(study):
    module = study / "src" / "sdglass" / "observables" / "domain_growth.py"
    text = module.read_text()
    try:
        module.write_text(f"{text}\n# edited\n")
        jobs = planned(study, "--configfile", SMOKE)
    finally:
        module.write_text(text)
    assert jobs["tables_correlation_length"] == 1
    assert not {"quench", "measure", "fit", "label", "structure", "tables_rkky"} & set(jobs)
    assert planned(study, "--configfile", SMOKE) == {}


def test_a_changed_parameter_reruns_what_depends_on_it(study, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("quenches: {fig5-pair-slow: {temperature: 2.0e-3}}\n")
    jobs = planned(study, "--configfile", SMOKE, str(overlay))
    assert jobs["quench"] == jobs["measure"] == 2  # one quench on two realizations
    assert not {"structure", "label", "fit"} & set(jobs)
    overlay.write_text("electrons: {coupling: 5.0}\n")
    jobs = planned(study, "--configfile", SMOKE, str(overlay))
    assert {"label", "fit", "quench", "tables_density_of_states"} <= set(jobs)
    assert not {"structure", "descriptor"} & set(jobs)  # neither knows the coupling


def test_replot_needs_the_tables_alone(study, tmp_path):
    copy_study(tmp_path)
    tables = "results/smoke/tables"
    shutil.copytree(study / tables, tmp_path / tables)
    result = snakemake(tmp_path, "replot", "--configfile", SMOKE)
    assert result.returncode == 0, result.stdout[-3000:]
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "results/smoke/figures").glob("*.p*")}
    assert drawn == {path.name: path.read_bytes() for path in (study / "results/smoke/figures").glob("*.p*")}


FILMED = {"quench", "structure", "fit", "label"}


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        ("fig2", {"fig2", "figure", "tables_density_of_states"}),
        ("fig1", {"fig1", "figure", "tables_neighbourhood", "label", "structure"}),
        ("spins3d", {"spins3d", "figure", "tables_spins3d", *FILMED}),
        ("film", {"film", *FILMED}),
    ],
)
def test_a_single_figure_makes_only_what_it_needs(tmp_path, target, rules):
    copy_study(tmp_path)
    assert set(planned(tmp_path, target, "--configfile", SMOKE)) == rules


def test_the_film_is_made_of_the_finished_study(study):
    """One job, and a picture of every snapshot of the quench that is shown."""
    result = snakemake(study, "film", "--configfile", SMOKE)
    assert result.returncode == 0, result.stdout[-3000:]
    results = study / "results" / "smoke"
    with (
        Image.open(results / "film.gif") as pictures,
        h5py.File(results / "trajectories/film/locator/000.h5") as trajectory,
    ):
        assert pictures.n_frames == len(trajectory["time"]) > 5


def test_the_paper_scale_is_the_default(tmp_path):
    copy_study(tmp_path)
    jobs = planned(tmp_path)
    assert jobs["fit"] == 27 + 3  # networks; pair, linear and locator
    assert jobs["label"] == 10 + 10 + 4 + 4 + 21


def test_an_unknown_key_is_one_clear_line(tmp_path):
    copy_study(tmp_path)
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("electrons: {couplin: 5.0}\n")
    result = snakemake(tmp_path, "-n", "--configfile", SMOKE, "overlay.yaml")
    assert result.returncode != 0
    assert "electrons.couplin is unknown; did you mean coupling?" in result.stdout
    assert "Traceback" not in result.stdout


def test_killed_and_continued_it_is_the_same(study, tmp_path):
    """Whatever was running when everything was killed is made again; results do not depend on it, nor on cores."""
    copy_study(tmp_path)
    target = "results/smoke/tables/fig4_correlation.csv"
    command = [sys.executable, "-m", "snakemake", "--cores", "1", target, "--configfile", SMOKE]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    while not list(tmp_path.glob("results/smoke/fits/pair/*.safetensors")):
        assert process.poll() is None
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert snakemake(tmp_path, "--unlock", "--configfile", SMOKE).returncode == 0
    result = snakemake(tmp_path, target, "--configfile", SMOKE)
    assert result.returncode == 0, result.stdout[-3000:]
    whole = results_of(study)
    assert all(whole[name] == content for name, content in results_of(tmp_path).items())
