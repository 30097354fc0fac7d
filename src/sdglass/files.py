"""Files that are either complete or absent, and clear words about damaged ones."""

import os
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from sdglass.errors import InputError


@contextmanager
def atomic_path(path):
    """Yield a temporary name beside `path`; rename it to `path` if the block succeeds.

    A reader therefore sees the old file or the new one, never half of it. The temporary name holds
    the process number, so two writers do not disturb each other.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Write `text` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(path, frame):
    """Write a pandas frame to `path` atomically, with 10 significant digits and no index."""
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


def load_npz(path, names):
    """Return {name: array} read from an ``.npz`` file (no pickles).

    Raises
    ------
    InputError
        If the file is missing, damaged, or lacks one of `names`.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; expected an .npz with {', '.join(names)}")
    try:
        data = np.load(path, allow_pickle=False)
        if isinstance(data, np.ndarray):
            raise InputError(f"{path}: holds a single array; expected an .npz with {', '.join(names)}")
        with data:
            missing = [name for name in names if name not in data]
            if missing:
                raise InputError(
                    f"{path}: array '{missing[0]}' is missing; it holds {', '.join(data) or 'nothing'}"
                )
            return {name: data[name] for name in names}
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a readable .npz file ({error}); make it again") from None


@contextmanager
def open_hdf5(path, required=()):
    """Open an HDF5 file for reading; yield the `h5py.File`.

    Raises
    ------
    InputError
        If the file is missing, truncated or otherwise damaged, or lacks one of the `required` datasets.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; expected HDF5")
    try:
        handle = h5py.File(path, "r")
    except OSError as error:
        raise InputError(f"{path}: truncated or not HDF5 ({error}); delete it and make it again") from None
    with handle:
        for name in required:
            if name not in handle:
                raise InputError(f"{path}: dataset '{name}' is missing; it holds {', '.join(handle) or 'nothing'}")
        try:
            yield handle
        except OSError as error:
            raise InputError(f"{path}: damaged HDF5 ({error}); delete it and make it again") from None
