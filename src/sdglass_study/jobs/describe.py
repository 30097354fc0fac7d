"""Compute the symmetry functions of one structure (paper Eqs. 8-13, 16), once for all models that read them."""

from sdglass.provenance import provenance
from sdglass.structures.structure import Structure


def inputs(study, name, index):
    """Return the structure."""
    return {"structure": study.structure_file(name, index)}


def settings(study, name, index):
    """Return the parameters of the descriptor."""
    return study.descriptor


def run(inputs, outputs, settings):
    """Write the sparse maps, chirality included."""
    from sdglass.forcefields.behler_parrinello.descriptor_file import save_feature_maps
    from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps

    structure = Structure.load(inputs["structure"])
    maps = build_feature_maps(structure, SymmetryFunctions(**settings | {"chirality": True}))
    save_feature_maps(outputs["descriptor"], maps, structure, provenance([inputs["structure"]]))
