"""The overlap of a snapshot with the one before: 1 once the spins are frozen."""

import numpy as np

from sdglass.observables import OBSERVABLES


@OBSERVABLES.register("overlap")
def step_overlap(structure, trajectory, bins):
    """Return (1/N) sum_i S_i(t_k) . S_i(t_k-1), shape (K, R); nan for the first snapshot."""
    spins = trajectory.spins
    overlap = np.full(spins.shape[:2], np.nan)
    overlap[1:] = np.einsum("krna,krna->kr", spins[1:], spins[:-1]) / spins.shape[2]
    return {"step_overlap": overlap}
