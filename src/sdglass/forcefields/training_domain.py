"""What structures a force field was trained on, and how a user's structure is unlike them."""

from sdglass.errors import InputError

# Amorphous realizations of one recipe differ by this much among each other: no reason to worry anybody.
_DENSITY_TOLERANCE = 0.05
_DISTANCE_TOLERANCE = 0.02


class TrainingDomainWarning(UserWarning):
    """A structure is unlike those that a force field was trained on: its errors there are not known."""


def describe_structures(structures):
    """Return what a user needs to know about training structures, as plain data for a model file.

    ``realizations``, ``n_sites`` (sorted), ``density`` (least, largest) [ell^-3], ``least_distance`` of two sites
    [ell], ``digests``.
    """
    if not structures:
        raise InputError("no training structures given; expected at least one")
    densities = [structure.density for structure in structures]
    return {
        "realizations": len(structures),
        "n_sites": sorted({structure.n_sites for structure in structures}),
        "density": [min(densities), max(densities)],
        "least_distance": min(structure.least_distance for structure in structures),
        "digests": [structure.digest() for structure in structures],
    }


def training_info(data):
    """Return what a model's ``info`` says of the labels that it was fitted to."""
    structures = describe_structures([labels.structure for labels in data])
    return {"configurations": sum(map(len, data)), "structures": structures}


def training_structures(info):
    """Return the descriptions of the training structures that a model's ``info`` holds, one per member."""
    members = info.get("members", [info])
    return [member["structures"] for member in members if "structures" in member]


def departures(info, structure):
    """Return in what a structure is unlike those of a model's ``info``, a list of phrases; empty if in nothing."""
    parts = training_structures(info)
    found = []
    densities = [value for part in parts for value in part.get("density", [])]
    if densities:
        low, high = min(densities), max(densities)
        if not (1 - _DENSITY_TOLERANCE) * low <= structure.density <= (1 + _DENSITY_TOLERANCE) * high:
            known = f"{low:.3g}" if high - low < 5e-4 * high else f"{low:.3g} to {high:.3g}"
            found.append(f"density {structure.density:.3g} ell^-3 (trained at {known})")
    distances = [part["least_distance"] for part in parts if "least_distance" in part]
    if distances and structure.least_distance < (1 - _DISTANCE_TOLERANCE) * min(distances):
        found.append(
            f"sites as close as {structure.least_distance:.3g} ell (trained with {min(distances):.3g} or more)"
        )
    return found
