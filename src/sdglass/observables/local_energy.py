"""The energy of each spin in the field of the others, which every force field defines alike."""

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.spins import check_spins


@own_arithmetic
def local_energies(force_field, spins):
    """Return e_i = [E(S) - E(S with S_i reversed)] / 2 [t0] of every spin: negative where the spin is satisfied.

    Turning spin i over costs -2 e_i, and for pair couplings e_i = -S_i . H_i. For other energies -S_i . H_i has no
    meaning of its own: it depends on how E is continued to spins of another length, which e_i does not.
    For spins (R, N, 3), which have to be unit vectors, shape (R, N), from N + 1 evaluations per replica.
    """
    spins = check_spins(spins, force_field.structure.n_spins)
    n = spins.shape[1]
    result = np.empty(spins.shape[:2])
    for replica, configuration in enumerate(spins):
        batch = np.repeat(configuration[None], n + 1, axis=0)
        batch[np.arange(n), np.arange(n)] *= -1.0
        energy = np.asarray(force_field.evaluate(batch).energy, dtype=float)
        result[replica] = 0.5 * (energy[n] - energy[:n])
    return result
