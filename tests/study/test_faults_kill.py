"""kill -9 at any moment: the next run completes, and its files are those of an undisturbed run, byte for byte."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_jobs import make_inputs, told

pytestmark = pytest.mark.slow

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
HELD = Path(__file__).parents[1] / "held_step.py"
PATIENCE = 600.0  # seconds, far more than anything here takes

# (ending of a file's name, which of them, just before or after it is there): where run after run is killed.
MOMENTS = {
    "label": [("checkpoint", 1, "before"), ("checkpoint", 3, "after"), ("D.h5", 1, "before")],
    "quench": [("checkpoint", 3, "after"), ("T.h5", 1, "after")],
    "fit": [("checkpoint", 2, "after"), ("checkpoint", 1, "before"), ("M.safetensors", 1, "after")],
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


def run(job, inputs, folder):
    """Run a job undisturbed, as a rule does; return what it printed."""
    command = [sys.executable, "-m", "sdglass_study.jobs", job, *told(job, inputs[job], folder)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def kill_at(marker, moment, job, arguments):
    """Run a job and kill it at the moment."""
    command = [sys.executable, HELD, marker, *map(str, moment), job, *arguments]
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: marker.exists() or process.poll() is not None)
    finally:
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[1]
    assert process.returncode == -signal.SIGKILL, said.decode()
    marker.unlink()


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("job", MOMENTS)
def test_a_job_that_is_killed_again_and_again(inputs, tmp_path, job):
    """Each run goes on from what the killed one has left."""
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    run(job, inputs, whole)
    expected = contents(whole)
    for moment in MOMENTS[job]:
        kill_at(tmp_path / "marker", moment, job, told(job, inputs[job], folder))
        found = contents(folder)
        # Half-written files have other names: what bears its own name is complete.
        assert all(found[path] == data for path, data in expected.items() if path in found)
        assert found != expected  # it was killed before its end
    assert "discarded" not in run(job, inputs, folder)
    assert contents(folder) == expected


def test_one_job_twice_at_once(inputs, tmp_path):
    """Without the workflow's lock: both write the same, and none disturbs the other."""
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    run("quench", inputs, whole)
    line = [sys.executable, HELD, tmp_path / "marker", "never", "1", "before"]  # many checkpoints
    line += ["quench", *told("quench", inputs["quench"], folder)]
    both = [subprocess.Popen(line, env=ENVIRONMENT, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=PATIENCE)[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert contents(folder) == contents(whole)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see the processes")
def test_the_workers_of_a_killed_program_end_too(inputs, tmp_path):
    """They would otherwise wait for work for ever, and hold memory."""
    line = f"-m sdglass.cli quench --engine exact --structure {shlex.quote(inputs['quench']['structure'])}"
    line += f" --out {tmp_path}/T.h5 --duration 100000 --workers 2 --checkpoint-interval 0"
    process = subprocess.Popen([sys.executable, *shlex.split(line)], env=ENVIRONMENT, start_new_session=True)
    try:
        wait_until(lambda: (tmp_path / "T.h5.checkpoint").exists() or process.poll() is not None)
        assert process.poll() is None
        assert len(members(process.pid) - {process.pid}) >= 2
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not members(process.pid))
    finally:
        if members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def members(session):
    """Return the numbers of the processes, zombies aside, of a session."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = path.read_text().rpartition(") ")[2].split()[:4]
        except OSError:  # it has just ended
            continue
        if int(its_session) == session and state != "Z":
            found.add(int(path.parent.name))
    return found
