"""Arrays in HDF5 files: checksums, named dimensions, and what is not an array as JSON.

A dimension is a dataset of its own that holds the coordinates along it and is attached to every array which has
it (an HDF5 dimension scale, as netCDF-4 has them): ``xarray.open_dataset(path, engine="h5netcdf")`` reads such a
file with its names.
"""

import json

import numpy as np

from sdglass.errors import InputError
from sdglass.io import attribute_text


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
    options = {"fletcher32": True} if np.size(array) and np.ndim(array) else {}
    if packed and options:
        options |= {"compression": "gzip", "compression_opts": 9, "shuffle": True, "chunks": np.shape(array)}
    dataset = handle.create_dataset(name, data=array, **options)
    for axis, dimension in enumerate(dimensions):
        dataset.dims[axis].attach_scale(handle[dimension])


def read_arrays(handle, path):
    """Return all arrays of an HDF5 file by name; `InputError` if one is damaged."""
    try:
        return {name: handle[name][...] for name in handle}
    except (RuntimeError, KeyError, TypeError) as error:
        raise InputError(f"{path}: damaged HDF5 ({error}); delete it and make it again") from None


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
