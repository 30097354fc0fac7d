"""Engines made of engines: sums, and committees with their spread."""

from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation
from sdglass.forcefields.pair import heisenberg
from sdglass.spins import torque


def _same_structure(engines):
    if not engines:
        raise InputError("no engines given; expected at least one")
    digests = {engine.structure.digest() for engine in engines}
    if len(digests) > 1:
        raise InputError("the engines live on different structures; expected one structure for all of them")
    return engines[0].structure


class SumForceField:
    """Sum of the energies and fields of several engines, for example electrons plus J_ex (Sec. IV).

    Parameters
    ----------
    engines : sequence of ForceField
        All on the same structure.
    """

    def __init__(self, engines):
        self.engines = list(engines)
        self.structure = _same_structure(self.engines)
        self.cutoff = max(engine.cutoff for engine in self.engines)
        self.symmetries = frozenset.intersection(*(engine.symmetries for engine in self.engines))

    def evaluate(self, spins):
        """Return the summed `Evaluation` of `spins`, shape (R, N, 3)."""
        parts = [engine.evaluate(spins) for engine in self.engines]
        return Evaluation(sum(part.energy for part in parts), sum(part.field for part in parts))


def with_exchange(engine, exchange, cutoff):
    """Return `engine` plus short-range Heisenberg exchange J_ex [t0] within `cutoff` [ell] (Sec. IV)."""
    return SumForceField([engine, heisenberg(engine.structure, exchange, cutoff)])


@dataclass(frozen=True, eq=False)
class CommitteeEvaluation(Evaluation):
    """Mean over the members, with their spread.

    Attributes
    ----------
    energy_spread : numpy.ndarray, shape (R,)
        Standard deviation of the members' energies [t0] (ddof = 1; zero for a single member).
    field_spread : numpy.ndarray, shape (R, N, 3)
        The same for each field component [t0].
    torque_spread : numpy.ndarray, shape (R, N, 3)
        The same for each component of S x H [t0], the quantity to compare with a torque error.
    """

    energy_spread: np.ndarray
    field_spread: np.ndarray
    torque_spread: np.ndarray


class CommitteeForceField:
    """Mean of several engines trained on different folds; their spread estimates the error.

    Parameters
    ----------
    members : sequence of ForceField
        All on the same structure.
    """

    def __init__(self, members):
        self.members = list(members)
        self.structure = _same_structure(self.members)
        self.cutoff = max(member.cutoff for member in self.members)
        self.symmetries = frozenset.intersection(*(member.symmetries for member in self.members))

    def evaluate(self, spins):
        """Return the `CommitteeEvaluation` of `spins`, shape (R, N, 3)."""
        parts = [member.evaluate(spins) for member in self.members]
        energies = np.array([part.energy for part in parts])
        fields = np.array([part.field for part in parts])
        torques = np.array([torque(np.asarray(spins, dtype=float), part.field) for part in parts])
        ddof = 1 if len(parts) > 1 else 0
        return CommitteeEvaluation(
            energies.mean(0),
            fields.mean(0),
            energies.std(0, ddof=ddof),
            fields.std(0, ddof=ddof),
            torques.std(0, ddof=ddof),
        )
