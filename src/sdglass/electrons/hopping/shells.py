"""Hopping on a lattice: one amplitude per shell of neighbours."""

from dataclasses import dataclass

import numpy as np

from sdglass.electrons.hopping.law import HOPPING_LAWS, set_floats
from sdglass.errors import InputError


@HOPPING_LAWS.register("shells")
@dataclass(frozen=True)
class Shells:
    """One amplitude per neighbour shell of a lattice; zero at every other distance.

    Parameters
    ----------
    distances : tuple of float
        Radii of the shells [ell].
    amplitudes : tuple of float
        Hopping on each of them [t0].
    tolerance : float
        Half-width of a shell [ell].
    """

    distances: tuple = (1.0,)
    amplitudes: tuple = (-1.0,)
    tolerance: float = 1e-6

    def __post_init__(self):
        set_floats(self, ("distances", "amplitudes"), ndim=1)
        set_floats(self, ("tolerance",))
        if len(self.distances) != len(self.amplitudes) or not self.distances:
            raise InputError(
                f"hopping shells: {len(self.distances)} distances and {len(self.amplitudes)} amplitudes; "
                "expected one amplitude per distance"
            )
        if min(self.distances) <= 0 or self.tolerance < 0:
            raise InputError(
                f"hopping distances = {list(self.distances)}, tolerance = {self.tolerance}; "
                "expected positive distances and a tolerance >= 0 [ell]"
            )

    @property
    def range(self):
        """Radius of the outermost shell [ell]."""
        return max(self.distances) + self.tolerance

    def __call__(self, distance):
        """Return t(R) [t0] for an array of distances [ell]."""
        distance = np.asarray(distance, dtype=float)
        result = np.zeros(distance.shape)
        for radius, amplitude in zip(self.distances, self.amplitudes, strict=True):
            result[np.abs(distance - radius) <= self.tolerance] = amplitude
        return result
