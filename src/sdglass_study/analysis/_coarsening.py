"""The size of domains against time, and with which power of time it grows."""

import warnings

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.domain_growth import POWER_LAW, fit_growth
from sdglass.observables.domains import half_length, moment_length, wall_length
from sdglass_study.analysis._lattice_runs import mean_and_interval

DEFINITIONS = {"structure factor": moment_length, "correlation": half_length, "walls": wall_length}
# Lengths above this share of the box's edge know that it is finite: up to there those of the control in a box of
# 36 x 36 are within 3 % of those in one of 128 x 128.
LARGEST = {"structure factor": 0.7, "correlation": 0.2, "walls": 0.3}


def box_edge(sheet):
    """Return the square root of the cell's area [ell]."""
    return float(np.sqrt(sheet.area * np.prod(sheet.shape)))


def lengths_of(sheet, field, definitions=DEFINITIONS):
    """Return {definition: lengths (U, K)} of order parameters (K, U, N) or (K, U, N, C)."""
    return {name: np.asarray(DEFINITIONS[name](sheet, field)).T for name in definitions}


def length_rows(labels, times, lengths, resampling):
    """Return rows of L(t) with intervals over the runs."""
    rows = []
    for name, values in lengths.items():
        mean, low, high, _ = mean_and_interval(_finite(values), resampling)
        for k, time in enumerate(times):
            rows.append(
                labels
                | {"definition": name, "time": time, "length": mean[k], "low": low[k], "high": high[k]}
                | {"runs": len(values)}
            )
    return rows


def slope_rows(labels, times, lengths, edge, windows, decade, resampling):
    """Return rows of the slope d ln L / d ln t: in given windows, and local ones over the factor `decade`.

    A window ends where the mean domain reaches its `LARGEST`; one that holds fewer than three times is left
    out. `reach` is the mean length at its end over the edge of the box.
    """
    rows = []
    for name, values in lengths.items():
        mean, _, _, samples = mean_and_interval(_finite(values), resampling)
        good = np.isfinite(mean) & (mean > 0) & (times > 0)
        large = np.flatnonzero(good & (mean > LARGEST.get(name, np.inf) * edge))
        if len(large):
            good[large[0] :] = False
        local = [(t / decade**0.5, t * decade**0.5) for t in times[good]]
        for kind, spans in (("window", windows), ("local", local)):
            for start, stop in spans:
                chosen = good & (times >= start * (1 - 1e-9)) & (times <= stop * (1 + 1e-9))
                if chosen.sum() < 3 or (kind == "local" and times[good][-1] < stop * (1 - 1e-9)):
                    continue
                window = times[chosen][[0, -1]]
                found = _fit(times[chosen], mean[chosen], samples, chosen, len(values), resampling)
                rows.append(
                    labels
                    | {"definition": name, "kind": kind, "time": float(np.sqrt(start * stop))}
                    | {"start": float(window[0]), "stop": float(window[1])}
                    | dict(zip(("slope", "low", "high"), found, strict=True))
                    | {"reach": float(mean[chosen][-1] / edge), "points": int(chosen.sum()), "runs": len(values)}
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
