"""A full disk and a read-only folder: a clear error, the old files intact, nothing half-written left behind."""

import os
import re
import resource
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from poor_disks import file_limit, fill, mounted, remount, without_permission
from small_jobs import make_inputs, told
from stored_files import kinds, listing
from test_faults_kill import HELD, kill_at

from sdglass.errors import OutputError
from sdglass_study.jobs.__main__ import main

KINDS = kinds()
FULL = r"cannot be written \((No space left on device|File too large)\); (free some space|raise the limit)"
READ_ONLY = r"cannot be written \((Read-only file system|Permission denied)\); make its folder writable"


@pytest.fixture
def folder():
    """A folder that every user can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        yield Path(path)


@contextmanager
def full_disk(folder, how):
    """Make `folder` a place without any room for more."""
    if how == "limit":
        (folder / "old").write_text("old")
        with file_limit(64):
            yield
        return
    with mounted(folder):
        (folder / "old").write_text("old")
        filler = fill(folder)
        yield
        filler.unlink()


@contextmanager
def read_only(folder, how):
    """Make `folder` a place that cannot be written to."""
    if how == "permissions":
        (folder / "old").write_text("old")
        with without_permission(folder):
            yield
        return
    with mounted(folder):
        (folder / "old").write_text("old")
        remount(folder, "ro")
        yield


@pytest.mark.parametrize(
    ("poor", "how", "said"),
    [
        (full_disk, "tmpfs", FULL),
        (full_disk, "limit", FULL),
        (read_only, "tmpfs", READ_ONLY),
        (read_only, "permissions", READ_ONLY),
    ],
    ids=["full disk", "limited files", "read-only disk", "no permission"],
)
def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(folder, poor, how, said):
    path = folder / "old"
    for kind in KINDS.values():
        with poor(folder, how):
            with pytest.raises(OutputError, match=said) as caught:
                kind.write(path)
            assert str(caught.value).startswith(f"{path}: ")
            found = {name: content for name, content in listing(folder).items() if name != "filler"}
            assert found == {"old": b"old"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


def run(job, arguments, limit=None):
    """Run a job as a rule does, or with a limit on the size of files; return its status and what it says at last.

    With the limit it writes a checkpoint after every step of the integrator.
    """
    start = ["-m", "sdglass_study.jobs"] if limit is None else [HELD, "marker", "never", "1", "before"]

    def prepare():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    done = subprocess.run(
        [sys.executable, *start, job, *arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        preexec_fn=prepare,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stderr.splitlines() or [""])[-1]


@pytest.mark.slow
@pytest.mark.parametrize("job", ["label", "fit", "quench"])
def test_a_disk_that_fills_up_in_the_middle(inputs, tmp_path, job):
    """A checkpoint cannot be written; the one before stays, and with some room the run goes on from there.

    The limit on the size of files stands for the full disk, which only root can make.
    """
    whole, folder = (told(job, inputs[job], tmp_path / name) for name in ("whole", "folder"))
    kill_at(tmp_path / "marker", ("checkpoint", 2, "after"), job, folder)
    before = listing(tmp_path / "folder")
    status, said = run(job, folder, limit=512)
    assert status == 2
    assert re.match(rf"error: {tmp_path}/folder/\S*: {FULL}", said), said
    assert listing(tmp_path / "folder") == before
    assert run(job, folder)[0] == run(job, whole)[0] == 0
    assert listing(tmp_path / "folder") == listing(tmp_path / "whole")


@pytest.mark.parametrize("how", ["tmpfs", "permissions"])
def test_a_read_only_results_folder(folder, capsys, how):
    """The job says so; with permission it runs."""
    KINDS["structure"].write(folder / "S.npz")
    KINDS["trajectory"].write(folder / "T.h5")
    results = folder / "results"
    results.mkdir()
    arguments = told("measure", {"trajectory": str(folder / "T.h5"), "structure": str(folder / "S.npz")}, results)
    with read_only(results, how):
        assert main("measure", *arguments) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert re.match(rf"error: {results}/O\.h5: {READ_ONLY}", said), said
    assert main("measure", *arguments) == 0
