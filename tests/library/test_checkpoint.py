"""Checkpoints: what is written comes back, foreign and damaged files are refused and left as they are."""

import errno

import h5py
import numpy as np
import pytest

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.errors import CheckpointError, InputError
from sdglass.hdf5 import new_hdf5

STATE = {"epoch": 3, "history": [{"loss": 0.5}, {"loss": 0.25}]}
ARRAYS = {
    "now.weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "adam.0.step": np.array(7.0),
    "empty": np.empty((0, 5)),
    "mask": np.array([True, False]),
}


@pytest.fixture
def checkpoint(tmp_path):
    checkpoint = Checkpoint(tmp_path / "C.h5", {"seed": 1, "layers": (4, 4)})
    checkpoint.write(STATE, ARRAYS)
    return checkpoint


def test_what_is_written_comes_back(checkpoint):
    assert checkpoint.exists
    state, arrays = checkpoint.read(list(ARRAYS))
    assert state == STATE
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
    assert checkpoint.read(["mask"])[1].keys() == {"mask"}
    assert checkpoint.read()[1].keys() == ARRAYS.keys()


def test_a_state_of_any_size(tmp_path):
    """The random states of 400 replicas are more than the 64 kB of an HDF5 attribute."""
    state = {"streams": [np.random.default_rng(seed).bit_generator.state for seed in range(400)]}
    checkpoint = Checkpoint(tmp_path / "C.h5")
    checkpoint.write(state, {})
    assert checkpoint.path.stat().st_size > 65536
    assert checkpoint.read() == (state, {})


def test_due_after_its_interval(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    checkpoint = Checkpoint(tmp_path / "C.h5", interval=60.0)
    now[0] = 159.0
    assert not checkpoint.due()
    now[0] = 160.0
    assert checkpoint.due()
    checkpoint.write({}, {})
    assert not checkpoint.due()
    assert Checkpoint(tmp_path / "C.h5", interval=0.0).due()


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ({"seed": 2, "layers": [4, 4]}, "seed = 1, but now it is 2"),
        ({"seed": 1}, r"layers = \[4, 4\], but now it is None"),
        ({"seed": 1, "layers": [4, 4], "fold": 0}, "fold = None, but now it is 0"),
    ],
)
def test_that_of_another_run_is_refused(checkpoint, identity, message):
    before = checkpoint.path.read_bytes()
    with pytest.raises(CheckpointError, match=message):
        Checkpoint(checkpoint.path, identity).read()
    assert checkpoint.path.read_bytes() == before


def not_json(path):
    with new_hdf5(path) as handle:
        for name in ("identity", "state", "shapes"):
            handle[name] = np.frombuffer(b"{", np.uint8)


def other_hdf5(path):
    with h5py.File(path, "w") as handle:
        handle["spins"] = np.zeros(3)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("not HDF5"),
        not_json,
        other_hdf5,
    ],
)
def test_damaged_and_foreign_files_are_refused(checkpoint, spoil):
    spoil(checkpoint.path)
    before = checkpoint.path.read_bytes()
    with pytest.raises(CheckpointError, match=r"C\.h5: .*; delete it to start afresh$"):
        checkpoint.read(["mask"])
    assert checkpoint.path.read_bytes() == before


def test_a_missing_array_is_named(checkpoint):
    with pytest.raises(CheckpointError, match="dataset 'arrays/best' is missing"):
        checkpoint.read(["best"])


@pytest.mark.parametrize("where", ["File", "Dataset.__getitem__"])
def test_a_file_system_that_fails_is_no_damage(checkpoint, monkeypatch, where):
    """Whoever discards damaged checkpoints must not discard this one."""

    def fail(*args, **kwargs):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(f"h5py.{where}", fail)
    with pytest.raises(OSError, match="Input/output error") as caught:
        checkpoint.read(["mask"])
    assert not isinstance(caught.value, CheckpointError)
    monkeypatch.undo()
    assert checkpoint.read(["mask"])[0] == STATE


def test_an_identity_is_json():
    with pytest.raises(InputError, match=r"identity: .*expected only what JSON can hold"):
        Checkpoint("C.h5", {"array": np.zeros(3)})
