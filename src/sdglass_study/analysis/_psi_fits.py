"""Fits of psi to xi(t) in every defensible way: window, unit of time, what is fitted and how."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from sdglass.errors import InputError
from sdglass.statistics import centred_interval
from sdglass_study.analysis import data_frame, joined
from sdglass_study.analysis._growth_windows import windows_of

FEWEST_POINTS = 4
# Where the inverse exponent of the law with a free offset is looked for. With an end of its interval here, the
# data do not say what it is.
_POWERS = np.linspace(-3.0, 9.0, 121)
_STEPS = 6  # of Gauss and Newton, from the fit of the logarithm: two or three are enough


def fitted_windows(times, starts, stops):
    """Return those of `windows_of` with the four snapshots that a fit needs; none for a run that is too short."""
    times = np.asarray(times, dtype=float)
    windows = windows_of(times, starts, stops)
    return [window for window in windows if np.count_nonzero(_inside(times, window)) >= FEWEST_POINTS]


def _inside(times, window):
    return (times >= window[0]) & (times <= window[1]) & (times > 0)


def fit_all(curves, starts, stops, time_units, level, progress=lambda: None):
    """Fit psi to every curve on every window, for every unit of time, offset and kind of fit.

    - ``log``: straight line of log xi against log log t; ``weighted``: the same, weighted by the bootstrap error;
      ``nonlinear``: xi itself, weighted.
    - offset ``none``: xi = A (log t)^(1/psi). ``r_low``: xi - r_low in place of xi, since exp(-r / xi) integrated
      from r_low on gives xi + r_low. ``free``: xi = xi_0 + A (log t)^(1/psi), fitted nonlinearly.

    Parameters
    ----------
    curves : LengthCurves
    starts, stops, time_units : sequence of float
        A unit that is not before the window has no logarithm there, and is left out.
    level : float
        Probability inside the intervals.
    progress : callable
        Called before each window.

    Returns
    -------
    pandas.DataFrame
        Columns: estimator, bin_width, r_low, r_max, start, stop, time_unit, offset, fit, law (barrier or
        power_law), n_points, exponent, exponent_low, exponent_high, grows, identified, delta_aic. The exponent
        is psi, or z of the power law, of which ``none`` alone is listed. ``grows``: xi grows significantly (the
        interval of the slope is above zero). ``identified``: it grows and the exponent has a finite interval,
        which with a free offset is more to ask: the interval has to end inside what was searched.
        ``delta_aic``: AIC of the weighted fit minus that of a power law with the same offset; negative where
        log t is the better variable.
    """
    parts = []
    for window in fitted_windows(curves.times, starts, stops):
        progress()
        chosen = _inside(curves.times, window)
        data = _Window(curves, chosen)
        common = {"start": window[0], "stop": window[1]}
        power = _fits(data, np.log(data.times), curves.n_units, level)
        for (offset, fit), result in power.items():
            if offset == "none" and fit != "nonlinear":
                parts.append(_rows(curves, data, common, np.nan, "power_law", offset, fit, result, result))
        for unit in time_units:
            if unit >= data.times[0]:
                continue
            barrier = _fits(data, np.log(np.log(data.times / unit)), curves.n_units, level)
            for (offset, fit), result in barrier.items():
                parts.append(_rows(curves, data, common, unit, "barrier", offset, fit, result, power[offset, fit]))
    if not parts:
        raise InputError(
            f"starts = {list(starts)}, stops = {list(stops)}: no window of this run (t <= {curves.times[-1]:.6g}) "
            f"holds {FEWEST_POINTS} snapshots; expected a longer run or earlier starts"
        )
    return joined(parts)


def unit_of_time_for(exponent, times, xi, window):
    """Return log10 of the unit of time with which the fit of log xi gives `exponent`; nan if xi does not grow.

    The slope against log log(t / u) falls from infinity (u -> 0, where log log is log t divided by a large number)
    to zero (u -> start of the window): a unit that gives a wanted psi exists for every curve that grows.

    Times, window and unit are in [1/(gamma t0)].
    """
    times, xi = np.asarray(times, dtype=float), np.asarray(xi, dtype=float)
    chosen = _inside(times, window)
    if np.count_nonzero(chosen) < 3 or not (xi[chosen] > 0).all():
        return np.nan
    log_t, y = np.log(times[chosen]), np.log(xi[chosen])

    def excess(log_distance):  # of the start of the window from the unit, log t_0 - log u
        x = np.log(log_t - log_t[0] + np.exp(log_distance))
        return float(_line(x, y)) - 1.0 / exponent

    low, high = -12.0, 25.0
    if not excess(low) < 0 < excess(high):
        return np.nan
    return float((log_t[0] - np.exp(brentq(excess, low, high))) / np.log(10.0))


class _Window:
    """xi of all curves on one window, with the errors that weigh them.

    Attributes are (M, 1 + n_samples, n) lengths for the offsets none and r_low, and (M, n) errors of these and of
    their logarithms. A resample without a positive length somewhere in the window is nan everywhere.
    """

    def __init__(self, curves, chosen):
        self.times = curves.times[chosen]
        lengths = curves.lengths[:, :, chosen]
        low = np.array([choice["r_low"] for choice in curves.choices])
        self.lengths = {"none": _usable(lengths), "r_low": _usable(lengths - low[:, None, None])}
        self.error, self.log_error = {}, {}
        for offset, values in self.lengths.items():
            with np.errstate(all="ignore"):
                self.error[offset] = _spread(values[:, 1:])
                self.log_error[offset] = _spread(np.log(values[:, 1:]))


def _usable(lengths):
    good = (np.isfinite(lengths) & (lengths > 0)).all(axis=-1, keepdims=True)
    return np.where(good, lengths, np.nan)


def _spread(samples):
    """Standard deviation over axis 1 without nan; nan where fewer than two are left or nothing scatters."""
    there = np.isfinite(samples)
    count = there.sum(axis=1)
    mean = np.where(there, samples, 0.0).sum(axis=1) / np.maximum(count, 1)
    square = (np.where(there, samples - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(count, 1)
    return np.where((count > 1) & (square > 1e-24), np.sqrt(square), np.nan)


@dataclass(frozen=True, eq=False)
class _Result:
    """Slopes 1 / psi (M,), their intervals, chi2 of the weighted fit, where xi grows, where psi is determined."""

    slope: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chi2: np.ndarray
    grows: np.ndarray
    identified: np.ndarray


def _fits(data, x, n_units, level):
    """Return {(offset, fit): _Result} of one abscissa x (n,): xi = A exp(x / psi)."""
    results = {}
    for offset in ("none", "r_low"):
        logs = np.log(data.lengths[offset])
        weight = data.log_error[offset] ** -2.0
        slope, chi2 = _weighted_line(x, logs, weight)
        results[offset, "log"] = _result(_line(x, logs), chi2, n_units, level)
        results[offset, "weighted"] = _result(slope, chi2, n_units, level)
        if offset == "none":
            start = slope
    lengths, error = data.lengths["none"], data.error["none"]
    slope, chi2 = _nonlinear(x, lengths, error, start)
    results["none", "nonlinear"] = _result(slope, chi2, n_units, level)
    slope, chi2 = _free_offset(x, lengths, error)
    free = _result(slope, chi2, n_units, level)
    # At the edge of the search, or where xi shrinks (kept there), the exponent is not determined.
    pinned = (slope <= _POWERS[0]) | (slope >= _POWERS[-1])
    certain = np.mean(pinned[:, 1:], axis=1) < 0.5 * (1.0 - level)
    grows = results["none", "weighted"].grows
    identified = free.identified & grows & certain & ~pinned[:, 0]
    results["free", "nonlinear"] = _Result(free.slope, free.low, free.high, free.chi2, grows, identified)
    return results


def _result(slope, chi2, n_units, level):
    low, high = centred_interval(slope[:, 0], slope[:, 1:].T, level, n_units)
    return _Result(slope[:, 0], low, high, chi2[:, 0], low > 0, low > 0)


def _line(x, y):
    """Slopes of straight lines through y (..., n) by least squares."""
    dx = x - x.mean()
    return y @ dx / (dx @ dx)


def _weighted_line(x, y, weight):
    """Slopes and chi2 (M, S) of lines through y (M, S, n) with weights (M, n)."""
    total = weight.sum(axis=-1, keepdims=True)
    dx = x - (weight * x).sum(axis=-1, keepdims=True) / total
    mean = np.einsum("msn,mn->ms", y, weight / total)
    slope = np.einsum("msn,mn->ms", y, weight * dx) / (weight * dx**2).sum(axis=-1)[:, None]
    deviation = y - mean[..., None] - slope[..., None] * dx[:, None]
    return slope, np.einsum("msn,mn->ms", deviation**2, weight)


def _nonlinear(x, y, error, slope):
    """Slopes and chi2 (M, S) of y = A exp(slope x), weighted, from the slopes of the logarithm.

    For every slope the best amplitude is known, so that Gauss and Newton have one unknown.
    """
    weight = (error**-2.0)[:, None]
    slope = np.clip(slope, -20.0, 20.0)
    x = x - x.mean()
    for step in range(_STEPS + 1):
        shape = np.exp(slope[..., None] * x)
        norm = (weight * shape**2).sum(axis=-1)
        amplitude = (weight * shape * y).sum(axis=-1) / norm
        model = amplitude[..., None] * shape
        if step < _STEPS:
            # The derivative with the part that a change of the amplitude takes up projected out.
            change = model * x
            change = change - ((weight * change * shape).sum(axis=-1) / norm)[..., None] * shape
            with np.errstate(divide="ignore", invalid="ignore"):
                move = (weight * change * (y - model)).sum(axis=-1) / (weight * change**2).sum(axis=-1)
            slope = np.clip(slope + np.clip(move, -1.0, 1.0), -20.0, 20.0)
    return slope, (weight * (y - model) ** 2).sum(axis=-1)


def _free_offset(x, y, error):
    """Slopes p and chi2 (M, S) of y = y0 + A exp(p x), weighted; p at the lower edge of the search where A < 0.

    For every p of a grid the two linear parameters are projected out; a parabola goes through the best three.
    """
    x = x - x.mean()
    # (exp(p x) - 1) / p is the same law, and tends to x for p -> 0.
    power = np.where(_POWERS == 0, 1.0, _POWERS)
    shapes = np.where(_POWERS == 0, x[:, None], np.expm1(x[:, None] * power) / power)  # (n, G)
    slopes, chi2 = np.full(y.shape[:2], np.nan), np.full(y.shape[:2], np.nan)
    for m in range(len(y)):
        if not np.isfinite(error[m]).all():
            continue
        root = 1.0 / error[m]
        constant = root / np.linalg.norm(root)
        basis = shapes * root[:, None]
        basis = basis - constant[:, None] * (constant @ basis)
        basis /= np.linalg.norm(basis, axis=0)
        scaled = y[m] * root
        scaled = scaled - (scaled @ constant)[:, None] * constant
        along = scaled @ basis  # (S, G): amplitude of the shape, times its norm
        gain = np.where(along > 0, along, 0.0) ** 2
        at = np.argmax(gain, axis=1)
        rows, inner = np.arange(len(at)), np.clip(at, 1, len(_POWERS) - 2)
        left, top, right = (gain[rows, inner + step] for step in (-1, 0, 1))
        bend = left - 2.0 * top + right
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = np.where((bend < 0) & (at == inner), 0.5 * (left - right) / bend, 0.0)
        found = _POWERS[at] + np.clip(shift, -1.0, 1.0) * (_POWERS[1] - _POWERS[0])
        best = gain[rows, at]
        found = np.where(best > 0, found, _POWERS[0])
        total = (scaled**2).sum(axis=1)
        good = np.isfinite(total)
        slopes[m], chi2[m] = np.where(good, found, np.nan), np.where(good, total - best, np.nan)
    return slopes, chi2


def _rows(curves, data, common, unit, law, offset, fit, result, rival):
    """Return the rows of one window, unit, offset and fit, one for each curve."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.where(result.slope > 0, 1.0 / result.slope, np.nan)
        low = np.where(result.high > 0, 1.0 / result.high, np.nan)
        high = np.where(result.low > 0, 1.0 / result.low, np.where(result.high > 0, np.inf, np.nan))
    frame = data_frame(curves.choices).assign(**common, time_unit=unit, offset=offset, fit=fit, law=law)
    results = {"exponent": exponent, "exponent_low": low, "exponent_high": high}
    # Four digits are far below any error, and keep a long table small.
    results = {name: [float(f"{value:.4g}") for value in values] for name, values in results.items()}
    delta = np.round(result.chi2 - rival.chi2, 3) + 0.0
    flags = {"grows": result.grows.astype(int), "identified": result.identified.astype(int)}
    return frame.assign(n_points=len(data.times), **results, **flags, delta_aic=delta)
