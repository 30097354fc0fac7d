"""Evaluate the symmetry functions of the neighbourhood that Fig. 1 shows, one by one as in paper Eqs. 8-13."""

import numpy as np

from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, f2, f3
from sdglass_study.analysis import analysis, data_frame, joined, read_table


@analysis(
    "descriptor_example",
    inputs=lambda study, settings: {"neighbourhood": study.table_files("fig1_neighbourhood")},
    tables=("descriptor",),
)
def descriptor_example(settings, inputs, descriptor):
    """Return every symmetry function against its radius."""
    functions = SymmetryFunctions(**descriptor)
    sites = read_table(inputs["neighbourhood"][0])
    others = sites[sites.is_centre == 0]
    spin = ["sx", "sy", "sz"]
    centre = sites[sites.is_centre == 1][spin].to_numpy()[0]
    features = neighbourhood_features(others[["x", "y", "z"]], centre, others[spin], functions)
    kinds = [("G2", np.nan, np.nan)] + [("G3", *block) for block in functions.angular]
    parts = [
        data_frame(
            {"function": name, "sign": sign, "pair_distance": distance, "shell": functions.radii, "value": values}
            | {"width": functions.width, "cutoff": functions.cutoff, "pair_width": functions.pair_width}
        )
        for (name, sign, distance), values in zip(kinds, features, strict=True)
    ]
    return {"descriptor": joined(parts)}


def neighbourhood_features(vectors, centre, spins, functions):
    """Return G2 and G3 of one site by the paper's sums, without the sparse maps of a whole structure.

    Parameters
    ----------
    vectors : array_like, shape (M, 3)
        From the site to its neighbours [ell].
    centre : array_like, shape (3,)
        Its spin.
    spins : array_like, shape (M, 3)
        Those of the neighbours.
    functions : SymmetryFunctions

    Returns
    -------
    numpy.ndarray, shape (1 + angular blocks, shells)
        G2, then G3 in the order of ``functions.angular``.
    """
    vectors, spins = np.asarray(vectors, dtype=float), np.asarray(spins, dtype=float)
    radii, width, cutoff = functions.radii, functions.width, functions.cutoff
    distance = np.linalg.norm(vectors, axis=1)
    features = [(f2(distance[:, None], radii, width, cutoff) * (spins @ centre)[:, None]).sum(axis=0)]
    j, k = np.triu_indices(len(vectors), 1)
    cosine = np.einsum("pa,pa->p", vectors[j], vectors[k]) / (distance[j] * distance[k])
    across = np.linalg.norm(vectors[j] - vectors[k], axis=1)
    bonds = np.einsum("pa,pa->p", spins[j], spins[k])
    legs = distance[j][:, None], distance[k][:, None], across[:, None], cosine[:, None]
    for sign, pair_distance in functions.angular:
        shape = functions.zeta, sign, radii, width, pair_distance, functions.pair_width, cutoff
        features.append(2.0 * (f3(*legs, *shape) * bonds[:, None]).sum(axis=0))  # j, k and k, j
    return np.array(features)
