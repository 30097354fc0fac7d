"""kill -9 at any moment: the next run completes, and its files are those of an undisturbed run, byte for byte."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_steps import make_inputs, step_options, words
from synthetic_tables import write_all

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
HELD = Path(__file__).parents[1] / "held_step.py"
PATIENCE = 600.0  # seconds, far more than anything here takes

# (ending of a file's name, which of them, just before or after it is there): where run after run is killed.
IN_A_QUENCH = [
    ("checkpoint", 1, "before"),
    ("checkpoint", 3, "after"),
    ("checkpoint", 2, "before"),
    ("out.h5", 1, "before"),
    ("out.h5", 1, "after"),
]
IN_A_TRAINING = [
    ("checkpoint", 2, "after"),
    ("checkpoint", 2, "before"),
    ("out.h5.csv", 1, "after"),
    ("out.h5", 1, "after"),
]
IN_A_FIGURE = [("png", 1, "before"), ("png", 1, "after"), ("pdf", 1, "before")]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_all(folder)
    return make_inputs(folder) | {"tables": folder}


def command(name, inputs, folder):
    """Return a step's name and options, with outputs in `folder`."""
    if name == "figure":
        return [
            name,
            "fig2",
            *words({"tables": inputs["tables"], **{f"out-{k}": folder / k for k in ("png", "pdf")}}),
        ]
    return [name, *words(step_options(name, inputs, folder / "out.h5"))]


def run(name, *options):
    """Run a step undisturbed, as a rule does; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", f"sdglass_study.jobs.{name}", *options],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def kill_at(marker, moment, arguments):
    """Run a step and kill it at the moment."""
    command = [sys.executable, HELD, marker, *map(str, moment), *arguments]
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


@pytest.mark.parametrize(
    ("name", "moments"),
    [
        ("dataset", IN_A_QUENCH),
        ("quench_exact", IN_A_QUENCH[1:4]),
        ("quench_model", IN_A_QUENCH[1:3]),
        ("train", IN_A_TRAINING),
        ("figure", IN_A_FIGURE),
    ],
)
def test_a_step_that_is_killed_again_and_again(inputs, tmp_path, name, moments):
    """Labelling, quenches, training, a figure: each run goes on from what the killed one has left."""
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    run(*command(name, inputs, whole))
    expected = contents(whole)
    for moment in moments:
        kill_at(tmp_path / "marker", moment, command(name, inputs, folder))
        found = contents(folder)
        # Half-written files have other names: what bears its own name is complete.
        assert all(found[path] == data for path, data in expected.items() if path in found)
        assert found != expected  # it was killed before its end
    said = run(*command(name, inputs, folder))
    assert "discarded" not in said
    assert contents(folder) == expected


def test_one_step_twice_at_once(inputs, tmp_path):
    """Without the workflow's lock: both write the same, and none disturbs the other."""
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    run(*command("quench_exact", inputs, whole))
    name, *options = command("quench_exact", inputs, folder)
    line = [sys.executable, HELD, tmp_path / "marker", "never", "1", "before", name, *options]  # many checkpoints
    both = [subprocess.Popen(line, env=ENVIRONMENT, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=PATIENCE)[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert contents(folder) == contents(whole)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see the processes")
def test_the_workers_of_a_killed_program_end_too(inputs, tmp_path):
    """They would otherwise wait for work for ever, and hold memory."""
    options = {"structure": inputs["structure"], "out": tmp_path / "T.h5", "duration": 100000, "workers": 2}
    line = f"-m sdglass.cli quench --engine exact --checkpoint-interval 0 {shlex.join(words(options))}"
    process = subprocess.Popen([sys.executable, *shlex.split(line)], env=ENVIRONMENT, start_new_session=True)
    try:
        wait_until(lambda: (tmp_path / "T.h5.checkpoint").exists() or process.poll() is not None)
        assert process.poll() is None
        workers = members(process.pid) - {process.pid}
        assert len(workers) >= 2
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
