"""The torque that is left: how fast the spins still turn."""

from sdglass.observables import OBSERVABLES


@OBSERVABLES.register("torque_rms")
def torque_rms(structure, trajectory, bins):
    """Return the root mean square (K, R) of the components of S x H [t0]."""
    return {"torque_rms": trajectory.torque_rms}
