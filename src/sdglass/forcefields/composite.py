"""Force fields made of force fields: sums, and committees with their spread."""

from dataclasses import dataclass, replace

import numpy as np

from sdglass.arrays import own_arithmetic, real_array
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation
from sdglass.spins import check_spins, torque


class _Composite:
    """Force fields on the same structure."""

    def __init__(self, members):
        self.members = list(members)
        if not self.members:
            raise InputError("no force fields given; expected at least one")
        if len({member.structure.digest() for member in self.members}) > 1:
            raise InputError(
                "the force fields live on different structures; expected one structure for all of them"
            )
        self.structure = self.members[0].structure
        self.cutoff = max(member.cutoff for member in self.members)
        self.symmetries = frozenset.intersection(*(member.symmetries for member in self.members))

    def close(self):
        """Stop the processes of the members that have some."""
        for member in self.members:
            if hasattr(member, "close"):
                member.close()


@dataclass(frozen=True, eq=False)
class CommitteeEvaluation(Evaluation):
    """Mean over the members, with their standard deviation (ddof = 1; zero for a single member)."""

    energy_spread: np.ndarray  # (R,) [t0]
    field_spread: np.ndarray  # (R, N, 3), of each component [t0]
    torque_spread: np.ndarray  # (R, N, 3), of each component of S x H [t0], to be compared with a torque error


class SumForceField(_Composite):
    """Sum of several force fields on one structure, for example electrons plus J_ex (Sec. IV).

    ``force_field + Zeeman(field)`` and the like make one, see `sdglass.forcefields.terms`.
    """

    @own_arithmetic
    def evaluate(self, spins):
        """Return the summed `Evaluation` of `spins`, shape (R, N, 3).

        It is a `CommitteeEvaluation` if one member's is: the others leave its spread as it is.
        """
        first, *others = self.members
        results = [first.evaluate(spins)]
        energy, field = results[0].energy, results[0].field
        if not hasattr(first, "add_to"):  # ours by contract, but somebody's class may keep them all the same
            energy, field = energy.copy(), field.copy()
        spins = real_array(spins, "spins").reshape(field.shape)  # looked at by the first member
        for member in others:
            if hasattr(member, "add_to"):  # no second look at the spins, no arrays of its own
                member.add_to(energy, field, spins)
            else:
                results.append(member.evaluate(spins))
                energy, field = energy + results[-1].energy, field + results[-1].field
        committees = [result for result in results if isinstance(result, CommitteeEvaluation)]
        if len(committees) == 1:
            return replace(committees[0], energy=energy, field=field)
        return Evaluation(energy, field)


class CommitteeForceField(_Composite):
    """Mean of force fields trained on different folds, on one structure; their spread estimates the error."""

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `CommitteeEvaluation` of `spins`, shape (R, N, 3)."""
        spins = check_spins(spins, self.structure.n_spins)
        parts = [member.evaluate(spins) for member in self.members]
        energies = np.array([part.energy for part in parts])
        fields = np.array([part.field for part in parts])
        torques = np.array([torque(spins, part.field) for part in parts])
        ddof = 1 if len(parts) > 1 else 0
        return CommitteeEvaluation(
            energies.mean(0),
            fields.mean(0),
            energies.std(0, ddof=ddof),
            fields.std(0, ddof=ddof),
            torques.std(0, ddof=ddof),
        )
