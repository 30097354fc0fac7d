"""HDF5 files: complete or absent, with checksums, named dimensions, and what is not an array as JSON.

A dimension is a dataset of its own that holds the coordinates along it and is attached to every array which has
it (an HDF5 dimension scale, as netCDF-4 has them): ``xarray.open_dataset(path, engine="h5netcdf")`` reads such a
file with its names.
"""

import json
import re
from contextlib import contextmanager

import h5py
import numpy as np

from sdglass.errors import InputError
from sdglass.io import atomic_path, refuse_system_error, require_file, written_file

_CHUNK = 2**20  # bytes that are stored, and checksummed, together; one row if that is larger
_GROWTH = 2**22  # bytes by which a file grows in memory


@contextmanager
def new_hdf5(path):
    """Yield an `h5py.File` that is written atomically, see `atomic_path`.

    Since HDF5 1.10 there is a format in which names, shapes and attributes have checksums too, except for text
    (see `attribute_text`); those of the numbers are up to whoever writes them (``fletcher32``). A flipped bit
    anywhere is then an error.

    The file is made in memory (the largest ones have some 60 MB) and written as a whole: on a full disk the HDF5
    library, which keeps what it could not write, has been seen to crash while closing the file.
    """
    written_file(path)  # HDF5 looks into what is there, and would wait for a pipe for ever
    with h5py.File(
        path, "w", libver="v110", driver="core", backing_store=False, block_size=_GROWTH, track_times=False
    ) as handle:
        yield handle
        handle.flush()
        image = handle.id.get_file_image()
    with atomic_path(path) as temporary:
        temporary.write_bytes(image)


@contextmanager
def open_hdf5(path, required=()):
    """Open an HDF5 file for reading; yield the `h5py.File`.

    `InputError` if the file is missing, damaged (also where that shows only when the block reads), or lacks one of
    the `required` datasets. Other errors of the block, and those of the operating system, which say nothing about
    what is in the file, are their own. Files are renamed into place complete, so that nobody needs a lock.
    """
    require_file(path, "HDF5")
    with _damage_named(path, "truncated or not HDF5"):
        handle = h5py.File(path, "r", locking=False)
    with handle:
        with _damage_named(path, "damaged HDF5", KeyError):
            missing = [name for name in required if name not in handle]
            if missing:
                held = ", ".join(handle) or "nothing"
                raise InputError(f"{path}: dataset '{missing[0]}' is missing; it holds {held}")
            for name in required:
                handle[name]  # a damaged one cannot be opened
        with _damage_named(path, "damaged HDF5"):
            yield handle


@contextmanager
def _damage_named(path, what, *others):
    """Name the file in errors about its content: those of the HDF5 library, and of `others`."""
    try:
        yield
    except (OSError, RuntimeError, *others) as error:
        if _is_of_hdf5(error):
            refuse_system_error(_number(error), path)
        elif not isinstance(error, others):
            raise
        raise InputError(f"{path}: {what} ({error}); delete it and make it again") from None


def _number(error):
    """Return the number of the system's error that HDF5 has met, which its text may only mention; or None."""
    told = re.search(r"errno = (\d+)", str(error))
    return getattr(error, "errno", None) or (int(told[1]) if told else None)


def _is_of_hdf5(error):
    """Return whether an error is the HDF5 library's: about the content of a file, or the system's."""
    place = error.__traceback__
    while place.tb_next is not None:
        place = place.tb_next
    return place.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "h5py"


def write_dimension(handle, name, coordinates):
    """Write a dimension and the coordinates along it; arrays that are written later can have it."""
    write_array(handle, name, coordinates)
    handle[name].make_scale(name)


def write_array(handle, name, array, dimensions=(), packed=False):
    """Write one array with checksums, so that damage is noticed.

    `dimensions` names its axes, each written before by `write_dimension`. Spins are not compressed, thermal digits
    are noise; what is kept with a study, where a fifth counts, is `packed`.
    """
    # HDF5 can only checksum what is chunked, and only chunk what is neither empty nor a single number.
    options = {}
    if np.size(array) and np.ndim(array):
        # Whole rows are stored together, so that whoever reads a trajectory along time reads each chunk once.
        rows = max(1, _CHUNK * len(array) // np.asarray(array).nbytes)
        options = {"fletcher32": True, "chunks": (min(rows, len(array)), *np.shape(array)[1:])}
    if packed and options:
        options |= {"compression": "gzip", "compression_opts": 9, "shuffle": True, "chunks": np.shape(array)}
    dataset = handle.create_dataset(name, data=array, **options)
    for axis, dimension in enumerate(dimensions):
        dataset.dims[axis].attach_scale(handle[dimension])


def read_arrays(handle, path):
    """Return all arrays of an HDF5 file by name; `InputError` if one is damaged."""
    with _damage_named(path, "damaged HDF5", KeyError, TypeError):
        return {name: handle[name][...] for name in handle}


def attribute_text(text):
    """Return a text as an attribute of an HDF5 file that has a checksum.

    A text of variable length is stored apart from its attribute, without a checksum, and a flipped bit there can
    even keep HDF5 searching for ever; one of fixed length is not.
    """
    return np.bytes_(text.encode())


def write_attributes(handle, **attributes):
    """Write JSON data as attributes of a file."""
    for name, data in attributes.items():
        handle.attrs[name] = attribute_text(json.dumps(data, sort_keys=True))


def read_attribute(handle, path, expected, name="attributes"):
    """Return a JSON attribute of an HDF5 file; `InputError`, which says what was `expected`, without it."""
    try:
        return json.loads(handle.attrs[name])
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not {expected} ({error}); delete it and make it again") from None
