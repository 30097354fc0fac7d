"""The real workflow at smoke scale, in a temporary folder: it finishes, knows it is done, reruns what it must."""

import csv
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from PIL import Image
from workflow_runs import SMOKE, copy_study, planned, snakemake

ROOT = Path(__file__).parents[2]
# What the quench that is shown needs, with the locator force field.
FILMED = ("film_quench", "structure", "fit_locator", "descent_dataset")

pytestmark = pytest.mark.workflow


def test_everything_is_there(study):
    results = study / "results" / "smoke"
    from sdglass_study.figures.registry import study_figures

    drawn = study_figures(())
    for name in drawn:
        assert (results / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (results / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    report = (results / "report.html").read_text()
    assert report.count("data:image/png;base64,") >= len(drawn)
    # A killed or finished step leaves no half-written file and no checkpoint behind.
    assert not [p for p in results.rglob("*") if p.name.endswith(".checkpoint") or ".tmp" in p.name]


def test_no_claim_is_left_open(study):
    from sdglass_study.claims.table import VERDICTS

    with open(study / "results" / "smoke" / "claims.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 24
    for row in rows:
        assert all(value.strip() for value in row.values()), row
        assert "not measured" not in " ".join(row.values())
        assert row["verdict"] in VERDICTS


def test_a_finished_study_has_nothing_to_do(study):
    assert planned(study, "--configfile", SMOKE) == {}


def test_an_edited_module_reruns_what_depends_on_it(study):
    module = study / "src" / "sdglass" / "growth.py"
    before = module.stat()
    try:
        module.write_text(module.read_text() + "\n# edited\n")
        jobs = planned(study, "--configfile", SMOKE)
    finally:
        shutil.copy2(ROOT / "src" / "sdglass" / "growth.py", module)
        os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert jobs["correlation_length"] == 1
    assert set(jobs) <= {
        "correlation_length",
        "psi_multiverse",
        "large_paired",
        "figure",
        "figures",
        "fig5",
        "tables",
        "claims",
        "provenance",
        "report",
        "all",
    }


def test_a_changed_parameter_reruns_what_depends_on_it(study, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("quench_large:\n  temperature: 2.0e-3\n")
    jobs = planned(study, "--configfile", SMOKE, str(overlay))
    assert jobs["quench_large"] == 10  # five runs on two realizations
    assert not {"structure", "dataset", "train", "quench_small", "quench_small_exact"} & set(jobs)
    overlay.write_text("electrons:\n  coupling: 5.0\n")
    jobs = planned(study, "--configfile", SMOKE, str(overlay))
    assert {"dataset", "train", "quench_small_exact", "density_of_states"} <= set(jobs)
    assert not {"structure", "features"} & set(jobs)  # neither knows the coupling


def test_replot_needs_the_tables_alone(study, tmp_path):
    copy_study(tmp_path)
    tables = "results/smoke/tables"
    shutil.copytree(study / tables, tmp_path / tables)
    result = snakemake(tmp_path, "replot", "--configfile", SMOKE)
    assert result.returncode == 0, result.stdout[-3000:]
    drawn = {path.name for path in (tmp_path / "results/smoke/figures").glob("*.p*")}
    assert drawn == {path.name for path in (study / "results/smoke/figures").glob("*.p*")}
    # Only the tables were there: nothing else may have been made.
    assert {path.name for path in (tmp_path / "results/smoke").iterdir()} <= {
        "tables",
        "figures",
        "logs",
        "benchmarks",
    }


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        ("fig2", {"fig2", "figure", "density_of_states"}),
        ("fig1", {"fig1", "figure", "neighbourhood", "dataset", "structure"}),
        ("descriptor", {"descriptor", "figure", "descriptor_example", "neighbourhood", "dataset", "structure"}),
        ("spins3d", {"spins3d", "figure", "spins3d_table", *FILMED}),
        ("film", {"film", *FILMED}),
    ],
)
def test_a_single_figure_makes_only_what_it_needs(tmp_path, target, rules):
    copy_study(tmp_path)
    assert set(planned(tmp_path, target, "--configfile", SMOKE)) == rules


def test_the_film_is_made_of_the_finished_study(study, tmp_path):
    """One step, and a picture of every snapshot of the quench that is shown."""
    shutil.copytree(study, tmp_path, dirs_exist_ok=True)
    assert planned(tmp_path, "film", "--configfile", SMOKE) == {"film": 1}
    result = snakemake(tmp_path, "film", "--configfile", SMOKE)
    assert result.returncode == 0, result.stdout[-3000:]
    results = tmp_path / "results" / "smoke"
    with Image.open(results / "film.gif") as pictures:
        shown = pictures.n_frames
    with h5py.File(results / "trajectories" / "film.h5") as trajectory:
        assert shown == len(trajectory["times"]) > 5
    assert planned(tmp_path, "film", "--configfile", SMOKE) == {}


def test_away_from_half_filling_the_film_is_of_the_network(tmp_path):
    """The locator force field is of half filling alone."""
    copy_study(tmp_path)
    jobs = planned(tmp_path, "film", "--configfile", SMOKE, "--config", "filling=0.25")
    assert set(jobs) == {"film", "film_quench", "train", "features", "dataset", "structure"}


def test_the_paper_scale_is_the_default(tmp_path):
    copy_study(tmp_path)
    jobs = planned(tmp_path)
    assert jobs["train"] == 27
    assert jobs["dataset"] == 20


def test_an_unknown_key_is_one_clear_line(tmp_path):
    copy_study(tmp_path)
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("electrons:\n  filing: 0.4\n")
    result = snakemake(tmp_path, "-n", "--configfile", str(overlay))
    assert result.returncode != 0
    assert "electrons.filing is unknown; did you mean electrons.filling" in result.stdout
    assert "Traceback" not in result.stdout


def test_make_study_computes_in_a_fresh_clone_and_resumes_elsewhere(tmp_path):
    """What is committed is set aside only where nothing has been computed yet, and never at the paper's scale."""
    shutil.copy2(ROOT / "Makefile", tmp_path)
    (tmp_path / "envs").mkdir()
    for name in ("envs/requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()

    def commands(scale):
        return subprocess.run(
            ["make", "-n", "study", f"SCALE={scale}"], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    assert "rm -rf results/quick\n" in commands("quick")
    assert "rm -rf results" not in commands("paper")
    (tmp_path / "results" / "quick" / "structures").mkdir(parents=True)
    assert "rm -rf results" not in commands("quick")
    assert "--configfile workflow/scales/quick.yaml" in commands("quick")


def test_figures_that_are_said_to_be_targets_are(tmp_path):
    from sdglass_study.figures.registry import NAMED_TARGETS

    copy_study(tmp_path)
    assert set(NAMED_TARGETS) <= set(planned(tmp_path, *NAMED_TARGETS, "--configfile", SMOKE))


KEPT = ("models", "training", "errors", "observables", "tables", "figures")
SINGLE = ("claims.csv", "config.yaml", "provenance.json", "report.html")


def land(folder, *options, overlays=(SMOKE,)):
    """Run the step that writes the manifest; return what it prints."""
    command = [sys.executable, "-m", "sdglass_study.jobs.land", "--configfile", *overlays]
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    done = subprocess.run(
        [*command, *options], cwd=folder, env=environment, text=True, capture_output=True, check=True
    )
    return done.stdout


@pytest.fixture
def landed(study, tmp_path):
    """A checkout with what a study keeps, without datasets, features, trajectories and Snakemake's records."""
    copy_study(tmp_path)
    results = tmp_path / "results" / "smoke"
    for name in KEPT:
        shutil.copytree(study / "results/smoke" / name, results / name)
    for name in SINGLE:
        shutil.copy2(study / "results/smoke" / name, results / name)
    land(tmp_path, "--complete")
    for number, path in enumerate(sorted(tmp_path.rglob("*"), reverse=True)):  # version control keeps no times
        os.utime(path, (1e9 + number, 1e9 + number))
    return tmp_path


def test_a_landed_study_has_nothing_to_do_in_another_checkout(landed):
    assert planned(landed, "--configfile", SMOKE) == {}


def test_what_is_kept_is_not_made_again_where_it_was_computed(landed, study):
    """Snakemake remembers inputs there that a kept file no longer asks for."""
    shutil.copytree(study / ".snakemake" / "metadata", landed / ".snakemake" / "metadata")
    module = landed / "src" / "sdglass" / "network.py"
    module.write_text(module.read_text() + "\n# edited\n")
    jobs = planned(landed, "--configfile", SMOKE)
    expensive = {"structure", "dataset", "features", "fit_linear", "train", "errors", "observables_small", "rkky"}
    assert not {name for name in jobs if name in expensive or name.startswith("quench")}


def test_edited_code_makes_tables_again_from_what_is_kept(landed):
    module = landed / "src" / "sdglass" / "growth.py"
    module.write_text(module.read_text() + "\n# edited\n")
    jobs = planned(landed, "--configfile", SMOKE)
    assert jobs["correlation_length"] == 1
    expensive = {"structure", "dataset", "features", "fit_linear", "train", "errors", "observables_small", "rkky"}
    assert not {name for name in jobs if name in expensive or name.startswith("quench")}


def test_a_missing_part_is_made_again_without_the_others(landed):
    """An unfinished study: one realization of one run, and the table that is made of all of them, are missing."""
    (landed / "results/smoke/observables/large-pair-fast/001.h5").unlink()
    (landed / "results/smoke/tables/fig5_length.csv").unlink()
    jobs = planned(landed, "--configfile", SMOKE)
    made = {name: jobs.get(name, 0) for name in ("structure", "features", "quench_large", "observables_large")}
    assert made == {"structure": 1, "features": 1, "quench_large": 1, "observables_large": 1}
    assert not {"dataset", "train", "fit_linear", "errors", "quench_small", "observables_small"} & set(jobs)


def test_kept_results_of_another_configuration_stop_the_study_until_they_are_forgotten(landed, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("quench_large:\n  temperature: 2.0e-3\n")
    result = snakemake(landed, "-n", "--configfile", SMOKE, str(overlay))
    assert result.returncode != 0
    assert "results/smoke/observables/large-exact-fast/000.h5: made with other parameters" in result.stdout
    assert "give the study another name" in result.stdout
    said = land(landed, "--forget", overlays=(SMOKE, str(overlay)))
    assert "observables/large-pair-fast/000.h5: deleted" in said
    jobs = planned(landed, "--configfile", SMOKE, str(overlay))
    assert jobs["observables_large"] == jobs["quench_large"] + jobs["quench_large_exact"] == 12
    assert not {"dataset", "train", "quench_small", "quench_small_exact", "observables_small"} & set(jobs)


def test_a_sweep_compares_studies_of_their_own_and_asks_them_again(tmp_path):
    copy_study(tmp_path)
    sweep = "sweep={parameter: filling, values: [0.25, 0.4], figures: [fig2]}"
    result = snakemake(tmp_path, "sweep", "--configfile", SMOKE, "--config", sweep)
    assert result.returncode == 0, result.stdout[-3000:]
    results = tmp_path / "results"
    with open(results / "smoke-sweep-filling" / "tables" / "sweep.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for value in ("0.25", "0.4"):
        study = f"smoke-filling-{value}"
        with open(results / study / "tables" / "electrons.csv", newline="") as stream:
            own = [row for row in csv.DictReader(stream) if row["quantity"] == "gap" and float(row["coupling"])]
        gaps = [row for row in rows if row["study"] == study and row["quantity"] == "gap"]
        assert [float(row["result"]) for row in gaps] == [float(row["value"]) for row in own]
        assert [float(row["value"]) for row in gaps] == [float(value)]
    assert (results / "smoke-sweep-filling" / "figures" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert not (results / "smoke").exists()  # the study that it starts from is not touched
    again = snakemake(tmp_path, "sweep", "--configfile", SMOKE, "--config", sweep)
    assert again.returncode == 0, again.stdout[-3000:]
    assert again.stdout.count("Nothing to be done") == 2


def test_a_sweep_takes_overlays_whose_names_have_spaces(tmp_path):
    copy_study(tmp_path)
    overlay = tmp_path / "my sweep" / "two values.yaml"
    overlay.parent.mkdir()
    overlay.write_text("sweep: {parameter: filling, values: [0.25, 0.4]}\n")
    result = snakemake(tmp_path, "sweep", "-n", "-p", "--configfile", SMOKE, str(overlay))
    assert result.returncode == 0, result.stdout[-3000:]
    (line,) = [line for line in result.stdout.splitlines() if "sdglass_study.jobs.sweep" in line]
    words = shlex.split(line)
    first = words.index("--configfiles") + 1
    assert words[first : words.index("--cores")] == [SMOKE, "my sweep/two values.yaml"]


def test_a_sweep_needs_values(tmp_path):
    copy_study(tmp_path)
    result = snakemake(tmp_path, "sweep", "--configfile", SMOKE)
    assert result.returncode != 0
    assert "--config sweep='{parameter: filling, values: [0.25, 0.5]}'" in result.stdout
