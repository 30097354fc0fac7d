from dataclasses import replace

import numpy as np
import pytest

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.hopping import Shells
from sdglass.electrons.perturbation import (
    coupling_field,
    orbital_occupations,
    rkky,
    second_order_couplings,
    static_susceptibility,
    strong_coupling,
)
from sdglass.electrons.sd_model import SDModel, hopping_matrix
from sdglass.errors import InputError
from sdglass.spins import random_spins, torque
from sdglass.structures.lattices import square_lattice

# T well above the level spacing of 14 sites near the Fermi level, J well below both.
WEAK = SDModel(coupling=1e-3, filling=0.5, temperature=0.1)


def susceptibility(hopping, model):
    levels, vectors = np.linalg.eigh(hopping)
    return static_susceptibility(levels, vectors, orbital_occupations(levels, model), model.temperature)


def relative_error(couplings, hopping, spins, model):
    exact = torque(spins, solve(hopping, spins, model).local_field)
    error = torque(spins, coupling_field(couplings, spins)) - exact
    return np.sqrt(np.mean(error**2) / np.mean(exact**2))


def test_rkky_function_near_zero_and_far_away():
    # -1/(3x) (1 - x^2/10 + ...): at 1e-4 the correction is 1e-9.
    assert rkky(1e-4) == pytest.approx(-1 / 3e-4, rel=2e-9)
    x = 30.0
    # The leading oscillation is cos(x) / x^3, corrected by sin(x) / x^4.
    assert rkky(x) * x**3 == pytest.approx(np.cos(x), abs=1.01 / x)
    # Ferromagnetic up to the first zero tan(x) = x at 4.4934, antiferromagnetic up to the next, 7.7253.
    assert (rkky(np.linspace(0.01, 4.493, 200)) < 0).all()
    assert (rkky(np.linspace(4.494, 7.725, 200)) > 0).all()
    assert rkky(7.726) < 0


@pytest.mark.parametrize("filling", [0.25, 0.5])
def test_susceptibility_equals_its_quadruple_sum(small_structure, filling):
    model = replace(WEAK, filling=filling)
    hopping = hopping_matrix(small_structure, model.hopping)
    e, psi = np.linalg.eigh(hopping)
    f = orbital_occupations(e, model)
    assert 2 * f.sum() == pytest.approx(model.n_electrons(14))
    expected = np.zeros((14, 14))
    for k in range(14):
        for m in range(14):
            kernel = -f[k] * (1 - f[k]) / 0.1 if k == m else (f[k] - f[m]) / (e[k] - e[m])
            product = psi[:, k] * psi[:, m]
            expected += 2 * kernel * np.outer(product, product)
    np.testing.assert_allclose(susceptibility(hopping, model), expected, atol=1e-11)


def test_susceptibility_is_symmetric_negative_and_obeys_the_sum_rule(small_structure):
    hopping = hopping_matrix(small_structure, WEAK.hopping)
    chi = susceptibility(hopping, WEAK)
    np.testing.assert_array_equal(chi, chi.T)
    # Any field lowers the energy.
    assert np.linalg.eigvalsh(chi).max() < 1e-12
    # A uniform field only shifts the two spins' levels: the response is the thermal density of states.
    levels, vectors = np.linalg.eigh(hopping)
    f = orbital_occupations(levels, WEAK)
    np.testing.assert_allclose(chi.sum(axis=1), -2 * vectors**2 @ (f * (1 - f) / 0.1), atol=1e-12)


@pytest.mark.parametrize("filling", [0.25, 0.5])
def test_second_order_is_the_weak_coupling_limit(small_structure, filling):
    model = replace(WEAK, filling=filling)
    hopping = hopping_matrix(small_structure, model.hopping)
    spins = random_spins(14, np.random.default_rng(3), 2)
    errors = []
    for coupling in (1e-3, 5e-3, 1e-2):
        weak = replace(model, coupling=coupling)
        errors.append(relative_error(second_order_couplings(hopping, weak), hopping, spins[0], weak))
    # Odd orders vanish, so the error is (J/T)^2 times a number of order one, up to the square of that.
    assert errors[0] < 1e-3
    assert errors[2] / errors[1] == pytest.approx(4.0, rel=0.1)
    # The energy's spin dependence has the same limit; differences of F lose 1e-15 * |F| / J^2.
    weak = replace(model, coupling=1e-2)
    couplings = second_order_couplings(hopping, weak)
    exact = np.subtract(*[solve(hopping, s, weak).free_energy for s in spins])
    quadratic = np.subtract(*[0.5 * np.einsum("ia,ij,ja->", s, couplings, s) for s in spins])
    assert quadratic == pytest.approx(exact, rel=0.02)


def test_second_order_with_degenerate_levels():
    # On a 4 x 4 square lattice most levels are degenerate, exactly half of them empty: a shell at mu = 0.
    lattice, law = square_lattice(4), Shells((1.0,), (-1.0,))
    model = SDModel(1e-3, 0.5, 0.1, law)
    hopping = hopping_matrix(lattice, law)
    spins = random_spins(16, np.random.default_rng(4))
    assert relative_error(second_order_couplings(hopping, model), hopping, spins, model) < 1e-3


def test_second_order_at_zero_temperature(small_structure):
    cold = replace(WEAK, temperature=0.0)
    hopping = hopping_matrix(small_structure, cold.hopping)
    # Seven full levels: a closed shell, the limit of small T (the gap exceeds 1e-4 t0 by far).
    levels = np.linalg.eigvalsh(hopping)
    assert levels[7] - levels[6] > 50 * 1e-4
    almost = second_order_couplings(hopping, replace(cold, temperature=1e-4))
    np.testing.assert_allclose(second_order_couplings(hopping, cold), almost, rtol=1e-9, atol=1e-18)
    # 15 electrons leave one level half full.
    with pytest.raises(InputError, match="partly filled level"):
        second_order_couplings(hopping, replace(cold, filling=15 / 28))


def test_strong_coupling_limit_of_many_sites(small_structure):
    spins = random_spins(14, np.random.default_rng(5))
    errors = []
    for coupling in (100.0, 200.0):
        model = SDModel(coupling, 0.5, 1e-3)
        hopping = hopping_matrix(small_structure, model.hopping)
        errors.append(relative_error(strong_coupling(hopping, coupling), hopping, spins, model))
    # Exchanging particles and holes (c_up -> c+_down, c_down -> -c+_up) keeps the spins and changes the sign of
    # t, so at half filling odd orders of t vanish and the next one is smaller by (t / J)^2.
    assert errors[0] < 0.1
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
