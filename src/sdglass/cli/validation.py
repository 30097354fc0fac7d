"""What a command reads and writes, checked before anything is computed."""

import os
from pathlib import Path

from sdglass.errors import InputError


def load_spins(path, n_sites):
    """Return the spins (R, N, 3) of a .npy file; a single configuration (N, 3) is one replica."""
    from sdglass.io import load_npy
    from sdglass.spins import check_spins

    array = load_npy(path, f"an .npy of shape ({n_sites}, 3) or (R, {n_sites}, 3)")
    spins = check_spins(array, n_sites, path)
    if len(spins) == 0:
        raise InputError(f"{path}: has shape {array.shape}; expected at least one configuration")
    return spins


def load_matrix(path):
    """Return the matrix of a file by `scipy.sparse.save_npz` or `numpy.save`."""
    import numpy as np
    from scipy import sparse

    from sdglass.io import require_file

    require_file(path, "a matrix by scipy.sparse.save_npz or numpy.save")
    try:
        loaded = np.load(path, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else sparse.csr_matrix(sparse.load_npz(path))
    except Exception as error:  # whatever zipfile or numpy say about another file
        raise InputError(
            f"{path}: not a matrix by scipy.sparse.save_npz or numpy.save ({type(error).__name__}: {error})"
        ) from None


def finite(evaluation, source):
    """Return what a force field has answered; refuse infinities and NaN, which no file should hold."""
    import numpy as np

    for name, array in vars(evaluation).items():
        if not np.isfinite(array).all():
            raise InputError(
                f"{source} gives {name} = {array[~np.isfinite(array)][0]}; expected finite numbers: the "
                "parameters, the structure or the weights are too large or too small for double precision"
            )
    return evaluation


def check_outputs(outputs, inputs):
    """Refuse, before anything is computed, what could not be written or would overwrite an input."""
    from sdglass.io import written_file

    taken = {Path(path).resolve() for path in inputs}
    for path in map(Path, outputs):
        target = written_file(path)
        if target.resolve() in taken:
            raise InputError(f"{path}: would overwrite an input or another output; expected another name")
        taken.add(target.resolve())
        folder = target.parent
        while not folder.exists():  # missing folders are made when the file is written
            folder = folder.parent
        if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise InputError(f"{path}: {folder} is not a folder that can be written to")
