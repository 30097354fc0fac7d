"""Checkpoints: the state of a long computation, and whose it is, in one HDF5 file.

A checkpoint continues the very run that wrote it and no other. Its identity says which: every argument, the data,
and what the caller adds, such as a digest of the code. Quenches and trainings of networks write the same format.
"""

import json
import time
from pathlib import Path

import numpy as np

from sdglass.errors import CheckpointError, InputError
from sdglass.hdf5 import new_hdf5, open_hdf5, write_array
from sdglass.io import discard


class Checkpoint:
    """The file that an interrupted run goes on from.

    Parameters
    ----------
    path : path-like
    identity : dict
        What the run depends on, JSON data. A file of another identity is refused.
    interval : float
        Seconds of wall time from one write to the next, see `due`.

    Raises
    ------
    InputError
        If the identity is not JSON data.

    Examples
    --------
    >>> checkpoint = Checkpoint("sum.checkpoint", {"seed": 1}, interval=0.0)
    >>> checkpoint.write({"step": 3}, {"spins": np.ones((2, 3))})
    >>> state, arrays = checkpoint.read(["spins"])
    >>> state["step"], arrays["spins"].shape
    (3, (2, 3))
    >>> checkpoint.discard()
    """

    def __init__(self, path, identity=None, interval=60.0):
        self.path, self.interval = Path(path), interval
        self.identity = as_json("identity", identity or {})
        self._written = time.monotonic()

    @classmethod
    def of_run(cls, given, identity):
        """Return the checkpoint of a run with this `identity`, or None.

        What is `given` by the caller of the run is None, the file, or the file with an interval and an identity of
        its own, to which that of the run is added.
        """
        if given is None:
            return None
        if not isinstance(given, cls):
            given = cls(given)
        return cls(given.path, {**given.identity, **identity}, given.interval)

    @property
    def exists(self):
        """Whether there is something to go on from; `OSError` if the system cannot say now."""
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def due(self):
        """Return whether `interval` has passed since the last write, or since this object was made."""
        return time.monotonic() - self._written >= self.interval

    def write(self, state, arrays):
        """Write the file, replacing the previous one only when complete.

        `state` is what is not an array (the step, states of random generators), JSON data; `arrays` are numpy
        arrays of any shape by name.
        """
        # JSON as arrays, because an attribute holds 64 kB: the random states of 300 replicas.
        texts = {"identity": self.identity, "state": state, "shapes": {k: np.shape(v) for k, v in arrays.items()}}
        with new_hdf5(self.path) as handle:
            for name, data in texts.items():
                write_array(handle, name, np.frombuffer(json.dumps(data).encode(), np.uint8))
            for name, array in arrays.items():
                write_array(handle, f"arrays/{name}", np.atleast_1d(array))
        self._written = time.monotonic()

    def read(self, names=None):
        """Return the state and the arrays that `write` has written; with `names`, those arrays alone.

        Raises
        ------
        CheckpointError
            If the file is damaged, lacks one of the arrays, or is of another run. It is left as it is.
        OSError
            If the file cannot be read now, which says nothing about what is in it.
        """
        required = ("identity", "state", "shapes", *(f"arrays/{name}" for name in names or ()))
        try:
            with open_hdf5(self.path, required) as handle:
                stored, state, shapes = (json.loads(handle[name][...].tobytes()) for name in required[:3])
                chosen = list(shapes) if names is None else names
                arrays = {name: handle[f"arrays/{name}"][...].reshape(shapes[name]) for name in chosen}
        except InputError as error:  # its advice is to make the file again
            reason = str(error).removeprefix(f"{self.path}: ").partition("; delete it")[0]
            raise CheckpointError(self.path, reason) from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self.unreadable(error) from None
        for name in {**self.identity, **stored}:  # a name that only one of the two has differs as well
            if stored.get(name) != self.identity.get(name):
                raise self.of_another(name, stored.get(name), self.identity.get(name))
        return state, arrays

    def discard(self):
        """Delete the file, if there is one."""
        discard(self.path)

    def unreadable(self, error):
        """Return the `CheckpointError` for a file whose content makes no sense."""
        return CheckpointError(self.path, f"not a readable checkpoint ({error})")

    def of_another(self, name, old, new):
        """Return the `CheckpointError` that says in what the run of the file differs from the present one."""
        return CheckpointError(
            self.path,
            f"this checkpoint is of a run with {name} = {_short(old)}, but now it is {_short(new)}",
            "restore the argument to go on, or delete the file to start afresh",
        )


def as_json(name, data):
    """Return `data` as JSON gives it back, so that what is stored can be compared with what is asked.

    `InputError`, which calls the data `name`, if they are more than JSON can hold.
    """
    try:
        return json.loads(json.dumps(data))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}; expected only what JSON can hold") from None


def _short(value):
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
