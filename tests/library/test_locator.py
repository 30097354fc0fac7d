"""The locator series: it converges to the exact electrons, absolutely, and its fields are its gradients."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from small_study import sites

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.hopping import Yukawa
from sdglass.electrons.sd_model import SDModel, hopping_matrix
from sdglass.errors import InputError
from sdglass.forcefields.locator.series import (
    FREQUENCIES,
    imaginary_frequencies,
    renormalized_hopping,
    second_order_weights,
    series_terms,
    spinless_energy,
)
from sdglass.spins import random_spins, torque
from sdglass.structures.structure import Structure


def spins_of(structure, seed=1):
    return random_spins(structure.n_sites, np.random.default_rng(seed))


def exact(structure, spins, model):
    return solve(hopping_matrix(structure, model.hopping), spins, model)


def rms(array):
    return np.sqrt(np.mean(np.square(array)))


@pytest.mark.parametrize("coupling", [6.0, -6.0, 10.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_series_converges_to_the_exact_electrons(coupling, seed):
    structure, model = sites(30, seed), SDModel(coupling)
    spins = spins_of(structure, seed)
    state = exact(structure, spins, model)
    energy, field = series_terms(structure, spins, model, 12, imaginary_frequencies(coupling, 24))
    target = torque(spins, state.local_field)
    errors = [rms(torque(spins, partial) - target) for partial in np.cumsum(field, axis=0)]
    assert errors[0] == pytest.approx(rms(target))  # E_0 knows no spin
    assert min(a / b for a, b in pairwise(errors)) > 8
    assert errors[-1] < 1e-8 * errors[0]
    # Absolute energies, no constant fitted; about -180 t0.
    left = np.abs(np.cumsum(energy) - state.free_energy)
    np.testing.assert_array_less(left, [0.2, 3e-3, 5e-5, 2e-6, 1e-7, 1e-8, 1e-9])


def test_field_is_minus_the_gradient_of_each_order():
    """Lengths of spins left free, in all directions."""
    structure, model = sites(10), SDModel()
    spins = 1.3 * spins_of(structure)
    energy, field = series_terms(structure, spins, model, 6)
    step = 1e-3
    for site, axis in ((0, 0), (3, 1), (7, 2)):
        moved = [spins.copy(), spins.copy()]
        moved[0][site, axis] -= step
        moved[1][site, axis] += step
        low, high = (series_terms(structure, displaced, model, 6)[0] for displaced in moved)
        np.testing.assert_allclose(-(high - low)[1:] / (2 * step), field[1:, site, axis], rtol=1e-4, atol=1e-10)
    assert np.all(field[0] == 0)
    # Euler: E_n is homogeneous of degree n in the spins.
    np.testing.assert_allclose(-np.einsum("oia,ia->o", field, spins), np.arange(4) * 2 * energy * [0, 1, 1, 1])


def test_series_turns_with_the_spins_and_is_even_under_time_reversal():
    structure, model = sites(12), SDModel()
    spins = spins_of(structure)
    energy, field = series_terms(structure, spins, model)
    rotation = Rotation.from_euler("zyx", [0.3, 1.1, -2.0]).as_matrix()
    for matrix in (rotation, -np.eye(3)):
        turned_energy, turned_field = series_terms(structure, spins @ matrix.T, model)
        np.testing.assert_allclose(turned_energy, energy, atol=1e-12)
        np.testing.assert_allclose(turned_field, field @ matrix.T, atol=1e-13)


def test_two_sites_are_coupled_by_superexchange():
    """Parallel spins block the hopping, -2 J; antiparallel ones let it mix, -2 sqrt(J^2 + t^2)."""
    up, down = np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, -1.0])
    pair = Structure(np.array([[1.0, 1.0, 1.0], [1.8, 1.0, 1.0]]), 50.0)
    t = np.exp(-0.8)
    for coupling in (6.0, 60.0):
        model = SDModel(coupling)
        parallel = series_terms(pair, np.array([up, up]), model, 8)[0]
        antiparallel = series_terms(pair, np.array([up, down]), model, 8)[0]
        assert parallel.sum() == pytest.approx(-2 * coupling, abs=1e-9)
        assert antiparallel.sum() == pytest.approx(-2 * np.hypot(coupling, t), abs=1e-9)
        # E_2 = J_12 S_1 . S_2 with J_12 = t^2 / (2 J) > 0, antiferromagnetic, up to (t / J)^2 of itself.
        splitting = parallel[1] - antiparallel[1]
        assert splitting == pytest.approx(2 * t**2 / (2 * coupling), rel=(t / coupling) ** 2)


def test_spinless_energy_is_that_of_sites_with_a_second_level():
    """a = z / (z^2 - J^2) is the locator of a level at zero that hybridizes, by J, with another one.

    Without spins the series is thus of two exactly solvable spinless electron systems, less their second level.
    """
    hopping = hopping_matrix(sites(40), Yukawa())
    eye = np.eye(40)
    for coupling in (3.0, -6.0):
        levels = np.linalg.eigvalsh(np.block([[hopping, coupling * eye], [coupling * eye, 0 * eye]]))
        expected = 2 * levels[levels < 0].sum() + 40 * abs(coupling)
        eigenvalues = np.linalg.eigvalsh(hopping)
        assert spinless_energy(eigenvalues, coupling) == pytest.approx(expected, abs=1e-9)
        # The same in closed form.
        closed = 40 * abs(coupling) - np.sqrt(eigenvalues**2 + 4 * coupling**2).sum()
        assert expected == pytest.approx(closed, abs=1e-10)


def test_second_order_averages_out_over_random_spins():
    """Its mean is a site's return to itself, 1/2 sum_i J_ii; the mean of the spins' part is zero."""
    structure, model = sites(12), SDModel()
    spins = random_spins(12, np.random.default_rng(2), 300)
    energy = np.array([series_terms(structure, replica, model, 2)[0][1] for replica in spins])
    f = imaginary_frequencies(6.0)
    eigenvalues, vectors = np.linalg.eigh(hopping_matrix(structure, model.hopping))
    t0 = np.einsum("fm,im,jm->fij", renormalized_hopping(eigenvalues, f.scalar), vectors, vectors)
    real, imaginary = t0[: len(f.weight)], t0[len(f.weight) :]
    coupling = np.einsum("f,fij->ij", second_order_weights(f), real**2 - imaginary**2)
    np.testing.assert_allclose(energy, 0.5 * np.einsum("ij,ria,rja->r", coupling, spins, spins), atol=1e-12)
    onsite = 0.5 * np.trace(coupling)
    assert abs(energy.mean() - onsite) < 4 * energy.std() / np.sqrt(300)


def test_frequencies_integrate_lorentzians():
    for coupling in (6.0, -0.5):
        f = imaginary_frequencies(coupling)
        assert len(f.weight) == FREQUENCIES
        # int dw / (2 pi) J^2 / (w^2 + J^2)^2 = 1 / (4 |J|).
        assert f.weight @ f.vector**2 == pytest.approx(1 / (4 * abs(coupling)), rel=1e-12)
        assert f.weight @ f.scalar**2 == pytest.approx(1 / (4 * abs(coupling)), rel=1e-9)
        assert np.all(np.sign(f.vector) == -np.sign(coupling))
        # a^2 - b^2 = 1 / (z^2 - J^2): -|a|^2 - b^2 = -1 / (w^2 + J^2) = b / J.
        np.testing.assert_allclose(-(f.scalar**2) - f.vector**2, f.vector / coupling, rtol=1e-12)


def test_few_frequencies_are_enough():
    structure = sites(30)
    spins = spins_of(structure)
    errors = {}
    _, reference = series_terms(structure, spins, SDModel(), 4, imaginary_frequencies(6.0, 40))
    for count in (4, 8, FREQUENCIES):
        _, field = series_terms(structure, spins, SDModel(), 4, imaginary_frequencies(6.0, count))
        errors[count] = np.abs(field - reference).max()
    assert errors[4] > 100 * errors[8] > 1e4 * errors[FREQUENCIES]
    assert errors[FREQUENCIES] < 1e-9
    _, default = series_terms(structure, spins, SDModel(), 4)
    assert np.abs(default - reference).max() < 1e-9


def test_coupling_zero_is_refused():
    with pytest.raises(InputError, match="coupling = 0; the locator expansion needs a coupling that is not zero"):
        imaginary_frequencies(0.0)
    structure = sites(4)
    with pytest.raises(InputError, match="coupling = 0"):
        series_terms(structure, spins_of(structure), SDModel(0.0))
