"""The mean spin, which a spin glass has not."""

from sdglass.observables import OBSERVABLES


@OBSERVABLES.register("magnetization")
def magnetization(structure, trajectory, bins):
    """Return the mean spin (K, R, 3) of each replica."""
    return {"magnetization": trajectory.spins.mean(axis=2)}
