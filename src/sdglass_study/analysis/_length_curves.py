"""xi(t) of an ensemble in every defensible way: how |C| is kept free of noise, bins, range of the integrals."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.correlation import merge_bins
from sdglass.observables.correlation_length import length_of_magnitude, split_integrals
from sdglass.random_streams import generator

ESTIMATORS = ("naive", "split", "subtracted")
FEWEST_BINS = 3


@dataclass(frozen=True, eq=False)
class LengthCurves:
    """xi(t) of one ensemble, computed in M ways.

    Attributes
    ----------
    times : numpy.ndarray, shape (K,)
        [1/(gamma t0)]
    choices : list of dict, length M
        estimator, bin_width, r_low and r_max [ell].
    lengths : numpy.ndarray, shape (M, 1 + n_samples, K)
        xi [ell]; index 0 of the second axis is the ensemble, the others are its resamples. nan where an
        estimator has none.
    n_units : int
        Realizations that were resampled.
    """

    times: np.ndarray
    choices: list
    lengths: np.ndarray
    n_units: int


def length_curves(ensemble, resampling, settings, progress=lambda: None):
    """Return the `LengthCurves` of an ensemble: estimators times bins times ranges.

    Estimators of |C|: ``naive``, the paper's formula; ``split``, sign and value from independent halves of the
    replicas; ``subtracted``, (C^2 - sigma^2)^(1/2) with the bootstrap error sigma, zero where C is below it.

    The ensemble has the finest bins, `settings` the ``bin_factors``, ``range_start`` and ``range_stop``; ranges
    with fewer than three bins are left out. `progress` is called before each of the ``bin_factors``.
    """
    choices, curves, edges = [], [], ensemble.edges
    for factor in settings.bin_factors:
        # The same resamples and halves for all bins: what differs between choices is not the luck of the draw.
        merged = SimpleNamespace()
        merged.histograms, merged.counts, merged.edges = merge_bins(
            ensemble.histograms, ensemble.counts, edges, factor
        )
        ranges = _ranges(merged.edges, edges, settings)
        progress()
        if not ranges:
            continue
        average = resampling.average(merged)
        everything = np.concatenate([average.mean[None], average.samples])
        n = average.n_units
        # Resamples scatter by (n - 1) / n of the variance, about a mean that has the whole of it.
        scatter = np.nan_to_num(average.samples.var(axis=0))
        factors = np.full((len(average.samples), 1, 1), 1.0 + (n - 1) / n)
        variance = np.concatenate([[scatter], factors * scatter]) * n / (n - 1)
        magnitudes = {
            "naive": np.abs(everything),
            "subtracted": np.sqrt(np.maximum(np.nan_to_num(everything) ** 2 - variance, 0.0)),
        }
        over, under = split_integrals(
            merged.histograms,
            merged.counts,
            merged.edges,
            generator(resampling.seed, "replica halves"),
            ranges,
            n_splits=resampling.splits,
            weights=average.weights,
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            halves = np.where(under > 0, over / under, np.nan)
        width = float(np.round(factor * (edges[1] - edges[0]), 9))
        for number, (low, high) in enumerate(ranges):
            for estimator in ESTIMATORS:
                choices.append({"estimator": estimator, "bin_width": width, "r_low": low, "r_max": high})
                if estimator == "split":
                    curves.append(halves[..., number])
                else:
                    curves.append(length_of_magnitude(merged.edges, magnitudes[estimator], low, high))
    if not choices:
        raise InputError(f"edges up to {edges[-1]:.4g} ell leave fewer than {FEWEST_BINS} bins; expected more")
    return LengthCurves(np.asarray(ensemble.times, dtype=float), choices, np.stack(curves), n)


def _ranges(ends, edges, settings):
    """Return the ranges (r_low, r_max), named by what was asked for, that hold enough of the bins `ends`."""
    first, last = (float(np.round(edge, 9)) for edge in (edges[0], edges[-1]))
    starts = [first, *(start for start in settings.range_start if first < start < last)]
    stops = [*(stop for stop in settings.range_stop if first < stop < last), last]
    slack = 1e-9 * (last - first)
    return [
        (low, high)
        for low in starts
        for high in stops
        if np.count_nonzero((ends[:-1] >= low - slack) & (ends[1:] <= high + slack)) >= FEWEST_BINS
    ]
