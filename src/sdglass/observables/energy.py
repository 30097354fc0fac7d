"""The energy of each replica, which the force field that drove the quench gave."""

from sdglass.observables import OBSERVABLES


@OBSERVABLES.register("energy")
def energy(structure, trajectory, bins):
    """Return the energies (K, R) [t0]."""
    return {"energy": trajectory.energy}
