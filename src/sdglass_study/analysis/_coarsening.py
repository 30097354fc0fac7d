"""The size of domains against time, and with which power of time it grows.

A length belongs to an average over runs: of S(q), of C(r), of the length of walls. A mean over lengths of single
runs would be that of the first one whose domain fills the box.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.domain_growth import POWER_LAW, fit_growth
from sdglass.observables.domains import correlation, half_distance, spectrum, wall_length
from sdglass_study.analysis._lattice_runs import mean_and_interval

# Lengths above this share of the box's edge know that it is finite: up to there those of the control in a box of
# 36 x 36 are within 3 % of those in one of 128 x 128.
LARGEST = {"structure factor": 0.7, "correlation": 0.2, "walls": 0.3}


@dataclass(frozen=True, eq=False)
class Lengths:
    """What a length follows from, of U runs at K times.

    Attributes
    ----------
    values : numpy.ndarray, shape (U, K, P)
        What is averaged over the runs.
    length : callable
        The length (...) of averages (..., P).
    """

    values: np.ndarray
    length: Callable

    @property
    def runs(self):
        """Number of runs U."""
        return len(self.values)

    def measure(self, resampling):
        """Return L (K,), the ends of its interval, and its resamples (S, K), None of a single run."""
        mean = _finite(self.length(self.values.mean(axis=0)))
        if self.runs < 2:
            return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan), None
        # Time by time: resampled correlations of all times at once would not fit into memory.
        samples = np.stack(
            [
                _finite(self.length(mean_and_interval(now, resampling)[3]))
                for now in np.moveaxis(self.values, 1, 0)
            ],
            axis=1,
        )
        ends = resampling.interval(mean, samples, self.runs)
        return mean, np.maximum(ends["low"], 0.0), ends["high"], samples


def direct(values):
    """Return the `Lengths` of numbers (U, K) that are averaged themselves."""
    return Lengths(np.asarray(values)[..., None], lambda mean: mean[..., 0])


def box_edge(sheet):
    """Return the square root of the cell's area [ell]."""
    return float(np.sqrt(sheet.area * np.prod(sheet.shape)))


def _moment(sheet, field):
    weight = spectrum(sheet, field)
    values = np.stack([weight.sum(axis=(-2, -1)), (weight * sheet.wave).sum(axis=(-2, -1))], axis=-1)
    return Lengths(np.moveaxis(values, 1, 0), lambda mean: _divide(2 * np.pi * mean[..., 0], mean[..., 1]))


def _half(sheet, field):
    r, curve = correlation(sheet, field)
    near = r <= 2 * LARGEST["correlation"] * box_edge(sheet)
    square = (spectrum(sheet, field).sum(axis=(-2, -1)) / np.prod(sheet.shape))[..., None]
    values = np.moveaxis((curve * square)[..., near], 1, 0)
    return Lengths(values, lambda mean: half_distance(r[near], _divide(mean, mean[..., :1])))


def _walls(sheet, field):
    return Lengths(1 / wall_length(sheet, field).T[..., None], lambda mean: _divide(1.0, mean[..., 0]))


def _divide(one, other):
    with np.errstate(divide="ignore", invalid="ignore"):
        return one / other


DEFINITIONS = {"structure factor": _moment, "correlation": _half, "walls": _walls}


def lengths_of(sheet, field, definitions=tuple(DEFINITIONS)):
    """Return {definition: `Lengths`} of order parameters (K, U, N) or (K, U, N, C)."""
    return {name: DEFINITIONS[name](sheet, field) for name in definitions}


def length_rows(labels, times, lengths, resampling):
    """Return rows of L(t) with intervals over the runs."""
    rows = []
    for name, one in lengths.items():
        mean, low, high, _ = one.measure(resampling)
        for k, time in enumerate(times):
            rows.append(
                labels
                | {"definition": name, "time": time, "length": mean[k], "low": low[k], "high": high[k]}
                | {"runs": one.runs}
            )
    return rows


def slope_rows(labels, times, lengths, edge, windows, decade, resampling):
    """Return rows of the slope d ln L / d ln t: in given windows, and local ones over the factor `decade`.

    A window ends where L reaches its `LARGEST` share of the box; one that holds fewer than three times is left
    out. `reach` is L at its end over the edge of the box.
    """
    rows = []
    for name, one in lengths.items():
        mean, _, _, samples = one.measure(resampling)
        good = np.isfinite(mean) & (mean > 0) & (times > 0)
        ended = np.flatnonzero((times > 0) & ~(mean <= LARGEST.get(name, np.inf) * edge))
        if len(ended):
            good[ended[0] :] = False
        local = [(t / decade**0.5, t * decade**0.5) for t in times[good]]
        for kind, spans in (("window", windows), ("local", local)):
            for start, stop in spans:
                chosen = good & (times >= start * (1 - 1e-9)) & (times <= stop * (1 + 1e-9))
                if chosen.sum() < 3 or (kind == "local" and times[good][-1] < stop * (1 - 1e-9)):
                    continue
                window = times[chosen][[0, -1]]
                found = _fit(times[chosen], mean[chosen], samples, chosen, one.runs, resampling)
                rows.append(
                    labels
                    | {"definition": name, "kind": kind, "time": float(np.sqrt(start * stop))}
                    | {"start": float(window[0]), "stop": float(window[1])}
                    | dict(zip(("slope", "low", "high"), found, strict=True))
                    | {"reach": float(mean[chosen][-1] / edge), "points": int(chosen.sum()), "runs": one.runs}
                )
    return rows


def _fit(times, mean, samples, chosen, count, resampling):
    ends = times[0], times[-1]
    kept = None if samples is None else samples[:, chosen]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            fit = fit_growth(
                times, mean, ends, POWER_LAW, samples=kept, n_units=count, level=resampling.confidence
            )
        except InputError:  # hardly a resample is positive everywhere
            fit = fit_growth(times, mean, ends, POWER_LAW)
    return fit.slope, *fit.slope_interval


def _finite(values):
    """Return lengths with nan for those that are infinite."""
    return np.where(np.isfinite(values), values, np.nan)
