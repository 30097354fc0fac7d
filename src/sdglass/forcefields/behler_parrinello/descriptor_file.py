"""Descriptors on disk: the sparse maps of one realization as HDF5."""

import json

import numpy as np
from scipy import sparse

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.symmetry_functions import FeatureMaps, SymmetryFunctions
from sdglass.hdf5 import attribute_text, new_hdf5, open_hdf5, write_array, write_attributes

_INDICES = ("first", "second", "triples", "tied")
_MATRICES = ("bonds", "chiralities")
_PARTS = ("data", "indices", "indptr")


def save_feature_maps(path, maps, structure, provenance):
    """Write `maps` of `structure` to an HDF5 file, with the structure's digest and the parameters."""
    with new_hdf5(path) as handle:
        write_attributes(handle, functions=maps.functions.to_dict())
        handle.attrs["structure"] = attribute_text(structure.digest())
        handle.attrs["n_sites"] = maps.n_sites
        write_attributes(handle, provenance=provenance)
        for name in _INDICES:
            write_array(handle, name, getattr(maps, name).astype(np.int32))
        for name in _MATRICES:
            matrix = getattr(maps, name)
            group = handle.create_group(name)
            group.attrs["shape"] = matrix.shape
            for part in _PARTS:
                data = getattr(matrix, part)
                write_array(group, part, data.astype(np.int32) if part == "indices" else data)


def load_feature_maps(path, structure, functions=None):
    """Read the maps of `structure`.

    With `functions` the descriptor that is wanted: without chirality, a cached chirality map is left aside.
    `InputError` if the file is damaged, belongs to another structure, or holds another descriptor.
    """
    required = [*_INDICES, *(f"{name}/{part}" for name in _MATRICES for part in _PARTS)]
    with open_hdf5(path, required) as handle:
        if handle.attrs.get("structure") not in (structure.digest(), structure.digest().encode()):
            raise InputError(f"{path}: made for another structure than the one given; make the features again")
        try:
            cached = SymmetryFunctions(**json.loads(handle.attrs["functions"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: attribute 'functions' unreadable ({error}); make the features again"
            ) from None
        wanted = cached if functions is None else functions
        different = [
            f"{key}: {value} cached, {wanted.to_dict()[key]} wanted"
            for key, value in cached.to_dict().items()
            if value != wanted.to_dict()[key] and not (key == "chirality" and not wanted.chirality)
        ]
        if different:
            raise InputError(f"{path}: holds another descriptor ({'; '.join(different)}); make the features again")
        n_sites = int(handle.attrs["n_sites"])
        matrices = {
            name: sparse.csr_array(
                tuple(handle[name][part][...] for part in _PARTS),
                shape=tuple(handle[name].attrs["shape"]),
            )
            for name in (_MATRICES if wanted.chirality else _MATRICES[:1])
        }
        return FeatureMaps(
            wanted,
            n_sites,
            handle["first"][...].astype(np.int64),
            handle["second"][...].astype(np.int64),
            matrices["bonds"],
            handle["triples"][...].astype(np.int64) if wanted.chirality else np.empty((0, 3), np.int64),
            handle["tied"][...].astype(bool) if wanted.chirality else np.empty(0, bool),
            matrices.get("chiralities", sparse.csr_array((0, 0))),
        )
