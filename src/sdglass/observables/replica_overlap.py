"""How alike replicas are, whatever rotation lies between them."""

import numpy as np

from sdglass.errors import InputError
from sdglass.observables import SERIES
from sdglass.observables.series import Series


def replica_overlap(spins):
    """Return the squared overlap of each replica with the others, their mean, shape (R,).

    q2_ab = sum_uv (q_ab^uv)^2 with q_ab^uv = sum_i S_i^u S_i^v / M of replicas a and b, which no global rotation
    of one of them changes: K. Binder, A. P. Young, Rev. Mod. Phys. 58, 801 (1986), doi:10.1103/RevModPhys.58.801.
    1 between ferromagnets, 1/3 between equal spins of all directions, 1/M on average between independent ones.

    Parameters
    ----------
    spins : array_like, shape (R, M, 3)

    Raises
    ------
    InputError
        If there are fewer than two replicas.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> print(sdglass.replica_overlap(np.array([[[1.0, 0, 0]] * 5, [[0, 1.0, 0]] * 5])))
    [1. 1.]
    """
    spins = np.asarray(spins, dtype=float)
    if len(spins) < 2:
        raise InputError("overlap of 1 replica; expected at least two")
    tensor = np.einsum("amu,bmv->abuv", spins, spins, optimize=True) / spins.shape[1]
    squares = (tensor**2).sum(axis=(2, 3))
    return (squares.sum(axis=1) - np.diag(squares)) / (len(spins) - 1)


@SERIES.register("overlap")
def series(structure, times):
    """Return the squared overlap of each replica with the others."""
    return Series(lambda snapshot: replica_overlap(snapshot.spins), label="squared overlap of replicas")
