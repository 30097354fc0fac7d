"""Spin-spin correlations C(r, t) and the correlation length xi(t) (paper Eq. 20 and Fig. 5).

Averages run over pairs of a bin, over replicas (independent initial spins on the same sites) and over atomic
realizations. Errors come from resampling realizations, since replicas on the same sites are not independent.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sdglass.errors import InputError
from sdglass.neighbours import neighbour_pairs
from sdglass.spins import check_spins

# Columns (replica and component) treated at once: N = 500 rows of them stay in the cache.
_BLOCK = 192


@dataclass(frozen=True, eq=False)
class PairBins:
    """Unordered pairs of sites of one structure, sorted into bins of distance.

    Attributes
    ----------
    edges : numpy.ndarray, shape (B + 1,)
        Bin b holds edges[b] <= r < edges[b + 1] [ell]; the last one includes its upper edge.
    counts : numpy.ndarray of int, shape (B,)
        Pairs in each bin.
    n_sites : int
    pairs : tuple of scipy.sparse.csr_array, length B
        (N, N) matrix of each bin with a 1 at (i, j), i < j, for every pair.
    """

    edges: np.ndarray
    counts: np.ndarray
    n_sites: int
    pairs: tuple

    @property
    def centres(self):
        """Middle of each bin [ell], shape (B,)."""
        return bin_centres(self.edges)


def bin_centres(edges):
    """Return the middle of each bin, shape (B,), of `edges`, shape (B + 1,)."""
    edges = np.asarray(edges, dtype=float)
    return 0.5 * (edges[:-1] + edges[1:])


def pair_bins(structure, edges):
    """Sort the pairs of a structure into bins of their minimum-image distance.

    On a lattice, put the edges between the shells: a shell on an edge is divided by rounding.

    Parameters
    ----------
    structure : Structure
    edges : array_like, shape (B + 1,)
        Ascending distances [ell].

    Returns
    -------
    PairBins

    Raises
    ------
    InputError
        If the edges are not ascending, not finite or negative.
    """
    edges = _check_edges(edges)
    near = neighbour_pairs(structure, edges[-1])
    which = np.searchsorted(edges, near.distance, side="right") - 1
    which[near.distance == edges[-1]] = len(edges) - 2
    n, matrices = structure.n_sites, []
    for b in range(len(edges) - 1):
        here = which == b
        ones = np.ones(np.count_nonzero(here))
        matrices.append(sparse.csr_array((ones, (near.first[here], near.second[here])), shape=(n, n)))
    counts = np.array([matrix.nnz for matrix in matrices])
    return PairBins(edges, counts, n, tuple(matrices))


def correlation_histogram(spins, bins):
    """Return the mean of S_i . S_j over the pairs of each bin, the first term of Eq. 20.

    Parameters
    ----------
    spins : array_like, shape (K, R, N, 3)
        K snapshots of R replicas on the sites of `bins`.
    bins : PairBins

    Returns
    -------
    numpy.ndarray, shape (K, R, B)
        nan in bins without pairs.

    Raises
    ------
    InputError
        If the shape is wrong or a spin is not a unit vector.
    """
    spins = _check_snapshots(spins, bins)
    k, r = spins.shape[:2]
    return _mean_over_pairs(_pair_sums(spins.reshape(k * r, bins.n_sites, 3), bins), bins).reshape(k, r, -1)


def disconnected_histogram(spins, bins, histogram=None):
    """Return <S_i> . <S_j> averaged over the pairs of each bin, the second term of Eq. 20.

    The product of two replica means is biased by the first term divided by R, because a replica is also
    multiplied with itself. Only different replicas a != b are multiplied here,
    sum_{a != b} S_i^a . S_j^b / (R (R - 1)), so that the expectation is that of independent ensembles. It is zero
    when the initial spins are drawn isotropically and nothing breaks spin rotation, as in the paper.

    Parameters
    ----------
    spins : array_like, shape (K, R, N, 3)
        Snapshots of at least two replicas.
    bins : PairBins
    histogram : array_like, shape (K, R, B), optional
        `correlation_histogram` of the same spins, if it is at hand.

    Returns
    -------
    numpy.ndarray, shape (K, B)
        nan in bins without pairs.

    Raises
    ------
    InputError
        If there is one replica only, or as in `correlation_histogram`.
    """
    spins = _check_snapshots(spins, bins)
    r = spins.shape[1]
    if r < 2:
        raise InputError(f"spins has {r} replica; expected at least 2 to estimate <S_i> . <S_j> without bias")
    if histogram is None:
        histogram = correlation_histogram(spins, bins)
    total = _mean_over_pairs(_pair_sums(spins.sum(axis=1), bins), bins)
    return (total - np.sum(histogram, axis=1)) / (r * (r - 1))


def bootstrap_weights(n_units, n_samples, rng):
    """Return how often each of `n_units` is drawn in resamples of the same size, with replacement.

    A mean over the units becomes one matrix product, weights @ values / n_units, for all resamples at once.

    Parameters
    ----------
    n_units, n_samples : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, shape (n_samples, n_units)
        Multinomial counts as floats; every row sums to `n_units`.

    Raises
    ------
    InputError
        If there are fewer than two units, which say nothing about their scatter.
    """
    if n_units < 2:
        raise InputError(f"{n_units} independent unit to resample; expected at least 2 realizations or replicas")
    return rng.multinomial(n_units, np.full(n_units, 1.0 / n_units), size=n_samples).astype(float)


def percentile_interval(samples, level=0.68):
    """Return the central interval (low, high) that holds `level` of `samples` along the first axis.

    Resamples that are nan are left out; an entry that is nan in all of them gives nan.
    """
    samples = np.asarray(samples, dtype=float)
    if not 0.0 < level < 1.0:
        raise InputError(f"level = {level}; expected a probability between 0 and 1")
    tails = [0.5 * (1.0 - level), 0.5 * (1.0 + level)]
    nothing = np.isnan(samples).all(axis=0)
    low, high = np.nanquantile(np.where(nothing, 0.0, samples), tails, axis=0)
    return np.where(nothing, np.nan, low)[()], np.where(nothing, np.nan, high)[()]


@dataclass(frozen=True, eq=False)
class EnsembleCorrelation:
    """C(r, t) averaged over realizations and replicas, with bootstrap resamples.

    The spread of a bootstrap over n units is too small by a factor sqrt((n - 1) / n) on average: 5 % at n = 10.

    Attributes
    ----------
    mean : numpy.ndarray, shape (K, B)
        nan in bins without pairs.
    samples : numpy.ndarray, shape (n_samples, K, B)
        The same for every resample.
    weights : numpy.ndarray, shape (n_samples, U)
        How often each unit entered each resample: hand it to `split_correlation_length` to use the same ones.
    resampled : str
        ``"realizations"``, or ``"replicas"`` where there is one realization only: the errors then leave out the
        scatter between realizations.
    """

    mean: np.ndarray
    samples: np.ndarray
    weights: np.ndarray
    resampled: str

    def interval(self, level=0.68):
        """Return the percentile interval (low, high), each of shape (K, B)."""
        return percentile_interval(self.samples, level)

    @property
    def standard_error(self):
        """Standard deviation of the resamples, shape (K, B)."""
        return np.std(self.samples, axis=0)


def ensemble_average(histograms, counts):
    """Return C(r, t) averaged over replicas and then, weighted by the pairs in the bin, over realizations.

    Parameters
    ----------
    histograms : sequence of array_like, each (K, R, B)
        `correlation_histogram` of every realization (R may differ between them). Subtract
        ``disconnected_histogram(...)[:, None]`` first for the connected function of Eq. 20.
    counts : array_like, shape (n_realizations, B)
        Pairs in each bin of every realization.

    Returns
    -------
    numpy.ndarray, shape (K, B)
        nan in bins that have no pair in any realization.

    Raises
    ------
    InputError
        If the shapes do not fit together.
    """
    histograms, counts = _check_histograms(histograms, counts)
    return _average(*_per_realization(histograms, counts))


def bootstrap_average(histograms, counts, rng, n_samples=1000):
    """Return the `EnsembleCorrelation` of `histograms`, `counts` (as in `ensemble_average`).

    Realizations are resampled with replacement; replicas, if there is one realization only.

    Raises
    ------
    InputError
        If there is a single realization with a single replica, or as in `ensemble_average`.
    """
    histograms, counts = _check_histograms(histograms, counts)
    if len(histograms) > 1:
        sums, totals, resampled = *_per_realization(histograms, counts), "realizations"
    else:
        sums, totals, resampled = *_per_replica(histograms[0], counts[0]), "replicas"
    weights = bootstrap_weights(len(sums), n_samples, rng)
    return EnsembleCorrelation(_average(sums, totals), _average(sums, totals, weights), weights, resampled)


def correlation_length(edges, correlation, r_low=0.0, r_max=np.inf):
    """Return xi = int r |C| dr / int |C| dr, the paper's formula, by the midpoint rule.

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
        C(r); bins that are nan (no pairs) count as C = 0.
    r_low, r_max : float
        Only bins that lie wholly between the two are used [ell].

    Returns
    -------
    numpy.ndarray, shape (...)
        Correlation length [ell]; nan where C vanishes in the whole range.

    Raises
    ------
    InputError
        If the shapes do not fit or no bin lies in the range.
    """
    edges = _check_edges(edges)
    correlation = np.asarray(correlation, dtype=float)
    if correlation.shape[-1:] != (len(edges) - 1,):
        raise InputError(
            f"correlation has shape {correlation.shape}; expected (..., {len(edges) - 1}) for the edges"
        )
    magnitude = np.abs(np.nan_to_num(correlation, nan=0.0))
    first, zeroth = _moment_weights(edges, r_low, r_max)
    return _ratio(magnitude @ first, magnitude @ zeroth)


@dataclass(frozen=True, eq=False)
class SplitCorrelationLength:
    """Correlation length without the bias of |C|.

    Attributes
    ----------
    length : numpy.ndarray, shape (K,)
        numerator / denominator [ell]; nan where the denominator is not positive, that is where nothing but noise
        is left.
    numerator : numpy.ndarray, shape (K,)
        int r sign(C_A) C_B dr [ell^2], averaged over the splits.
    denominator : numpy.ndarray, shape (K,)
        int sign(C_A) C_B dr [ell].
    samples : numpy.ndarray, shape (n_samples, K)
        Lengths of the resamples; no rows if no weights were given.
    split : str
        What was divided into halves: ``"replicas"`` or ``"realizations"``.
    """

    length: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    samples: np.ndarray
    split: str


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
    histograms, counts = _check_histograms(histograms, counts)
    edges = _check_edges(edges)
    if len(edges) != counts.shape[1] + 1:
        raise InputError(f"{len(edges)} edges for {counts.shape[1]} bins; expected {counts.shape[1] + 1}")
    halves = _splitter(histograms, counts, split)
    units = len(histograms) if len(histograms) > 1 else len(histograms[0][0])
    # The first row is the ensemble itself, the others are its resamples.
    rows = np.ones((1, units))
    if weights is not None:
        if np.ndim(weights) != 2 or np.shape(weights)[1] != units:
            raise InputError(f"weights has shape {np.shape(weights)}; expected (n_samples, {units})")
        rows = np.concatenate([rows, np.asarray(weights, dtype=float)])
    moments = np.stack(_moment_weights(edges, r_low, r_max), axis=1)
    total = 0.0
    for _ in range(n_splits):
        # A half that a resample left empty gives nan; as zero it drops out of numerator and denominator alike.
        a, b = (np.nan_to_num(_average(*half, rows), nan=0.0) for half in halves(rng))
        total = total + 0.5 * (np.sign(a) * b + np.sign(b) * a) @ moments
    numerator, denominator = np.moveaxis(total / n_splits, -1, 0)
    length = _ratio(numerator, denominator)
    return SplitCorrelationLength(length[0], numerator[0], denominator[0], length[1:], split)


def value_at_contact(correlation):
    """Return C in the first bin that has pairs, the one at r_min, for `correlation` of shape (..., B)."""
    correlation = np.asarray(correlation, dtype=float)
    first = np.argmax(~np.isnan(correlation), axis=-1)  # 0 if all are nan, where C is nan
    return np.take_along_axis(correlation, first[..., None], axis=-1)[..., 0]


def first_zero_crossing(r, correlation):
    """Return where C(r) first changes sign, by linear interpolation between bins.

    Noise crosses zero anywhere: look at the interval over the resamples as well.

    Parameters
    ----------
    r : array_like, shape (B,)
        Ascending distances [ell].
    correlation : array_like, shape (..., B)
        nan (bins without pairs) are passed over.

    Returns
    -------
    numpy.ndarray, shape (...)
        Distance [ell]; nan where the sign never changes.
    """
    r, c = _check_curve(r, correlation)
    index = np.where(np.isnan(c), -1, np.arange(c.shape[-1]))
    # For each bin the last bin before it that is not empty, -1 if there is none.
    before = np.concatenate(
        [np.full_like(index[..., :1], -1), np.maximum.accumulate(index, axis=-1)[..., :-1]], axis=-1
    )
    previous = np.where(before < 0, np.nan, np.take_along_axis(c, np.maximum(before, 0), axis=-1))
    changes = (np.sign(previous) * np.sign(c) <= 0) & (previous != 0)  # False where either is nan
    at = np.argmax(changes, axis=-1)[..., None]
    c1, c2 = (np.take_along_axis(values, at, axis=-1)[..., 0] for values in (previous, c))
    r1, r2 = r[np.maximum(np.take_along_axis(before, at, axis=-1)[..., 0], 0)], r[at[..., 0]]
    found = changes.any(axis=-1)
    return np.where(found, r1 + (r2 - r1) * c1 / np.where(found, c1 - c2, 1.0), np.nan)[()]


def ferromagnetic_peak(r, correlation, window=(1.2, 2.2)):
    """Return position and height of the highest positive maximum of C(r) in a window (the paper's r ~ 1.5 ell).

    A parabola through the highest bin and its two neighbours is used. The highest of several noisy bins is
    biased upwards by about their error.

    Parameters
    ----------
    r : array_like, shape (B,)
        Ascending distances [ell].
    correlation : array_like, shape (..., B)
    window : tuple of float
        Where to look [ell].

    Returns
    -------
    position, height : numpy.ndarray, shape (...)
        Position [ell] and C there; nan where the highest bin of the window is not positive or not a local
        maximum (C still rises at the edge of the window).
    """
    r, c = _check_curve(r, correlation)
    inside = np.flatnonzero((r >= window[0]) & (r <= window[1]))
    inside = inside[(inside > 0) & (inside < len(r) - 1)]
    if len(inside) == 0:
        raise InputError(
            f"window = {tuple(window)} holds no bin; expected a part of [{r[0]:.4g}, {r[-1]:.4g}] [ell]"
        )
    at = inside[np.argmax(np.nan_to_num(c[..., inside], nan=-np.inf), axis=-1)][..., None]
    left, top, right = (np.take_along_axis(c, at + step, axis=-1)[..., 0] for step in (-1, 0, 1))
    r1, r2, r3 = (r[at[..., 0] + step] for step in (-1, 0, 1))
    found = (top > 0) & (top > left) & (top >= right)
    # Newton's form of the parabola: C = top + (r - r2) (slope + curvature (r - r1)).
    slope = (top - left) / (r2 - r1)
    curvature = ((right - top) / (r3 - r2) - slope) / (r3 - r1)
    position = 0.5 * (r1 + r2) - 0.5 * slope / np.where(found, curvature, 1.0)
    height = top + (position - r2) * (slope + curvature * (position - r1))
    return np.where(found, position, np.nan)[()], np.where(found, height, np.nan)[()]


def _pair_sums(vectors, bins):
    """Sum of v_i . v_j over the pairs of each bin, (M, B), for vectors (M, N, 3).

    The sparse matrix of a bin times a block of columns runs along contiguous rows, which is several times faster
    than gathering spins pair by pair or binning the dense matrix S_i . S_j.
    """
    m, n, _ = vectors.shape
    columns = vectors.transpose(1, 0, 2).reshape(n, 3 * m)
    sums = np.zeros((len(bins.pairs), 3 * m))
    for start in range(0, 3 * m, _BLOCK):
        block = np.ascontiguousarray(columns[:, start : start + _BLOCK])
        for b, matrix in enumerate(bins.pairs):
            if matrix.nnz:
                sums[b, start : start + _BLOCK] = np.einsum("nc,nc->c", block, matrix @ block)
    return sums.reshape(-1, m, 3).sum(axis=2).T


def _mean_over_pairs(sums, bins):
    return np.where(bins.counts > 0, sums / np.maximum(bins.counts, 1), np.nan)


def _per_realization(histograms, counts):
    """Pair-weighted sums (n_realizations, K, B) of the replica means, and their weights (n_realizations, B)."""
    means = np.stack([np.mean(histogram, axis=1) for histogram in histograms])
    return _weighted(means, counts)


def _per_replica(histogram, counts):
    """The same with the replicas of one realization as units."""
    return _weighted(histogram.transpose(1, 0, 2), np.tile(counts, (histogram.shape[1], 1)))


def _weighted(means, counts):
    counts = counts.astype(float)
    return np.where(counts[:, None] > 0, means * counts[:, None], 0.0), counts


def _average(sums, totals, weights=None):
    """Ratio of sums (U, K, B) and totals (U, B) over the units, (K, B), or (n_samples, K, B) with weights."""
    if weights is None:
        over, under = sums.sum(axis=0), totals.sum(axis=0)
    else:
        over = (weights @ sums.reshape(len(sums), -1)).reshape(-1, *sums.shape[1:])
        under = (weights @ totals)[:, None]
    return np.where(under > 0, over / np.where(under > 0, under, 1.0), np.nan)


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

    if split == "replicas" and many:

        def halves(rng):
            orders = [rng.permutation(histogram.shape[1]) for histogram in histograms]
            a = [h[:, order[: len(order) // 2]] for h, order in zip(histograms, orders, strict=True)]
            b = [h[:, order[len(order) // 2 :]] for h, order in zip(histograms, orders, strict=True)]
            return _per_realization(a, counts), _per_realization(b, counts)

        return halves

    sums, totals = _per_realization(histograms, counts) if many else _per_replica(histograms[0], counts[0])

    def halves(rng):
        in_a = np.zeros(len(sums))
        in_a[rng.permutation(len(sums))[: len(sums) // 2]] = 1.0
        return [(sums * mask[:, None, None], totals * mask[:, None]) for mask in (in_a, 1.0 - in_a)]

    return halves


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


def _ratio(numerator, denominator):
    usable = denominator > 0
    return np.where(usable, numerator / np.where(usable, denominator, 1.0), np.nan)[()]


def _check_edges(edges):
    edges = np.array(edges, dtype=float)
    if edges.ndim != 1 or len(edges) < 2:
        raise InputError(f"edges has shape {edges.shape}; expected (B + 1,) with at least one bin")
    if not np.isfinite(edges).all() or edges[0] < 0 or not (np.diff(edges) > 0).all():
        raise InputError(f"edges = {edges.tolist()}; expected ascending distances >= 0 [ell]")
    return edges


def _check_snapshots(spins, bins):
    spins = np.asarray(spins, dtype=float)
    if spins.ndim != 4 or 0 in spins.shape:
        raise InputError(f"spins has shape {spins.shape}; expected (snapshots, replicas, {bins.n_sites}, 3)")
    for k, snapshot in enumerate(spins):
        check_spins(snapshot, bins.n_sites, name=f"spins[{k}]")
    return spins


def _check_histograms(histograms, counts):
    histograms = [np.asarray(histogram, dtype=float) for histogram in histograms]
    counts = np.asarray(counts)
    if not histograms or counts.ndim != 2 or len(counts) != len(histograms):
        raise InputError(f"counts has shape {counts.shape}; expected ({len(histograms)}, bins) for the histograms")
    for n, histogram in enumerate(histograms):
        if histogram.ndim != 3 or histogram.shape[1] == 0:
            raise InputError(f"histograms[{n}] has shape {histogram.shape}; expected (snapshots, replicas, bins)")
        if histogram.shape[0] != len(histograms[0]) or histogram.shape[2] != counts.shape[1]:
            raise InputError(
                f"histograms[{n}] has shape {histogram.shape}; expected {len(histograms[0])} snapshots "
                f"and {counts.shape[1]} bins"
            )
        if np.isnan(histogram[..., counts[n] > 0]).any():
            raise InputError(f"histograms[{n}] is nan in a bin that has pairs; expected finite correlations")
    return histograms, counts


def _check_curve(r, correlation):
    r, c = np.asarray(r, dtype=float), np.asarray(correlation, dtype=float)
    if r.ndim != 1 or c.shape[-1:] != r.shape:
        raise InputError(f"correlation has shape {c.shape}; expected (..., {len(np.ravel(r))}) for the distances")
    return r, c
