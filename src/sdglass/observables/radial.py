"""Spin correlations against distance, C(r, t), and the length over which they reach, for any structure."""

import numpy as np

from sdglass.errors import InputError
from sdglass.observables import SERIES
from sdglass.observables.correlation import bin_centres, correlation_histogram, pair_bins
from sdglass.observables.series import Series, numbers
from sdglass.structures.neighbours import TOLERANCE, minimum_image_pairs, same_distance

_WIDTH = 0.1  # [ell] of bins where there are no shells


def radial_bins(structure, width=None, r_max=None):
    """Return bins of distance: the shells of a lattice, or of an alloy on one, and elsewhere bins of equal width.

    Parameters
    ----------
    structure : Structure
    width : float, optional
        Width of bins from 0 on [ell]; by default the shells, or 0.1 ell where there are none: where not every
        fourth site has a partner at the shortest distance.
    r_max : float, optional
        Largest distance [ell]; by default half of the shortest height of the cell, up to where minimum images are
        all directions alike.

    Returns
    -------
    edges : numpy.ndarray, shape (B + 1,)
        Bin edges [ell]; those of shells lie in the middle between two.
    distance : numpy.ndarray, shape (B,)
        The shells, or the middle of each bin [ell].

    Raises
    ------
    InputError
        If no two sites are that close, or a length is not positive.

    Examples
    --------
    >>> import sdglass
    >>> from sdglass.observables.radial import radial_bins
    >>> radial_bins(sdglass.lattice("square", cells=(6, 6)))[1].round(3).tolist()
    [1.0, 1.414, 2.0, 2.236, 2.828, 3.0]
    """
    for name, value in (("width", width), ("r_max", r_max)):
        if value is not None and not 0 < value < np.inf:
            raise InputError(f"{name} = {value:g}; expected a positive length [ell]")
    reach = structure.heights[structure.pbc].min(initial=np.inf) / 2
    if reach == np.inf:  # a cluster: the diagonal of the box around it
        reach = float(np.linalg.norm(np.ptp(structure.positions, axis=0)))
    reach = reach if r_max is None else min(reach, r_max)
    if width is None:
        distance = np.sort(minimum_image_pairs(structure, reach * (1 + TOLERANCE)).distance)
        if not len(distance):
            raise InputError(f"no two sites are within {reach:g} ell; expected a larger structure or r_max")
        if np.count_nonzero(same_distance(distance, distance[0])) >= structure.n_sites / 4:
            first = np.flatnonzero(np.diff(distance, prepend=-1.0) > TOLERANCE * distance)
            shells = np.add.reduceat(distance, first) / np.diff(first, append=len(distance))
            middles = (shells[1:] + shells[:-1]) / 2
            return np.array([shells[0] * (1 - TOLERANCE), *middles, shells[-1] * (1 + TOLERANCE)]), shells
    width = width or _WIDTH
    edges = width * np.arange(int(reach / width + 1e-9) + 1)
    if len(edges) < 2:
        raise InputError(f"width = {width:g}; expected bins narrower than their reach, {reach:g} ell")
    return edges, bin_centres(edges)


def _bins(structure, width, r_max):
    told = {"width": width, "r_max": r_max}
    told = {name: value if value is None else numbers(value, name, 1)[0] for name, value in told.items()}
    edges, distance = radial_bins(structure.moments, **told)
    return pair_bins(structure.moments, edges), distance


@SERIES.register("correlation")
def correlation_series(structure, times, width=None, r_max=None):
    """Return C(r) = mean of S_i . S_j over the pairs of a shell or bin, nan where there is none (Eq. 20)."""
    bins, distance = _bins(structure, width, r_max)
    return Series(
        lambda snapshot: correlation_histogram(snapshot.spins[None], bins)[0],
        "distance",
        {"distance": distance},
        "spin correlation C(r)",
    )


@SERIES.register("correlation-length")
def length_series(structure, times, width=None, r_max=None):
    """Return xi = int r |C| dr / int |C| dr, the paper's formula, with |C| free of what noise adds to it.

    The noise of few replicas makes the size of their mean C too large where C is small. Of several replicas |C| is
    therefore the mean of sign(C of the others) C of each, to which noise adds nothing, as in
    `sdglass.observables.correlation_length.split_correlation_length`. Where its integral is not more than thrice
    its standard error, or xi not between the first and the last distance, it is noise and xi is nan. A single
    replica has the plain formula.
    """
    bins, distance = _bins(structure, width, r_max)
    weights = np.diff(bins.edges)

    def of(snapshot):
        each = np.nan_to_num(correlation_histogram(snapshot.spins[None], bins)[0])
        count = len(each)
        others = each.sum(axis=0) - each if count > 1 else each
        magnitude = np.sign(others) * each * weights
        over, under = magnitude @ distance, magnitude.sum(axis=1)
        noise = under.std(ddof=1) / np.sqrt(count) if count > 1 else 0.0
        if not under.mean() > 3 * noise:
            return np.full(count, np.nan)
        xi = over.mean() / under.mean()
        if not distance[0] * (1 - 1e-9) <= xi <= distance[-1] * (1 + 1e-9):
            return np.full(count, np.nan)
        return xi + (over - xi * under) / under.mean()  # their mean is xi, their scatter that of the ratio

    return Series(of, label="correlation length", unit="ell")
