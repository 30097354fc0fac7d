"""Descent to frozen states: the zero-temperature limit of the dynamics, in a few large steps."""

import numpy as np

from sdglass.spins import normalize, torque


def descend(engine, spins, steps, step, progress=None):
    """Return spins after `steps` of S <- S - step S x (S x H), renormalized: the damping of Eq. 3 alone.

    Parameters
    ----------
    engine : ForceField
    spins : numpy.ndarray, shape (R, N, 3)
    steps : int
    step : float
        [1/t0]; the fields across the spins are 0.01 t0, so that 10 turns a spin by 0.1 at first.
    progress : callable, optional
        Called after each step.

    Returns
    -------
    numpy.ndarray, shape (R, N, 3)
    """
    spins = np.array(spins, dtype=float)
    for _ in range(steps):
        spins = normalize(spins - step * np.cross(spins, torque(spins, engine.evaluate(spins).field)))
        if progress is not None:
            progress()
    return spins
