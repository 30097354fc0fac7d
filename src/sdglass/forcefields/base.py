"""The contract that integrators, benchmarks, tests and the command line rely on, and nothing else."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

# Symmetries an engine may declare; `check_engine` tests exactly the declared ones, and that an
# engine without time reversal really breaks it.
SYMMETRIES = ("spin_rotation", "time_reversal", "translation", "space_rotation", "permutation")
ALL_SYMMETRIES = frozenset(SYMMETRIES)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an engine returns for R replicas.

    The arrays belong to the caller: the engine neither keeps them nor writes into them again. Integrators
    read the first evaluation of a step after the second, so a reused output buffer would corrupt snapshots.

    Attributes
    ----------
    energy : numpy.ndarray, shape (R,)
        Energy of each replica [t0].
    field : numpy.ndarray, shape (R, N, 3)
        Local field H_i = -dE/dS_i [t0] with the spins' lengths left free; its component along S_i
        does not drive the dynamics and may differ between engines.
    """

    energy: np.ndarray
    field: np.ndarray


@runtime_checkable
class ForceField(Protocol):
    """Anything that gives energies and local fields of spins on one structure.

    Attributes
    ----------
    structure : Structure
        The sites; frozen for the life of the engine.
    cutoff : float
        Distance [ell] beyond which a spin has no influence on the field of another; ``inf`` if none.
    symmetries : frozenset of str
        Exact symmetries, a subset of `SYMMETRIES`.
    """

    structure: object
    cutoff: float
    symmetries: frozenset

    def evaluate(self, spins):
        """Return the `Evaluation` of `spins`, shape (R, N, 3), unit vectors; `spins` is not modified."""
        ...
