"""Spin-spin correlations C(r, t), averaged over realizations, with bootstrap resamples (paper Eq. 20).

Averages run over pairs of a bin, replicas (initial spins on the same sites) and atomic realizations. Errors come
from resampling realizations, since replicas on the same sites are not independent.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sdglass.arrays import own_arithmetic, real_array
from sdglass.errors import InputError
from sdglass.observables import OBSERVABLES
from sdglass.spins import check_spins
from sdglass.statistics import bootstrap_weights, centred_interval
from sdglass.structures.neighbours import beside_shell, minimum_image_pairs

_BLOCK = 192  # columns (replica, component) treated at once: N = 500 rows of them stay in the cache


@dataclass(frozen=True, eq=False)
class PairBins:
    """Unordered pairs of sites of one structure, sorted into bins of distance."""

    edges: np.ndarray  # (B + 1,) bin b holds edges[b] <= r < edges[b + 1] [ell], the last one its upper edge too
    counts: np.ndarray  # (B,) pairs in each bin
    n_sites: int
    pairs: tuple  # B sparse matrices (N, N), with a 1 at (i, j), i < j, for every pair of the bin

    @property
    def centres(self):
        """Middle of each bin [ell], shape (B,)."""
        return bin_centres(self.edges)


@OBSERVABLES.register("correlation")
def correlation(structure, trajectory, bins):
    """Return both terms of Eq. 20.

    ``correlation`` (K, R, B) is `correlation_histogram` in single precision, ``disconnected`` (K, B) is
    `disconnected_histogram`, nan for a single replica.
    """
    histogram = correlation_histogram(trajectory.spins, bins)
    disconnected = np.full(histogram[:, 0].shape, np.nan)
    if histogram.shape[1] > 1:
        disconnected = disconnected_histogram(trajectory.spins, bins, histogram)
    # In multiples of 2^-15, far below the noise of one replica: what is left can be packed.
    rounded = (np.round(histogram * 2.0**15) / 2.0**15).astype(np.float32)
    return {"correlation": rounded, "disconnected": disconnected}


def bin_centres(edges):
    """Return the middle of each bin, shape (B,), of `edges`, shape (B + 1,)."""
    edges = np.asarray(edges, dtype=float)
    return 0.5 * (edges[:-1] + edges[1:])


@own_arithmetic
def pair_bins(structure, edges):
    """Sort the pairs of a structure into `PairBins` of their minimum-image distance, with `edges` (B + 1,) [ell].

    A lattice's shell on an edge is in the bin that begins there, or in the last one at its upper edge, as a whole.
    `InputError` if the edges are not ascending, not finite or negative.
    """
    edges = check_edges(edges)
    near = minimum_image_pairs(structure, edges[-1])
    inner = [beside_shell(edge, near.distance, structure.n_sites, side=-1) for edge in edges[:-1]]
    which = np.searchsorted(inner, near.distance, side="right") - 1
    n, matrices = structure.n_sites, []
    for b in range(len(edges) - 1):
        here = which == b
        unit = np.ones(np.count_nonzero(here))
        matrices.append(sparse.csr_array((unit, (near.first[here], near.second[here])), shape=(n, n)))
    counts = np.array([matrix.nnz for matrix in matrices])
    return PairBins(edges, counts, n, tuple(matrices))


@own_arithmetic
def correlation_histogram(spins, bins):
    """Return the mean of S_i . S_j over the pairs of each bin, (K, R, B), the first term of Eq. 20.

    nan in bins without pairs. `spins`, (K, R, N, 3), are K snapshots of R replicas on the sites of `bins`; a wrong
    shape, or a spin that is not a unit vector, is an `InputError`.
    """
    spins = _check_snapshots(spins, bins)
    k, r = spins.shape[:2]
    return ratio(_pair_sums(spins.reshape(k * r, bins.n_sites, 3), bins), bins.counts).reshape(k, r, -1)


def merge_bins(histograms, counts, edges, factor):
    """Return histograms, counts and edges with every `factor` neighbouring bins made one, weighted by their pairs.

    The arguments are those of `ensemble_average`, and the edges (B + 1,) [ell]. Bins left over at the end are
    dropped, bins without pairs are nan. `InputError` if no bin is that wide.
    """
    histograms, counts = check_histograms(histograms, counts)
    n_bins = counts.shape[1] // factor
    if n_bins == 0:
        raise InputError(f"factor = {factor} for {counts.shape[1]} bins; expected at most that many")

    def merged(values):
        return values[..., : n_bins * factor].reshape(*values.shape[:-1], n_bins, factor).sum(axis=-1)

    totals = merged(counts)
    sums = [merged(np.where(n > 0, mean * n, 0.0)) for mean, n in zip(histograms, counts, strict=True)]
    means = [ratio(part, total) for part, total in zip(sums, totals, strict=True)]
    return means, totals, np.asarray(edges, dtype=float)[: n_bins * factor + 1 : factor]


def disconnected_histogram(spins, bins, histogram=None):
    """Return <S_i> . <S_j> averaged over the pairs of each bin, (K, B), the second term of Eq. 20.

    The product of two replica means is biased by the first term divided by R, because a replica is also
    multiplied with itself. Only different replicas a != b are multiplied here,
    sum_{a != b} S_i^a . S_j^b / (R (R - 1)), so that the expectation is that of independent ensembles. It is zero
    when the initial spins are drawn isotropically and nothing breaks spin rotation, as in the paper.

    The arguments are those of `correlation_histogram`, and its result, if it is at hand. `InputError` with a
    single replica.
    """
    spins = _check_snapshots(spins, bins)
    r = spins.shape[1]
    if r < 2:
        raise InputError(f"spins has {r} replica; expected at least 2 to estimate <S_i> . <S_j> without bias")
    if histogram is None:
        histogram = correlation_histogram(spins, bins)
    total = ratio(_pair_sums(spins.sum(axis=1), bins), bins.counts)
    return (total - np.sum(histogram, axis=1)) / (r * (r - 1))


@dataclass(frozen=True, eq=False)
class EnsembleCorrelation:
    """C(r, t) averaged over realizations and replicas, with bootstrap resamples; nan in bins without pairs."""

    mean: np.ndarray  # (K, B)
    samples: np.ndarray  # (n_samples, K, B), the same for every resample
    # (n_samples, U), how often each unit entered each resample; `split_correlation_length` can use the same ones.
    weights: np.ndarray
    # "realizations", or "replicas" of a single one: the errors then leave out the scatter between realizations.
    resampled: str

    @property
    def n_units(self):
        """Number of realizations or replicas that were resampled."""
        return self.weights.shape[1]

    def interval(self, level):
        """Return the `centred_interval` (low, high) of every value, each of shape (K, B)."""
        return centred_interval(self.mean, self.samples, level, self.n_units)


def ensemble_average(histograms, counts):
    """Return C(r, t) (K, B) averaged over replicas and then, weighted by the pairs in the bin, over realizations.

    Parameters
    ----------
    histograms : sequence of array_like, each (K, R, B)
        `correlation_histogram` of every realization (R may differ between them). Subtract
        ``disconnected_histogram(...)[:, None]`` first for the connected function of Eq. 20.
    counts : array_like, shape (n_realizations, B)
        Pairs in each bin of every realization; C is nan where there is none in any of them.

    Raises
    ------
    InputError
        If the shapes do not fit together.
    """
    histograms, counts = check_histograms(histograms, counts)
    return average_units(*per_realization(histograms, counts))


def bootstrap_average(histograms, counts, rng, n_samples=1000):
    """Return the `EnsembleCorrelation` of `histograms`, `counts` (as in `ensemble_average`).

    Realizations are resampled with replacement; replicas, if there is one realization only. `InputError` if that
    has a single replica.
    """
    histograms, counts = check_histograms(histograms, counts)
    sums, totals, resampled = independent_units(histograms, counts)
    weights = bootstrap_weights(len(sums), n_samples, rng)
    return EnsembleCorrelation(
        average_units(sums, totals), average_units(sums, totals, weights), weights, resampled
    )


def _pair_sums(vectors, bins):
    """Sum of v_i . v_j over the pairs of each bin, (M, B), for vectors (M, N, 3)."""
    m, n, _ = vectors.shape
    # A sparse matrix times a block of columns runs along contiguous rows: faster than gathering pair by pair.
    columns = vectors.transpose(1, 0, 2).reshape(n, 3 * m)
    sums = np.zeros((len(bins.pairs), 3 * m))
    for start in range(0, 3 * m, _BLOCK):
        block = np.ascontiguousarray(columns[:, start : start + _BLOCK])
        for b, matrix in enumerate(bins.pairs):
            if matrix.nnz:
                sums[b, start : start + _BLOCK] = np.einsum("nc,nc->c", block, matrix @ block)
    return sums.reshape(-1, m, 3).sum(axis=2).T


def ratio(over, under):
    """Return over / under where that is positive, otherwise nan."""
    return np.where(under > 0, over / np.where(under > 0, under, 1), np.nan)[()]


def per_realization(histograms, counts):
    """Pair-weighted sums (n_realizations, K, B) of the replica means, and their weights (n_realizations, B)."""
    means = np.stack([np.mean(histogram, axis=1) for histogram in histograms])
    return _weighted(means, counts)


def independent_units(histograms, counts):
    """The same, and ``"realizations"``; or, of a single one, its replicas as units and ``"replicas"``."""
    if len(histograms) > 1:
        return *per_realization(histograms, counts), "realizations"
    (histogram,) = histograms
    return *_weighted(histogram.transpose(1, 0, 2), np.tile(counts, (histogram.shape[1], 1))), "replicas"


def _weighted(means, counts):
    counts = counts.astype(float)
    return np.where(counts[:, None] > 0, means * counts[:, None], 0.0), counts


def average_units(sums, totals, weights=None):
    """Ratio of sums (U, K, B) and totals (U, B) over the units, (K, B), or (n_samples, K, B) with weights."""
    if weights is None:
        over, under = sums.sum(axis=0), totals.sum(axis=0)
    else:
        over = (weights @ sums.reshape(len(sums), -1)).reshape(-1, *sums.shape[1:])
        under = (weights @ totals)[:, None]
    return ratio(over, under)


def check_edges(edges):
    """Return bin edges as an array, or raise `InputError` if they are not ascending distances."""
    edges = np.array(edges, dtype=float)
    if edges.ndim != 1 or len(edges) < 2:
        raise InputError(f"edges has shape {edges.shape}; expected (B + 1,) with at least one bin")
    if not np.isfinite(edges).all() or edges[0] < 0 or not (np.diff(edges) > 0).all():
        raise InputError(f"edges = {edges.tolist()}; expected ascending distances >= 0 [ell]")
    return edges


def _check_snapshots(spins, bins):
    spins = real_array(spins, "spins")
    if spins.ndim != 4 or 0 in spins.shape:
        raise InputError(f"spins has shape {spins.shape}; expected (snapshots, replicas, {bins.n_sites}, 3)")
    for k, snapshot in enumerate(spins):
        check_spins(snapshot, bins.n_sites, name=f"spins[{k}]")
    return spins


def check_histograms(histograms, counts):
    """Return `histograms` and `counts` of `ensemble_average` as arrays, or raise `InputError`."""
    histograms = [np.asarray(histogram, dtype=float) for histogram in histograms]
    counts = np.asarray(counts)
    if not histograms or counts.ndim != 2 or len(counts) != len(histograms):
        raise InputError(f"counts has shape {counts.shape}; expected ({len(histograms)}, bins) for the histograms")
    for n, histogram in enumerate(histograms):
        if histogram.ndim != 3 or histogram.shape[1] == 0:
            raise InputError(f"histograms[{n}] has shape {histogram.shape}; expected (snapshots, replicas, bins)")
        expected = len(histograms[0]), counts.shape[1]
        if (histogram.shape[0], histogram.shape[2]) != expected:
            raise InputError(f"histograms[{n}] has shape {histogram.shape}; expected (snapshots, bins) {expected}")
        if np.isnan(histogram[..., counts[n] > 0]).any():
            raise InputError(f"histograms[{n}] is nan in a bin that has pairs; expected finite correlations")
    return histograms, counts
