"""Scalar chirality S_i . (S_j x S_k) of triangles of neighbours."""

import numpy as np
from scipy.spatial import cKDTree

from sdglass.errors import InputError
from sdglass.observables import SERIES
from sdglass.observables.series import Series
from sdglass.spins import check_spins
from sdglass.structures.neighbours import neighbour_pairs, same_distance


def triangles(structure, bond=None):
    """Return the triangles of neighbours, each once, counterclockwise as seen from +z, shape (T, 3).

    Parameters
    ----------
    structure : Structure
        Its magnetic sites are looked at.
    bond : float, optional
        Length of all three sides [ell]; the shortest distance by default.

    Raises
    ------
    InputError
        If three sites that are a bond apart from each other are nowhere.

    Examples
    --------
    >>> import sdglass
    >>> len(sdglass.triangles(sdglass.lattice("triangular", cells=(6, 6)))), len(
    ...     sdglass.triangles(sdglass.lattice("kagome", cells=(6, 6))))
    (72, 72)
    """
    moments = structure.moments
    if bond is None:
        if moments.n_sites < 3:
            raise InputError(f"{moments.n_sites} magnetic sites; expected at least three")
        # The shortest distance inside of the cell bounds that through its faces.
        inside = cKDTree(moments.positions).query(moments.positions, 2)[0][:, 1].min()
        bond = float(neighbour_pairs(moments, inside).distance.min())
    pairs = neighbour_pairs(moments, bond)
    keep = same_distance(pairs.distance, bond)
    ends = np.concatenate([pairs.first[keep], pairs.second[keep]])
    others = np.concatenate([pairs.second[keep], pairs.first[keep]])
    vectors = np.concatenate([pairs.vector[keep], -pairs.vector[keep]])
    found = []
    for site in range(moments.n_sites):
        around = np.flatnonzero(ends == site)
        away = vectors[around]
        closed = same_distance(np.linalg.norm(away[:, None] - away, axis=2), bond)
        turn = away[:, None, 0] * away[None, :, 1] - away[:, None, 1] * away[None, :, 0]
        for j, k in zip(*np.nonzero(closed & (turn > 0)), strict=True):
            corners = site, others[around[j]], others[around[k]]
            if site == min(corners) and len(set(corners)) == 3:
                found.append(corners)
    if not found:
        raise InputError(
            f"no three magnetic sites are {bond:g} ell apart from each other; expected a structure with triangles"
        )
    return np.array(found)


def scalar_chirality(spins, corners):
    """Return S_i . (S_j x S_k) of triangles, shape (..., T).

    Its mean over the triangles is +-4 / (3 sqrt(3)) = +-0.770 in the tetrahedral order of the triangular lattice:
    I. Martin, C. D. Batista, Phys. Rev. Lett. 101, 156402 (2008), doi:10.1103/PhysRevLett.101.156402.

    Parameters
    ----------
    spins : array_like, shape (..., M, 3)
    corners : numpy.ndarray, shape (T, 3)
        Of `triangles`.
    """
    spins = np.asarray(spins)
    check_spins(spins.reshape(-1, *spins.shape[-2:]), spins.shape[-2])
    first, second, third = (spins[..., corners[:, c], :] for c in range(3))
    return np.einsum("...ta,...ta->...t", first, np.cross(second, third))


def site_chirality(spins, corners):
    """Return the mean chirality of the triangles around each site, shape (..., M); zero at a site without any.

    Its sign tells the two kinds of domain of chiral order apart.

    Parameters
    ----------
    spins : array_like, shape (..., M, 3)
    corners : numpy.ndarray, shape (T, 3)
        Of `triangles`.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> magnet = sdglass.lattice("triangular", cells=(4, 4))
    >>> spins = sdglass.random_spins(16, np.random.default_rng(0))
    >>> corners = sdglass.triangles(magnet)
    >>> chirality = sdglass.scalar_chirality(spins, corners)
    >>> bool(np.isclose(site_chirality(spins, corners).mean(), chirality.mean()))
    True
    """
    chirality = scalar_chirality(spins, corners)
    n_sites = np.shape(spins)[-2]
    around = np.zeros((n_sites, len(corners)))
    for corner in corners.T:
        around[corner, np.arange(len(corners))] = 1.0
    return chirality @ (around / np.maximum(around.sum(axis=1, keepdims=True), 1.0)).T


@SERIES.register("chirality")
def series(structure, times):
    """Return the size of the mean over triangles, whose sign is chance and differs between replicas."""
    corners = triangles(structure)
    return Series(
        lambda snapshot: np.abs(scalar_chirality(snapshot.spins, corners).mean(axis=-1)), label="scalar chirality"
    )
