"""Datasets and their descriptors, as the steps that use symmetry functions read them."""

import json

from sdglass.dataset import LabelledConfigurations, require_same_model
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions


def add_descriptor(parser):
    """Add the parameters of the symmetry functions, config section ``descriptor``."""
    parser.add_argument("--descriptor", type=json.loads, required=True, help='JSON, {"cutoff": 2.5, ...}')


def descriptor(args, chirality):
    """Return the `SymmetryFunctions` of parsed arguments."""
    try:
        return SymmetryFunctions(chirality=chirality, **args.descriptor)
    except TypeError as error:
        raise InputError(f"descriptor: {error}") from None


def load_realizations(data_paths, feature_paths, functions=None):
    """Return the datasets and their descriptors (LabelledConfigurations, FeatureMaps), in order."""
    data = [LabelledConfigurations.load(path) for path in data_paths]
    require_same_model(data[0], data)
    maps = [
        load_feature_maps(path, one.structure, functions) for path, one in zip(feature_paths, data, strict=True)
    ]
    return data, maps
