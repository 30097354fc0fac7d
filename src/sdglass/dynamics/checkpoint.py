"""Checkpoints of a quench: the state between two steps, and whose it is, in one HDF5 file.

A checkpoint continues the very run that wrote it and no other. Its identity says which: every argument,
the initial spins, and what the caller adds, such as a digest of the code. Anything else is refused with
`CheckpointError`; whether to discard such a file is up to the caller.
"""

import json

import numpy as np

from sdglass.dynamics.trajectory import write_array
from sdglass.errors import CheckpointError, InputError
from sdglass.io import new_hdf5, open_hdf5


def write_checkpoint(path, identity, state, arrays):
    """Write a checkpoint, replacing the previous one only when complete.

    Parameters
    ----------
    path : path-like
    identity : dict
        Of the run; must survive JSON.
    state : dict
        What is not an array (the step, states of random generators); must survive JSON.
    arrays : dict
        Numpy arrays by name.
    """
    with new_hdf5(path) as handle:
        for name, array in {"identity": _bytes(identity), "state": _bytes(state), **arrays}.items():
            write_array(handle, name, array)


def read_checkpoint(path, identity, names):
    """Return the state and the arrays that `write_checkpoint` wrote for a run of this identity.

    Raises
    ------
    CheckpointError
        If the file is damaged, or lacks one of the arrays `names`, or is of another run.
    """
    try:
        with open_hdf5(path, required=("identity", "state", *names)) as handle:
            stored, state = (json.loads(handle[name][...].tobytes()) for name in ("identity", "state"))
            arrays = {name: handle[name][...] for name in names}
    except InputError as error:  # its advice is to make the file again
        raise CheckpointError(path, str(error).removeprefix(f"{path}: ").partition("; delete it")[0]) from None
    except (ValueError, TypeError) as error:
        raise CheckpointError(path, f"not a readable checkpoint ({error})") from None
    # A name that only one of the two has differs as well.
    for name in {**identity, **stored}:
        if stored.get(name) != identity.get(name):
            raise other_run(path, name, stored.get(name), identity.get(name))
    return state, arrays


def other_run(path, name, old, new):
    """Return the error that says in what a checkpoint's run differs from the present one."""
    return CheckpointError(
        path,
        f"this checkpoint is of a run with {name} = {_short(old)}, but now it is {_short(new)}",
        "restore the argument to go on, or delete the file to start afresh",
    )


def _bytes(data):
    # As an array, because an attribute has no checksum and holds 64 kB: the random states of 300 replicas.
    return np.frombuffer(json.dumps(data).encode(), np.uint8)


def _short(value):
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
