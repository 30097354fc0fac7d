"""Growth laws of the correlation length: the barrier exponent psi, and a power law as its rival (paper Fig. 5).

The droplet model predicts xi = A (log t)^(1/psi) (Fisher and Huse, doi:10.1103/PhysRevB.38.373), domains without
barriers xi = A t^(1/z). Both are straight lines in the logarithm of xi, so both are fitted by linear least
squares and the inverse slope is the exponent. An inverse slope diverges where xi hardly grows: intervals are
therefore taken of the slope, and turned into one of the exponent only at the end.
"""

from dataclasses import dataclass

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.errors import InputError
from sdglass.statistics import centred_interval

BARRIER, POWER_LAW = "barrier", "power_law"


@dataclass(frozen=True)
class GrowthFit:
    """Least-squares fit of a growth law.

    Attributes
    ----------
    law : str
        ``"barrier"``: xi = A (log(t / time_unit))^(1/psi); ``"power_law"``: xi = A t^(1/z).
    exponent : float
        psi or z = 1 / slope; inf for slope 0, nan for a negative slope (xi shrinks: there is no exponent).
    slope : float
        d log xi / d log log t, or d log xi / d log t.
    amplitude : float
        A [ell] (for the power law, xi at t = 1).
    residual : float
        Root mean square of log xi minus the fit.
    n_points : int
    slope_interval, exponent_interval : tuple of float
        From the resamples, nan without them (`sdglass.statistics.centred_interval`). That of the exponent is the
        inverse of the slope's: its upper end is inf where the slope may be zero, both ends are nan where the slope
        is not positive at all.
    n_samples : int
        Resamples used; those with a length that is nan or not positive in the window have no logarithm.
    """

    law: str
    exponent: float
    slope: float
    amplitude: float
    residual: float
    n_points: int
    slope_interval: tuple = (np.nan, np.nan)
    exponent_interval: tuple = (np.nan, np.nan)
    n_samples: int = 0


@dataclass(frozen=True)
class LawComparison:
    """The two laws on the same window, each fitted by weighted least squares; both have two parameters.

    Points along a trajectory are correlated, so chi2 and AIC, which take them as independent, are an indication
    only; `barrier_fraction` keeps the correlations, since whole curves are resampled.
    """

    chi2_barrier: float  # sum of squared deviations of log xi in units of its bootstrap standard error
    chi2_power_law: float
    degrees_of_freedom: int  # n_points - 2 for either
    delta_aic: float  # AIC(power law) - AIC(barrier): positive where the barrier law fits better
    barrier_fraction: float  # part of the resamples that the barrier law fits better


@own_arithmetic
def fit_growth(times, xi, window, law=BARRIER, time_unit=1.0, *, samples=None, n_units=None, level=0.68):
    """Fit a growth law by least squares of log xi on log log t or log t.

    psi is not a pure number: log(c t) is not proportional to log t, so it changes with the unit of time, the more
    the earlier the window. State the unit with it. z does not depend on it.

    Parameters
    ----------
    times : array_like, shape (K,)
        Times since the quench [1/(gamma t0)].
    xi : array_like, shape (K,)
        Correlation length [ell].
    window : tuple of float
        First and last time used, inclusive.
    law : {"barrier", "power_law"}
    time_unit : float
        Microscopic time inside the logarithm of the barrier law [1/(gamma t0)].
    samples : array_like, shape (n_samples, K), optional
        Correlation lengths of bootstrap resamples of the whole curve [ell], for the intervals.
    n_units : int, optional
        Realizations (or replicas) that were resampled to get `samples`.
    level : float
        Probability inside the intervals.

    Returns
    -------
    GrowthFit

    Raises
    ------
    InputError
        If the window holds fewer than three points, starts at or before `time_unit`, or holds a length that is
        not positive; if fewer than two resamples can be fitted.

    Examples
    --------
    >>> times = np.geomspace(5.0, 3000.0, 20)
    >>> round(fit_growth(times, 0.5 * np.log(times) ** (1 / 1.02), window=(10.0, 3000.0)).exponent, 6)
    1.02
    """
    t, y, chosen = _points(times, xi, window)
    x = _abscissa(law, t, time_unit)
    slope, intercept, squares = _line(x, y)
    resampled = {}
    if samples is not None:
        logs = _log_samples(samples, chosen)
        slopes, _, _ = _line(x, logs)
        low, high = (float(end) for end in centred_interval(float(slope), slopes, level, n_units))
        exponents = (_inverse(high), _inverse(low) if low > 0 else np.inf) if high > 0 else (np.nan, np.nan)
        resampled = {"slope_interval": (low, high), "exponent_interval": exponents, "n_samples": len(logs)}
    return GrowthFit(
        law=law,
        exponent=_inverse(float(slope)),
        slope=float(slope),
        amplitude=float(np.exp(intercept)),
        residual=float(np.sqrt(squares / len(t))),
        n_points=len(t),
        **resampled,
    )


@own_arithmetic
def compare_laws(times, xi, samples, window, time_unit=1.0):
    """Compare the barrier law with the power law on one window; return the `LawComparison`.

    The arguments are those of `fit_growth`; the spread of log(samples) gives the weight of each point. Errors
    are those, or that the resamples do not scatter.
    """
    t, y, chosen = _points(times, xi, window)
    logs = _log_samples(samples, chosen)
    error = logs.std(axis=0)
    if not (error > 0).all():
        raise InputError(f"samples do not scatter at t = {t[error <= 0][0]:.6g}; expected bootstrap resamples")
    curves = np.concatenate([y[None], logs])
    barrier, power = (_line(_abscissa(law, t, time_unit), curves, error)[2] for law in (BARRIER, POWER_LAW))
    return LawComparison(
        chi2_barrier=float(barrier[0]),
        chi2_power_law=float(power[0]),
        degrees_of_freedom=len(t) - 2,
        delta_aic=float(power[0] - barrier[0]),
        barrier_fraction=float(np.mean(barrier[1:] < power[1:])),
    )


def _points(times, xi, window):
    """Times and log xi inside the window, and which points they are."""
    times, xi = np.asarray(times, dtype=float), np.asarray(xi, dtype=float)
    if times.ndim != 1 or xi.shape != times.shape:
        raise InputError(f"xi has shape {xi.shape}; expected one length for each of the times, {times.shape}")
    chosen = (times >= window[0]) & (times <= window[1])
    if np.count_nonzero(chosen) < 3:
        raise InputError(
            f"window = {tuple(window)} holds {np.count_nonzero(chosen)} points; "
            "expected at least 3 for two parameters"
        )
    bad = chosen & ~(np.isfinite(xi) & (xi > 0))
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        raise InputError(f"xi[{k}] = {xi[k]} at t = {times[k]:.6g}; expected a positive length [ell]")
    return times[chosen], np.log(xi[chosen]), chosen


def _log_samples(samples, chosen):
    """Logarithms (S, n_points) of the resamples that have one everywhere in the window."""
    samples = np.asarray(samples, dtype=float)
    if samples.ndim != 2 or samples.shape[1] != len(chosen):
        raise InputError(f"samples has shape {samples.shape}; expected (n_samples, {len(chosen)})")
    samples = samples[:, chosen]
    usable = (np.isfinite(samples) & (samples > 0)).all(axis=1)
    if np.count_nonzero(usable) < 2:
        raise InputError(
            f"samples: {np.count_nonzero(usable)} curves are positive in the window; expected 2 or more"
        )
    return np.log(samples[usable])


def _abscissa(law, times, time_unit):
    if law == POWER_LAW:
        unit, name = 0.0, "0"
    elif law == BARRIER:
        if not (np.isfinite(time_unit) and time_unit > 0):
            raise InputError(f"time_unit = {time_unit}; expected a positive time [1/(gamma t0)]")
        unit, name = time_unit, f"time_unit = {time_unit}"
    else:
        raise InputError(f"law = {law!r}; expected {BARRIER!r} or {POWER_LAW!r}")
    if not (times > unit).all():
        raise InputError(f"the window holds t = {times.min():.6g}; expected times later than {name}")
    return np.log(times) if law == POWER_LAW else np.log(np.log(times / time_unit))


def _line(x, y, error=None):
    """Slopes, intercepts and sums of squares of straight lines through y (..., n), weighted by 1 / error**2."""
    weight = np.ones_like(x) if error is None else error**-2.0
    dx = x - weight @ x / weight.sum()
    mean = y @ weight / weight.sum()
    slope = y @ (weight * dx) / (weight @ dx**2)
    deviation = y - mean[..., None] - slope[..., None] * dx
    return slope, mean - slope * (x - dx)[0], deviation**2 @ weight


def _inverse(slope):
    if slope > 0:
        return 1.0 / slope
    return np.inf if slope == 0 else np.nan
