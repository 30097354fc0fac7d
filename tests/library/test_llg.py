"""The integrators: order, lengths, energy, and the temperature that the noise really has."""

import numpy as np
import pytest

from sdglass.dynamics.llg import INTEGRATORS, LLG, semi_implicit_step, thermal_field
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.pair import BilinearForceField, couplings_from_pairs, heisenberg
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice

both = pytest.mark.parametrize("name", sorted(INTEGRATORS))


class UniformField:
    """Independent spins in one constant field along z."""

    def __init__(self, strength):
        self.strength = strength

    def evaluate(self, spins):
        field = np.zeros(spins.shape)
        field[..., 2] = self.strength
        return Evaluation(-self.strength * spins[..., 2].sum(axis=1), field)


class WithParallelField:
    """Another force field plus a field along each spin, which a model is free to return."""

    def __init__(self, force_field, strength):
        self.force_field, self.strength = force_field, strength

    def evaluate(self, spins):
        evaluation = self.force_field.evaluate(spins)
        return Evaluation(evaluation.energy, evaluation.field + self.strength * spins)


@pytest.fixture(scope="module")
def lattice():
    return heisenberg(square_lattice(4), exchange=1.0, cutoff=1.01)


@pytest.fixture(scope="module")
def electrons():
    structure = random_sequential_addition(8, 2.4, 0.5, np.random.default_rng(3))
    return ExactForceField(structure, SDModel(coupling=6.0, filling=0.5, temperature=1.0e-3))


def integrate(name, force_field, spins, duration, dt, damping, noises=None):
    for k in range(round(duration / dt)):
        spins, _ = INTEGRATORS[name](spins, force_field, dt, damping, None if noises is None else noises[k])
    return spins


def rms(difference):
    return np.sqrt(np.mean(difference**2))


def analytic(spins, field, damping, time):
    """S_z = tanh(alpha H t + artanh S_z(0)); the azimuth advances by -H t."""
    s_z = np.tanh(damping * field * time + np.arctanh(spins[..., 2]))
    azimuth = np.arctan2(spins[..., 1], spins[..., 0]) - field * time
    s_perp = np.sqrt(1.0 - s_z**2)
    return np.stack([s_perp * np.cos(azimuth), s_perp * np.sin(azimuth), s_z], axis=-1)


def langevin(x):
    """<cos theta> of exp(x cos theta)."""
    return 1.0 / np.tanh(x) - 1.0 / x


@both
@pytest.mark.parametrize("damping", [0.0, 0.5])
def test_single_spin_follows_the_analytic_solution_to_second_order(name, damping):
    field, duration = 1.3, 2.0
    spins = random_spins(50, np.random.default_rng(0), 1)
    exact = analytic(spins, field, damping, duration)
    errors = [
        rms(integrate(name, UniformField(field), spins, duration, dt, damping) - exact) for dt in (0.1, 0.05)
    ]
    # Local error of order (H dt)^3 / 6 a step: the sum over the run is H^3 dt^2 t / 6 = 2e-3 at most.
    assert errors[1] < field**3 * 0.05**2 * duration / 6
    # Order 2 gives 4 (1 + O(dt)); order 1 would give 2 and order 3 would give 8.
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)


@both
def test_interacting_spins_converge_to_second_order(name, lattice):
    spins = random_spins(16, np.random.default_rng(1), 2)
    coarse, middle, fine = (integrate(name, lattice, spins, 1.0, dt, 0.2) for dt in (0.04, 0.02, 0.01))
    assert rms(coarse - middle) / rms(middle - fine) == pytest.approx(4.0, rel=0.15)


@both
def test_large_steps_are_accurate_for_electrons(name, electrons):
    # The field parallel to each spin (5.9) is hundreds of times the torque. If it turned the spins, dt = 1
    # would leave nothing right; since it does not, the error is that of the torque's own time scale.
    spins = random_spins(8, np.random.default_rng(2), 1)
    coarse, middle, fine = (integrate(name, electrons, spins, 4.0, dt, 0.1) for dt in (2.0, 1.0, 0.5))
    assert rms(fine - spins) > 1e-2
    assert rms(middle - fine) < 1e-3 * rms(fine - spins)
    assert rms(coarse - middle) / rms(middle - fine) == pytest.approx(4.0, rel=0.2)


@both
def test_parallel_field_changes_nothing(name, lattice):
    spins = random_spins(16, np.random.default_rng(3), 2)
    noise = 0.1 * np.random.default_rng(4).standard_normal(spins.shape)
    plain, _ = INTEGRATORS[name](spins, lattice, 0.2, 0.3, noise)
    shifted, _ = INTEGRATORS[name](spins, WithParallelField(lattice, 100.0), 0.2, 0.3, noise)
    np.testing.assert_allclose(shifted, plain, atol=1e-13)  # rounding of 100 * 1e-16 in each stage


@both
def test_step_is_pure_and_returns_the_first_evaluation(name, lattice):
    spins = random_spins(16, np.random.default_rng(6), 3)
    before = spins.copy()
    noise = np.ones_like(spins)
    new, evaluation = INTEGRATORS[name](spins, lattice, 0.1, 0.3, noise)
    np.testing.assert_array_equal(spins, before)
    np.testing.assert_array_equal(noise, 1.0)
    assert not np.shares_memory(new, spins)
    np.testing.assert_array_equal(evaluation.energy, lattice.evaluate(spins).energy)
    np.testing.assert_array_equal(evaluation.field, lattice.evaluate(spins).field)


@both
def test_energy_drift_without_damping(name, lattice):
    # Heun multiplies the amplitude of a precession at frequency w by 1 + (w dt)^4 / 8 in a step: an energy of
    # order J a site drifts by w^4 dt^3 t / 4 or so, with w the field, whose rms is 2 J for random spins.
    # The semi-implicit method has the same order with half the prefactor.
    spins = random_spins(16, np.random.default_rng(9), 4)
    duration, drifts = 25.0, []
    start = lattice.evaluate(spins).energy
    for dt in (0.05, 0.025):
        end = lattice.evaluate(integrate(name, lattice, spins, duration, dt, damping=0.0)).energy
        drifts.append(np.abs(end - start).mean() / 16)
    assert drifts[1] < 2.0**4 * 0.025**3 * duration / 4
    assert 5.0 < drifts[0] / drifts[1] < 11.0  # dt^3 gives 8; an error in the conservative part gives 4 or less


@both
def test_energy_falls_monotonically_with_damping(name, lattice):
    spins = random_spins(16, np.random.default_rng(10), 4)
    energies = []
    for _ in range(400):
        spins, evaluation = INTEGRATORS[name](spins, lattice, 0.05, 0.5, None)
        energies.append(evaluation.energy)
    # Rounding only: sums of 32 bonds of order 1.
    assert (np.diff(energies, axis=0) < 1e-13).all()
    assert np.mean(energies[-1]) < -1.5 * 16  # the Neel state has -2 a site


def test_integrators_agree_with_the_same_noise(lattice):
    # Same increments of the Wiener process, so both follow the same path: the terms of order dt in one step
    # (noise squared) coincide, the first that differ are noise cubed, dt^1.5 with mean zero: order 1 in all.
    rng = np.random.default_rng(11)
    spins = random_spins(16, rng, 4)
    duration, damping, temperature, finest = 2.0, 0.3, 0.3, 0.0025
    noises = thermal_field(finest, damping, temperature) * rng.standard_normal((800, *spins.shape))
    differences = []
    for coarsening in (16, 4):
        averaged = noises.reshape(-1, coarsening, *spins.shape).mean(axis=1)
        arguments = (lattice, spins, duration, coarsening * finest, damping, averaged)
        differences.append(rms(integrate("heun", *arguments) - integrate("semi_implicit", *arguments)))
    assert differences[0] / differences[1] > 3.0  # 4 at order 1, 2 at order 1/2
    quiet = integrate("heun", lattice, spins, duration, 0.01, damping)
    noisy = integrate("heun", lattice, spins, duration, 0.01, damping, noises.reshape(-1, 4, *spins.shape).mean(1))
    assert differences[1] < 0.02 * rms(noisy - quiet)  # the noise did matter


@both
def test_boltzmann_statistics_of_a_spin_in_a_field(name):
    # alpha = 0.5, where a spurious 1 / (1 + alpha^2) in the noise would change T by 20 %.
    field, temperature, damping, dt, n_spins = 1.0, 0.5, 0.5, 0.05, 20000
    rng = np.random.default_rng(12)
    spins = random_spins(1, rng, n_spins)
    force_field, amplitude = UniformField(field), thermal_field(dt, damping, temperature)
    # Slowest rate: above 2 alpha T = 0.5, that of rotational diffusion without a field. After t = 12
    # less than exp(-6) of the initial deviation, 0.54, is left.
    for _ in range(240):
        spins, _ = INTEGRATORS[name](spins, force_field, dt, damping, amplitude * rng.standard_normal(spins.shape))

    cosine = spins[:, 0, 2]
    mean = langevin(field / temperature)
    second = 1.0 - 2.0 * mean * temperature / field
    # 4 sigma, and the bias of a weak method of order 1 at this dt (0.004 at most with 1e5 spins).
    tolerance = 4.0 * np.sqrt((second - mean**2) / n_spins) + 0.006
    assert cosine.mean() == pytest.approx(mean, abs=tolerance)
    # The second moment tells a wrong distribution that has the right mean.
    assert (cosine**2).mean() == pytest.approx(second, abs=4.0 * np.std(cosine**2) / np.sqrt(n_spins) + 0.006)
    # The test would notice a temperature wrong by a factor 1.25 either way.
    assert abs(langevin(field / temperature / 1.25) - mean) > 3.0 * tolerance
    assert abs(langevin(field / temperature * 1.25) - mean) > 3.0 * tolerance


@both
def test_boltzmann_statistics_of_interacting_pairs(name):
    # 3000 pairs with E = J S_1 . S_2: <S_1 . S_2> = -L(J/T). Here the field turns with the spins.
    exchange, temperature, damping, dt = 1.0, 0.5, 0.5, 0.05
    structure = random_sequential_addition(6000, 30.0, 0.1, np.random.default_rng(13))
    first = np.arange(0, 6000, 2)
    couplings = couplings_from_pairs(6000, first, first + 1, np.full(3000, exchange))
    force_field, amplitude = (
        BilinearForceField(structure, couplings, np.inf),
        thermal_field(dt, damping, temperature),
    )
    rng = np.random.default_rng(14)
    spins = random_spins(6000, rng, 1)
    for _ in range(200):
        spins, _ = INTEGRATORS[name](spins, force_field, dt, damping, amplitude * rng.standard_normal(spins.shape))
    bonds = np.einsum("pa,pa->p", spins[0, 0::2], spins[0, 1::2])
    # The angle of a pair diffuses twice as fast as one spin, so t = 10 leaves less than exp(-10); bias as above.
    tolerance = 4.0 * bonds.std() / np.sqrt(len(bonds)) + 0.006
    assert bonds.mean() == pytest.approx(-langevin(exchange / temperature), abs=tolerance)


def test_thermal_field_magnitude():
    # <eta eta> = 2 alpha T / gamma^2 delta(t): variance times dt is 2 alpha T whatever dt.
    for dt in (0.1, 0.5):
        assert thermal_field(dt, 0.5, 0.2) ** 2 * dt == pytest.approx(2 * 0.5 * 0.2)
    assert thermal_field(0.1, 0.0, 1.0) == 0.0
    assert thermal_field(0.1, 1.0, 0.0) == 0.0


def test_dynamics_are_the_step_with_its_numbers(lattice):
    dynamics = LLG(damping=0.3, temperature=0.2, time_step=0.1, integrator="semi_implicit")
    assert dynamics.thermal_field == thermal_field(0.1, 0.3, 0.2)
    spins = random_spins(16, np.random.default_rng(15), 2)
    noise = dynamics.thermal_field * np.random.default_rng(16).standard_normal(spins.shape)
    expected, _ = semi_implicit_step(spins, lattice, 0.1, 0.3, noise)
    np.testing.assert_array_equal(dynamics.step(spins, lattice, noise)[0], expected)
    assert LLG(1, 0, 2) == LLG(1.0, 0.0, 2.0, "heun")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"damping": -0.1}, "damping = -0.1; expected a finite number >= 0"),
        ({"temperature": float("inf")}, "temperature = inf; expected a finite number >= 0"),
        ({"temperature": "cold"}, "temperature = cold; expected"),
        ({"time_step": 0.0}, "time_step = 0.0; expected a finite number > 0"),
        ({"time_step": float("nan")}, "time_step = nan; expected"),
        ({"integrator": "rk4"}, "integrator 'rk4' is unknown; expected one of heun, semi_implicit"),
        ({"integrator": "semi-implicit"}, "integrator 'semi-implicit' is unknown; did you mean semi_implicit"),
    ],
)
def test_bad_dynamics_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        LLG(**{"damping": 0.1, "temperature": 0.1, "time_step": 0.1, **change})
