"""Spectra of the electrons: density of states, participation ratio, level statistics (paper Fig. 2)."""

import numpy as np

from sdglass.errors import InputError

# Mean ratio of consecutive level spacings for extended (Gaussian orthogonal ensemble) and for
# localised (Poisson) states: Atas, Bogomolny, Giraud, Roux, Phys. Rev. Lett. 110, 084101 (2013).
SPACING_RATIO_GOE = 0.5307
SPACING_RATIO_POISSON = 2 * np.log(2) - 1


def density_of_states(eigenvalues, edges, n_sites):
    """Return rho(e) = (1/N) sum_k delta(e - e_k) [1/t0] of levels as a histogram (B,) on `edges` (B + 1,) [t0]."""
    counts, _ = np.histogram(np.ravel(eigenvalues), edges)
    return counts / (n_sites * np.diff(edges))


def participation_ratio(vectors):
    """Return 1 / (N sum_i p_i^2) of each state: 1 if spread evenly over all sites, 1/N on one site.

    `vectors` (N, K) holds normalised real or complex eigenvectors of the hopping matrix as columns.
    """
    probability = np.abs(vectors) ** 2
    return 1.0 / (len(vectors) * np.einsum("ik,ik->k", probability, probability))


def spacing_ratios(eigenvalues):
    """Return min(s_k, s_{k+1}) / max(s_k, s_{k+1}) of consecutive level spacings, shape (K - 2,).

    Their mean is 0.5307 for extended states (level repulsion) and 0.3863 for localised ones
    (Oganesyan and Huse, Phys. Rev. B 75, 155111 (2007)); no unfolding is needed.
    """
    spacings = np.diff(np.sort(eigenvalues))
    return np.minimum(spacings[1:], spacings[:-1]) / np.maximum(spacings[1:], spacings[:-1])


def level_windows(n_levels, middle=0.2, edge=0.05):
    """Return slices of ascending levels: {"middle": central fifth, "lowest": ..., "highest": ...}.

    `middle` and `edge` are fractions of the levels; every window has at least three, so that it holds a spacing
    ratio (`InputError` with fewer levels).
    """
    if n_levels < 3:
        raise InputError(f"{n_levels} levels; expected at least 3 for a spacing ratio")
    central = min(n_levels, max(3, round(middle * n_levels)))
    outer = max(3, round(edge * n_levels))
    start = (n_levels - central) // 2
    return {
        "middle": slice(start, start + central),
        "lowest": slice(0, outer),
        "highest": slice(n_levels - outer, n_levels),
    }


def spacing_around(eigenvalues, n_filled, fraction=0.1):
    """Return the mean spacing [t0] of the levels next to the Fermi level, the gap itself left out.

    A gap of about one such spacing is that of a finite metal; a true gap is many of them.

    Parameters
    ----------
    eigenvalues : numpy.ndarray, shape (M,)
        Ascending levels [t0], each counted once (orbital levels at J = 0).
    n_filled : int
        Levels below the gap; `InputError` if there are fewer than two on either side.
    fraction : float
        How many of the M levels to use on either side.
    """
    n_levels = len(eigenvalues)
    count = min(max(2, round(fraction * n_levels)), n_filled, n_levels - n_filled)
    if count < 2:
        raise InputError(f"{n_filled} of {n_levels} levels filled; expected at least 2 filled and 2 empty ones")
    below = eigenvalues[n_filled - 1] - eigenvalues[n_filled - count]
    above = eigenvalues[n_filled + count - 1] - eigenvalues[n_filled]
    return float((below + above) / (2 * (count - 1)))


def density_peak(centres, density):
    """Return position [t0] and height [1/t0] of the maximum: the parabola through its bin and two neighbours.

    The centres (B,) of the bins are equally spaced, and the outermost ones should be empty.
    """
    top = int(np.clip(np.argmax(density), 1, len(density) - 2))
    left, middle, right = density[top - 1 : top + 2]
    curvature = left - 2 * middle + right
    shift = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    return float(centres[top] + shift * (centres[1] - centres[0])), float(middle - 0.25 * (left - right) * shift)
