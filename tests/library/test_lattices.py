"""Force fields on lattices, where distances tie, half the box is a distance, and users round coordinates."""

import numpy as np
import pytest
from small_study import BONDS, CHIRAL, MODEL, REFERENCE, random_network, sites, triangular_lattice

from sdglass.electrons.hopping import Shells, Yukawa
from sdglass.electrons.sd_model import SDModel, hopping_matrix
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.locator.coefficients import LocatorSettings
from sdglass.forcefields.locator.fit import LocatorModel
from sdglass.forcefields.pair import heisenberg
from sdglass.forcefields.testing.check import check_engine
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure


def ferromagnet(structure):
    return np.tile([0.0, 0.6, 0.8], (1, structure.n_sites, 1))


# ---- exchange: counted on paper, bond by bond -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("structure", "cutoff", "bonds"),
    [
        (square_lattice(2), 1.1, 2 * 4),
        (square_lattice(4), 2.1, 6 * 16),
        (square_lattice(2), 2.1, 6 * 4),
        (square_lattice(3), 1.0, 2 * 9),
        (square_lattice(1, 4), 1.1, 2 * 4),
        (triangular_lattice(2, 2), 1.1, 3 * 4),
        (Structure([[0.0, 0.0, 0.0]], 1.0), 1.1, 3),
    ],
)
def test_a_ferromagnet_has_the_energy_of_its_bonds(structure, cutoff, bonds):
    result = heisenberg(structure, -1.0, cutoff).evaluate(ferromagnet(structure))
    assert result.energy[0] == pytest.approx(-bonds)
    # Every site has 2 bonds / N neighbours, each of which pulls with a unit field.
    np.testing.assert_allclose(result.field, 2 * bonds / structure.n_sites * ferromagnet(structure), atol=1e-12)


def test_exchange_of_an_amorphous_box_of_little_more_than_one_cutoff():
    structure = random_sequential_addition(20, 2.93, 0.5, np.random.default_rng(1))
    assert heisenberg(structure, -1.0, 2.5).evaluate(ferromagnet(structure)).energy[0] == pytest.approx(-508)
    shifts = 2.93 * np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)])
    spins, energy = random_spins(20, np.random.default_rng(2), 1)[0], 0.0
    for i in range(20):
        for j in range(20):
            r = np.linalg.norm(structure.positions[j] + shifts - structure.positions[i], axis=1)
            energy += 0.5 * 0.3 * np.count_nonzero((r > 0) & (r <= 2.5)) * (spins[i] @ spins[j])
    assert heisenberg(structure, 0.3, 2.5).evaluate(spins).energy[0] == pytest.approx(energy, abs=1e-11)


def test_a_small_cell_is_the_crystal():
    """Energy and fields of a cell of 2 x 3 sites are those of nine such cells with the same spins."""
    cell = square_lattice(2, 3)
    spins = random_spins(6, np.random.default_rng(3), 1)
    x, y = np.divmod(np.arange(54), 9)
    crystal = Structure(np.stack([x, y, 0 * x], axis=1).astype(float), [6.0, 9.0, 9.0])
    site = (x % 2) + 2 * (y % 3)
    for make in (
        lambda s: heisenberg(s, 0.2, 2.3),
        LinearModel(MODEL, BONDS, 0.1 * _numbers(BONDS.n_bond), REFERENCE).on,
    ):
        small, large = make(cell).evaluate(spins), make(crystal).evaluate(spins[:, site])
        np.testing.assert_allclose(small.field[:, site], large.field, atol=1e-12)
    small = heisenberg(cell, 0.2, 2.3).evaluate(spins).energy
    assert heisenberg(crystal, 0.2, 2.3).evaluate(spins[:, site]).energy == pytest.approx(9 * small)


def _numbers(count):
    return np.random.default_rng(4).standard_normal(count)


def test_exchange_without_a_bond_is_refused():
    with pytest.raises(InputError, match=r"exchange cutoff = 0.9: no two sites are that near; .* are 1 ell apart"):
        heisenberg(square_lattice(4), 0.1, 0.9)
    with pytest.raises(InputError, match="cutoff = inf"):
        heisenberg(square_lattice(4), 0.1, np.inf)


# ---- declared symmetries hold ---------------------------------------------------------------------------------

FULL = SymmetryFunctions()
FULL_CHIRAL = SymmetryFunctions(chirality=True)
FORCE_FIELDS = {
    "exact": lambda s: ExactForceField(s, MODEL),
    "exact shells": lambda s: ExactForceField(s, SDModel(2.0, 0.4, 0.05, Shells())),
    "exchange on a shell": lambda s: heisenberg(s, 0.1, 2**0.5),
    "exchange at half the box": lambda s: heisenberg(s, 0.1, 2.0),
    "pair": LinearModel(MODEL, FULL, 0.1 * _numbers(FULL.n_g2), REFERENCE).on,
    "linear": LinearModel(MODEL, FULL, 0.1 * _numbers(FULL.n_bond), REFERENCE).on,
    "locator": LocatorModel(MODEL, LocatorSettings(4.0, 2.0), 1 - 0.1 * np.arange(4), np.full(2, 1e-4)).on,
    "network": lambda s: NetworkForceField(s, random_network(FULL), FULL),
    "chirality": lambda s: NetworkForceField(s, random_network(FULL_CHIRAL), FULL_CHIRAL),
    "chirality, wide shells": lambda s: NetworkForceField(s, random_network(CHIRAL), CHIRAL),
}


@pytest.mark.parametrize("lattice", [(6, 4), (4, 4)], ids=str)
@pytest.mark.parametrize("name", FORCE_FIELDS)
def test_even_square_lattices(name, lattice):
    outcome = {result.name: result for result in check_engine(FORCE_FIELDS[name], square_lattice(*lattice))}
    assert not outcome["translation"].skipped
    assert not outcome["space_rotation"].skipped


@pytest.mark.parametrize("name", ["exact", "exchange on a shell", "linear", "chirality"])
@pytest.mark.parametrize("digits", [5, 15])
def test_triangular_lattices(name, digits):
    lattice = triangular_lattice(6, 4)
    check_engine(FORCE_FIELDS[name], Structure(lattice.positions.round(digits), lattice.box.round(digits)))


def test_equivalent_sites_are_alike():
    """In a ferromagnet every site of a lattice is alike, and none has a field across its spin."""
    for name in ("pair", "linear", "network", "chirality"):
        spins = ferromagnet(lattice := square_lattice(6, 4))
        field = FORCE_FIELDS[name](lattice).evaluate(spins).field
        np.testing.assert_allclose(
            field, np.broadcast_to(field[:, :1], field.shape), atol=1e-12 * np.abs(field).max()
        )


def test_squares_of_the_chirality_are_even():
    assert "time_reversal" in FORCE_FIELDS["chirality"](square_lattice(6)).symmetries
    assert "time_reversal" not in FORCE_FIELDS["chirality"](sites(20)).symmetries
    assert "time_reversal" in FORCE_FIELDS["network"](sites(20)).symmetries


# ---- shells of hopping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: np.round(x, 5),
        lambda x: x.astype(np.float32),
        lambda x: x * (1 + 3e-5),
    ],
    ids=["exact", "five digits", "single precision", "strained"],
)
def test_shells_of_rounded_coordinates(change):
    """Every bond is there: the bands are those of the triangular lattice."""
    lattice, law = triangular_lattice(6, 4), Shells([1.0], [-1.0])
    structure = Structure(change(lattice.positions), change(lattice.box))
    assert law.coordination(structure).tolist() == [6.0]
    # t(k) = -2 [cos kx + 2 cos(kx / 2) cos(3^(1/2) ky / 2)] on the wave vectors of 6 x 4 sites.
    kx, ky = np.meshgrid(2 * np.pi * np.arange(6) / 6, 2 * np.pi * np.arange(4) / (4 * 3**0.5 / 2))
    bands = -2 * (np.cos(kx) + 2 * np.cos(kx / 2) * np.cos(3**0.5 * ky / 2))
    found = np.linalg.eigvalsh(hopping_matrix(structure, law))
    np.testing.assert_allclose(found, np.sort(bands.ravel()), atol=1e-12)


def test_coordination_of_several_shells():
    law = Shells((1.0, 2**0.5, 2.0), (-1.0, 0.3, 0.1))
    np.testing.assert_array_equal(law.coordination(square_lattice(6)), [4, 4, 4])
    np.testing.assert_array_equal(Shells().coordination(square_lattice(6, 1)), [2])
    hole = Structure(np.delete(square_lattice(6).positions, 7, axis=0), [6.0, 6, 6])
    assert Shells().coordination(hole) == pytest.approx([2 * (72 - 4) / 35])
    np.testing.assert_array_equal(Shells().coordination(Structure([[0.0, 0, 0]], 5.0)), [0])


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (Shells((1.2,), (-1.0,)), r"distances\[0\] = 1.2: no two sites .* exists is 1 ell"),
        (Shells((1.0, 1.3), (-1.0, 0.1)), r"distances\[1\] = 1.3: no two sites .* exists is 1.41421356\d* ell"),
        (Shells((0.5,), (-1.0,)), r"distances\[0\] = 0.5: .* exists is 1 ell"),
        (Shells((1.001,), (-1.0,)), r"distances\[0\] = 1.001: .* exists is 1 ell"),
    ],
)
def test_a_shell_without_a_pair_is_refused(law, words):
    electrons = SDModel(hopping=law)
    locator = LocatorModel(electrons, LocatorSettings(3.0, 2.0), np.ones(4), np.full(2, 1e-4))
    for use in (law.coordination, lambda s: ExactForceField(s, electrons), locator.on):
        with pytest.raises(InputError, match=words):
            use(square_lattice(6))


@pytest.mark.parametrize("distances", [(1.0, 1.0), (1.0, 1.0001), (2.0, 1.0, 2.0003)])
def test_shells_that_overlap_are_refused(distances):
    with pytest.raises(InputError, match=r"shells at .* overlap"):
        Shells(distances, (-1.0,) * len(distances))


# ---- where a law may be cut -----------------------------------------------------------------------------------


class Gaussian:
    """A user's law, which nobody can cut."""

    range = np.inf

    def __call__(self, distance):
        return np.exp(-0.5 * np.asarray(distance) ** 2)


class Stated(Gaussian):
    decay_length = 1.0


class Cut(Gaussian):
    range = 1.4


class Wrong(Gaussian):
    decay_length = None


@pytest.mark.parametrize(
    ("law", "words"), [(Gaussian(), "states no decay_length"), (Wrong(), "decay_length = None")]
)
def test_a_law_that_states_no_reach_is_not_cut(law, words):
    electrons, structure = SDModel(hopping=law), sites(20)
    linear = LinearModel(electrons, BONDS, np.ones(BONDS.n_g2), REFERENCE)
    locator = LocatorModel(electrons, LocatorSettings(3.0, 2.0), np.ones(4), np.full(2, 1e-4))
    for model in (linear, locator):
        with pytest.raises(InputError, match=words) as caught:
            model.on(structure)
        assert "\n" not in str(caught.value)
    ExactForceField(structure, electrons).evaluate(random_spins(20, np.random.default_rng(1), 1))


@pytest.mark.parametrize("law", [Stated(), Cut(), Yukawa(1.0, 0.5)])
def test_a_law_that_states_its_reach_is_accepted(law):
    electrons, structure = SDModel(hopping=law), sites(20)
    LinearModel(electrons, BONDS, np.ones(BONDS.n_g2), REFERENCE).on(structure)
    LocatorModel(electrons, LocatorSettings(2.0, 1.3), np.ones(4), np.full(2, 1e-4)).on(structure)
