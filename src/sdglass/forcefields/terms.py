"""Energies that are added to a force field, of single spins and of pairs: ``force_field + Zeeman((0, 0, 0.01))``.

A term is a recipe, known before the structure is; `Term.on` makes the force field of it alone. Each energy begins
with a minus, so B, K > 0 and J > 0 favour spins along the field, along the axis and parallel to each other, as in
most codes of atomistic spin dynamics (G. P. Mueller et al., Phys. Rev. B 99, 224414 (2019),
doi:10.1103/PhysRevB.99.224414). Pairs are in `sdglass.forcefields.pair_terms`.
"""

import numpy as np

from sdglass.arrays import own_arithmetic, real_array
from sdglass.errors import InputError
from sdglass.forcefields.base import ALL_SYMMETRIES, Evaluation
from sdglass.forcefields.composite import SumForceField
from sdglass.spins import check_spins


def finite_numbers(name, value, shape):
    """Return finite numbers as an array of this shape; `InputError` calls what is none `name`."""
    array = real_array(value, name)
    if array.shape != shape or not np.isfinite(array).all():
        expected = "a finite number" if shape == () else f"finite numbers of shape {shape}"
        raise InputError(f"{name} = {array.tolist()}; expected {expected}")
    return array


class Term:
    """What can be added to any force field, on the right of it."""

    def on(self, structure):
        """Return the `ForceField` of this term alone."""
        raise NotImplementedError

    def __radd__(self, force_field):
        if not hasattr(force_field, "structure"):
            return NotImplemented
        own = [force_field] if type(force_field) is not SumForceField else force_field.members
        return SumForceField([*own, self.on(force_field.structure)])


class Zeeman(Term):
    """Spins in a uniform magnetic field: E = -sum_i B . S_i, H_i = B.

    It breaks time reversal and all rotations of the spins but those about B.

    Parameters
    ----------
    field : array_like, shape (3,)
        B [t0], the energy of a moment, mu_0 M H in other words; `docs/units.md` has it in tesla.

    Raises
    ------
    InputError
        If these are not three finite numbers.

    Examples
    --------
    >>> import sdglass
    >>> spins = sdglass.Zeeman((0, 0, 0.5)).on(sdglass.square_lattice(2))  # free ones
    >>> spins.evaluate([[0.0, 0.0, 1.0]] * 4).energy
    array([-2.])
    """

    def __init__(self, field):
        self.field = finite_numbers("field", field, (3,))

    def on(self, structure):
        """Return the `ForceField` of free spins in the field."""
        lost = {"spin_rotation", "time_reversal"} if self.field.any() else set()
        return _SingleSpins(structure, ALL_SYMMETRIES - lost, self.field, None)


class UniaxialAnisotropy(Term):
    """An axis that all spins prefer, or avoid: E = -K sum_i (n . S_i)^2, H_i = 2 K n (n . S_i).

    Parameters
    ----------
    strength : float
        K [t0]; > 0 for an easy axis, < 0 for an easy plane perpendicular to it.
    axis : array_like, shape (3,)
        n, of any length > 0.

    Raises
    ------
    InputError
        If the strength is not finite, or the axis is none.

    Examples
    --------
    >>> import sdglass
    >>> spins = sdglass.UniaxialAnisotropy(0.5, (0, 0, 1)).on(sdglass.square_lattice(2))
    >>> spins.evaluate([[0.0, 0.6, 0.8]] * 4).energy.round(12)
    array([-1.28])
    """

    def __init__(self, strength, axis):
        self.strength = float(finite_numbers("strength", strength, ()))
        axis = finite_numbers("axis", axis, (3,))
        length = np.linalg.norm(axis)
        if not 0 < length < np.inf:
            raise InputError(f"axis = {axis.tolist()}; expected a vector of a length > 0")
        self.axis = axis / length

    def on(self, structure):
        """Return the `ForceField` of free spins with the anisotropy."""
        lost = {"spin_rotation"} if self.strength else set()
        tensor = 2.0 * self.strength * np.outer(self.axis, self.axis)
        return _SingleSpins(structure, ALL_SYMMETRIES - lost, None, tensor)


class _SingleSpins:
    """E = -sum_i (B . S_i + S_i . A S_i / 2) and H_i = B + A S_i, with B or A."""

    cutoff = 0.0

    def __init__(self, structure, symmetries, field, tensor):
        self.structure, self.symmetries, self.tensor = structure, symmetries, tensor
        self.field = None if field is None else np.tile(field, structure.n_spins)

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` of `spins`, shape (R, M, 3)."""
        spins = check_spins(spins, self.structure.n_spins)
        total = Evaluation(np.zeros(len(spins)), np.zeros(spins.shape))
        self.add_to(total.energy, total.field, spins)
        return total

    def add_to(self, energy, field, spins):
        """Add to the energy (R,) and the field (R, M, 3) of `spins` that have been checked."""
        if self.tensor is None:
            energy -= np.einsum("rk,k->r", spins.reshape(len(spins), self.field.size), self.field)
            field += self.field.reshape(-1, 3)
        else:
            turned = (spins.reshape(-1, 3) @ self.tensor).reshape(spins.shape)
            energy -= 0.5 * np.einsum("rna,rna->r", spins, turned)
            field += turned
