"""What a force field was trained on, and how a user's structure is unlike it."""

import warnings

import numpy as np

from sdglass.errors import InputError
from sdglass.structures.neighbours import environments, nearest_distances

# Amorphous realizations of one recipe differ by this much among each other: no reason to worry anybody.
_DENSITY_TOLERANCE = 0.05
_DISTANCE_TOLERANCE = 0.02
_COORDINATION_TOLERANCE = 0.3
_SCATTER = 2.0  # of the number of neighbours, over sites; and twice that of their relative distances
_SHELL = 1.1  # neighbours of a site are those up to this times its nearest one
_GAP = 2.5  # nearest distances: a wider gap between sites is vacuum
_DIMENSIONS = ("a cluster", "a chain", "a plane", "a solid")


class TrainingDomainWarning(UserWarning):
    """A structure is unlike those that a force field was trained on: its errors there are not known."""


class ZeroFeaturesWarning(UserWarning):
    """Features are zero in all training data: a model learns nothing from them."""


def warn_of_zero_features(functions, nonzero):
    """Warn of blocks of features that are zero in all training data.

    Parameters
    ----------
    functions : SymmetryFunctions
    nonzero : numpy.ndarray, shape (n,)
        Which features some site has in some configuration; the first n are looked at.
    """
    ends = {"G2": functions.n_g2, "G3": functions.n_bond, "G3-chi": functions.n_features}
    begin = 0
    for name, end in ends.items():
        part = nonzero[begin:end]
        if len(part) and not part.any():
            warnings.warn(
                f"the {len(part)} features {name} are zero in all training data: the model learns nothing from "
                f"them (cutoff {functions.cutoff:g} ell, shells from {functions.shell_start:g} to "
                f"{functions.shell_stop:g} ell)",
                ZeroFeaturesWarning,
                stacklevel=3,
            )
        begin = end


def describe_structures(structures):
    """Return what a user needs to know about training structures, as plain data for a model file.

    ``realizations``, ``n_sites`` and ``dimension`` (sorted), ``digests``, ``least_distance`` of two sites [ell],
    and the least and largest of the structures' ``density`` (sites per ell^dimension), and of the means over their
    sites of ``coordination`` (neighbours about as far as the nearest one) and ``nearest_distance`` [ell].
    """
    if not structures:
        raise InputError("no training structures given; expected at least one")
    shapes = [_shape(structure) for structure in structures]
    spans = {name: [one[name] for one in shapes] for name in ("density", "coordination", "nearest_distance")}
    return {
        "realizations": len(structures),
        "n_sites": sorted({structure.n_sites for structure in structures}),
        "dimension": sorted({one["dimension"] for one in shapes}),
        **{name: [min(values), max(values)] for name, values in spans.items()},
        "least_distance": min(structure.least_distance for structure in structures),
        "digests": [structure.digest() for structure in structures],
    }


def _shape(structure):
    """Return dimension, density, coordination and nearest distance of a structure, vacuum around it left out."""
    structure = structure.moments
    nearest = nearest_distances(structure)
    near = np.isfinite(nearest)
    extended = np.ones(3, bool)
    fractional = structure.fractional(structure.positions)
    for axis, edge in enumerate(structure.heights):
        along = np.sort(fractional[:, axis] * edge)
        gap = np.diff(along, append=along[0] + edge).max()
        extended[axis] = structure.pbc[axis] and gap <= _GAP * nearest.mean()
    neighbours = 0.0
    if near.any():
        env = environments(structure, _SHELL * nearest[near].max())
        centre = np.repeat(np.arange(structure.n_sites), np.diff(env.start))
        neighbours = np.count_nonzero(env.distance <= _SHELL * nearest[centre]) / structure.n_sites
    return {
        "dimension": int(extended.sum()),
        "density": float(structure.n_sites / _content(structure, extended)),
        "coordination": float(neighbours),
        "nearest_distance": float(nearest.mean()),
    }


def _content(structure, extended):
    """Return the length, area or volume that some vectors of the cell span [ell^d]."""
    if structure.orthorhombic:
        return np.prod(structure.box[extended])
    vectors = structure.cell[extended]
    return np.sqrt(np.linalg.det(vectors @ vectors.T))


def training_info(data):
    """Return what a model's ``info`` says of the labels that it was fitted to."""
    structures = describe_structures([labels.structure for labels in data])
    return {"configurations": sum(map(len, data)), "structures": structures}


def training_structures(info):
    """Return the descriptions of the training structures that a model's ``info`` holds, one per member."""
    members = info.get("members", [info])
    return [member["structures"] for member in members if "structures" in member]


def dimensions(part):
    """Return the dimensions of described training structures; solids, if an older description has none."""
    return part.get("dimension", [3])


def departures(info, structure):
    """Return in what a structure is unlike those of a model's ``info``, a list of phrases; empty if in nothing."""
    parts = training_structures(info)
    if not parts:
        return []
    found, own, root = [], _shape(structure), np.sqrt(structure.n_sites)
    known = sorted({dimension for part in parts for dimension in dimensions(part)})
    alike = [part for part in parts if own["dimension"] in dimensions(part)]
    if not alike:
        found.append(f"{_DIMENSIONS[own['dimension']]} (trained on {', '.join(_DIMENSIONS[d] for d in known)})")

    def outside(name, parts, relative, absolute=0.0):
        """Return the range of a quantity in the training if a structure's value is farther outside of it."""
        values = [value for part in parts for value in part.get(name, [])]
        if not values:
            return None
        low, high = min(values), max(values)
        if (1 - relative) * low - absolute <= own[name] <= (1 + relative) * high + absolute:
            return None
        return f"{low:.3g}" if high - low < 5e-4 * high else f"{low:.3g} to {high:.3g}"

    # The density of a chain or a plane is that along it, and a cluster has none.
    dense = outside("density", alike, _DENSITY_TOLERANCE) if own["dimension"] else None
    if dense:
        found.append(f"density {own['density']:.3g} ell^-{own['dimension']} (trained at {dense})")
    counts = outside("coordination", parts, 0.0, _COORDINATION_TOLERANCE + _SCATTER / root)
    if counts:
        found.append(f"coordination {own['coordination']:.3g} neighbours (trained with {counts})")
    distances = [part["least_distance"] for part in parts if "least_distance" in part]
    if distances and structure.least_distance < (1 - _DISTANCE_TOLERANCE) * min(distances):
        found.append(
            f"sites as close as {structure.least_distance:.3g} ell (trained with {min(distances):.3g} or more)"
        )
    elif not dense:  # which would say the same
        apart = outside("nearest_distance", parts, _DISTANCE_TOLERANCE + 0.8 / root)
        if apart:
            found.append(f"nearest sites {own['nearest_distance']:.3g} ell apart (trained with {apart})")
    return found
