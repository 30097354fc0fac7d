"""Proof that an engine is what it says it is: the contract, its own gradient, its symmetries, its cutoff.

Exported for engines of other people: ``check_engine(lambda structure: MyEngine(structure), structure)``
in their tests is enough. What is tested is what the engine declares (`sdglass.engines.contract`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from sdglass.engines.contract import SYMMETRIES
from sdglass.errors import InputError
from sdglass.seeding import generator
from sdglass.spins import normalize, random_spins, tangent
from sdglass.structure import Structure


@dataclass(frozen=True)
class Tolerance:
    """What rounding may do to an engine of one floating-point type.

    Attributes
    ----------
    equal : float
        Two evaluations that should agree: difference over the scale of the energies or of the fields.
    derivative : float
        Field against finite differences: difference over the norm of the field across the spins.
    steps : tuple of float
        Angles [rad] of the finite differences, largest first.
    """

    equal: float
    derivative: float
    steps: tuple


# float64: ED and networks repeat themselves to 1e-13; a metal at T = 0.001 amplifies that by J / T.
# Its levels also cross the Fermi energy within an angle of T / J, hence the small steps.
# float32: sums of 1e3 to 1e5 terms lose two digits of 6e-8. The energy's own rounding limits the
# derivative there, so the steps are as large as a fourth-order formula allows.
TOLERANCES = {
    "float64": Tolerance(equal=1e-9, derivative=1e-6, steps=(1e-3, 1e-4, 1e-5)),
    "float32": Tolerance(equal=3e-5, derivative=1e-3, steps=(1e-1, 3e-2)),
}
# Fourth-order central difference: dE/dphi = sum_k weight_k E(offset_k h) / h.
OFFSETS, WEIGHTS = np.array([-2.0, -1.0, 1.0, 2.0]), np.array([1.0, -8.0, 8.0, -1.0]) / 12.0
# Two elements that generate all 48 rotations and reflections that keep box edges along the axes, as
# (axis each new coordinate is taken from, its sign): rotoinversion about (1, 1, 1), 90 degrees about z.
BOX_ROTATIONS = (([1, 2, 0], [-1.0, -1.0, -1.0]), ([1, 0, 2], [-1.0, 1.0, 1.0]))
# Sites whose field is watched while everything beyond the cutoff turns.
MAX_PROBES = 32


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check.

    Attributes
    ----------
    name : str
        Which check.
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
    """An engine broke its contract; the message lists every failed check, `results` holds all of them."""

    def __init__(self, engine_name, results):
        self.results = results
        failed = [result for result in results if not result.passed]
        lines = [f"{engine_name} fails {len(failed)} of {len(results)} engine checks:"]
        super().__init__("\n  ".join(lines + [str(result) for result in failed]))


def check_engine(factory, structure, *, n_replicas=3, seed=0, dtype="float64", raise_on_failure=True):
    """Test an engine against the contract and against what it declares about itself.

    Parameters
    ----------
    factory : callable
        ``factory(structure)`` returns the engine on that structure. It is also called on translated,
        rotated and relabelled copies of `structure`, so it must not keep anything of the first one.
    structure : Structure
        Sites to test on, a dozen or more. Take it larger than twice the engine's cutoff, otherwise no
        pair is beyond the cutoff and that check is skipped; disordered, otherwise symmetries of a
        lattice hide errors.
    n_replicas : int
        Random spin configurations per check, at least 2.
    seed : int
        Seed of everything random here.
    dtype : {"float64", "float32"}
        Arithmetic of the engine: selects the tolerances.
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
            An engine that does not declare time reversal must really break it.
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
    case = _Case(factory, structure, n_replicas, seed, dtype)
    results = [_run(case, name, check) for name, check in _BASIC.items()]
    if all(result.passed for result in results):  # the rest needs numbers to compare
        case.measure()
        results += [_run(case, name, check) for name, check in _CHECKS.items()]
    if raise_on_failure and not all(result.passed for result in results):
        raise EngineCheckError(type(case.engine).__name__, results)
    return results


class _Case:
    """One engine, its spins and its answer to them; what every check starts from."""

    def __init__(self, factory, structure, n_replicas, seed, dtype):
        self.factory, self.structure, self.dtype = factory, structure, dtype
        self.tolerance = TOLERANCES[dtype]
        self.seed = seed
        self.engine = factory(structure)
        self.spins = random_spins(structure.n_sites, self.rng("spins"), n_replicas)

    def rng(self, purpose):
        return generator(self.seed, f"check engine: {purpose}")

    def measure(self):
        """Evaluate the spins, and find the scales on which two answers are compared."""
        self.energy, self.field = self.evaluate(self.spins)
        lengths = np.linalg.norm(self.field, axis=2)
        tiny = np.finfo(float).tiny  # an engine without interactions has no scale: 0 / tiny = 0
        self.field_scale = max(lengths.max(), tiny)
        # Energies near zero are differences of terms as large as the fields.
        self.energy_scale = max(np.abs(self.energy).max() + lengths.sum(1).max(), tiny)

    def evaluate(self, spins, engine=None):
        """Return float64 copies of energy and field; the engine gets a copy of the spins."""
        result = (engine or self.engine).evaluate(np.array(spins))
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


class _Skip(Exception):
    """There is nothing to test; the message says why."""


def _run(case, name, check):
    """Return the CheckResult of one check; an exception of the engine is a failure of that check."""
    try:
        passed, deviation, tolerance, detail = check(case)
    except _Skip as reason:
        return CheckResult(name, True, True, np.nan, np.nan, str(reason))
    except Exception as error:
        return CheckResult(name, False, False, np.nan, np.nan, f"{type(error).__name__}: {error}")
    return CheckResult(name, bool(passed), False, float(deviation), float(tolerance), detail)


def _verdict(problems, detail):
    """Return the outcome of a yes-or-no check."""
    return not problems, np.nan, np.nan, "; ".join(problems) or detail


def _declarations(case):
    engine, problems = case.engine, []
    for name in ("structure", "cutoff", "symmetries", "evaluate"):
        if not hasattr(engine, name):
            problems.append(f"attribute '{name}' is missing")
    if not problems:
        if engine.structure.digest() != case.structure.digest():
            problems.append("engine.structure is not the structure that the factory was given")
        if not engine.cutoff >= 0:
            problems.append(f"cutoff = {engine.cutoff}; expected a distance, or inf if there is none")
        unknown = sorted(set(engine.symmetries) - set(SYMMETRIES))
        if unknown:
            problems.append(f"symmetry {unknown[0]!r} is unknown; expected some of {', '.join(SYMMETRIES)}")
    return _verdict(problems, "structure, cutoff and symmetries are declared")


def _shapes(case):
    result = case.engine.evaluate(case.spins.copy())
    replicas, n, _ = case.spins.shape
    problems = []
    for name, shape in (("energy", (replicas,)), ("field", (replicas, n, 3))):
        array = getattr(result, name)
        if not isinstance(array, np.ndarray):
            problems.append(f"{name} is a {type(array).__name__}; expected a numpy array")
        elif array.shape != shape:
            problems.append(f"{name} has shape {array.shape}; expected {shape}")
        elif array.dtype not in (np.dtype(case.dtype), np.dtype("float64")):
            problems.append(f"{name} is {array.dtype}; expected {case.dtype} (see the dtype argument)")
        elif not np.isfinite(array).all():
            problems.append(f"{name} is not finite")
    return _verdict(problems, "energy (R,) and field (R, N, 3)")


def _no_mutation(case):
    spins = case.spins.copy()
    case.engine.evaluate(spins)
    changed = np.argwhere((spins != case.spins).any(axis=2))
    problems = [f"evaluate changed its argument, first at spins{changed[0].tolist()}"] if len(changed) else []
    return _verdict(problems, "the spins were left as they were")


def _repeatable(case):
    first = case.engine.evaluate(case.spins.copy())
    before = np.array(first.energy, dtype=float), np.array(first.field, dtype=float)
    case.evaluate(-case.spins[::-1])
    if not (np.array_equal(first.energy, before[0]) and np.array_equal(first.field, before[1])):
        return False, np.nan, np.nan, "a later call overwrote the arrays of an earlier answer: return new ones"
    return case.equal(case.evaluate(case.spins), before, "the same spins again, other spins in between")


def _batch(case):
    singles = [case.evaluate(spins[None]) for spins in case.spins]
    joined = tuple(np.concatenate(parts) for parts in zip(*singles, strict=True))
    alone = case.equal(joined, (case.energy, case.field), "replicas one by one against all at once")
    if not alone[0]:
        return alone
    energy, field = case.evaluate(case.spins[::-1])
    return case.equal(
        (energy[::-1], field[::-1]), (case.energy, case.field), "replicas one by one and in reverse order"
    )


def _single_configuration(case):
    try:
        energy, field = case.evaluate(case.spins[0])
    except ValueError:
        raise _Skip("spins of shape (N, 3) are not accepted, which the contract allows") from None
    if energy.shape != (1,) or field.shape != (1, *case.spins[0].shape):
        detail = f"spins (N, 3) give energy {energy.shape} and field {field.shape}; expected (1,) and (1, N, 3)"
        return False, np.nan, np.nan, detail
    return case.equal((energy, field), (case.energy[:1], case.field[:1]), "spins (N, 3) are one replica")


def _rejection(case):
    nan, longer = case.spins.copy(), case.spins.copy()
    nan[-1, -1, -1] = np.nan
    longer[-1, -1] *= 2.0
    wrong = {
        "one site too many": np.concatenate([case.spins, case.spins[:, :1]], axis=1),
        "two components": case.spins[..., :2],
        "a spin of length 2": longer,
        "a NaN": nan,
    }
    problems = []
    for what, spins in wrong.items():
        try:
            case.engine.evaluate(spins)
        except InputError:
            continue
        except Exception as error:
            problems.append(f"{what} raises {type(error).__name__}")
        else:
            problems.append(f"{what} is accepted")
    hint = "expected sdglass.errors.InputError (sdglass.spins.check_spins raises it)"
    return _verdict(problems and [*problems, hint], f"InputError for {', '.join(wrong)}")


def _finite_differences(case):
    steps = np.array(case.tolerance.steps)
    direction = normalize(tangent(case.spins, case.rng("directions").standard_normal(case.spins.shape)))
    predicted = -np.einsum("rna,rna->r", case.field, direction)
    angle = (steps[:, None] * OFFSETS)[:, :, None, None, None]
    turned = normalize(case.spins * np.cos(angle) + direction * np.sin(angle))
    energy, _ = case.evaluate(turned.reshape(-1, *case.spins.shape[1:]))
    energy = energy.reshape(len(steps), len(OFFSETS), len(case.spins))
    slope = np.einsum("k,hkr->hr", WEIGHTS, energy) / steps[:, None]
    scale = max(np.linalg.norm(tangent(case.spins, case.field), axis=(1, 2)).max(), case.field_scale * 1e-12)
    # A wrong field is wrong at every step, so the most favourable one decides.
    deviation = np.abs(slope - predicted).max(axis=1).min() / scale
    rounding = 4 * np.finfo(case.dtype).eps * case.energy_scale / steps[0] / scale
    detail = "dE/dphi against -H . e, relative to the field across the spins; is the field -dE/dS of this energy?"
    return (
        deviation <= case.tolerance.derivative + rounding,
        deviation,
        case.tolerance.derivative + rounding,
        detail,
    )


def _declared(case, symmetry):
    if symmetry not in case.engine.symmetries:
        raise _Skip("not declared")


def _spin_rotation(case):
    _declared(case, "spin_rotation")
    rotation = Rotation.from_quat(case.rng("rotation").standard_normal(4)).as_matrix()
    found = case.evaluate(case.spins @ rotation.T)
    detail = "all spins rotated by one random rotation: same energy, rotated field"
    return case.equal(found, (case.energy, case.field @ rotation.T), detail)


def _time_reversal(case):
    found, expected = case.evaluate(-case.spins), (case.energy, -case.field)
    if "time_reversal" in case.engine.symmetries:
        return case.equal(found, expected, "all spins reversed: same energy, reversed field")
    deviation, tolerance = case.deviation(*found, *expected), case.tolerance.equal
    if deviation > tolerance:
        return True, deviation, tolerance, "not declared, and really broken: it has to exceed what is allowed"
    return (
        False,
        deviation,
        tolerance,
        "not declared, but it holds: add 'time_reversal' to the engine's symmetries",
    )


def _moved(case, positions, box, order=None):
    """Return the engine's answer on a moved structure, with the spins in the order of its sites."""
    engine = case.factory(Structure(positions, box))
    return case.evaluate(case.spins if order is None else case.spins[:, order], engine)


def _translation(case):
    _declared(case, "translation")
    shift = case.rng("translation").random(3) * case.structure.box
    found = _moved(case, case.structure.positions + shift, case.structure.box)
    return case.equal(found, (case.energy, case.field), "all sites translated by a random vector")


def _space_rotation(case):
    _declared(case, "space_rotation")
    outcomes = []
    for axes, signs in BOX_ROTATIONS:
        found = _moved(case, case.structure.positions[:, axes] * signs, case.structure.box[axes])
        detail = f"sites and box turned, new axes {axes} with signs {signs}: same energy and field"
        outcomes.append(case.equal(found, (case.energy, case.field), detail))
    return max(outcomes, key=lambda outcome: outcome[1])


def _permutation(case):
    _declared(case, "permutation")
    order = case.rng("permutation").permutation(case.structure.n_sites)
    found = _moved(case, case.structure.positions[order], case.structure.box, order)
    return case.equal(found, (case.energy, case.field[:, order]), "sites relabelled: the field follows")


def _cutoff(case):
    cutoff = case.engine.cutoff
    if np.isinf(cutoff):
        raise _Skip("the engine declares no cutoff")
    distances = case.structure.distances()
    beyond = distances > cutoff * (1 + 1e-9)
    inside = ~beyond & (distances > 0)
    probes = np.flatnonzero(beyond.any(axis=1))
    if len(probes) == 0:
        raise _Skip(f"no pair of sites is farther apart than the cutoff of {cutoff:g} ell: use a larger structure")
    rng = case.rng("cutoff")
    probes = rng.permutation(probes)[:MAX_PROBES]
    others = random_spins(case.structure.n_sites, rng, len(probes))

    def change(turned):
        """Return how much each probe's field changes when the spins in `turned` (P, N) are replaced."""
        _, field = case.evaluate(np.where(turned[probes][:, :, None], others, case.spins[0]))
        watched = field[np.arange(len(probes)), probes] - case.field[0, probes]
        return np.abs(watched).max() / case.field_scale

    outside = change(beyond)
    if outside > case.tolerance.equal:
        detail = f"the field of a site changes with spins farther than the declared cutoff of {cutoff:g} ell"
        return False, outside, case.tolerance.equal, detail
    if inside[probes].any() and change(inside) <= case.tolerance.equal:
        detail = f"no field changes with the spins inside the cutoff of {cutoff:g} ell: declare cutoff = 0"
        return False, outside, case.tolerance.equal, detail
    return (
        True,
        outside,
        case.tolerance.equal,
        f"spins farther than {cutoff:g} ell turned, {len(probes)} sites watched",
    )


_BASIC = {"declarations": _declarations, "shapes": _shapes}
_CHECKS = {
    "no_mutation": _no_mutation,
    "repeatable": _repeatable,
    "batch": _batch,
    "single_configuration": _single_configuration,
    "rejection": _rejection,
    "finite_differences": _finite_differences,
    "spin_rotation": _spin_rotation,
    "time_reversal": _time_reversal,
    "translation": _translation,
    "space_rotation": _space_rotation,
    "permutation": _permutation,
    "cutoff": _cutoff,
}
