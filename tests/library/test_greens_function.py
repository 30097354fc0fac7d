"""Green's functions against diagonalization, closed forms and finite differences."""

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.special import expit

import sdglass
from sdglass import ExactForceField, GreensFunctionForceField, SDModel, Shells, Structure, Yukawa, check_engine
from sdglass.electrons.fermi_level import Secants, fermi_level
from sdglass.electrons.greens_function import GreensFunctions
from sdglass.electrons.nested_dissection import nested_dissection
from sdglass.electrons.pole_expansion import fermi_poles
from sdglass.electrons.sd_model import Electrons, hopping_matrix, sparse_hopping_matrix
from sdglass.electrons.selected_inverse import SelectedInverse, inverse_and_log_determinant
from sdglass.errors import InputError
from sdglass.spins import normalize, random_spins, torque
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is available")),
]


def triangular_lattice(nx, ny):
    """Return 2 nx ny sites of a triangular lattice in a rectangular box."""
    cells = [(i + 0.5 * s, np.sqrt(3) * (j + 0.5 * s), 0.0) for j in range(ny) for i in range(nx) for s in (0, 1)]
    return Structure(cells, [nx, np.sqrt(3) * ny, 2 * max(nx, ny)])


MAGNETS = {
    "square": (square_lattice(12), SDModel(3.5, 0.48, hopping=Shells())),
    "double exchange": (square_lattice(10, 14), SDModel(6.0, 0.485, hopping=Shells())),
    "insulator": (square_lattice(10), SDModel(6.0, 0.5, hopping=Shells())),
    "second neighbours": (square_lattice(9, 8), SDModel(2.0, 0.3, hopping=Shells((1.0, 2**0.5), (-1.0, 0.4)))),
    "triangular": (triangular_lattice(8, 6), SDModel(3.0, 0.25, hopping=Shells())),
    "amorphous": (
        random_sequential_addition(50, 4.0, 0.5, np.random.default_rng(1)),
        SDModel(2.0, 0.25, hopping=Yukawa()),
    ),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("magnet", MAGNETS)
def test_agrees_with_diagonalization(magnet, device):
    structure, model = MAGNETS[magnet]
    spins = random_spins(structure.n_sites, np.random.default_rng(2), 2)
    exact = ExactForceField(structure, model).evaluate(spins)
    found = GreensFunctionForceField(structure, model, device=device).evaluate(spins)
    expected = torque(spins, exact.field)
    error = torque(spins, found.field) - expected
    assert np.sqrt((error**2).mean() / (expected**2).mean()) < 1e-6
    np.testing.assert_allclose(found.energy, exact.energy, atol=1e-8 * 2 * structure.n_sites)


def test_a_tolerance_that_is_asked_for():
    structure, model = MAGNETS["square"]
    spins = random_spins(structure.n_sites, np.random.default_rng(2))
    expected = torque(spins, ExactForceField(structure, model).evaluate(spins).field)
    errors, counts = [], []
    for tolerance in (1e-2, 1e-4, 1e-9):
        force_field = GreensFunctionForceField(structure, model, tolerance=tolerance)
        difference = torque(spins, force_field.evaluate(spins).field) - expected
        errors.append(np.sqrt((difference**2).mean() / (expected**2).mean()))
        counts.append(len(force_field.solver.expansion.poles))
    assert errors[0] > errors[1] > errors[2]
    assert (np.array(errors) < [2e-2, 3e-4, 1e-8]).all()
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("tolerance", [1e-3, 1e-7])
def test_the_field_is_the_gradient_of_the_energy_whatever_the_tolerance(tolerance):
    structure, model = MAGNETS["square"]
    solver = GreensFunctions(structure, Electrons.of(structure, model, dense=False), tolerance)
    rng = np.random.default_rng(4)
    spins = random_spins(structure.n_sites, rng)
    direction = rng.standard_normal(spins.shape)
    step = 2e-6 / np.abs(direction).max()
    energies = [solver.solve((spins + sign * step * direction)[None]).free_energy[0] for sign in (1, -1)]
    slope = (energies[0] - energies[1]) / (2 * step)
    field = solver.solve(spins[None]).local_field[0]
    assert -(field * direction).sum() == pytest.approx(slope, abs=1e-7 * np.abs(direction).sum())


def test_check_engine():
    structure, model = MAGNETS["square"]
    check_engine(lambda sites: GreensFunctionForceField(sites, model), structure)


def test_ferromagnet_in_closed_form():
    """Bands e_k -+ J: the field is J (n_up - n_down) along the spins, and so is the density."""
    model = SDModel(2.0, 0.3, 0.05, Shells())
    lattice = square_lattice(16)
    k = 2 * np.pi * np.arange(16) / 16
    levels = (-2 * np.cos(k)[:, None] - 2 * np.cos(k)).ravel()
    spins = np.tile([0.0, 0.6, 0.8], (256, 1))
    solver = GreensFunctions(lattice, Electrons.of(lattice, model, dense=False))
    state = solver.solve(spins[None])
    mu = state.chemical_potential[0]
    up, down = (expit(-(levels + sign * 2.0 - mu) / 0.05).mean() for sign in (-1, 1))
    assert up + down == pytest.approx(model.n_electrons(256) / 256, abs=1e-8)
    np.testing.assert_allclose(state.local_field[0], 2.0 * (up - down) * spins, atol=1e-6)
    np.testing.assert_allclose(state.density[0], up + down, atol=1e-6)


def test_complex_hopping():
    """A ring with a flux through it, and no spins: e_k = -2 cos(k + phi / N)."""
    n, flux = 40, 0.7
    ring = Structure(np.stack([np.arange(n), np.zeros(n), np.zeros(n)], 1), [n, n, n])
    site = np.arange(n)
    one_way = sparse.csr_matrix((-np.exp(1j * flux / n) * np.ones(n), (site, (site + 1) % n)), shape=(n, n))
    model = SDModel(0.0, 0.3, 0.02)
    state = GreensFunctions(ring, Electrons.bound(one_way + one_way.getH(), model), 1e-9).solve(
        np.tile([0, 0, 1.0], (1, n, 1))
    )
    levels = -2 * np.cos(2 * np.pi * site / n + flux / n)
    mu = state.chemical_potential[0]
    x = (levels - mu) / 0.02
    omega = -2 * 0.02 * np.logaddexp(0, -x).sum()
    assert 2 * expit(-x).sum() == pytest.approx(24, abs=1e-6)
    assert state.free_energy[0] == pytest.approx(omega + 24 * mu, abs=1e-7)


@pytest.mark.parametrize("span", [100.0, 2e4, 1e6])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-5, 1e-9])
def test_poles(span, tolerance):
    expansion = fermi_poles(span, tolerance)
    rng = np.random.default_rng(0)
    x = rng.choice([-1, 1], 5000) * 10 ** rng.uniform(-3, np.log10(span), 5000)
    f = expansion.constant + (expansion.weights / (expansion.poles - x[:, None])).real.sum(axis=1)
    assert np.abs(f - expit(-x)).max() < 1.5 * tolerance
    assert len(expansion.poles) < 6 + np.log10(span) * -np.log10(tolerance)


def test_logarithms_of_determinants_keep_their_branch():
    rng = np.random.default_rng(5)
    h = rng.standard_normal((4, 37, 37)) + 1j * rng.standard_normal((4, 37, 37))
    h = h + h.conj().swapaxes(1, 2)
    z = np.array([0.1 + 0.01j, -3 + 1j, 5 + 20j, 0.3j])
    inverse, logarithm = inverse_and_log_determinant(torch.as_tensor(z[:, None, None] * np.eye(37) - h))
    np.testing.assert_allclose(logarithm, np.log(z[:, None] - np.linalg.eigvalsh(h)).sum(axis=1), rtol=1e-11)
    np.testing.assert_allclose(inverse, np.linalg.inv(z[:, None, None] * np.eye(37) - h), atol=1e-10)


@pytest.mark.parametrize("leaf", [1, 5, 1000])
def test_any_cut_gives_the_same_blocks(leaf):
    structure = square_lattice(7, 9)
    hopping = sparse_hopping_matrix(structure, Shells())
    fronts = nested_dissection(structure.positions / structure.box, hopping, leaf)
    assert np.array_equal(np.sort(np.concatenate([front.inside for front in fronts])), np.arange(63))
    blocks = np.random.default_rng(6).standard_normal((1, 63, 2, 2))
    blocks = blocks + blocks.swapaxes(2, 3) + 0.05j * np.eye(2)
    found, _ = SelectedInverse(fronts, hopping).diagonal_blocks(torch.as_tensor(blocks))
    dense = np.kron(-hopping.toarray(), np.eye(2)).reshape(63, 2, 63, 2).astype(complex)
    site = np.arange(63)
    dense[site, :, site, :] = blocks[0]
    expected = np.linalg.inv(dense.reshape(126, 126)).reshape(63, 2, 63, 2)[site, :, site, :]
    np.testing.assert_allclose(found[0], expected, atol=1e-10)


def test_separators_grow_as_the_edge():
    largest = []
    for edge in (16, 32, 64):
        structure = square_lattice(edge)
        fronts = nested_dissection(structure.positions / structure.box, sparse_hopping_matrix(structure, Shells()))
        largest.append(max(len(front.inside) for front in fronts[-1:]))
    assert largest == [32, 64, 128]  # two planes of the first cut


@pytest.mark.parametrize("magnet", ["square", "triangular", "second neighbours"])
def test_sparse_hopping_is_the_dense_one(magnet):
    structure, model = MAGNETS[magnet]
    found = sparse_hopping_matrix(structure, model.hopping)
    assert np.array_equal(found.toarray(), hopping_matrix(structure, model.hopping))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tolerance": 1e-15}, "tolerance = 1e-15; expected a number between 1e-12 and 0.1"),
        ({"workers": 2}, "workers = 2 means nothing to Green's functions"),
        ({"device": "cuda:99"} if not torch.cuda.is_available() else {"tolerance": 1}, "expected|no GPU"),
    ],
)
def test_bad_options(options, words):
    structure, model = MAGNETS["square"]
    with pytest.raises(InputError, match=words):
        GreensFunctionForceField(structure, model, **options)


def test_zero_temperature_is_refused():
    with pytest.raises(InputError, match="electronic temperature = 0"):
        GreensFunctionForceField(square_lattice(4), SDModel(temperature=0.0, hopping=Shells()))


def test_a_gap_takes_one_sum_of_poles():
    """Tetrahedral order with noise: where in the gap mu is matters to nobody, and no search is lost in it."""
    sheet = sdglass.lattice("triangular", (16, 16))
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5
    spins = np.tile(corners.reshape(2, 2, 3), (8, 8, 1)).reshape(1, 256, 3)
    spins = normalize(spins + 0.2 * np.random.default_rng(1).standard_normal(spins.shape))
    model = SDModel(coupling=3.0, filling=0.25, hopping=Shells())
    solver, calls = GreensFunctions(sheet, Electrons.of(sheet, model, dense=False)), []
    found = solver.solve(spins, progress=calls.append)
    assert sum(calls) == len(solver.expansion.poles)
    exact = ExactForceField(sheet, model).evaluate(spins)
    error = torque(spins, found.local_field) - torque(spins, exact.field)
    assert np.sqrt(np.mean(error**2)) < 1e-6 * np.sqrt(np.mean(torque(spins, exact.field) ** 2))
    assert found.free_energy == pytest.approx(exact.energy, abs=1e-6)


@pytest.mark.parametrize("start", [-3.0, 0.2, 5.0])
def test_a_root_is_found_where_the_function_is_flat(start):
    """Two steps that smear a plateau of which the root is in the middle."""
    tried, search = [], Secants(start, 1.0, 0.1, 10.0)
    for _ in range(40):
        x = tried[-1] if tried else start
        missing = -(np.tanh((x + 1) / 0.1) + np.tanh((x - 1) / 0.1) + 1e-6 * (x - 0.3))
        if abs(missing) < 1e-12:
            break
        search.step(missing)
        tried.append(search.mu)
    assert len(tried) < 30
    assert abs(search.mu) < 0.5


@pytest.mark.parametrize("side", [1, -1])
def test_fermi_level_on_the_far_side_of_a_gap(side):
    """Two levels in a gap beside many: all that are computed around the wrong edge may be on its other side."""
    upper, lower = np.linspace(0.0, 1.0, 900), np.linspace(-1.6, -0.6, 900)
    levels = side * np.concatenate([lower, [-0.071, -0.07], upper])

    def count(energies, widths):
        return (0.5 + np.arctan((energies[:, None] - levels) / widths[:, None]) / np.pi).sum(axis=1)

    n_electrons = 900 if side > 0 else 902
    matrix = sparse.diags(levels).astype(complex).tocsc()
    mu, slope = fermi_level(matrix, count, n_electrons, 1e-3, side * 0.01, 900.0, 2.0)
    assert (levels < mu).sum() == n_electrons
    assert np.abs(levels - mu).min() > 0.1
    assert slope < 1.0


def test_fermi_level_in_a_gap_of_many_levels():
    """The tails of 20000 smeared levels, all below, do not lead away from a guess that is right."""
    levels = np.concatenate([np.linspace(-9.0, -4.8, 10000), np.linspace(-4.1, 9.0, 10000)])
    counted = []

    def count(energies, widths):
        counted.extend(energies)
        return (0.5 + np.arctan((energies[:, None] - levels) / widths[:, None]) / np.pi).sum(axis=1)

    matrix = sparse.diags(levels).astype(complex).tocsc()
    mu, _ = fermi_level(matrix, count, 10000, 1e-3, -4.5, 35.0, 10.0)
    assert -4.8 < mu < -4.1
    assert len(counted) <= 2  # Green's functions
