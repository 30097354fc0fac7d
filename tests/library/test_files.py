"""Files: complete or absent, nothing left behind, damage named as such and nothing else."""

import errno
import os
import platform
import signal
import socket
import stat
import subprocess
import sys

import h5py
import numpy as np
import pytest

from sdglass.errors import InputError, OutputError
from sdglass.hdf5 import new_hdf5, open_hdf5
from sdglass.io import atomic_path, discard, load_npy, load_npz, write_text

# Fields of the first entry of a zip's directory, by their offset, and a value that no reader supports.
SPOILED = {
    "a version of the future": (6, 255),
    "encrypted": (8, 1),
    "an unknown compression": (10, 99),
}


@pytest.mark.parametrize("what", SPOILED)
def test_an_archive_that_cannot_be_unpacked_is_named(tmp_path, what):
    path = tmp_path / "spoiled.npz"
    np.savez(path, positions=np.ones((4, 3)), box=np.ones(3))
    data = bytearray(path.read_bytes())
    offset, value = SPOILED[what]
    data[data.index(b"PK\x01\x02") + offset] = value
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"spoiled\.npz: not a readable \.npz file"):
        load_npz(path, ("positions", "box"))


def test_arrays_of_numbers_are_read(tmp_path):
    for array in (np.arange(3), np.ones((2, 2), np.float32), np.ones(1, np.uint8)):
        np.save(tmp_path / "good.npy", array)
        np.testing.assert_array_equal(load_npy(tmp_path / "good.npy", "numbers"), array)
    np.save(tmp_path / "bad.npy", np.array([True]))
    with pytest.raises(InputError, match=r"bad\.npy: holds bool; expected real numbers"):
        load_npy(tmp_path / "bad.npy", "numbers")
    with pytest.raises(InputError, match=r"absent\.npy: no such file; expected two numbers"):
        load_npy(tmp_path / "absent.npy", "two numbers")


# --- HDF5


@pytest.fixture
def checksummed(tmp_path):
    """Path of an HDF5 file with 1000 checksummed numbers, and the place of the first of them."""
    path = tmp_path / "numbers.h5"
    with h5py.File(path, "w") as handle:
        dataset = handle.create_dataset("spins", data=np.arange(1000.0), chunks=(1000,), fletcher32=True)
        return path, dataset.id.get_chunk_info(0).byte_offset


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "other.h5"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "other.csv"),
        OSError("said by another library"),
    ],
)
def test_other_errors_of_the_block_stay_what_they_are(checksummed, error):
    with pytest.raises(OSError) as caught, open_hdf5(checksummed[0]):
        raise error
    assert caught.value is error


def test_a_missing_second_hdf5_file_is_not_damage_of_the_first(checksummed, tmp_path):
    with pytest.raises(FileNotFoundError), open_hdf5(checksummed[0]):
        h5py.File(tmp_path / "absent.h5", "r")


# --- atomic writing

KILLED = """
import os, signal, sys
from sdglass.io import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "a[1].csv"  # a name that is a pattern too
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, path])
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(listing(tmp_path)) == 2
    write_text(path, "new")
    assert listing(tmp_path) == [path.name]
    assert path.read_text() == "new"


def test_discarding_a_file_takes_what_killed_writers_of_it_have_left(tmp_path):
    path = tmp_path / "T.h5.checkpoint"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", KILLED, path])
    path.write_text("state")
    (tmp_path / "T.h5").touch()
    discard(path)
    assert listing(tmp_path) == ["T.h5"]
    discard(path)  # nothing is there any more


def test_numbers_that_are_not_real_are_refused(tmp_path):
    np.savez(tmp_path / "bad.npz", positions=np.ones((2, 3), complex), box=np.ones(3))
    with pytest.raises(InputError, match=r"bad\.npz: positions holds complex128; expected real numbers"):
        load_npz(tmp_path / "bad.npz", ("positions", "box"))


def test_what_others_may_still_be_writing_is_left_alone(tmp_path):
    here, dead = platform.node(), subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    others = [
        f".T.h5.{here}.{os.getppid()}.tmp.h5",  # alive
        f".T.h5.{here}-2.{dead.pid}.tmp.h5",  # on another machine, whose processes are not known here
        f".T.h5.checkpoint.{here}.{dead.pid}.tmp.checkpoint",  # another target
        f".T.h5.{here}.{dead.pid}.tmp.npz",
        f".T.h5.{here}.notes.tmp.h5",
    ]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / f".T.h5.{here}.{dead.pid}.tmp.h5").touch()
    (tmp_path / f".T.h5.{here}.{10**30}.tmp.h5").touch()  # no number of a process
    write_text(tmp_path / "T.h5", "new")
    assert listing(tmp_path) == sorted([*others, "T.h5"])


def write_half(path):
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError


def test_a_failed_write_leaves_the_old_file(tmp_path):
    write_text(tmp_path / "T.csv", "old")
    with pytest.raises(ZeroDivisionError):
        write_half(tmp_path / "T.csv")
    assert listing(tmp_path) == ["T.csv"]
    assert (tmp_path / "T.csv").read_text() == "old"


def test_what_a_symbolic_link_leads_to_is_written(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    target, path = folder / "target.csv", tmp_path / "T.csv"
    target.write_text("old")
    (folder / "second.csv").symlink_to("target.csv")
    path.symlink_to("elsewhere/second.csv")
    lead = os.readlink(path)
    with pytest.raises(ZeroDivisionError):
        write_half(path)
    assert target.read_text() == "old"
    with atomic_path(path) as temporary:
        assert temporary.parent == folder  # a rename is atomic within a folder's disk only
        temporary.write_text("new")
    assert target.read_text() == "new"
    assert os.readlink(path) == lead
    assert listing(tmp_path) == ["T.csv", "elsewhere"]
    discard(path)  # the link is its owner's
    assert not target.exists()
    assert os.readlink(path) == lead
    write_text(path, "again")  # a link that leads to nothing yet
    assert target.read_text() == "again"


def special(path, kind):
    """Put something at `path` that is no regular file."""
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    elif kind == "a folder":
        path.mkdir()


def write_hdf5(path):
    with new_hdf5(path) as handle:
        handle["x"] = 1.0


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a folder"])
def test_what_is_no_regular_file_is_never_replaced(tmp_path, kind, linked):
    place = path = tmp_path / "T.h5"
    special(place, kind)
    if linked:
        path = tmp_path / "link.h5"
        path.symlink_to(place)
    before = os.lstat(place)
    for attempt in (lambda path: write_text(path, "new"), write_hdf5, discard):
        with pytest.raises(OutputError, match=rf"{path.name}: is {kind}; expected the name of a regular file"):
            attempt(path)
    after = os.lstat(place)
    assert (after.st_ino, stat.S_IFMT(after.st_mode)) == (before.st_ino, stat.S_IFMT(before.st_mode))
    assert listing(tmp_path) == sorted({place.name, path.name})


def test_links_in_a_circle_are_named(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputError, match=r"a: its symbolic links lead in a circle"):
        write_text(tmp_path / "a", "new")
    assert os.readlink(tmp_path / "a") == "b"


# --- what cannot be read now says nothing about what is in it

SYSTEM_ERRORS = (errno.EACCES, errno.ESTALE, errno.EMFILE, errno.EIO, errno.EAGAIN)


def test_a_file_that_another_process_has_locked_is_read(checksummed):
    path, _ = checksummed
    code = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "1\n"
        with open_hdf5(path) as handle:
            np.testing.assert_array_equal(handle["spins"][...], np.arange(1000.0))
    finally:
        other.communicate("\n")


@pytest.mark.parametrize("number", SYSTEM_ERRORS)
def test_an_error_that_hdf5_only_mentions_is_the_systems(checksummed, monkeypatch, number):
    """HDF5 gives the numbers of some errors in its text alone."""
    path, _ = checksummed
    said = f"Can't read data (file read failed: errno = {number}, error message = 'x')"
    raising = {"__name__": "h5py._hl.files"}
    exec(f"def fail(*_, **__):\n    raise OSError({said!r})", raising)
    monkeypatch.setattr(h5py, "File", raising["fail"])
    with pytest.raises(OSError) as caught, open_hdf5(path):
        pass
    assert (caught.value.errno, caught.value.filename) == (number, str(path))
    assert not isinstance(caught.value, InputError)


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to give up its rights")
@pytest.mark.parametrize("kind", ["h5", "npz", "npy", "safetensors"])
def test_a_file_without_permission_is_neither_damaged_nor_absent(tmp_path, kind):
    from sdglass.dynamics.checkpoint import Checkpoint
    from sdglass.forcefields.model_file import read_tensors

    path = tmp_path / f"file.{kind}"
    path.write_bytes(b"whatever")
    read = {"npz": lambda: load_npz(path, ("a",)), "npy": lambda: load_npy(path, "numbers")}
    read |= {"h5": Checkpoint(path).read, "safetensors": lambda: read_tensors(path)}
    os.chmod(path, 0)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        os.chmod(folder, 0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(PermissionError) as caught:
            read[kind]()
    finally:
        os.seteuid(0)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"whatever"
