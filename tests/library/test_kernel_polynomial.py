"""Kernel polynomials against matrices, finite differences, closed forms and other people's numbers."""

import numpy as np
import pytest
from numpy.polynomial import chebyshev

import sdglass
from sdglass.electrons.diagonalization import solve, solve_at_chemical_potential
from sdglass.electrons.hopping import Shells, Yukawa
from sdglass.electrons.kernel_polynomial import (
    KernelPolynomials,
    _grand_potential,
    _occupation,
    derivative,
    jackson,
)
from sdglass.electrons.sd_model import Electrons, SDModel, hopping_matrix, sd_hamiltonian
from sdglass.errors import InputError
from sdglass.spins import random_spins, torque
from sdglass.structures.amorphous import amorphous
from sdglass.structures.lattices import lattice

METHODS = {"clusters": {}, "dense": {}, "probing": {"spacing": 1e3}}  # every site has a vector of its own


def solver(structure, model, order=64, kernel="dirichlet", method=None, **options):
    electrons = Electrons.of(structure, model, dense=False)
    return KernelPolynomials(structure, electrons, order, kernel, method, **options)


def complex_model(structure, **options):
    """Hopping on the bonds of a lattice with random phases, a sparse Hermitian matrix."""
    phase = np.triu(np.random.default_rng(3).uniform(-2, 2, (structure.n_sites,) * 2), 1)
    return SDModel(hopping=hopping_matrix(structure, Shells()) * np.exp(1j * (phase - phase.T)), **options)


def alloy():
    structure = lattice("kagome", cells=(3, 3)).dilute(0.5, seed=2)
    species = np.where(np.arange(structure.n_sites) % 3, "A", "B")
    return sdglass.Structure(structure.positions, structure.cell, structure.magnetic, species, structure.pbc)


SYSTEMS = {
    "square": (lattice("square", cells=(6, 5)), SDModel(3.5, 0.48, hopping=Shells(), temperature=0.3)),
    "triangular with phases": (lattice("triangular", cells=(5, 5)), "complex"),
    "amorphous": (amorphous(25, density=0.8, seed=4), SDModel(2.0, 0.25, temperature=0.2)),
    "alloy": (
        alloy(),
        SDModel(
            {"A": 2.0, "B": -1.0}, hopping=Shells(), onsite={"B": 0.7}, temperature=0.3, chemical_potential=0.4
        ),
    ),
}


@pytest.fixture(params=SYSTEMS)
def system(request):
    structure, model = SYSTEMS[request.param]
    if model == "complex":
        model = complex_model(structure, coupling=3.0, filling=0.25, temperature=0.3)
    return structure, model, random_spins(structure.n_spins, np.random.default_rng(5))


@pytest.mark.parametrize("order", [2, 4, 6, 18, 40])
def test_the_blocks_are_those_of_the_polynomials(system, order):
    structure, model, spins = system
    electrons = Electrons.of(structure, model)
    n = structure.n_sites
    matrix = sd_hamiltonian(electrons.hopping, spins, electrons.couplings, electrons.sites)
    found = {name: solver(structure, model, order, method=name) for name in ("clusters", "dense")}
    x = (matrix - found["dense"].center * np.eye(2 * n)) / found["dense"].scale
    levels, vectors = np.linalg.eigh(x)
    assert np.abs(levels).max() < 1
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]], [[1, 0], [0, 1]]])
    for k in range(order + 1):
        power = (vectors * np.cos(k * np.arccos(levels))) @ vectors.conj().T
        blocks = power.reshape(2, n, 2, n)[:, np.arange(n), :, np.arange(n)]
        expected = 0.5 * np.einsum("nab,cba->nc", blocks, pauli).real
        for one in found.values():
            np.testing.assert_allclose(one.moments(spins)[:, k], expected, atol=1e-12)


@pytest.mark.parametrize("temperature", [0.0, 1e-3, 0.02, 0.3])
@pytest.mark.parametrize("x", [-0.7, 0.1])
def test_the_coefficients_of_occupation_and_grand_potential(temperature, x):
    order, count = 60, 200001
    angle = (np.arange(count) + 0.5) * np.pi / count
    e = np.cos(angle)
    if temperature:
        omega = -temperature * np.logaddexp(0.0, (x - e) / temperature)
        occupied = np.exp(-np.logaddexp(0.0, (e - x) / temperature))
    else:
        omega, occupied = np.minimum(e - x, 0.0), (e < x).astype(float)
    for found, function in ((_occupation, occupied), (_grand_potential, omega)):
        expected = np.array([2 * np.mean(function * np.cos(k * angle)) for k in range(order + 1)])
        expected[0] /= 2
        np.testing.assert_allclose(found(x, temperature, order), expected, atol=2e-5 if temperature == 0 else 1e-9)


def test_electrons_are_the_derivative_of_the_grand_potential_whatever_the_order():
    for temperature in (0.0, 1e-3, 0.1):
        for order in (8, 50):
            high, low = (_grand_potential(0.2 + step, temperature, order) for step in (1e-5, -1e-5))
            np.testing.assert_allclose((low - high) / 2e-5, _occupation(0.2, temperature, order), atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_high_orders_are_exact(system, method):
    structure, model, spins = system
    expected = solve(Electrons.of(structure, model), spins)
    found = solver(structure, model, 240, method=method, **METHODS[method]).solve(spins[None])
    energy = expected.grand_potential if model.filling is None else expected.free_energy
    assert found.free_energy[0] == pytest.approx(energy, abs=1e-6)
    assert found.chemical_potential[0] == pytest.approx(expected.chemical_potential, abs=1e-6)
    np.testing.assert_allclose(found.local_field[0], expected.local_field, atol=1e-6)
    np.testing.assert_allclose(found.density[0], expected.density, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kernel", ["jackson", "dirichlet"])
def test_the_field_is_the_gradient_of_the_energy_at_low_order(system, method, kernel):
    structure, model, spins = system
    options = METHODS[method] if method != "probing" else {"spacing": 1.1}  # few vectors: a noisy, but own energy
    kpm = solver(structure, model, 12, kernel, method, **options)
    field = kpm.solve(spins[None]).local_field[0]
    rng = np.random.default_rng(1)
    for _ in range(3):
        direction = rng.standard_normal(spins.shape)
        moved = np.array([spins + 1e-4 * direction, spins - 1e-4 * direction])
        high, low = kpm.solve(moved).free_energy
        assert (high - low) / 2e-4 == pytest.approx(-np.sum(field * direction), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_it_keeps_the_contract_of_a_force_field(method):
    structure = amorphous(30, density=0.8, seed=4)
    options = {} if method != "probing" else {"spacing": 2.0}
    sdglass.check_engine(
        lambda structure: sdglass.KernelPolynomialForceField(
            structure, SDModel(2.0, 0.25), order=12, method=method, **options
        ),
        structure,
    )


def test_the_density_is_uniform_at_half_filling_on_bipartite_lattices():
    """Lieb's theorem, for any spins; an odd polynomial and a half obey it at every order."""
    for name in ("square", "honeycomb"):
        structure = lattice(name, cells=(4, 4))
        spins = random_spins(structure.n_spins, np.random.default_rng(2))
        for kernel in ("jackson", "lorentz", "dirichlet"):
            kpm = solver(structure, SDModel(3.0, 0.5, hopping=Shells()), 16, kernel)
            found = kpm.solve(spins[None])
            # As the derivative by the level of a site, which a kernel damps like the first polynomial.
            np.testing.assert_allclose(found.density, kpm.factors[1], atol=1e-9)
            assert found.chemical_potential[0] == pytest.approx(0.0, abs=1e-9)


def test_forces_of_kbarros_kondo():
    # Its test 1, see test_outside_oracles: the force that it prints is itself a polynomial expansion's, to 1e-5.
    structure = lattice("square", cells=(6, 6))
    model = SDModel(0.5, hopping=Shells((1.0, 2.0), (-1.0, -0.5)), temperature=0.0, chemical_potential=0.103)
    spins = np.tile([0.0, 0.0, 1.0], (36, 1))
    spins[0] = 3**-0.5
    found = solver(structure, model, 2000, "jackson").solve(spins[None])
    np.testing.assert_allclose(found.local_field[0, 0], [0.05080, 0.05080, 0.01548], atol=3e-5)
    assert found.free_energy[0] / 36 == pytest.approx(-1.98657216, abs=3e-5)


@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [
        # Jackson's kernel, orders 32 and 64, random spins: measured with another program, on other spins.
        ("square", SDModel(3.5, 0.48, hopping=Shells()), (0.27, 0.17)),
        ("triangular", SDModel(3.0, 0.25, hopping=Shells()), (0.45, 0.24)),
    ],
)
def test_the_error_of_jacksons_kernel(name, model, expected):
    structure = lattice(name, cells=(16, 16))
    spins = random_spins(256, np.random.default_rng(0))
    exact = torque(spins, solve(Electrons.of(structure, model), spins).local_field)
    for order, error in zip((32, 64), expected, strict=True):
        found = torque(spins, solver(structure, model, order, "jackson").solve(spins[None]).local_field[0])
        assert np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)) == pytest.approx(error, rel=0.25)


def test_probing_says_its_error():
    structure = lattice("square", cells=(16, 16))
    model = SDModel(6.0, 0.485, hopping=Shells())
    spins = random_spins(256, np.random.default_rng(0))
    exact = solver(structure, model, 64, "jackson").solve(spins[None])
    assert exact.statistical_error.tolist() == [0.0]
    errors = []
    for spacing in (2.5, 5.0):
        found = solver(structure, model, 64, "jackson", spacing=spacing).solve(spins[None])
        true = np.sqrt(np.mean((found.local_field - exact.local_field) ** 2))
        assert found.statistical_error[0] == pytest.approx(true, rel=0.5)
        errors.append(true)
    assert errors[1] < 0.5 * errors[0]


def test_the_order_of_a_wanted_error():
    structure = lattice("square", cells=(12, 12))
    model = SDModel(3.5, 0.48, hopping=Shells())
    spins = random_spins(144, np.random.default_rng(77), 8)
    exact = torque(spins, sdglass.ExactForceField(structure, model).evaluate(spins).field)
    orders = []
    for error in (0.3, 0.1, 0.05):
        force_field = sdglass.KernelPolynomialForceField(structure, model, error=error)
        found = torque(spins, force_field.evaluate(spins).field)
        assert 0.3 * error < np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)) < 1.4 * error
        orders.append(force_field.solver.order)
    assert orders[0] < orders[1] < orders[2]


def test_a_series_and_its_derivative():
    weights = jackson(10) * _grand_potential(0.3, 0.1, 10)
    x = np.linspace(-0.9, 0.9, 5)
    slope = (chebyshev.chebval(x + 1e-6, weights) - chebyshev.chebval(x - 1e-6, weights)) / 2e-6
    np.testing.assert_allclose(chebyshev.chebval(x, derivative(weights)), slope, atol=1e-8)


def test_a_fixed_chemical_potential_and_long_spins():
    structure = lattice("square", cells=(4, 4))
    model = SDModel(2.0, hopping=Shells(), temperature=0.5, chemical_potential=-1.0)
    spins = random_spins(16, np.random.default_rng(1))
    electrons = Electrons.of(structure, model)
    expected = solve_at_chemical_potential(electrons, spins, model, -1.0)
    kpm = solver(structure, model, 100)
    assert kpm.solve(spins[None]).free_energy[0] == pytest.approx(expected.grand_potential, abs=1e-8)
    with pytest.raises(InputError, match="expected spins of unit length"):
        kpm.solve(4 * spins[None])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 7}, "order = 7; expected an even number from 2"),
        ({"order": 0}, "order = 0; expected an even number from 2"),
        ({"kernel": "fejer"}, "kernel = 'fejer'; expected one of jackson, lorentz, dirichlet"),
        ({"method": "sparse"}, "method = 'sparse'; expected one of clusters, dense, probing"),
        ({"method": "probing"}, "expected a spacing"),
        ({"method": "dense", "spacing": 2.0}, "expected a spacing"),
        ({"error": 2.0}, "error = 2.0; expected a number between 0 and 1"),
        ({"error": 0.1, "order": 64}, "error = 0.1 with an order or a kernel"),
        ({"workers": 2}, "workers = 2 means nothing to kernel polynomials"),
        ({"method": "clusters", "dtype": "float32"}, "expected these, or method = 'dense'"),
    ],
)
def test_what_is_refused(options, message):
    structure, model = lattice("square", cells=(4, 4)), SDModel(hopping=Shells())
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        sdglass.KernelPolynomialForceField(structure, model, **options)


def test_single_precision_of_dense_products():
    structure, model = amorphous(40, density=0.8, seed=1), SDModel(2.0, 0.25, hopping=Yukawa())
    spins = random_spins(40, np.random.default_rng(1))[None]
    double, single = (
        solver(structure, model, 64, "jackson", "dense", dtype=dtype).solve(spins).local_field
        for dtype in ("float64", "float32")
    )
    np.testing.assert_allclose(single, double, atol=1e-4)
    assert not np.array_equal(single, double)


def test_the_cheaper_method_is_taken():
    square = lattice("square", cells=(40, 40))
    assert solver(square, SDModel(hopping=Shells()), 32).method == "clusters"
    assert solver(amorphous(300, density=0.8, seed=1), SDModel(2.0, 0.25), 64).method == "dense"
