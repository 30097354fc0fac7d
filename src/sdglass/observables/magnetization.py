"""The mean spin, which a spin glass has not."""

import numpy as np

from sdglass.observables import OBSERVABLES, SERIES
from sdglass.observables.series import Series


@OBSERVABLES.register("magnetization")
def magnetization(structure, trajectory, bins):
    """Return the mean spin (K, R, 3) of each replica."""
    return {"magnetization": trajectory.spins.mean(axis=2)}


@SERIES.register("magnetization")
def series(structure, times):
    """Return the mean spin."""
    return Series(lambda snapshot: snapshot.spins.mean(axis=1), "component", label="magnetization per spin")


@SERIES.register("magnetization-length")
def length_series(structure, times):
    """Return the length of the mean spin."""
    return Series(
        lambda snapshot: np.linalg.norm(snapshot.spins.mean(axis=1), axis=1), label="magnetization per spin"
    )
