"""Checks of the contract: what a force field declares, accepts and returns, and that its field is its gradient."""

import numpy as np

from sdglass.errors import InputError
from sdglass.forcefields.base import SYMMETRIES
from sdglass.forcefields.testing.case import Skip, check
from sdglass.spins import normalize, tangent

# Fourth-order central difference: dE/dphi = sum_k weight_k E(offset_k h) / h.
OFFSETS, WEIGHTS = np.array([-2.0, -1.0, 1.0, 2.0]), np.array([1.0, -8.0, 8.0, -1.0]) / 12.0


def _verdict(problems, detail):
    """Return the outcome of a yes-or-no check."""
    return not problems, np.nan, np.nan, "; ".join(problems) or detail


@check
def _declarations(case):
    force_field, problems = case.force_field, []
    for name in ("structure", "cutoff", "symmetries", "evaluate"):
        if not hasattr(force_field, name):
            problems.append(f"attribute '{name}' is missing")
    if not problems:
        if force_field.structure.digest() != case.structure.digest():
            problems.append("force_field.structure is not the structure that the factory was given")
        if not force_field.cutoff >= 0:
            problems.append(f"cutoff = {force_field.cutoff}; expected a distance, or inf if there is none")
        unknown = sorted(set(force_field.symmetries) - set(SYMMETRIES))
        if unknown:
            problems.append(f"symmetry {unknown[0]!r} is unknown; expected some of {', '.join(SYMMETRIES)}")
    return _verdict(problems, "structure, cutoff and symmetries are declared")


@check
def _shapes(case):
    result = case.force_field.evaluate(case.spins.copy())
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


@check
def _no_mutation(case):
    spins = case.spins.copy()
    case.force_field.evaluate(spins)
    changed = np.argwhere((spins != case.spins).any(axis=2))
    problems = [f"evaluate changed its argument, first at spins{changed[0].tolist()}"] if len(changed) else []
    return _verdict(problems, "the spins were left as they were")


@check
def _repeatable(case):
    first = case.force_field.evaluate(case.spins.copy())
    before = np.array(first.energy, dtype=float), np.array(first.field, dtype=float)  # copies
    case.evaluate(-case.spins[::-1])
    if not (np.array_equal(first.energy, before[0]) and np.array_equal(first.field, before[1])):
        return False, np.nan, np.nan, "a later call overwrote the arrays of an earlier answer: return new ones"
    return case.equal(case.evaluate(case.spins), before, "the same spins again, other spins in between")


@check
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


@check
def _single_configuration(case):
    try:
        energy, field = case.evaluate(case.spins[0])
    except ValueError:
        raise Skip("spins of shape (N, 3) are not accepted, which the contract allows") from None
    if energy.shape != (1,) or field.shape != (1, *case.spins[0].shape):
        detail = f"spins (N, 3) give energy {energy.shape} and field {field.shape}; expected (1,) and (1, N, 3)"
        return False, np.nan, np.nan, detail
    return case.equal((energy, field), (case.energy[:1], case.field[:1]), "spins (N, 3) are one replica")


@check
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
            case.force_field.evaluate(spins)
        except InputError:
            continue
        except Exception as error:
            problems.append(f"{what} raises {type(error).__name__}")
        else:
            problems.append(f"{what} is accepted")
    hint = "expected sdglass.errors.InputError (sdglass.spins.check_spins raises it)"
    return _verdict(problems and [*problems, hint], f"InputError for {', '.join(wrong)}")


@check
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
    allowed = case.tolerance.derivative + rounding
    return deviation <= allowed, deviation, allowed, detail
