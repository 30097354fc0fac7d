"""Files that would run something if anybody unpickled them."""

import os
import pickle

import h5py
import numpy as np
import torch
from safetensors.torch import save


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def hostile(folder, form):
    """Write a file that springs the trap if it is unpickled; return its path."""
    trap, path = Trap(folder / "sprung"), folder / f"hostile.{form}"
    payload = pickle.dumps(trap)
    objects = np.array([trap, None], dtype=object)
    if form == "npy":
        np.save(path, objects, allow_pickle=True)
    elif form == "npz":
        np.savez(path, positions=objects, box=objects, allow_pickle=True)
    elif form == "pt":
        torch.save(trap, path)
    elif form == "h5":
        with h5py.File(path, "w") as handle:
            for name in ("spins", "positions", "box", "energy", "field", "time", "times", "torque_rms", "first"):
                handle[name] = np.void(payload)
            for name in ("model", "provenance", "functions", "attributes", "structure"):
                handle.attrs[name] = np.void(payload)
    elif form == "safetensors":
        path.write_bytes(
            save({"w": torch.frombuffer(bytearray(payload), dtype=torch.uint8)}, {"sdglass": repr(payload)})
        )
    else:
        path.write_bytes(payload)
    return path


FORMS = ("npy", "npz", "pt", "h5", "safetensors", "pkl")


def trap(folder):
    """Return the folder that the traps in `folder` would make; one that works is proof that they would."""
    path = folder / "sprung"
    pickle.loads(pickle.dumps(Trap(path)))
    path.rmdir()
    return path
