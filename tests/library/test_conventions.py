"""The Hamiltonian, the equation of motion and their signs, as the first page states them, in closed form."""

import numpy as np
import pytest
from small_study import triangular_lattice

from sdglass import (
    LLG,
    Evaluation,
    ExactForceField,
    SDModel,
    Shells,
    Structure,
    Yukawa,
    quench,
    random_spins,
    solve,
    torque,
)
from sdglass.electrons.sd_model import hopping_matrix

# Corners of a regular tetrahedron: the chiral order of the triangular lattice, Martin and Batista,
# Phys. Rev. Lett. 101, 156402 (2008).
CORNERS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5


class ConstantField:
    """E = -H . S in a field H (3,) [t0]."""

    def __init__(self, structure, field):
        self.structure, self.field = structure, np.asarray(field)

    def evaluate(self, spins):
        return Evaluation(-(spins @ self.field).sum(axis=-1), np.broadcast_to(self.field, spins.shape))


def solved(structure, spins, law, coupling=6.0, filling=0.5, temperature=0.0):
    return solve(hopping_matrix(structure, law), spins, SDModel(coupling, filling, temperature, law))


@pytest.mark.parametrize("coupling", [2.0, -2.0])
@pytest.mark.parametrize("amplitude", [0.7, -0.7])
def test_dimer(coupling, amplitude):
    """Levels, energy and torque of two sites; neither sign matters there."""
    dimer = Structure([[1.0, 1.0, 1.0], [2.0, 1.0, 1.0]], [8.0, 8.0, 8.0])
    spins = random_spins(2, np.random.default_rng(3))
    state = solved(dimer, spins, Shells((1.0,), (amplitude,)), coupling)
    cosine, squares = spins[0] @ spins[1], coupling**2 + amplitude**2
    levels = np.sqrt(squares + 2 * abs(coupling * amplitude) * np.sqrt((1 + cosine) / 2) * np.array([1, -1]))
    np.testing.assert_allclose(state.eigenvalues, [-levels[0], -levels[1], levels[1], levels[0]], atol=1e-12)
    # (sum of the two levels)^2 = 2 (J^2 + t^2) + 2 root, root = sqrt(J^4 + t^4 - 2 J^2 t^2 S_1 . S_2)
    root = np.sqrt(coupling**4 + amplitude**4 - 2 * (coupling * amplitude) ** 2 * cosine)
    energy = -np.sqrt(2 * squares + 2 * root)
    assert state.free_energy == pytest.approx(energy, abs=1e-12)
    # dF / d(S_1 . S_2) > 0: antiparallel at half filling. S_1 x H_1 = -dF/d(S_1 . S_2) S_1 x S_2.
    slope = -((coupling * amplitude) ** 2) / (root * energy)
    assert slope > 0
    expected = -slope * np.cross(spins[0], spins[1])
    np.testing.assert_allclose(torque(spins, state.local_field), [expected, -expected], atol=1e-12)


def test_the_defaults_have_opposite_signs():
    """+t for the paper's random sites, -t on lattices: H_ij is the law's number, no sign is added."""
    pair = Structure([[1.0, 1.0, 1.0], [2.0, 1.0, 1.0]], [8.0, 8.0, 8.0])
    assert hopping_matrix(pair, Yukawa())[0, 1] == pytest.approx(np.exp(-1.0))
    assert hopping_matrix(pair, Shells())[0, 1] == -1.0


@pytest.mark.parametrize(("amplitude", "lowest"), [(-1.0, -2.0), (1.0, -1.0)])
def test_one_electron_on_a_triangle(amplitude, lowest):
    """Aligned spins: levels 2t, -t, -t below -J; the smallest cluster that knows the sign of t."""
    height = 3**0.5 / 2
    triangle = Structure([[1.0, 1.0, 1.0], [2.0, 1.0, 1.0], [1.5, 1.0 + height, 1.0]], [8.0, 8.0, 8.0])
    spins = np.tile([0.0, 0.0, 1.0], (3, 1))
    state = solved(triangle, spins, Shells((1.0,), (amplitude,)), 9.0, 1 / 6)
    assert state.free_energy == pytest.approx(-9.0 + lowest, abs=1e-12)
    # The electron is where the spin points: J > 0 aligns them, H = J <sigma>.
    np.testing.assert_allclose(state.local_field.sum(axis=0), [0.0, 0.0, 9.0], atol=1e-9)


@pytest.mark.parametrize("temperature", [0.0, 0.3])
def test_the_sign_of_the_hopping_is_f_to_one_minus_f(temperature):
    """Particle-hole: F(t, f) = F(-t, 1 - f) for any spins, hence equal fields."""
    lattice = triangular_lattice(6, 4)
    spins = random_spins(24, np.random.default_rng(1))
    plus, minus = Shells((1.0,), (1.0,)), Shells((1.0,), (-1.0,))
    some = solved(lattice, spins, minus, 2.0, 0.25, temperature)
    same = solved(lattice, spins, plus, 2.0, 0.75, temperature)
    other = solved(lattice, spins, plus, 2.0, 0.25, temperature)
    assert same.free_energy == pytest.approx(some.free_energy, abs=1e-9)
    np.testing.assert_allclose(same.local_field, some.local_field, atol=1e-9)
    np.testing.assert_allclose(same.density + some.density, 2.0, atol=1e-9)
    assert abs(other.free_energy - some.free_energy) > 1.0


def test_a_ferromagnet_on_the_triangular_lattice_has_its_band():
    """e(k) = 2 t [cos k_x + 2 cos(k_x / 2) cos(sqrt(3) k_y / 2)], from -6 to 3 for t = -1, twice, 2J apart."""
    nx, ny, coupling = 6, 4, 5.0
    kx, ky = np.meshgrid(2 * np.pi * np.arange(nx) / nx, 4 * np.pi * np.arange(ny) / (3**0.5 * ny))
    band = -2 * (np.cos(kx) + 2 * np.cos(kx / 2) * np.cos(3**0.5 * ky / 2)).ravel()
    spins = np.tile([0.0, 0.6, 0.8], (nx * ny, 1))
    levels = solved(triangular_lattice(nx, ny), spins, Shells(), coupling).eigenvalues
    np.testing.assert_allclose(levels, np.sort([*band - coupling, *band + coupling]), atol=1e-10)
    assert levels[0] == pytest.approx(-6 - coupling)


@pytest.mark.parametrize(("amplitude", "chiral"), [(-1.0, 0.25), (1.0, 0.75)])
def test_which_filling_of_the_triangular_lattice_is_chiral(amplitude, chiral):
    """J = 2: the four-sublattice order at f = 1/4 with -t and at 3/4 with +t; a ferromagnet at the other one.

    Energies per site on the infinite lattice, from a sum of the four-site cell's Bloch Hamiltonian over the zone:
    -2.2516 (chiral) and -2.130 (ferromagnet) at one filling, -1.861 and -1.988 at the other.
    """
    nx = 12
    lattice, law = triangular_lattice(nx, nx), Shells((1.0,), (amplitude,))
    row, column = np.divmod(np.arange(nx * nx), nx)
    four = CORNERS[(column - row // 2) % 2 + 2 * (row % 2)]
    one = np.tile([0.0, 0.0, 1.0], (nx * nx, 1))
    energies = {
        filling: [solved(lattice, spins, law, 2.0, filling).free_energy / nx**2 for spins in (four, one)]
        for filling in (chiral, 1 - chiral)
    }
    assert energies[chiral] == pytest.approx([-2.2516, -2.130], abs=0.02)
    assert energies[1 - chiral] == pytest.approx([-1.861, -1.988], abs=0.02)


def test_a_spin_turns_clockwise_about_its_field_and_towards_it():
    """Phi = -H t and S_z = tanh(alpha H t), from the equation of motion."""
    field, damping, duration = 2.0, 0.3, 1.0
    site = Structure([[1.0, 1.0, 1.0]], [8.0, 8.0, 8.0])
    llg = LLG(damping=damping, temperature=0.0, time_step=0.001)
    run = quench(
        ConstantField(site, [0.0, 0.0, field]), np.array([[[1.0, 0.0, 0.0]]]), llg, duration=duration, seed=0
    )
    x, y, z = run.spins[-1][0, 0]
    assert np.arctan2(y, x) == pytest.approx(-field * duration, abs=1e-5)
    assert z == pytest.approx(np.tanh(damping * field * duration), abs=1e-5)


def test_the_field_is_minus_the_gradient_and_an_energy():
    """F of one site is -J |S|, so that H = J S."""
    site = Structure([[1.0, 1.0, 1.0]], [8.0, 8.0, 8.0])
    found = ExactForceField(site, SDModel(3.0, 0.5)).evaluate(np.array([[[0.6, 0.0, 0.8]]]))
    np.testing.assert_allclose(found.field, [[[1.8, 0.0, 2.4]]], atol=1e-9)
    assert found.energy == pytest.approx([-3.0], abs=1e-9)
