"""Faults of a whole study: other cores and orders, two runs at once, kill -9, edited settings, damage.

Most compare with the finished study of the fixture `study`, which the other tests of the workflow use too.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from poor_disks import mounted, remount
from workflow_runs import SMOKE, copy_study, planned, snakemake

pytestmark = pytest.mark.workflow

PATIENCE = 600.0  # seconds, far more than anything here takes
RESULTS = "results/smoke"
DATASET = f"{RESULTS}/datasets/unseen-000.h5"
DATASET_OF_SEED = "results/smoke-seed-3/datasets/unseen-000.h5"
STRUCTURE = f"{RESULTS}/structures/unseen-000.npz"


def files(folder):
    """Return {path: bytes} of the results of a study, its records of times and words aside."""
    results = folder / RESULTS
    found = {path.relative_to(results).as_posix(): path for path in results.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes() for name, path in found.items() if not name.startswith(("logs/", "benchmarks/"))
    }


def assert_same_as(study, folder, *expected):
    """Assert that all results in `folder`, among them the `expected` ones, are bitwise those of the study."""
    found, whole = files(folder), files(study)
    assert {name.removeprefix(f"{RESULTS}/") for name in expected} <= set(found)
    assert {name for name, content in found.items() if whole.get(name) != content} == set()


@contextmanager
def running(folder, *targets):
    """Start a study in a process group of its own; kill what is left of it at the end."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *targets, "--configfile", SMOKE]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with open(folder / "said.txt", "w") as said:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process):
    """kill -9 of a study and of its jobs."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # all of it has ended
        pass
    process.wait()


def wait_for(process, pattern, folder):
    """Wait until a file of that pattern is in the folder of a running study."""
    deadline = time.monotonic() + PATIENCE
    while not any(folder.glob(pattern)):
        assert process.poll() is None, (folder / "said.txt").read_text()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def paused(process):
    """Let nothing of a running study happen within the block."""
    os.killpg(process.pid, signal.SIGSTOP)
    yield
    os.killpg(process.pid, signal.SIGCONT)


def finished(process, folder):
    """Wait for the end of a running study, which must be a good one."""
    assert process.wait(PATIENCE) == 0, (folder / "said.txt").read_text()[-3000:]


def test_cores_and_the_order_of_jobs_do_not_matter(study, tmp_path):
    """The finished study had two cores for everything at once; this one makes parts of it backwards."""
    copy_study(tmp_path)
    trajectory, network = (
        f"{RESULTS}/trajectories/small-fast/pair/000.h5",
        f"{RESULTS}/training/bond/fold-1.safetensors",
    )
    for cores, target in (("1", trajectory), ("3", network)):
        result = snakemake(tmp_path, target, "--cores", cores, "--configfile", SMOKE)
        assert result.returncode == 0, result.stdout[-3000:]
    assert_same_as(study, tmp_path, trajectory, network, f"{RESULTS}/models/pair.safetensors")


def test_fewer_cores_than_threads_are_refused(tmp_path):
    """Jobs would silently get fewer threads than the configuration says."""
    copy_study(tmp_path)
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("resources: {threads: 4}\n")
    result = snakemake(tmp_path, "-n", "--configfile", SMOKE, str(overlay))
    assert result.returncode != 0
    assert "--cores 2 is less than resources.threads = 4" in result.stdout
    assert "give at least --cores 4" in result.stdout
    assert "Traceback" not in result.stdout


def test_a_second_run_in_the_same_folder_is_refused(study, tmp_path):
    """It says why and what to do, and the first one goes on undisturbed."""
    copy_study(tmp_path)
    with running(tmp_path, DATASET) as first:
        wait_for(first, ".snakemake/locks/*", tmp_path)
        with paused(first):
            second = snakemake(tmp_path, DATASET, "--configfile", SMOKE)
        assert second.returncode != 0
        assert "cannot be locked" in second.stdout
        assert "no other Snakemake process" in second.stdout
        finished(first, tmp_path)
    assert_same_as(study, tmp_path, DATASET)


def test_a_killed_study_goes_on(study, tmp_path):
    """As after a loss of power: workflow and jobs die at once. The next run says what to do first."""
    copy_study(tmp_path)
    model = f"{RESULTS}/models/pair.safetensors"
    with running(tmp_path, model) as process:
        wait_for(process, f"{RESULTS}/datasets/*.h5", tmp_path)
        kill(process)
    again = (model, "--rerun-incomplete", "--configfile", SMOKE)  # as `make study` asks for it
    refused = snakemake(tmp_path, *again)
    assert refused.returncode != 0
    assert "can be removed with the --unlock argument" in " ".join(refused.stdout.split())
    for options in ([*again, "--unlock"], again):
        result = snakemake(tmp_path, *options)
        assert result.returncode == 0, result.stdout[-3000:]
    assert_same_as(study, tmp_path, model)
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".checkpoint") or ".tmp" in path.name]


def test_a_configuration_edited_in_the_middle_of_a_run(study, tmp_path):
    """The run goes on with the settings it began with; the next one makes anew what depends on the change."""
    changed, fresh = tmp_path / "changed", tmp_path / "fresh"
    for folder in (changed, fresh):
        folder.mkdir()
        copy_study(folder)

    def edit(folder, new):
        path = folder / "config.yaml"
        text = path.read_text()
        assert "coupling: 6.0" in text
        path.write_text(text.replace("coupling: 6.0", new, 1))

    with running(changed, DATASET) as process:
        wait_for(process, STRUCTURE, changed)
        with paused(process):
            edit(changed, "coupling: 5.0")
        finished(process, changed)
    assert_same_as(study, changed, DATASET)
    assert planned(changed, DATASET, "--configfile", SMOKE) == {"dataset": 1}
    edit(fresh, "coupling: 5.0")
    for folder in (changed, fresh):
        result = snakemake(folder, DATASET, "--configfile", SMOKE)
        assert result.returncode == 0, result.stdout[-3000:]
    assert files(changed) == files(fresh)
    assert files(fresh)["datasets/unseen-000.h5"] != files(study)["datasets/unseen-000.h5"]


def test_a_configuration_edited_before_a_cluster_job_starts(tmp_path):
    """A job on another node is a snakemake of its own: it takes over the settings of the one that submitted it."""
    undisturbed, edited = tmp_path / "undisturbed", tmp_path / "edited"
    for folder in (undisturbed, edited):
        folder.mkdir()
        copy_study(folder)
    overlay = edited / "overlay.yaml"
    overlay.write_text("electrons: {filling: 0.4}\n")
    submit = edited / "submit"
    submit.write_text(
        "#!/bin/sh\nsed -i 's/coupling: 6.0/coupling: 5.0/' config.yaml\n"
        "echo 'electrons: {filling: 0.3}' > overlay.yaml\nsh \"$1\" > job.txt 2>&1\n"
    )
    submit.chmod(0o755)
    cluster = ("--executor", "cluster-generic", "--cluster-generic-submit-cmd", str(submit), "--jobs", "1")
    said = ("--config", "seed=3")
    result = snakemake(edited, DATASET_OF_SEED, *cluster, "--configfile", SMOKE, str(overlay), *said)
    assert result.returncode == 0, f"{result.stdout[-3000:]}{(edited / 'job.txt').read_text()[-3000:]}"
    assert "coupling: 5.0" in (edited / "config.yaml").read_text()
    settings = undisturbed / "overlay.yaml"
    settings.write_text("electrons: {filling: 0.4}\n")
    result = snakemake(undisturbed, DATASET_OF_SEED, "--configfile", SMOKE, str(settings), *said)
    assert result.returncode == 0, result.stdout[-3000:]
    assert (edited / DATASET_OF_SEED).read_bytes() == (undisturbed / DATASET_OF_SEED).read_bytes()
    plan = planned(edited, DATASET_OF_SEED, "--configfile", SMOKE, str(overlay), *said)
    assert plan == {"dataset": 1}  # with the settings as they are now


def test_a_cluster_job_that_knows_no_configuration_is_refused(tmp_path):
    """What a Slurm that does not pass the environment on would start."""
    copy_study(tmp_path)
    result = snakemake(tmp_path, STRUCTURE, "--mode", "remote", "--configfile", SMOKE)
    assert result.returncode != 0
    assert "SDGLASS_STUDY is not set: this job does not know the configuration" in result.stdout
    assert "Traceback" not in result.stdout
    assert not (tmp_path / RESULTS).exists()


def test_a_damaged_file_stops_the_study_until_it_is_deleted(study, tmp_path):
    """The log of the job names the file; made again it is the same."""
    shutil.copytree(study, tmp_path, dirs_exist_ok=True)
    table, data = f"{RESULTS}/tables/fig1_neighbourhood.csv", tmp_path / DATASET
    before = data.stat()
    content = bytearray(data.read_bytes())
    data.write_bytes(content[:-1000])
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    stopped = snakemake(tmp_path, table, "--forcerun", "neighbourhood", "--configfile", SMOKE)
    assert stopped.returncode != 0
    assert "logs/neighbourhood.log" in stopped.stdout
    said = (tmp_path / RESULTS / "logs/neighbourhood.log").read_text()
    assert said.startswith(f"error: {DATASET}: truncated or not HDF5")
    assert said.endswith("delete it and make it again\n")
    data.unlink()
    again = snakemake(tmp_path, table, "--configfile", SMOKE)
    assert again.returncode == 0, again.stdout[-3000:]
    assert_same_as(study, tmp_path, table, DATASET)


def test_a_read_only_results_folder_stops_the_study(study, tmp_path):
    """With permission it runs as ever."""
    copy_study(tmp_path)
    results = tmp_path / "results"
    results.mkdir()
    with mounted(results, "16m"):
        remount(results, "ro")
        result = snakemake(tmp_path, STRUCTURE, "--configfile", SMOKE)
        assert result.returncode != 0
        assert "Read-only file system" in result.stdout
        assert "results/smoke" in result.stdout
        remount(results, "rw")
        again = snakemake(tmp_path, STRUCTURE, "--configfile", SMOKE)
        assert again.returncode == 0, again.stdout[-3000:]
        assert_same_as(study, tmp_path, STRUCTURE)
