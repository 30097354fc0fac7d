import numpy as np
import pytest

from sdglass.electrons.occupation import chemical_potential, fermi, grand_potential, occupations
from sdglass.electrons.spectra import (
    SPACING_RATIO_GOE,
    SPACING_RATIO_POISSON,
    density_of_states,
    participation_ratio,
    spacing_ratios,
)
from sdglass.errors import InputError


def log_electrons_and_holes(levels, n_electrons, mu, temperature):
    """Return log(electrons above the N_e-th level) and log(holes at or below it), term by term."""
    up = (levels[n_electrons:] - mu) / temperature
    down = (mu - levels[:n_electrons]) / temperature
    return np.logaddexp.reduce(-np.logaddexp(0, up)), np.logaddexp.reduce(-np.logaddexp(0, down))


@pytest.mark.parametrize(("n_below", "n_above"), [(1, 1), (1, 7), (5, 2)])
def test_mu_in_a_gap_of_thousands_of_temperatures(n_below, n_above):
    # Occupations above the gap are exp(-3600), which no double holds: N_e fixes mu only in log space.
    temperature, edge = 1e-3, 3.6
    levels = np.concatenate([[-9.0], np.full(n_below, -edge), np.full(n_above, edge), [9.0]])
    mu = chemical_potential(levels, n_below + 1, temperature)
    # n_above exp(-(edge - mu) / T) = n_below exp(-(mu + edge) / T); rounding of mu / T is 1e-13 T.
    assert mu == pytest.approx(temperature / 2 * np.log(n_below / n_above), abs=1e-12)
    electrons, holes = log_electrons_and_holes(levels, n_below + 1, mu, temperature)
    assert electrons < -3000
    # Logs of 3600 are rounded to 4e-13 and mu, divided by T, to the same.
    assert electrons == pytest.approx(holes, abs=1e-10)


@pytest.mark.parametrize("temperature", [1e-4, 1e-3, 0.05, 1.0, 100.0])
@pytest.mark.parametrize("n_electrons", [1, 37, 100, 199])
def test_electrons_above_equal_holes_below_in_a_metal(temperature, n_electrons):
    levels = np.sort(np.random.default_rng(1).normal(size=200) * 3)
    mu = chemical_potential(levels, n_electrons, temperature)
    electrons, holes = log_electrons_and_holes(levels, n_electrons, mu, temperature)
    # mu is converged to four units of rounding; the slope of the logs' difference is at most 2 / T,
    # and no more than a few levels are within T of mu where T is small.
    rounding = 4 * np.finfo(float).eps * max(1.0, abs(mu))
    assert electrons == pytest.approx(holes, abs=1e-11 + rounding * 2 / temperature)
    assert fermi(levels, mu, temperature).sum() == pytest.approx(
        n_electrons, abs=1e-11 + rounding * 2 / temperature
    )


def test_mu_at_zero_temperature_is_midgap():
    assert chemical_potential(np.array([-2.0, -1.0, 2.0, 5.0]), 2, 0.0) == 0.5


@pytest.mark.parametrize("n_electrons", [0, 4, -1])
def test_empty_and_full_bands_are_refused(n_electrons):
    with pytest.raises(InputError, match=f"n_electrons = {n_electrons}; expected between 1 and 3"):
        chemical_potential(np.arange(4.0), n_electrons, 0.1)


def test_a_degenerate_shell_shares_its_electrons_at_zero_temperature():
    levels = np.array([-1.0, 0.0, 1e-12, 2e-12, 1.0])  # the shell is split by rounding only
    occupation, mu = occupations(levels, 2, 0.0)
    np.testing.assert_allclose(occupation, [1, 1 / 3, 1 / 3, 1 / 3, 0], atol=1e-15)
    assert mu == pytest.approx(0.0, abs=1e-9)
    # The limit of finite temperature: corrections are exp(-1 / T).
    thermal, _ = occupations(np.array([-1.0, 0.0, 0.0, 0.0, 1.0]), 2, 0.02)
    np.testing.assert_allclose(thermal, occupation, atol=1e-12)
    # Two electrons of a shell of three, and a shell that is filled completely.
    np.testing.assert_allclose(occupations(levels, 3, 0.0)[0], [1, 2 / 3, 2 / 3, 2 / 3, 0], atol=1e-15)
    np.testing.assert_allclose(occupations(levels, 4, 0.0)[0], [1, 1, 1, 1, 0], atol=1e-15)


def test_fermi_function():
    np.testing.assert_array_equal(fermi([-1.0, 0.0, 1.0], 0.0, 0.0), [1.0, 0.5, 0.0])
    np.testing.assert_allclose(fermi([0.3], 0.1, 0.2), 1 / (1 + np.exp(1.0)), rtol=1e-15)
    with np.errstate(over="raise"):
        np.testing.assert_array_equal(fermi([-1e6, 1e6], 0.0, 1e-3), [1.0, 0.0])


def test_grand_potential_against_its_definition_and_derivative():
    levels, mu, temperature = np.array([-1.0, 0.2, 0.5, 3.0]), 0.3, 0.4
    omega = grand_potential(levels, mu, temperature)
    assert omega == pytest.approx(-temperature * np.log1p(np.exp(-(levels - mu) / temperature)).sum(), rel=1e-14)
    # -dOmega/dmu is the number of electrons: central difference, error h^2 / 6 * Omega''' of about 1e-9.
    h = 1e-4
    slope = (grand_potential(levels, mu + h, temperature) - grand_potential(levels, mu - h, temperature)) / (2 * h)
    assert -slope == pytest.approx(fermi(levels, mu, temperature).sum(), abs=1e-7)
    assert grand_potential(levels, mu, 0.0) == pytest.approx(-1.3 - 0.1, rel=1e-14)
    with np.errstate(over="raise"):
        assert grand_potential(levels * 1e4, mu, 1e-3) == pytest.approx(-1e4 - 0.3, rel=1e-14)


def test_density_of_states_counts_every_level():
    levels = np.random.default_rng(3).uniform(-2, 2, 2 * 50)
    edges = np.linspace(-2, 2, 21)
    rho = density_of_states(levels, edges, n_sites=50)
    assert (rho * np.diff(edges)).sum() == pytest.approx(2.0), "two states per site"
    assert density_of_states([0.1, 0.1, 0.3], [0.0, 0.2, 0.6], 1) == pytest.approx([10.0, 2.5])


def test_participation_ratio_limits():
    n = 16
    localised, spread = np.eye(n)[:, :1], np.full((n, 1), n**-0.5)
    half = np.concatenate([np.full((n // 2, 1), (n / 2) ** -0.5), np.zeros((n // 2, 1))]) * 1j
    ratio = participation_ratio(np.concatenate([localised, spread, half], axis=1))
    np.testing.assert_allclose(ratio, [1 / n, 1.0, 0.5], rtol=1e-14)


def test_spacing_ratio_of_independent_levels():
    n = 20000
    ratios = spacing_ratios(np.random.default_rng(4).random(n))
    assert len(ratios) == n - 2
    # The ratio has variance 3 - 4 log 2 - (2 log 2 - 1)^2 = 0.078; neighbours share a spacing, which
    # at most doubles the variance of the mean.
    assert ratios.mean() == pytest.approx(SPACING_RATIO_POISSON, abs=4 * np.sqrt(2 * 0.078 / n))
    assert pytest.approx(0.38629, abs=1e-5) == SPACING_RATIO_POISSON


def test_spacing_ratio_of_orthogonal_matrices():
    rng = np.random.default_rng(5)
    ratios = []
    for _ in range(60):
        a = rng.normal(size=(100, 100))
        ratios.extend(spacing_ratios(np.linalg.eigvalsh(a + a.T)))
    # Variance of one ratio about 0.06; four standard errors of 5880 are 0.013, a tenth of the
    # distance to the Poisson value.
    assert np.mean(ratios) == pytest.approx(SPACING_RATIO_GOE, abs=4 * np.sqrt(0.06 / len(ratios)))
