"""The energy of each replica, which the force field that drove the quench gave."""

from sdglass.observables import OBSERVABLES, SERIES
from sdglass.observables.series import Series


@OBSERVABLES.register("energy")
def energy(structure, trajectory, bins):
    """Return the energies (K, R) [t0]."""
    return {"energy": trajectory.energy}


@SERIES.register("energy")
def series(structure, times):
    """Return the energies per spin [t0]."""
    return Series(lambda snapshot: snapshot.energy / snapshot.spins.shape[1], label="energy per spin", unit="t0")
