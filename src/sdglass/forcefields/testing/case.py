"""What every check of a force field starts from: tolerances, spins and the force field's answer to them."""

from dataclasses import dataclass

import numpy as np

from sdglass.random_streams import generator
from sdglass.spins import random_spins


@dataclass(frozen=True)
class Tolerance:
    """What rounding may do to a force field of one floating-point type."""

    equal: float  # two evaluations that should agree: difference over the scale of the energies or the fields
    derivative: float  # field against finite differences: difference over the norm of the field across the spins
    steps: tuple  # angles [rad] of the finite differences, largest first


# float64: ED and networks repeat themselves to 1e-13; a metal at T = 0.001 amplifies that by J / T.
# Its levels also cross the Fermi energy within an angle of T / J, hence the small steps.
# float32: sums of 1e3 to 1e5 terms lose two digits of 6e-8. The energy's own rounding limits the
# derivative there, so the steps are as large as a fourth-order formula allows.
TOLERANCES = {
    "float64": Tolerance(equal=1e-9, derivative=1e-6, steps=(1e-3, 1e-4, 1e-5)),
    "float32": Tolerance(equal=3e-5, derivative=1e-3, steps=(1e-1, 3e-2)),
}


class Case:
    """A force field, its spins and its answer to them."""

    def __init__(self, factory, structure, n_replicas, seed, dtype):
        self.factory, self.structure, self.dtype = factory, structure, dtype
        self.tolerance = TOLERANCES[dtype]
        self.seed = seed
        self.force_field = factory(structure)
        self.spins = random_spins(structure.n_spins, self.rng("spins"), n_replicas)

    def rng(self, purpose):
        """Return the random generator of a purpose."""
        return generator(self.seed, f"check engine: {purpose}")

    def measure(self):
        """Evaluate the spins, and find the scales on which two answers are compared."""
        self.energy, self.field = self.evaluate(self.spins)
        lengths = np.linalg.norm(self.field, axis=2)
        tiny = np.finfo(float).tiny  # a force field without interactions has no scale: 0 / tiny = 0
        self.field_scale = max(lengths.max(), tiny)
        # Energies near zero are differences of terms as large as the fields.
        self.energy_scale = max(np.abs(self.energy).max() + lengths.sum(1).max(), tiny)

    def evaluate(self, spins, force_field=None):
        """Return float64 copies of energy and field; the force field gets a copy of the spins."""
        result = (force_field or self.force_field).evaluate(np.array(spins))
        return np.array(result.energy, dtype=float), np.array(result.field, dtype=float)

    def deviation(self, energy, field, energy_expected, field_expected):
        """Return the larger relative difference of energies and fields."""
        return max(
            np.abs(energy - energy_expected).max() / self.energy_scale,
            np.abs(field - field_expected).max() / self.field_scale,
        )

    def equal(self, found, expected, detail):
        """Return the outcome of a comparison of two answers (energy, field)."""
        deviation = self.deviation(*found, *expected)
        return deviation <= self.tolerance.equal, deviation, self.tolerance.equal, detail


class Skip(Exception):
    """There is nothing to test; the message says why."""


CHECKS = {}  # by name, in the order of their definition


def check(function):
    """Register a check, a function of the `Case` that returns (passed, deviation, tolerance, detail)."""
    CHECKS[function.__name__.removeprefix("_")] = function
    return function
