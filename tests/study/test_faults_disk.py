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
from small_steps import make_inputs, step_options, words
from stored_files import kinds, listing
from synthetic_tables import write_all
from test_faults_kill import HELD, kill_at

from sdglass.errors import OutputError
from sdglass_study.jobs import arguments as step
from sdglass_study.jobs import observables

KINDS = kinds()
FULL = r"cannot be written \((No space left on device|File too large)\); (free some space|raise the limit)"
READ_ONLY = r"cannot be written \((Read-only file system|Permission denied)\); make its folder writable"


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


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
def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(kind, folder, poor, how, said):
    path = folder / "old"
    with poor(folder, how):
        with pytest.raises(OutputError, match=said) as caught:
            kind.write(path)
        assert str(caught.value).startswith(f"{path}: ")
        found = {name: content for name, content in listing(folder).items() if name != "filler"}
        assert found == {"old": b"old"}
    if how in ("limit", "permissions"):  # of a mounted one nothing is left
        kind.write(path)
        kind.write(folder / "fresh")
        assert path.read_bytes() == (folder / "fresh").read_bytes()


# Steps of the study ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_all(folder)
    return make_inputs(folder) | {"tables": folder}


def command(name, inputs, out):
    if name == "figure":
        return [name, "fig2", *words({"tables": inputs["tables"], "out-png": out, "out-pdf": f"{out}.pdf"})]
    return [name, *words(step_options(name, inputs, out))]


def run(name, *options, limit=None, each_step=False):
    """Run a step as a rule does; return its status and what it says at last.

    With `each_step` it writes a checkpoint after every step of the integrator.
    """
    start = ["-m", f"sdglass_study.jobs.{name}"]
    if each_step:
        start = [HELD, "marker", "never", "1", "before", name]

    def prepare():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    done = subprocess.run(
        [sys.executable, *start, *options],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        preexec_fn=prepare,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stderr.splitlines() or [""])[-1]


@pytest.mark.parametrize("name", ["dataset", "train", "figure"])
def test_a_step_says_that_a_file_became_too_large_and_completes_when_there_is_room(inputs, tmp_path, name):
    """The limit on the size of files stands for the full disk, which only root can make."""
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    assert run(*command(name, inputs, whole / "out"))[0] == 0
    status, said = run(*command(name, inputs, folder / "out"), limit=512)
    assert status == 2
    assert re.match(rf"error: {folder}/out\S*: {FULL}", said), said
    assert listing(folder).items() <= listing(whole).items()  # nothing that is not complete
    assert not (folder / "out").exists()
    assert run(*command(name, inputs, folder / "out"))[0] == 0
    assert listing(folder) == listing(whole)


def test_a_disk_that_fills_up_in_the_middle_of_a_quench(inputs, tmp_path):
    """A checkpoint cannot be written; the one before stays, and with some room the run goes on from there."""
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    line = command("quench_exact", inputs, folder / "out.h5")
    kill_at(tmp_path / "marker", ("checkpoint", 3, "after"), line)
    before = listing(folder)
    assert list(before) == ["out.h5.checkpoint"]
    status, said = run(*line, limit=512, each_step=True)
    assert status == 2
    assert re.match(rf"error: {folder}/out\.h5\.checkpoint: {FULL}", said), said
    assert listing(folder) == before
    status, said = run(*line)
    assert status == 0
    assert "discarded" not in said
    assert run(*command("quench_exact", inputs, whole / "out.h5"))[0] == 0
    assert listing(folder) == listing(whole)


@pytest.mark.parametrize("how", ["tmpfs", "permissions"])
def test_a_read_only_results_folder(folder, monkeypatch, capsys, how):
    """The step says so; with permission it runs."""
    KINDS["structure"].write(folder / "S.npz")
    KINDS["trajectory"].write(folder / "T.h5")
    files = {"trajectory": folder / "T.h5", "structure": folder / "S.npz"}
    out = folder / "results" / "O.h5"
    out.parent.mkdir()
    options = {**files, "r_min": 0.5, "bin_width": 0.1, "out": out}
    monkeypatch.setattr(sys, "argv", ["observables", *words(options)])
    with read_only(out.parent, how):
        with pytest.raises(SystemExit) as left:
            step.run(observables.main)
        assert left.value.code == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert re.match(rf"error: {out}: {READ_ONLY}", said), said
        assert listing(out.parent) == {"old": b"old"}
    step.run(observables.main)
    assert "O.h5" in listing(out.parent)
