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

pytestmark = pytest.mark.slow

PATIENCE = 600.0  # seconds, far more than anything here takes
RESULTS = "results/smoke"
LABELS = f"{RESULTS}/labels/test/000.h5"
STRUCTURE = f"{RESULTS}/structures/test/000.npz"
FIT = f"{RESULTS}/fits/pair/fold-0.safetensors"


def assert_same_as(study, folder, *expected):
    """Assert that all results in `folder`, among them the `expected` ones, are bitwise those of the study."""
    assert all((folder / name).is_file() for name in expected)
    for path in (folder / RESULTS).rglob("*"):
        name = path.relative_to(folder / RESULTS)
        if path.is_file() and name.parts[0] not in ("logs", "benchmarks"):
            assert path.read_bytes() == (study / RESULTS / name).read_bytes(), name


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
        f"{RESULTS}/trajectories/fig4-fast/pair/000.h5",
        f"{RESULTS}/fits/paper/fold-1.safetensors",
    )
    for cores, target in (("1", trajectory), ("3", network)):
        result = snakemake(tmp_path, target, "--cores", cores, "--configfile", SMOKE)
        assert result.returncode == 0, result.stdout[-3000:]
    assert_same_as(study, tmp_path, trajectory, network)


def test_a_second_run_in_the_same_folder_is_refused(study, tmp_path):
    """It says why and what to do, and the first one goes on undisturbed."""
    copy_study(tmp_path)
    with running(tmp_path, LABELS) as first:
        wait_for(first, ".snakemake/locks/*", tmp_path)
        with paused(first):
            second = snakemake(tmp_path, LABELS, "--configfile", SMOKE)
        assert second.returncode != 0
        assert "cannot be locked" in second.stdout
        finished(first, tmp_path)
    assert_same_as(study, tmp_path, LABELS)


def test_a_killed_study_goes_on(study, tmp_path):
    """As after a loss of power: workflow and jobs die at once. The next run says what to do first."""
    copy_study(tmp_path)
    with running(tmp_path, FIT) as process:
        wait_for(process, f"{RESULTS}/labels/train/*.h5", tmp_path)
        kill(process)
    again = (FIT, "--rerun-incomplete", "--configfile", SMOKE)  # as `make study` asks for it
    refused = snakemake(tmp_path, *again)
    assert refused.returncode != 0
    assert "can be removed with the --unlock argument" in " ".join(refused.stdout.split())
    for options in ([*again, "--unlock"], again):
        result = snakemake(tmp_path, *options)
        assert result.returncode == 0, result.stdout[-3000:]
    assert_same_as(study, tmp_path, FIT)
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".checkpoint") or ".tmp" in path.name]


def test_a_configuration_edited_in_the_middle_of_a_run(study, tmp_path):
    """The run goes on with the settings it began with; the next one makes anew what depends on the change."""
    copy_study(tmp_path)
    config = tmp_path / "config.yaml"
    with running(tmp_path, LABELS) as process:
        wait_for(process, STRUCTURE, tmp_path)
        with paused(process):
            config.write_text(config.read_text().replace("coupling: 6.0", "coupling: 5.0", 1))
        finished(process, tmp_path)
    assert_same_as(study, tmp_path, LABELS)
    assert planned(tmp_path, LABELS, "--configfile", SMOKE) == {"label": 1}


def test_a_damaged_file_stops_the_study_until_it_is_deleted(study, tmp_path):
    """The log of the job names the file; made again it is the same."""
    shutil.copytree(study, tmp_path, dirs_exist_ok=True)
    table, data = f"{RESULTS}/tables/fig1_neighbourhood.csv", tmp_path / LABELS
    before, content = data.stat(), data.read_bytes()
    data.write_bytes(content[:-1000])
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    stopped = snakemake(tmp_path, table, "--forcerun", "tables_neighbourhood", "--configfile", SMOKE)
    assert stopped.returncode != 0
    said = (tmp_path / RESULTS / "logs/tables/neighbourhood.log").read_text()
    assert f"error: {LABELS}: truncated or not HDF5" in said
    assert said.endswith("delete it and make it again\n")
    data.unlink()
    again = snakemake(tmp_path, table, "--configfile", SMOKE)
    assert again.returncode == 0, again.stdout[-3000:]
    assert_same_as(study, tmp_path, table, LABELS)


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
        remount(results, "rw")
        again = snakemake(tmp_path, STRUCTURE, "--configfile", SMOKE)
        assert again.returncode == 0, again.stdout[-3000:]
        assert_same_as(study, tmp_path, STRUCTURE)
