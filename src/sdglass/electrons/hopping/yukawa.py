"""The paper's hopping, Eq. 18: it decays exponentially with the distance."""

from dataclasses import dataclass

import numpy as np

from sdglass.electrons.hopping.law import HOPPING_LAWS, set_floats
from sdglass.errors import InputError


@HOPPING_LAWS.register("yukawa")
@dataclass(frozen=True)
class Yukawa:
    """t(R) = amplitude * exp(-R / decay_length), Eq. 18; positive amplitude as in the paper.

    Parameters
    ----------
    amplitude : float
        t0 [t0].
    decay_length : float
        ell [ell].
    """

    amplitude: float = 1.0
    decay_length: float = 1.0

    def __post_init__(self):
        set_floats(self, ("amplitude", "decay_length"))
        if self.decay_length <= 0:
            raise InputError(f"hopping decay_length = {self.decay_length}; expected a positive length [ell]")

    @property
    def range(self):
        """Infinite: the law is not cut off (distances are minimum images)."""
        return np.inf

    def __call__(self, distance):
        """Return t(R) [t0] for an array of distances [ell]."""
        return self.amplitude * np.exp(-np.asarray(distance) / self.decay_length)
