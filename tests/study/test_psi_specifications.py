"""psi in every way at once: planted growth is found, and what the data do not fix is said."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sdglass.errors import InputError
from sdglass.observables.correlation import bootstrap_average, merge_bins
from sdglass.observables.correlation_length import correlation_length, split_correlation_length
from sdglass.observables.domain_growth import POWER_LAW, compare_laws, fit_growth
from sdglass.random_streams import generator
from sdglass.statistics import bootstrap_weights
from sdglass_study.analysis._ensembles import Resampling
from sdglass_study.analysis._length_curves import LengthCurves, length_curves
from sdglass_study.analysis._psi_fits import fit_all, unit_of_time_for
from sdglass_study.psi_choices import CHOICES, by_choice, holds_paper

TIMES = np.concatenate([[0.0], np.geomspace(5.0, 5000.0, 31)])
N = 10


def curves(laws, scatter=0.01, r_low=0.5, seed=0, n_samples=200):
    """Return curves xi(t) of planted laws, a curve each, with realizations that scatter around them."""
    rng = np.random.default_rng(seed)
    common, single = rng.standard_normal((N, 1)), rng.standard_normal((N, len(TIMES)))
    weights = bootstrap_weights(N, n_samples, rng)
    lengths = []
    for law in laws:
        everyone = law * (1 + scatter * (common + single))
        lengths.append(np.concatenate([everyone.mean(axis=0)[None], weights @ everyone / N]))
    choices = [
        {"estimator": "naive", "bin_width": 0.1, "r_low": r_low, "r_max": 4.0 + k} for k in range(len(laws))
    ]
    return LengthCurves(TIMES, choices, np.array(lengths), N)


def law(psi, offset=0.0):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(offset + 0.5 * np.log(np.maximum(TIMES, 2.0)) ** (1 / psi))


def fitted(laws, start=10.0, stop=5000.0, units=(1.0,), **options):
    """Return all fits to planted laws on one window."""
    return fit_all(curves(laws, **options), [start], [stop], units, 0.95)


def chosen(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def test_fits_are_those_of_the_single_analysis():
    """Slope, interval and AIC of `log` and `weighted` are what `fit_growth` finds for the same curve."""
    planted, window = curves([law(2.0)]), (10.0, 1000.0)
    table = fit_all(planted, [10.0], [1000.0], [1.0], 0.95)
    xi, samples = planted.lengths[0, 0], planted.lengths[0, 1:]
    row = chosen(table, offset="none", fit="log", law="barrier").iloc[0]
    direct = fit_growth(TIMES, xi, window, samples=samples, level=0.95, n_units=N)
    assert row.exponent == pytest.approx(direct.exponent, rel=1e-3)  # four digits are kept
    assert (row.exponent_low, row.exponent_high) == pytest.approx(direct.exponent_interval, rel=1e-3)
    assert row.n_points == direct.n_points
    weighted = chosen(table, offset="none", fit="weighted", law="barrier").iloc[0]
    assert -weighted.delta_aic == pytest.approx(compare_laws(TIMES, xi, samples, window).delta_aic, abs=1e-3)
    power = chosen(table, law="power_law", fit="log").iloc[0]
    assert power.exponent == pytest.approx(fit_growth(TIMES, xi, window, POWER_LAW).exponent, rel=1e-3)
    assert power.delta_aic == 0


@pytest.mark.parametrize("psi", [0.6, 1.02, 4.0])
def test_every_fit_finds_planted_growth_without_noise(psi):
    table = fitted([law(psi)], scatter=1e-5)
    found = chosen(table, law="barrier", offset="none")
    assert set(found.fit) == {"log", "weighted", "nonlinear"}
    assert found.exponent.to_numpy() == pytest.approx(psi, rel=1e-3)
    free = chosen(table, offset="free").iloc[0]
    assert free.exponent == pytest.approx(psi, rel=2e-2)  # a parabola through a grid of steps 0.1 in 1 / psi
    assert found.identified.all()


def test_a_planted_offset_is_found_by_the_fits_that_allow_one_and_misleads_the_others():
    table = fitted([law(1.02, offset=0.5)], scatter=1e-4)
    shifted = chosen(table, offset="r_low", law="barrier")
    assert shifted.exponent.to_numpy() == pytest.approx(1.02, rel=1e-2)
    assert chosen(table, offset="free").exponent.iloc[0] == pytest.approx(1.02, rel=2e-2)
    # Without it, 1.02 xi / (xi - 0.5) at about the middle of the window, where xi = 2.9.
    assert chosen(table, offset="none", law="barrier").exponent.to_numpy() == pytest.approx(
        1.02 * 2.9 / 2.4, rel=0.02
    )


def test_intervals_of_the_nonlinear_fit_cover_the_planted_exponent():
    hits = 0
    for seed in range(60):
        one = curves([law(2.0)], scatter=0.05, seed=seed, n_samples=150)
        row = chosen(fit_all(one, [10.0], [5000.0], [1.0], 0.68), fit="nonlinear", offset="none").iloc[0]
        assert row.exponent_low < row.exponent < row.exponent_high
        hits += row.exponent_low < 2.0 < row.exponent_high
    # Binomial deviation sqrt(0.68 * 0.32 / 60) = 0.06; four of them.
    assert 0.44 < hits / 60 < 0.92


def test_what_does_not_grow_has_no_exponent_and_noise_leaves_a_free_offset_open():
    table = fitted([0 * TIMES + 0.8, law(8.0)], scatter=0.02)
    flat, growing = (chosen(table, r_max=r, law="barrier") for r in (4.0, 5.0))
    assert not flat.grows.any()
    assert not flat.identified.any()
    plain = chosen(growing, offset="none")
    assert plain.grows.all()
    assert plain.identified.all()
    free = chosen(growing, offset="free").iloc[0]
    assert free.grows == 1
    assert free.identified == 0


@pytest.mark.parametrize("psi", [0.3, 1.02, 5.0])
def test_a_unit_of_time_makes_any_exponent(psi):
    """xi = t^0.02 has no psi of its own; some unit gives whatever is wanted."""
    xi = np.maximum(TIMES, 1.0) ** 0.02
    unit = unit_of_time_for(psi, TIMES, xi, (10.0, 5000.0))
    if unit > -300:
        assert fit_growth(TIMES, xi, (10.0, 5000.0), time_unit=10.0**unit).exponent == pytest.approx(psi, rel=1e-6)
    # The smaller psi, the earlier the unit; for the planted law it is the planted one.
    assert unit < unit_of_time_for(psi + 1, TIMES, xi, (10.0, 5000.0)) < 1.0
    assert unit_of_time_for(psi, TIMES, law(psi), (10.0, 5000.0)) == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(unit_of_time_for(psi, TIMES, 1 / xi, (10.0, 5000.0)))


# ---- from histograms ------------------------------------------------------------------------------------------

EDGES = 0.5 + 0.1 * np.arange(37)
SETTINGS = SimpleNamespace(bin_factors=[1, 4], range_start=[0.9], range_stop=[2.1])


def histograms(seed=0, noise=0.02, replicas=6):
    """Return four realizations with C = -0.5 exp(-(r - 0.5) / 0.4) log t / 8 and noise, and their counts."""
    rng, r = np.random.default_rng(seed), EDGES[:-1] + 0.05
    depth = np.log(np.maximum(TIMES, 1.0))[:, None, None] / 8
    clean = -0.5 * depth * np.exp(-(r - 0.5) / 0.4)
    counts = rng.integers(50, 90, (4, 36)) * np.arange(1, 37)
    return [clean + noise * rng.standard_normal((len(TIMES), replicas, 36)) for _ in counts], counts


def lengths(hist, counts, settings=SETTINGS, bootstrap=5, splits=1):
    ensemble = SimpleNamespace(times=TIMES, histograms=hist, counts=counts, edges=EDGES)
    return length_curves(ensemble, Resampling(1, 0.95, bootstrap, splits), settings)


def test_curves_are_the_lengths_of_the_single_analysis():
    hist, counts = histograms()
    found = lengths(hist, counts, bootstrap=30, splits=5)
    names = pd.DataFrame(found.choices)
    assert len(names.drop_duplicates()) == len(names) == 3 * 2 * 2 * 2  # estimators, bins, starts, ends
    average = bootstrap_average(hist, counts, generator(1, "bootstrap"), 30)
    for k, choice in enumerate(found.choices):
        if choice["bin_width"] == 0.1 and choice["estimator"] != "subtracted":
            ends = {"r_low": choice["r_low"], "r_max": choice["r_max"]}
            if choice["estimator"] == "naive":
                direct = (
                    correlation_length(EDGES, average.mean, **ends),
                    correlation_length(EDGES, average.samples, **ends),
                )
            else:
                halves = generator(1, "replica halves")
                split = split_correlation_length(
                    hist, counts, EDGES, halves, n_splits=5, weights=average.weights, **ends
                )
                direct = split.length, split.samples
            assert found.lengths[k, 0] == pytest.approx(direct[0], nan_ok=True)
            assert found.lengths[k, 1:] == pytest.approx(direct[1], nan_ok=True)


def test_subtracting_the_variance_takes_the_bias_of_the_noise_away():
    """Noise of 0.02 in every bin draws xi to the middle of the range; what is left of it must be a small part."""
    exact = lengths(*histograms(noise=1e-9), bootstrap=20, splits=2)
    noisy = lengths(*histograms(noise=0.05), bootstrap=200, splits=2)
    place = {
        c["estimator"]: k
        for k, c in enumerate(noisy.choices)
        if (c["bin_width"], c["r_low"], c["r_max"]) == (0.1, 0.5, 4.1)
    }
    off = {name: noisy.lengths[k, 0, -8:].mean() - exact.lengths[k, 0, -8:].mean() for name, k in place.items()}
    assert off["naive"] > 0.1
    assert abs(off["subtracted"]) < 0.5 * off["naive"]
    assert abs(off["split"]) < 0.5 * off["naive"]
    k = place["subtracted"]  # resamples carry the noise twice; with twice taken off they lie around the estimate
    assert noisy.lengths[k, 1:, -8:].mean() - noisy.lengths[k, 0, -8:].mean() == pytest.approx(0.0, abs=0.05)


def test_merged_bins_are_weighted_by_their_pairs():
    hist, counts = histograms()
    merged, pairs, ends = merge_bins(hist, counts, EDGES, 5)
    assert ends == pytest.approx(0.5 + 0.5 * np.arange(8))  # 36 bins: seven of five, one is left over
    assert pairs[2, 1] == counts[2, 5:10].sum()
    expected = (hist[2][..., 5:10] * counts[2, 5:10]).sum(axis=-1) / pairs[2, 1]
    assert merged[2][..., 1] == pytest.approx(expected)
    counts = counts.copy()
    counts[0, :5] = 0
    empty = [one.copy() for one in hist]
    empty[0][..., :5] = np.nan
    assert np.isnan(merge_bins(empty, counts, EDGES, 5)[0][0][..., 0]).all()
    with pytest.raises(InputError, match="factor = 40"):
        merge_bins(hist, counts, EDGES, 40)


# ---- the table as a whole -------------------------------------------------------------------------------------


def test_choices_are_counted_with_what_they_do():
    table = fitted([law(1.02), law(6.0), 0 * TIMES + 0.8], scatter=1e-3)
    table = table.assign(run="pair-fast")
    assert set(CHOICES) <= set(table)
    choices = by_choice(table)
    assert choices.combinations.where(choices.dimension == "r_max").dropna().tolist() == [6, 6, 6]
    rows = choices[choices.dimension == "r_max"].set_index("choice")
    assert rows.holds["4"] >= 3  # of none's three fits, at least: the offset r_low is wrong here
    assert (rows.holds["5"], rows.holds["6"], rows.identified["6"]) == (0, 0, 0)
    assert np.isnan(rows.exponent_median["6"])
    assert rows.exponent_low["5"] <= rows.exponent_median["5"] <= rows.exponent_high["5"]
    barrier = table[table.law == "barrier"]
    assert choices[choices.dimension == "run"].holds.tolist() == [int(holds_paper(barrier).sum())]
    assert choices[choices.dimension == "offset"].choice.tolist() == ["none", "r_low", "free"]
