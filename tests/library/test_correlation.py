"""Correlations, their bootstrap errors and the correlation length against sums, integrals and known curves."""

import numpy as np
import pytest

from sdglass.errors import InputError
from sdglass.observables.correlation import (
    bin_centres,
    bootstrap_average,
    correlation_histogram,
    disconnected_histogram,
    ensemble_average,
    pair_bins,
)
from sdglass.observables.correlation_length import correlation_length, split_correlation_length
from sdglass.observables.curve_features import ferromagnetic_peak, first_zero_crossing, value_at_contact
from sdglass.spins import random_spins
from sdglass.statistics import bootstrap_weights, centred_interval
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure

EDGES = np.linspace(0.1, 2.8, 10)  # the first bin lies inside r_min = 0.5 and is empty


def amorphous(n_sites=40, seed=1):
    return random_sequential_addition(n_sites, (n_sites / 0.8) ** (1 / 3), 0.5, np.random.default_rng(seed))


def snapshots(k, r, n, seed):
    return random_spins(n, np.random.default_rng(seed), k * r).reshape(k, r, n, 3)


# ---- histograms ---------------------------------------------------------------------------------------------


def test_histograms_are_the_sums_over_pairs():
    structure, spins = amorphous(), snapshots(2, 3, 40, 2)
    bins = pair_bins(structure, EDGES)
    distance = structure.distances()
    connected, disconnected = correlation_histogram(spins, bins), disconnected_histogram(spins, bins)
    for b in range(len(EDGES) - 1):
        i, j = np.nonzero(np.triu((distance >= EDGES[b]) & (distance < EDGES[b + 1]), 1))
        assert bins.counts[b] == len(i)
        if len(i) == 0:
            assert np.isnan(connected[..., b]).all()
            assert np.isnan(disconnected[..., b]).all()
            continue
        product = np.einsum("kapx,kbpx->kabp", spins[:, :, i], spins[:, :, j])
        np.testing.assert_allclose(connected[..., b], np.einsum("kaap->kap", product).mean(-1), atol=1e-13)
        different = product[:, ~np.eye(3, dtype=bool)]  # a != b
        np.testing.assert_allclose(disconnected[:, b], different.mean(axis=(1, 2)), atol=1e-13)
    assert np.isnan(connected).any()  # the case of an empty bin did occur


def test_neel_order_on_the_square_lattice():
    lattice = square_lattice(6)
    x, y = lattice.positions[:, 0], lattice.positions[:, 1]
    neel = np.zeros((1, 1, 36, 3))
    neel[..., 2] = (-1.0) ** (x + y)
    bins = pair_bins(lattice, [0.5, 1.2, 1.5, 2.1])
    assert bins.counts.tolist() == [72, 72, 72]
    assert correlation_histogram(neel, bins).ravel().tolist() == [-1.0, 1.0, 1.0]


@pytest.mark.parametrize("unit", [1.0, 1 / 3, 0.7])
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_edges_do_not_divide_a_shell(unit, dtype):
    """Edges on shells of the square lattice: each belongs to the bin above, the last one to its bin."""
    positions = (square_lattice(6, spacing=unit).positions + 0.1).astype(dtype)
    bins = pair_bins(Structure(positions, 6 * unit), unit * np.array([0.0, 1.0, 2**0.5, 2.0]))
    assert bins.counts.tolist() == [0, 72, 144]


def test_second_term_has_no_bias_from_few_replicas():
    bins = pair_bins(amorphous(), [0.5, 1.0])
    direction = random_spins(2, np.random.default_rng(5), 4000)  # 4000 ensembles of 2 uniform replicas
    spins = np.repeat(direction[:, :, None], 40, axis=2)
    estimate = disconnected_histogram(spins, bins)[:, 0]
    # The product of the means would average to 1 / R = 0.5.
    assert abs(estimate.mean()) < 4 * np.sqrt(1 / 3 / 4000)


@pytest.mark.parametrize("edges", [[1.0], [1.0, 0.5], [-0.1, 1.0], [0.5, np.nan], [[0.5, 1.0]]])
def test_bad_edges_are_refused(edges):
    with pytest.raises(InputError, match="edges"):
        pair_bins(amorphous(), edges)


# ---- ensemble and bootstrap ---------------------------------------------------------------------------------


def test_ensemble_average_weighs_realizations_by_their_pairs():
    a, b = np.zeros((1, 2, 3)), np.ones((1, 5, 3))
    a[..., 2] = b[..., 2] = np.nan
    b[..., 1] = np.nan
    counts = [[1, 4, 0], [3, 0, 0]]
    c = ensemble_average([a, b], counts)
    np.testing.assert_array_equal(c, [[0.75, 0.0, np.nan]])
    with pytest.raises(InputError, match="bins"):
        ensemble_average([a, b], [[1, 4], [3, 0]])
    with pytest.raises(InputError, match=r"histograms\[1\] is nan"):
        ensemble_average([a, b], [[1, 4, 0], [3, 1, 0]])


def test_bootstrap_resamples_are_averages_of_drawn_realizations():
    rng = np.random.default_rng(7)
    histograms, counts = list(rng.standard_normal((4, 2, 3, 5))), rng.integers(1, 9, (4, 5))
    ensemble = bootstrap_average(histograms, counts, rng, n_samples=20)
    np.testing.assert_allclose(ensemble.mean, ensemble_average(histograms, counts))
    assert ensemble.resampled == "realizations"
    for weights, sample in zip(ensemble.weights, ensemble.samples, strict=True):
        drawn = np.repeat(np.arange(4), weights.astype(int))
        assert len(drawn) == 4
        np.testing.assert_allclose(sample, ensemble_average([histograms[n] for n in drawn], counts[drawn]))


def test_a_single_realization_resamples_replicas_and_says_so():
    rng = np.random.default_rng(9)
    histogram, counts = rng.standard_normal((2, 6, 3)), np.array([[4, 1, 9]])
    ensemble = bootstrap_average([histogram], counts, rng, n_samples=50)
    assert ensemble.resampled == "replicas"
    expected = np.einsum("sr,krb->skb", ensemble.weights, histogram) / 6
    np.testing.assert_allclose(ensemble.samples, expected)
    with pytest.raises(InputError, match="at least 2"):
        bootstrap_average([histogram[:, :1]], counts, rng)


@pytest.mark.parametrize("level", [0.68, 0.95])
@pytest.mark.parametrize("n_units", [4, 10])
def test_centred_interval_covers_the_mean_of_a_few_units(n_units, level):
    trials, rng = 2000, np.random.default_rng(30)
    units = rng.standard_normal((n_units, trials))
    mean, samples = units.mean(axis=0), bootstrap_weights(n_units, 400, rng) @ units / n_units
    low, high = centred_interval(mean, samples, level, n_units)
    # Four binomial deviations, at most 0.042, and 0.01 since resamples of four units are not quite normal.
    # The percentile interval covers 0.56 and 0.80 of the means of four.
    inside = np.mean((low < 0) & (high > 0))
    assert abs(inside - level) < 4 * np.sqrt(level * (1 - level) / trials) + 0.01
    assert ((low < mean) & (mean < high)).all()


def test_centred_interval_does_not_repeat_the_bias_of_a_magnitude():
    """The mean of |mean over four units| in 60 bins of noise: resamples lie above the estimate."""
    rng = np.random.default_rng(31)
    units, weights = rng.standard_normal((4, 60)), bootstrap_weights(4, 400, rng)
    estimate, samples = np.abs(units.mean(axis=0)).mean(), np.abs(weights @ units / 4).mean(axis=1)
    assert np.quantile(samples, 0.16) > estimate
    low, high = centred_interval(estimate, samples, 0.68, 4)
    assert low < estimate < high


def test_centred_interval_leaves_out_nan():
    samples = np.stack([np.arange(101.0), np.full(101, np.nan), np.arange(101.0)], axis=1)
    samples[0, 0] = samples[:51, 2] = np.nan
    low, high = centred_interval([50.5, 1.0, 2.0], samples, 0.5, 10**9)  # so many units that nothing is widened
    assert (low[0], high[0]) == pytest.approx((25.75, 75.25), rel=1e-6)
    assert np.isnan([low[1], high[1], low[2], high[2]]).all()  # more than half of the resamples are nan
    assert np.isnan(centred_interval(1.0, samples[:, 0], 0.5, 1)).all()
    with pytest.raises(InputError, match="level"):
        centred_interval([50.5, 1.0, 2.0], samples, 1.0, 5)
    with pytest.raises(InputError, match="samples has shape"):
        centred_interval(50.5, samples, 0.5, 5)


# ---- features of C(r) ---------------------------------------------------------------------------------------


def test_features_of_a_known_curve():
    h, k = 0.1, np.pi / 2
    r = bin_centres(np.arange(0.53, 4.01, h))  # neither the zero nor the top lies on or midway between centres
    curve = -np.cos(k * (r - 0.5))  # zero at 1.5, maximum 1 at 2.5
    curves = np.stack([curve, -curve, np.full_like(r, -0.1)])
    crossing = first_zero_crossing(r, curves)
    # Linear interpolation is off by h^2 / 8 times the largest C'' / C', which is k^2 h beside the node of a sine.
    assert crossing[:2] == pytest.approx([1.5, 1.5], abs=k**2 * h**3 / 8)
    assert np.isnan(crossing[2])
    position, height = ferromagnetic_peak(r, curves, window=(1.8, 3.0))
    # The cosine's fourth-order term beyond the parabola, k^4 h^4 / 24, moves the top by at most k^2 h^3 / 6.
    assert position[0] == pytest.approx(2.5, abs=k**2 * h**3 / 6)
    assert height[0] == pytest.approx(1.0, abs=k**4 * h**4 / 24)
    assert np.isnan(position[1:]).all()  # a minimum, and a curve that is flat and negative
    assert value_at_contact(curves) == pytest.approx(curves[:, 0])


# ---- correlation length -------------------------------------------------------------------------------------


def test_correlation_length_of_an_exponential():
    """The formula gives xi when integrated from 0, and xi + r_min when integrated from r_min."""
    xi, h = 0.8, 0.01
    edges = np.arange(0.0, 40 * xi, h)
    c = np.exp(-bin_centres(edges) / xi)
    # The midpoint rule is off by h^2 / 24 times the difference of the end slopes: 1 / 24 (h / xi)^2 relatively.
    tolerance = (h / xi) ** 2 / 12
    assert correlation_length(edges, c) == pytest.approx(xi, rel=tolerance)
    assert correlation_length(edges, -c, r_low=0.5) == pytest.approx(xi + 0.5, rel=tolerance)
    empty = np.where(bin_centres(edges) < 0.5, np.nan, c)
    assert correlation_length(edges, empty) == pytest.approx(xi + 0.5, rel=tolerance)


def test_range_of_the_integral():
    edges = np.arange(0.5, 4.21, 0.1)
    flat = np.ones(len(edges) - 1)
    assert correlation_length(edges, flat, r_max=2.0) == pytest.approx(1.25)  # 0.1 * 15 + 0.5 is inside
    assert correlation_length(edges, flat, r_low=1.0, r_max=3.0) == pytest.approx(2.0)
    assert np.isnan(correlation_length(edges, 0 * flat))
    with pytest.raises(InputError, match="r_max"):
        correlation_length(edges, flat, r_max=0.55)
    with pytest.raises(InputError, match="expected"):
        correlation_length(edges, flat[1:])


BROAD = np.arange(0.5, 4.21, 0.1)
TRIALS = 300  # independent ensembles, laid out as snapshots


def noisy(curve, n_realizations, replicas, sigma, seed):
    noise = np.random.default_rng(seed).standard_normal((n_realizations, TRIALS, replicas, len(curve)))
    return list(curve + sigma * noise), np.full((n_realizations, len(curve)), 10)


@pytest.mark.parametrize("split", ["replicas", "realizations"])
def test_noise_has_no_integral_once_the_ensemble_is_split(split):
    sigma = 0.2
    histograms, counts = noisy(np.zeros(len(BROAD) - 1), 4, 6, sigma, 11)
    mean = ensemble_average(histograms, counts)
    naive = np.abs(mean).sum(axis=1) * 0.1
    # <|C|> = sqrt(2 / pi) sigma / sqrt(24) in each bin: a spurious integral, and a "length" of mid-range.
    assert naive.mean() == pytest.approx(np.sqrt(2 / np.pi) * sigma / np.sqrt(24) * 3.7, rel=0.02)
    assert correlation_length(BROAD, mean).mean() == pytest.approx(2.35, abs=0.05)
    result = split_correlation_length(histograms, counts, BROAD, np.random.default_rng(12), split=split)
    for values, size in ((result.denominator, naive.mean()), (result.numerator, 2.35 * naive.mean())):
        assert abs(values.mean()) < 4 * values.std() / np.sqrt(TRIALS)
        assert 4 * values.std() / np.sqrt(TRIALS) < 0.1 * size  # the bound means something
    assert (np.isnan(result.length) == (result.denominator <= 0)).all()
    assert np.isnan(result.length).any()


@pytest.mark.parametrize("split", ["replicas", "realizations"])
def test_split_length_is_closer_to_the_truth(split):
    """Damped oscillation like the paper's Fig. 4, with noise of 0.01 in the average of 200 runs."""
    r = bin_centres(BROAD)
    curve = -0.4 * np.exp(-(r - 0.5) / 0.5) * np.cos(np.pi * (r - 0.5) / 1.8)
    truth = correlation_length(BROAD, curve)
    histograms, counts = noisy(curve, 10, 20, 0.01 * np.sqrt(200), 13)
    naive = correlation_length(BROAD, ensemble_average(histograms, counts))
    divided = split_correlation_length(histograms, counts, BROAD, np.random.default_rng(14), split=split).length
    error = naive.std() / np.sqrt(TRIALS)
    assert naive.mean() - truth > 10 * error  # biased upwards
    assert abs(divided.mean() - truth) < 0.5 * (naive.mean() - truth)
    # What is left has the other sign: the sign of C_A is wrong at random where |C| is below the noise.
    assert divided.mean() < truth + 4 * divided.std() / np.sqrt(TRIALS)


def test_split_of_noiseless_data_changes_nothing():
    curve = np.cos(bin_centres(BROAD))
    counts = np.random.default_rng(15).integers(1, 50, (3, len(curve)))
    histograms = [np.tile(curve, (2, r, 1)) for r in (2, 3, 5)]  # odd numbers of replicas too
    weights = bootstrap_weights(3, 40, np.random.default_rng(16))
    for split in ("replicas", "realizations"):
        result = split_correlation_length(
            histograms, counts, BROAD, np.random.default_rng(17), r_max=3.0, split=split, weights=weights
        )
        np.testing.assert_allclose(result.length, correlation_length(BROAD, curve, r_max=3.0))
        # A resample that drew one realization three times leaves a half empty in some splits, not in the ratio.
        drawn = weights.max(axis=1) < 3 if split == "realizations" else slice(None)
        np.testing.assert_allclose(result.samples[drawn], correlation_length(BROAD, curve, r_max=3.0))


def test_bootstrap_of_the_split_length_has_the_scatter_of_the_ensembles():
    r = bin_centres(BROAD)
    curve = -0.4 * np.exp(-(r - 0.5) / 0.5)
    histograms, counts = noisy(curve, 10, 8, 0.1, 18)
    weights = bootstrap_weights(10, 200, np.random.default_rng(19))
    result = split_correlation_length(
        histograms, counts, BROAD, np.random.default_rng(20), weights=weights, n_splits=16
    )
    # Relative error of a standard deviation from 300 ensembles: 4 %. A bootstrap of ten is 5 % small; noise enters
    # a resample twice (once drawn, once in the ensemble), which makes the ratio, not linear in it, a bit broader.
    assert np.median(result.samples.std(axis=0)) == pytest.approx(result.length.std(), rel=0.25)


def test_split_of_a_single_realization():
    histograms, counts = noisy(-np.exp(-bin_centres(BROAD)), 1, 6, 0.05, 21)
    rng = np.random.default_rng(22)
    weights = bootstrap_weights(6, 10, rng)
    result = split_correlation_length(histograms, counts, BROAD, rng, weights=weights)
    assert result.samples.shape == (10, TRIALS)
    assert np.isfinite(result.length).all()
    with pytest.raises(InputError, match="realizations"):
        split_correlation_length(histograms, counts, BROAD, rng, split="realizations")
    with pytest.raises(InputError, match="replicas"):
        split_correlation_length([histograms[0][:, :1]], counts, BROAD, rng)
    with pytest.raises(InputError, match="split = 'time'"):
        split_correlation_length(histograms, counts, BROAD, rng, split="time")
    with pytest.raises(InputError, match="weights"):
        split_correlation_length(histograms, counts, BROAD, rng, weights=weights[:, 1:])
    with pytest.raises(InputError, match="edges"):
        split_correlation_length(histograms, counts, BROAD[1:], rng)
