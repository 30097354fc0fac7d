"""The temperature that spins have, from their torques: whether a thermostat does what it is told."""

import numpy as np

from sdglass.random_streams import generator
from sdglass.spins import check_spins, torque

_TURN = 1e-3  # of the spins in the differences of fields [rad]


def spin_temperature(force_field, spins, *, seed=0):
    """Return the temperature of spin configurations by equipartition of their torques.

    In equilibrium T = <sum_i |S_i x H_i|^2> / <Laplacian of E>, the Laplacian on the spheres of the spins. It is
    the second derivative of the energy along random turns of all spins at once, from two fields. Of one
    configuration of N spins it errs by about N^(-1/2); out of equilibrium it says how hot the fastest motion is,
    and where the energy has no minimum nearby, as of random spins, nothing.

    Parameters
    ----------
    force_field : ForceField
    spins : array_like, shape (R, M, 3)
        Unit vectors; anything else is an `InputError`.
    seed : int
        Of the turns.

    Returns
    -------
    numpy.ndarray, shape (R,)
        T [t0] of each configuration.

    Notes
    -----
    W. B. Nurdin, K.-D. Schotte, Phys. Rev. E 61, 3579 (2000), doi:10.1103/PhysRevE.61.3579; P.-W. Ma,
    S. L. Dudarev, A. A. Semenov, C. H. Woo, Phys. Rev. E 82, 031111 (2010), doi:10.1103/PhysRevE.82.031111.

    Examples
    --------
    >>> import numpy as np
    >>> from sdglass import LLG, ExactForceField, SDModel, Shells, lattice, quench, random_spins
    >>> square = lattice("square", cells=6)
    >>> exact = ExactForceField(square, SDModel(coupling=6.0, filling=0.5, hopping=Shells()))
    >>> dynamics = LLG(damping=1.0, temperature=2e-3, time_step=2.0)
    >>> run = quench(exact, random_spins(36, np.random.default_rng(1), 8), dynamics, 200.0, seed=1)
    >>> hot = spin_temperature(exact, run.spins[-1])
    >>> bool(1.4e-3 < hot.mean() < 2.8e-3)
    True
    """
    spins = check_spins(spins, force_field.structure.n_spins)
    turns = np.cross(spins, generator(seed, "spin temperature").standard_normal(spins.shape))
    turns /= np.linalg.norm(turns, axis=2, keepdims=True)  # so that the mean of v v is half of what is across S
    slopes = []
    for angle in (_TURN, -_TURN):
        turned = spins * np.cos(angle) + turns * np.sin(angle)
        velocity = turns * np.cos(angle) - spins * np.sin(angle)
        slopes.append(-np.einsum("rna,rna->r", velocity, force_field.evaluate(turned).field))
    laplacian = 2 * (slopes[0] - slopes[1]) / (2 * _TURN)
    squares = np.sum(torque(spins, force_field.evaluate(spins).field) ** 2, axis=(1, 2))
    return squares / laplacian
