"""Proof that a force field is what it says it is: the contract, its own gradient, its symmetries, its cutoff.

Exported for force fields of other people: ``check_engine(lambda structure: MyForceField(structure), structure)``
in their tests is enough. What is tested is what the force field declares (`sdglass.forcefields.base`).
"""

from dataclasses import dataclass

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.errors import InputError
from sdglass.forcefields.testing import answers, symmetries  # noqa: F401 (their checks, in this order)
from sdglass.forcefields.testing.case import CHECKS, TOLERANCES, Case, Skip

_BASIC = ("declarations", "shapes")  # without these there are no numbers to compare


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check.

    Attributes
    ----------
    name : str
    passed, skipped : bool
        A skipped check did not fail: `passed` is True, and `detail` says why there was nothing to test.
    deviation, tolerance : float
        What was measured and what is allowed, dimensionless; NaN where the answer is yes or no.
    detail : str
        What was compared, or what is wrong and where to look.
    """

    name: str
    passed: bool
    skipped: bool
    deviation: float
    tolerance: float
    detail: str

    def __str__(self):
        status = "skipped" if self.skipped else "passed" if self.passed else "FAILED"
        numbers = "" if np.isnan(self.deviation) else f" ({self.deviation:.2g}, allowed {self.tolerance:.2g})"
        return f"{self.name}: {status}{numbers}: {self.detail}"


class EngineCheckError(AssertionError):
    """A force field broke its contract; the message lists every failed check, `results` holds all of them."""

    def __init__(self, name, results):
        self.results = results
        failed = [result for result in results if not result.passed]
        lines = [f"{name} fails {len(failed)} of {len(results)} checks:"]
        super().__init__("\n  ".join(lines + [str(result) for result in failed]))


@own_arithmetic
def check_engine(factory, structure, *, n_replicas=3, seed=0, dtype="float64", raise_on_failure=True):
    """Test a force field against the contract and against what it declares about itself.

    Parameters
    ----------
    factory : callable
        ``factory(structure)`` returns the force field on that structure. It is also called on translated,
        rotated and relabelled copies of `structure`, so it must not keep anything of the first one.
    structure : Structure
        Sites to test on, a dozen or more. Take it larger than twice the force field's cutoff, otherwise no
        pair is beyond the cutoff and that check is skipped; disordered, otherwise symmetries of a
        lattice hide errors.
    n_replicas : int
        Random spin configurations per check, at least 2.
    seed : int
        Seed of everything random here.
    dtype : {"float64", "float32"}
        Arithmetic of the force field: selects the tolerances.
    raise_on_failure : bool
        Raise if a check fails; otherwise only return the results.

    Returns
    -------
    list of CheckResult
        In this order:

        declarations
            `structure`, `cutoff` and `symmetries` are there and make sense.
        shapes
            Energy (R,) and field (R, N, 3) are finite numbers of the right type.
        no_mutation, repeatable
            The spins stay as they were; the same spins give the same answer later, and a later call
            does not overwrite an earlier answer.
        batch
            R replicas at once, one by one and in another order are the same.
        single_configuration
            Spins of shape (N, 3), if accepted, are one replica.
        rejection
            A wrong number of sites or components, spins of length 2 and NaN raise `InputError`.
        finite_differences
            dE/dphi = -sum_i H_i . e_i when every spin turns by phi towards a random perpendicular e_i.
            Spins stay of unit length, so the field's component along its own spin is not tested.
        spin_rotation, time_reversal
            Under a rotation R of all spins E(R S) = E(S), H(R S) = R H(S); E(-S) = E(S), H(-S) = -H(S).
            A force field that does not declare time reversal must really break it.
        translation, space_rotation, permutation
            Energy and field follow the sites when the structure is translated, turned by 90 degrees,
            reflected or relabelled. General rotations do not fit a periodic box and are not tested.
        cutoff
            The field of a site changes with the spins within `cutoff` and with no spin beyond.

        Symmetries other than time reversal are skipped if they are not declared.

    Raises
    ------
    EngineCheckError
        Listing all failed checks (an AssertionError, so test runners show it as a failure).
    InputError
        If an argument of `check_engine` itself is wrong.
    """
    if dtype not in TOLERANCES:
        raise InputError(f"dtype = {dtype!r}; expected one of {', '.join(TOLERANCES)}")
    if n_replicas < 2:
        raise InputError(f"n_replicas = {n_replicas}; expected at least 2, to test batches")
    case = Case(factory, structure, n_replicas, seed, dtype)
    results = [_run(case, name) for name in _BASIC]
    if all(result.passed for result in results):
        case.measure()
        results += [_run(case, name) for name in CHECKS if name not in _BASIC]
    if raise_on_failure and not all(result.passed for result in results):
        raise EngineCheckError(type(case.force_field).__name__, results)
    return results


def _run(case, name):
    """Return the CheckResult of one check; an exception of the force field is a failure of it."""
    try:
        passed, deviation, tolerance, detail = CHECKS[name](case)
    except Skip as reason:
        return CheckResult(name, True, True, np.nan, np.nan, str(reason))
    except MemoryError:  # the machine's limit, not the force field's
        raise
    except Exception as error:
        return CheckResult(name, False, False, np.nan, np.nan, f"{type(error).__name__}: {error}")
    return CheckResult(name, bool(passed), False, float(deviation), float(tolerance), detail)
