"""Hopping on a lattice: one amplitude per shell of neighbours."""

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sdglass.electrons.hopping.law import HOPPING_LAWS, set_floats
from sdglass.errors import InputError
from sdglass.structures.neighbours import TOLERANCE, NeighbourWarning, minimum_image_pairs, same_distance


@HOPPING_LAWS.register("shells")
@dataclass(frozen=True)
class Shells:
    """One amplitude per neighbour shell of a lattice, -t0 by default; zero at every other distance.

    Parameters
    ----------
    distances : tuple of float
        Radii of the shells [ell].
    amplitudes : tuple of float
        Hopping on each of them [t0].
    tolerance : float
        Half-width of a shell, relative to its radius: how exact the coordinates of sites have to be.
    """

    distances: tuple = (1.0,)
    amplitudes: tuple = (-1.0,)
    tolerance: float = TOLERANCE

    def __post_init__(self):
        set_floats(self, ("distances", "amplitudes"), ndim=1)
        set_floats(self, ("tolerance",))
        if len(self.distances) != len(self.amplitudes) or not self.distances:
            raise InputError(
                f"hopping shells: {len(self.distances)} distances and {len(self.amplitudes)} amplitudes; "
                "expected one amplitude per distance"
            )
        if min(self.distances) <= 0 or not 0 <= self.tolerance < 1:
            raise InputError(
                f"hopping distances = {list(self.distances)}, tolerance = {self.tolerance}; "
                "expected positive distances [ell] and a relative tolerance in [0, 1)"
            )
        radii = sorted(self.distances)
        for inner, outer in pairwise(radii):
            if inner * (1 + self.tolerance) >= outer * (1 - self.tolerance):
                raise InputError(
                    f"hopping distances = {list(self.distances)}: the shells at {inner} and {outer} ell overlap; "
                    f"expected them to differ by more than the tolerance of {self.tolerance:g} on both sides"
                )

    @property
    def range(self):
        """Radius of the outermost shell [ell]."""
        return max(self.distances) * (1.0 + self.tolerance)

    def __call__(self, distance):
        """Return t(R) [t0] for an array of distances [ell]."""
        distance = np.asarray(distance, dtype=float)
        result = np.zeros(distance.shape)
        for radius, amplitude in zip(self.distances, self.amplitudes, strict=True):
            result[same_distance(distance, radius, self.tolerance)] = amplitude
        return result

    def coordination(self, structure):
        """Return how many neighbours a site has on each shell, on average, shape (shells,).

        Pairs count once, at their minimum image, as everywhere in the hopping.

        Raises
        ------
        InputError
            If there is no pair on a shell; not of a single site, which has no pairs.

        Warns
        -----
        NeighbourWarning
            If pairs are just outside of a shell, by up to a hundredth of its radius.
        """
        near = minimum_image_pairs(structure, 1.02 * self.range).distance
        counts = []
        for number, radius in enumerate(self.distances):
            on_it = same_distance(near, radius, self.tolerance)
            if not on_it.any() and structure.n_sites > 1:
                exists = _closest(structure, radius)
                raise InputError(
                    f"hopping distances[{number}] = {radius:.10g}: no two sites are that far apart (relative "
                    f"tolerance {self.tolerance:g}); the nearest distance that exists is {exists:.10g} ell"
                )
            outside = near[same_distance(near, radius, 0.01) & (self(near) == 0)]
            if len(outside):
                warnings.warn(
                    f"hopping distances[{number}] = {radius:.10g}: {len(outside)} pairs are "
                    f"{outside.min():.10g} to {outside.max():.10g} ell apart, just outside of the relative "
                    f"tolerance of {self.tolerance:g}: no hopping between them, but between "
                    f"{np.count_nonzero(on_it)} pairs",
                    NeighbourWarning,
                    stacklevel=3,
                )
            counts.append(2.0 * np.count_nonzero(on_it) / structure.n_sites)
        return np.array(counts)


def _closest(structure, radius):
    """Return the distance of two sites that is nearest to a radius [ell]."""
    cutoff = max(2.0 * radius, structure.least_distance)
    distance = minimum_image_pairs(structure, cutoff).distance
    return distance[np.abs(distance - radius).argmin()]
