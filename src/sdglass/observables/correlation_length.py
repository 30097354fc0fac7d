"""The correlation length xi(t) of the paper's Fig. 5, and how to keep the noise of C(r, t) out of it."""

from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.correlation import (
    average_units,
    bin_centres,
    check_edges,
    check_histograms,
    independent_units,
    per_realization,
    ratio,
)


def correlation_length(edges, correlation, r_low=0.0, r_max=np.inf):
    """Return xi = int r |C| dr / int |C| dr [ell], the paper's formula, by the midpoint rule.

    Know what it measures before reading a length off it:

    - |C| of a finite ensemble is biased upwards where C is small, mostly at large r where it weighs most.
      Noise of the same size in every bin alone gives the middle of the range. See `split_correlation_length`.
    - The range matters: exp(-r / xi) integrated from 0 to infinity gives xi, but from a minimum distance r_min
      on it gives xi + r_min, and a finite `r_max` cuts it.

    Parameters
    ----------
    edges : array_like, shape (B + 1,)
        Bin edges [ell].
    correlation : array_like, shape (..., B)
        C(r); bins that are nan (no pairs) count as C = 0. Where it vanishes in the whole range, xi is nan.
    r_low, r_max : float
        Only bins that lie wholly between the two are used [ell].

    Raises
    ------
    InputError
        If the shapes do not fit or no bin lies in the range.
    """
    edges = check_edges(edges)
    correlation = np.asarray(correlation, dtype=float)
    if correlation.shape[-1:] != (len(edges) - 1,):
        raise InputError(
            f"correlation has shape {correlation.shape}; expected (..., {len(edges) - 1}) for the edges"
        )
    return length_of_magnitude(edges, np.abs(correlation), r_low, r_max)


def length_of_magnitude(edges, magnitude, r_low=0.0, r_max=np.inf):
    """Return int r m dr / int m dr for any estimate m of |C|, shape (..., B); the rest as `correlation_length`."""
    magnitude = np.nan_to_num(magnitude, nan=0.0)
    first, zeroth = _moment_weights(check_edges(edges), r_low, r_max)
    return ratio(magnitude @ first, magnitude @ zeroth)


@dataclass(frozen=True, eq=False)
class SplitCorrelationLength:
    """Correlation length without the bias of |C|."""

    # (K,) numerator / denominator [ell]; nan where the latter is not positive: nothing but noise is left there.
    length: np.ndarray
    numerator: np.ndarray  # (K,) int r sign(C_A) C_B dr [ell^2], averaged over the splits
    denominator: np.ndarray  # (K,) int sign(C_A) C_B dr [ell]
    samples: np.ndarray  # (n_samples, K) lengths of the resamples; no rows if no weights were given


def split_correlation_length(
    histograms, counts, edges, rng, r_low=0.0, r_max=np.inf, split="replicas", n_splits=32, weights=None
):
    """Return xi with |C| replaced by sign(C_A) C_B, where A and B are disjoint halves of the ensemble.

    The noise of the two halves is independent, so pure noise integrates to zero instead of adding up. Both orders
    (A, B), (B, A) and many random splits are averaged, numerator and denominator separately before the ratio is
    taken. What remains is a bias in the other direction: where |C| is below the noise of half the ensemble the
    sign is often wrong, and the value is too small; it never exceeds |C| on average. The naive length and this one
    thus bracket the truth when C is weakest at large r. (Unequal parts, with the sign from the larger one, have
    nearly the same bias and a larger scatter.)

    Halves of the replicas of each realization remove the noise of the initial spins, but share the sites: scatter
    between the realizations stays in both. Halves of the realizations remove that as well, at the price
    of a noisier sign. Use the first term of Eq. 20 here: a second term estimated from all replicas would correlate
    the halves of the replicas.

    Parameters
    ----------
    histograms, counts
        As in `ensemble_average`.
    edges : array_like, shape (B + 1,)
    rng : numpy.random.Generator
        Draws the splits.
    r_low, r_max : float
        As in `correlation_length` [ell].
    split : {"replicas", "realizations"}
    n_splits : int
        Random divisions into halves to average over.
    weights : numpy.ndarray, shape (n_samples, U), optional
        Bootstrap weights of the realizations (of the replicas, if there is one realization only), as in
        `EnsembleCorrelation.weights`.

    Returns
    -------
    SplitCorrelationLength

    Raises
    ------
    InputError
        If there is nothing to split, the weights do not fit, or as in `ensemble_average`.
    """
    numerator, denominator = split_integrals(
        histograms, counts, edges, rng, [(r_low, r_max)], split, n_splits, weights
    )[..., 0]
    length = ratio(numerator, denominator)
    return SplitCorrelationLength(length[0], numerator[0], denominator[0], length[1:])


def split_integrals(histograms, counts, edges, rng, ranges, split="replicas", n_splits=32, weights=None):
    """Return the two integrals of `split_correlation_length` on n `ranges` (r_low, r_max) of distance at once.

    Shape (2, 1 + n_samples, K, n): int r sign(C_A) C_B dr [ell^2] and int sign(C_A) C_B dr [ell]; row 0 is the
    ensemble itself, the others are its resamples. The other arguments, and errors, are those of
    `split_correlation_length`.
    """
    histograms, counts = check_histograms(histograms, counts)
    edges = check_edges(edges)
    if len(edges) != counts.shape[1] + 1:
        raise InputError(f"{len(edges)} edges for {counts.shape[1]} bins; expected {counts.shape[1] + 1}")
    halves = _splitter(histograms, counts, split)
    n_units = len(histograms) if len(histograms) > 1 else histograms[0].shape[1]
    rows = np.ones((1, n_units))
    if weights is not None:
        if np.ndim(weights) != 2 or np.shape(weights)[1] != n_units:
            raise InputError(f"weights has shape {np.shape(weights)}; expected (n_samples, {n_units})")
        rows = np.concatenate([rows, np.asarray(weights, dtype=float)])
    moments = np.stack([_moment_weights(edges, *ends) for ends in ranges], axis=-1)  # (2, B, n)
    moments = moments.transpose(1, 0, 2).reshape(len(edges) - 1, -1)
    total = 0.0
    for _ in range(n_splits):
        # A half that a resample left empty gives nan; as zero it drops out of numerator and denominator alike.
        a, b = (np.nan_to_num(average_units(*half, rows), nan=0.0) for half in halves(rng))
        total = total + 0.5 * (np.sign(a) * b + np.sign(b) * a) @ moments
    return np.moveaxis((total / n_splits).reshape(*total.shape[:2], 2, -1), 2, 0)


def _splitter(histograms, counts, split):
    """Return a function that draws one division of the ensemble: ((sums, totals) of A, the same of B)."""
    if split not in ("replicas", "realizations"):
        raise InputError(f"split = {split!r}; expected 'replicas' or 'realizations'")
    many = len(histograms) > 1
    if split == "realizations" and not many:
        raise InputError("split = 'realizations' needs at least 2 realizations; there is 1")
    few = min(histogram.shape[1] for histogram in histograms)
    if split == "replicas" and few < 2:
        raise InputError(f"split = 'replicas' needs at least 2 replicas in every realization; one has {few}")

    def halves_of_replicas(rng):
        a, b = [], []
        for histogram in histograms:
            order = rng.permutation(histogram.shape[1])
            a.append(histogram[:, order[: len(order) // 2]])
            b.append(histogram[:, order[len(order) // 2 :]])
        return per_realization(a, counts), per_realization(b, counts)

    def halves_of_units(rng):
        in_a = np.zeros(len(sums))
        in_a[rng.permutation(len(sums))[: len(sums) // 2]] = 1.0
        return [(sums * mask[:, None, None], totals * mask[:, None]) for mask in (in_a, 1.0 - in_a)]

    if split == "replicas" and many:
        return halves_of_replicas
    sums, totals, _ = independent_units(histograms, counts)
    return halves_of_units


def _moment_weights(edges, r_low, r_max):
    """Weights (B,) of the midpoint rule for int r f dr and int f dr over the bins inside [r_low, r_max]."""
    slack = 1e-9 * (edges[-1] - edges[0])  # edges such as 0.1 * 3 are not exact
    inside = (edges[:-1] >= r_low - slack) & (edges[1:] <= r_max + slack)
    if not inside.any():
        raise InputError(
            f"r_low = {r_low}, r_max = {r_max}: no bin lies between them; expected a part of "
            f"[{edges[0]:.4g}, {edges[-1]:.4g}] [ell] at least a bin wide"
        )
    width = np.where(inside, np.diff(edges), 0.0)
    return bin_centres(edges) * width, width
