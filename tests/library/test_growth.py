"""Growth laws: planted exponents, honest intervals, and the choice between the two laws."""

import numpy as np
import pytest
from growth_curves import BARRIER_LAW, TIMES, resampled

from sdglass.errors import InputError
from sdglass.observables.domain_growth import compare_laws, fit_growth

ALL = (1.5, 1e4)
POWER_LAW = 0.5 * TIMES**0.25


@pytest.mark.parametrize("psi", [0.3, 1.02, 6.0])
def test_planted_barrier_exponent(psi):
    fit = fit_growth(TIMES, 0.7 * np.log(TIMES) ** (1 / psi), ALL)
    assert fit.exponent == pytest.approx(psi, rel=1e-10)
    assert fit.amplitude == pytest.approx(0.7, rel=1e-10)
    assert fit.residual < 1e-12
    assert fit.n_points == 20


def test_planted_power_law():
    fit = fit_growth(TIMES, POWER_LAW, ALL, "power_law")
    assert (fit.exponent, fit.slope, fit.amplitude) == pytest.approx((4.0, 0.25, 0.5), rel=1e-10)


def test_only_points_of_the_window_are_used():
    spoiled = BARRIER_LAW.copy()
    spoiled[:5] = np.nan
    fit = fit_growth(TIMES, spoiled, (TIMES[5], TIMES[14]))
    assert fit.n_points == 10  # both ends included
    assert fit.exponent == pytest.approx(1.02, rel=1e-10)


def test_psi_depends_on_the_unit_of_time_and_z_does_not():
    """Growth that is (log t)^(1/1.02) in one unit has another psi in the next."""
    window = (50.0, 3000.0)
    psi = [fit_growth(TIMES, BARRIER_LAW, window, time_unit=unit).exponent for unit in (0.1, 1.0, 10.0)]
    # d log log(t / u) = d log t / log(t / u), so that psi(u) / psi(1) = log(t) / log(t / u): 0.72 and 1.63 at the
    # middle of the window, t = 387. The line averages this over the window, where it varies by 8 and 20 %.
    assert psi[1] == pytest.approx(1.02, rel=1e-10)
    assert psi[0] == pytest.approx(1.02 * 0.72, rel=0.08)
    assert psi[2] == pytest.approx(1.02 * 1.63, rel=0.20)
    z = [
        fit_growth(scale * TIMES, POWER_LAW, (scale * 50, scale * 3000), "power_law").exponent
        for scale in (0.1, 1.0, 10.0)
    ]
    assert z == pytest.approx([4.0, 4.0, 4.0], rel=1e-10)
    # Changing the unit of the clock is the same as changing time_unit.
    assert fit_growth(10 * TIMES, BARRIER_LAW, (500, 30000)).exponent == pytest.approx(psi[0], rel=1e-10)


def test_a_length_that_does_not_grow_has_no_exponent():
    assert np.isnan(fit_growth(TIMES, 1 / BARRIER_LAW, ALL).exponent)
    xi, samples = resampled(np.ones(20), 0.05, 20, 400, 1)
    flat = fit_growth(TIMES, xi, ALL, samples=samples, n_units=20)
    assert flat.slope_interval[0] <= 0 < flat.slope_interval[1]
    assert flat.exponent_interval[0] == pytest.approx(1 / flat.slope_interval[1])
    assert flat.exponent_interval[1] == np.inf
    xi, samples = resampled(1 / BARRIER_LAW, 0.01, 20, 400, 2)
    assert np.isnan(fit_growth(TIMES, xi, ALL, samples=samples, n_units=20).exponent_interval).all()


def test_intervals_cover_the_planted_exponent():
    hits = 0
    for seed in range(200):
        xi, samples = resampled(BARRIER_LAW, 0.1, 20, 300, [3, seed])
        estimate = fit_growth(TIMES, xi, ALL, samples=samples, level=0.68, n_units=20)
        low, high = estimate.exponent_interval
        assert low < estimate.exponent < high
        hits += low < 1.02 < high
    # The binomial deviation is sqrt(0.68 * 0.32 / 200) = 0.033; four of them.
    assert 0.55 < hits / 200 < 0.81


@pytest.mark.parametrize(("law", "name"), [(BARRIER_LAW, "barrier"), (POWER_LAW, "power_law")])
def test_comparison_finds_the_law_that_made_the_data(law, name):
    xi, samples = resampled(law, 0.02, 20, 300, 5)
    comparison = compare_laws(TIMES, xi, samples, ALL)
    assert comparison.delta_aic * (1 if name == "barrier" else -1) > 10
    assert comparison.degrees_of_freedom == 18
    right = comparison.chi2_barrier if name == "barrier" else comparison.chi2_power_law
    # 18 degrees of freedom with an error that contains the common factor too: at most chi2 of independent points.
    assert right < 18 + 4 * np.sqrt(2 * 18)
    assert comparison.barrier_fraction == (1.0 if name == "barrier" else 0.0)


def test_comparison_weighs_points_by_their_errors():
    """A wild point with a matching error bar must not decide."""
    xi, samples = resampled(BARRIER_LAW, 0.005, 20, 300, 6)
    xi[-1] *= 2.0
    samples[:, -1] *= np.exp(np.random.default_rng(7).standard_normal(300))
    assert compare_laws(TIMES, xi, samples, ALL).delta_aic > 0
    with pytest.raises(InputError, match="scatter"):
        compare_laws(TIMES, xi, np.tile(xi, (5, 1)), ALL)


def test_bad_windows_and_lengths_are_refused():
    with pytest.raises(InputError, match="2 points; expected at least 3"):
        fit_growth(TIMES, POWER_LAW, (TIMES[3], TIMES[4]), "power_law")
    with pytest.raises(InputError, match="time_unit = 5"):
        fit_growth(TIMES, BARRIER_LAW, ALL, time_unit=5.0)
    with pytest.raises(InputError, match="time_unit = 0"):
        fit_growth(TIMES, BARRIER_LAW, ALL, time_unit=0.0)
    with pytest.raises(InputError, match="later than 0"):
        fit_growth(np.arange(4.0), np.ones(4), (0.0, 3.0), "power_law")
    bad = BARRIER_LAW.copy()
    bad[6] = np.nan
    with pytest.raises(InputError, match=r"xi\[6\] = nan"):
        fit_growth(TIMES, bad, ALL)
    with pytest.raises(InputError, match="samples has shape"):
        fit_growth(TIMES, BARRIER_LAW, ALL, samples=np.ones((5, 3)), n_units=5)
    with pytest.raises(InputError, match="1 curves"):
        fit_growth(TIMES, BARRIER_LAW, ALL, samples=BARRIER_LAW[None], n_units=5)
    with pytest.raises(InputError, match="law = 'tanh'"):
        fit_growth(TIMES, BARRIER_LAW, ALL, "tanh")
