import numpy as np
import pytest

from sdglass.electrons.diagonalization import solve, solve_at_chemical_potential
from sdglass.electrons.hopping import Shells, Yukawa, hopping_from_dict, hopping_to_dict
from sdglass.electrons.sd_model import SDModel, hopping_matrix, sd_hamiltonian
from sdglass.errors import InputError
from sdglass.spins import random_spins, torque
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure

GAPPED = SDModel(coupling=6.0, filling=0.5, temperature=1e-3)
METAL = SDModel(coupling=1.5, filling=0.25, temperature=0.05)


def gradient(function, x, step=1e-3):
    """Return the fourth-order central-difference gradient of `function` at `x`."""
    result = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        inner = function(x + shift) - function(x - shift)
        outer = function(x + 2 * shift) - function(x - 2 * shift)
        result[index] = (8 * inner - outer) / (12 * step)
    return result


@pytest.mark.parametrize("case", range(3))
def test_agrees_with_an_independent_program(exact_small, case):
    expected = exact_small[case]
    structure = Structure(expected["positions"], expected["box_length"])
    hopping = hopping_matrix(structure, Yukawa(expected["hopping_t0"], expected["hopping_decay_length"]))
    model = SDModel(expected["coupling_J"], expected["filling"], expected["temperature"])
    assert model.n_electrons(structure.n_sites) == expected["n_electrons"]
    state = solve(hopping, np.array(expected["spins"]), model)
    assert state.free_energy == pytest.approx(expected["free_energy"], abs=1e-8)
    assert state.internal_energy == pytest.approx(expected["internal_energy"], abs=1e-8)
    np.testing.assert_allclose(state.eigenvalues, expected["eigenvalues"], atol=1e-8)
    np.testing.assert_allclose(state.local_field, expected["local_field"], atol=1e-8)
    if expected["chemical_potential"] is not None:  # in a gap any value inside it would do
        assert state.chemical_potential == pytest.approx(expected["chemical_potential"], abs=1e-8)


@pytest.mark.parametrize("model", [GAPPED, METAL], ids=["gap", "metal"])
def test_field_is_minus_the_gradient_of_the_free_energy(small_structure, model):
    hopping = hopping_matrix(small_structure, model.hopping)
    spins = random_spins(small_structure.n_sites, np.random.default_rng(1))
    # Lengths are left free: every component, the one along the spin included.
    numerical = -gradient(lambda s: solve(hopping, s, model).free_energy, spins)
    np.testing.assert_allclose(solve(hopping, spins, model).local_field, numerical, atol=1e-7)


def test_in_a_metal_the_field_is_the_gradient_of_f_and_not_of_the_internal_energy(small_structure):
    hopping = hopping_matrix(small_structure, METAL.hopping)
    spins = random_spins(small_structure.n_sites, np.random.default_rng(1))
    state = solve(hopping, spins, METAL)
    # F - <H> = -T S: negative and, with a few levels within T of mu, about T.
    entropy_term = state.free_energy - state.internal_energy
    assert -0.5 < entropy_term < -0.02
    occupation = state.occupation
    entropy = -(occupation * np.log(occupation) + (1 - occupation) * np.log1p(-occupation)).sum()
    assert entropy_term == pytest.approx(-METAL.temperature * entropy, abs=1e-10)
    wrong = -gradient(lambda s: solve(hopping, s, METAL).internal_energy, spins)
    # Both differ by far more than the 1e-7 to which F's gradient agrees.
    assert np.abs(wrong - state.local_field).max() > 1e-3


def test_in_a_gap_free_and_internal_energy_coincide(small_structure):
    hopping = hopping_matrix(small_structure, GAPPED.hopping)
    state = solve(hopping, random_spins(14, np.random.default_rng(2)), GAPPED)
    gap = state.eigenvalues[14] - state.eigenvalues[13]
    assert gap > 5.0  # t0; the paper's parameters are far from metallic
    assert state.free_energy == pytest.approx(state.internal_energy, abs=1e-11)


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2, 2.7, np.pi])
def test_two_sites_analytically(angle):
    t, coupling = 0.5, 6.0
    hopping = np.array([[0.0, t], [t, 0.0]])
    spins = np.array([[0.0, 0.0, 1.0], [np.sin(angle), 0.0, np.cos(angle)]])
    state = solve(hopping, spins, SDModel(coupling, 0.5, 1e-3))
    c = np.cos(angle / 2)
    roots = np.sqrt(coupling**2 + t**2 + 2 * coupling * t * np.array([c, -c]))
    np.testing.assert_allclose(state.eigenvalues, np.sort([*roots, *-roots]), atol=1e-12)
    assert state.free_energy == pytest.approx(-roots.sum(), abs=1e-12)
    # dF/dangle = -H_2 . e_angle, and S_2 x H_2 = (H_2 . e_angle) y for this plane.
    slope = coupling * t * np.sin(angle / 2) / 2 * (1 / roots[0] - 1 / roots[1])
    np.testing.assert_allclose(torque(spins, state.local_field)[1], [0.0, -slope, 0.0], atol=1e-12)


@pytest.mark.parametrize("coupling", [6.0, 20.0, 60.0])
def test_pair_coupling_at_large_j_is_t_squared_over_two_j(coupling):
    t, model = 0.5, SDModel(coupling, 0.5, 1e-3)
    hopping = np.array([[0.0, t], [t, 0.0]])
    up = [0.0, 0.0, 1.0]
    parallel = solve(hopping, np.array([up, up]), model).free_energy
    antiparallel = solve(hopping, np.array([up, [0.0, 0.0, -1.0]]), model).free_energy
    pair = (parallel - antiparallel) / 2  # E = K S_1 . S_2
    # K = sqrt(J^2 + t^2) - J = t^2 / (2 J) * (1 - t^2 / (4 J^2) + ...), not t^2 / J.
    assert pair == pytest.approx(t**2 / (2 * coupling), rel=1.01 * t**2 / (4 * coupling**2))
    if coupling == 6.0:
        assert pair == pytest.approx(0.02080, abs=5e-6)


def test_one_site_and_no_coupling():
    spin = np.array([[0.6, 0.0, 0.8]])
    state = solve(np.zeros((1, 1)), spin, SDModel(2.0, 0.5, 1e-3))
    assert state.free_energy == pytest.approx(-2.0, abs=1e-12)
    np.testing.assert_allclose(state.local_field, 2.0 * spin, atol=1e-12)
    lattice = hopping_matrix(square_lattice(3), Shells())
    free = solve(lattice, random_spins(9, np.random.default_rng(0)), SDModel(0.0, 0.3, 0.1))
    np.testing.assert_array_equal(free.local_field, 0.0)
    np.testing.assert_allclose(free.eigenvalues, np.repeat(np.linalg.eigvalsh(lattice), 2), atol=1e-12)


@pytest.mark.parametrize("temperature", [0.0, 1e-3, 0.05])
def test_density_and_moment_of_the_electrons(small_structure, temperature):
    model = SDModel(3.0, 0.3, temperature)
    hopping = hopping_matrix(small_structure, model.hopping)
    spins = random_spins(14, np.random.default_rng(3))
    state = solve(hopping, spins, model)
    assert state.density.sum() == pytest.approx(model.n_electrons(14), abs=1e-11)
    assert state.occupation.sum() == pytest.approx(model.n_electrons(14), abs=1e-11)
    # A site cannot be polarised by more than min(n, 2 - n) electrons.
    moment = np.linalg.norm(state.local_field, axis=1) / model.coupling
    assert (moment <= np.minimum(state.density, 2 - state.density) + 1e-12).all()
    # <H> from the one-body Hamiltonian's two parts: <H> = <hopping> - S . H.
    exchange = -(spins * state.local_field).sum()
    values, vectors = np.linalg.eigh(sd_hamiltonian(hopping, spins, model.coupling))
    kinetic = np.kron(np.eye(2), hopping)
    kinetic = np.einsum("k,ik,ij,jk->", state.occupation, vectors.conj(), kinetic, vectors, optimize=True).real
    assert state.internal_energy == pytest.approx(kinetic + exchange, abs=1e-10)
    np.testing.assert_allclose(values, state.eigenvalues, atol=1e-12)


def test_fixed_mu_and_fixed_filling_agree_at_the_same_mu(small_structure):
    hopping = hopping_matrix(small_structure, METAL.hopping)
    spins = random_spins(14, np.random.default_rng(4))
    fixed = solve(hopping, spins, METAL)
    grand = solve_at_chemical_potential(hopping, spins, METAL, fixed.chemical_potential)
    assert grand.grand_potential == pytest.approx(fixed.grand_potential, abs=1e-12)
    assert grand.free_energy == pytest.approx(fixed.free_energy, abs=1e-10)
    np.testing.assert_allclose(grand.local_field, fixed.local_field, atol=1e-12)
    # At fixed mu the field is the gradient of Omega.
    numerical = -gradient(lambda s: solve_at_chemical_potential(hopping, s, METAL, -1.0).grand_potential, spins)
    at_mu = solve_at_chemical_potential(hopping, spins, METAL, -1.0)
    np.testing.assert_allclose(at_mu.local_field, numerical, atol=1e-7)
    assert abs(at_mu.density.sum() - METAL.n_electrons(14)) > 0.1, (
        "this mu should hold another number of electrons"
    )


def test_hamiltonian_is_eq_17_term_by_term():
    rng = np.random.default_rng(5)
    hopping = rng.normal(size=(3, 3))
    hopping = hopping + hopping.T
    np.fill_diagonal(hopping, 0.0)
    spins, coupling = random_spins(3, rng), 1.7
    sigma = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    expected = np.zeros((2, 3, 2, 3), complex)  # spin and site of c+, spin and site of c
    for i in range(3):
        expected[:, i, :, i] = -coupling * np.einsum("a,abc->bc", spins[i], sigma)
        for j in range(3):
            for spin in range(2):
                expected[spin, i, spin, j] += hopping[i, j]
    np.testing.assert_allclose(sd_hamiltonian(hopping, spins, coupling), expected.reshape(6, 6), atol=1e-15)


def test_yukawa_hopping_by_minimum_image():
    structure = Structure([[0.1, 0, 0], [0.9, 0, 0], [0.5, 0.5, 0]], 1.0)
    matrix = hopping_matrix(structure, Yukawa(amplitude=2.0, decay_length=0.5))
    np.testing.assert_array_equal(np.diag(matrix), 0.0)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert matrix[0, 1] == pytest.approx(2.0 * np.exp(-0.2 / 0.5))
    assert matrix[0, 2] == pytest.approx(2.0 * np.exp(-np.hypot(0.4, 0.5) / 0.5))


def test_square_lattice_dispersion():
    # e(k) = 2 t (cos kx + cos ky) + 2 t' (cos 2 kx + cos 2 ky) on the 5 x 5 wave vectors.
    matrix = hopping_matrix(square_lattice(5), Shells((1.0, 2.0), (-1.0, -0.5)))
    k = 2 * np.pi * np.arange(5) / 5
    band = -2 * np.cos(k) - np.cos(2 * k)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), np.sort((band[:, None] + band).ravel()), atol=1e-12)


def test_shells_in_a_box_that_is_too_small_are_refused():
    # On a ring of two sites both bonds lead to the same neighbour; minimum images count one.
    with pytest.raises(InputError, match=r"too small for a hopping range.*images are not summed"):
        hopping_matrix(square_lattice(2), Shells())
    with pytest.raises(InputError, match="too small"):
        hopping_matrix(square_lattice(4), Shells((1.0, 2.0), (-1.0, -0.5)))
    chain = hopping_matrix(square_lattice(6, 1), Shells())
    np.testing.assert_array_equal(np.count_nonzero(chain, axis=1), 2)


@pytest.mark.parametrize("law", [Yukawa(0.7, 1.3), Shells((1.0, 2**0.5), (-1.0, 0.3))])
def test_laws_and_models_survive_plain_data(law):
    assert hopping_from_dict(hopping_to_dict(law)) == law
    model = SDModel(2.0, 0.45, 0.01, law)
    assert SDModel.from_dict(model.to_dict()) == model
    assert model.differences(model) == []
    assert model.differences(SDModel(2.5, 0.45, 0.01, law)) == ["coupling: 2.0 against 2.5"]


@pytest.mark.parametrize(
    ("law", "words"),
    [
        ({"law": "gauss"}, "'gauss' is unknown; expected one of shells, yukawa"),
        ({}, "None is unknown"),
        ({"law": "yukawa", "range": 2}, "'yukawa'.*range"),
        ({"law": "yukawa", "decay_length": 0.0}, "decay_length"),
        ({"law": "yukawa", "amplitude": [1.0, 2.0]}, "amplitude.*expected a finite number"),
        ({"law": "shells", "distances": [], "amplitudes": []}, "one amplitude per distance"),
        ({"law": "shells", "distances": [1.0, -2.0], "amplitudes": [1, 1]}, "distances"),
        ({"law": "shells", "distances": 1.0, "amplitudes": 1.0}, "distances = 1.0; expected a list"),
    ],
)
def test_unknown_hopping_is_refused(law, words):
    with pytest.raises(InputError, match=words):
        hopping_from_dict(law)


def test_a_law_of_ones_own_works_but_cannot_be_saved_unnamed():
    class Exponential:
        range = np.inf

        def __call__(self, distance):
            return np.exp(-np.asarray(distance))

    structure = Structure(np.random.default_rng(0).random((4, 3)), 2.0)
    np.testing.assert_array_equal(hopping_matrix(structure, Exponential()), hopping_matrix(structure, Yukawa()))
    with pytest.raises(InputError, match=r"register its class with HOPPING_LAWS\.register"):
        SDModel(hopping=Exponential()).to_dict()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"filling": 0.0}, "filling = 0.0; expected a number strictly between 0 and 1"),
        ({"filling": float("nan")}, "filling = nan"),
        ({"temperature": -1e-3}, "temperature = -0.001"),
        ({"temperature": float("inf")}, "temperature = inf"),
        ({"coupling": float("nan")}, "coupling = nan"),
    ],
)
def test_bad_parameters_are_refused(parameters, words):
    with pytest.raises(InputError, match=words):
        SDModel(**parameters)


def test_a_filling_that_rounds_to_an_empty_band_is_refused():
    assert SDModel(filling=0.485).n_electrons(900) == 873
    with pytest.raises(InputError, match="means 0 electrons; expected between 1 and 19"):
        SDModel(filling=0.01).n_electrons(10)
    with pytest.raises(InputError, match="means 20 electrons"):
        SDModel(filling=0.99).n_electrons(10)
