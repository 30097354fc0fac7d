"""Descent to states of low energy: the zero-temperature limit of the dynamics, in a few large steps."""

from sdglass.spins import check_spins, normalize, torque


def descend(force_field, spins, steps, step, progress=None):
    """Return spins after `steps` of S <- norm[S - step S x (S x H)]: the damping of Eq. 3 alone.

    Plain steepest descent on the spheres. What it reaches in a few hundred steps is a minimised state in the sense
    that the torque is small, not a minimum: a glass has soft directions that it does not follow to their end.

    Parameters
    ----------
    force_field : ForceField
        Gives the fields H.
    spins : array_like, shape (R, N, 3)
        Unit vectors to start from; not modified. Anything else is an `InputError`.
    steps : int
    step : float
        Its length [1/t0]; the fields across the spins are 0.01 t0, so that 10 turns a spin by 0.1 at first.
        The energy falls as long as it is well below the inverse of the largest curvature of the energy.
    progress : callable, optional
        Called after each step.
    """
    spins = check_spins(spins, force_field.structure.n_spins)
    for _ in range(steps):
        spins = normalize(spins - step * torque(spins, torque(spins, force_field.evaluate(spins).field)))
        if progress is not None:
            progress()
    return spins
