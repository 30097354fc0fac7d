"""Bonds and environments: every image, whole shells."""

import itertools

import numpy as np
import pytest
from small_study import triangular_lattice

from sdglass.electrons.hopping import Shells
from sdglass.errors import InputError
from sdglass.forcefields.pair import heisenberg
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice
from sdglass.structures.neighbours import NeighbourWarning, environments, minimum_image_pairs, neighbour_pairs
from sdglass.structures.structure import Structure


@pytest.fixture(scope="module")
def structure():
    return Structure(np.random.default_rng(1).random((40, 3)) * 10, [2.0, 3.0, 4.0])


def image_bonds(structure, cutoff, repeats=3):
    """Return (i, j, vector) of every bond from i to j or an image of j, in both directions: nothing but loops."""
    shifts = np.array(list(itertools.product(range(-repeats, repeats + 1), repeat=3))) * structure.box
    found = []
    for i, here in enumerate(structure.positions):
        for j, there in enumerate(structure.positions):
            vectors = there + shifts - here
            length = np.linalg.norm(vectors, axis=1)
            found += [(i, j, vector) for vector in vectors[(length <= cutoff) & (length > 0)]]
    return found


# Half the shortest edge is 1.0, the edge itself 2.0: below, between, beyond.
@pytest.mark.parametrize("cutoff", [0.0, 0.4, 0.99, 1.5, 2.2, 3.1])
def test_bonds_are_those_of_brute_force(structure, cutoff):
    pairs, expected = neighbour_pairs(structure, cutoff), image_bonds(structure, cutoff)
    forward = list(zip(pairs.first, pairs.second, pairs.vector, strict=True))
    found = forward + [(j, i, -vector) for i, j, vector in forward]
    assert len(found) == len(expected)

    def rows(bonds):
        table = np.array([(i, j, *np.round(vector, 9)) for i, j, vector in bonds]).reshape(-1, 5) + 0.0
        return table[np.lexsort(table.T[::-1])]

    np.testing.assert_allclose(rows(found), rows(expected), atol=1e-8)
    assert (np.diff(pairs.first * 40 + pairs.second) >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(pairs.vector, axis=1), pairs.distance, rtol=1e-13)


@pytest.mark.parametrize("cutoff", [0.4, 1.5, 2.6, 50.0, np.inf])
def test_minimum_images_count_a_pair_once(structure, cutoff):
    pairs, d = minimum_image_pairs(structure, cutoff), structure.distances()
    first, second = np.nonzero(np.triu(d <= cutoff, k=1))
    np.testing.assert_array_equal(pairs.first, first)
    np.testing.assert_array_equal(pairs.second, second)
    np.testing.assert_allclose(pairs.distance, d[first, second], rtol=1e-13)


@pytest.mark.parametrize("cutoff", [-1.0, np.nan, np.inf])
def test_a_cutoff_is_a_finite_distance(structure, cutoff):
    with pytest.raises(InputError, match=f"cutoff = {cutoff}; expected a finite distance"):
        neighbour_pairs(structure, cutoff)


def test_pairs_across_the_boundary():
    structure = Structure([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]], 1.0)
    pairs = neighbour_pairs(structure, 0.3)
    assert len(pairs) == 1
    np.testing.assert_allclose(pairs.vector, [[-0.2, 0.0, 0.0]], atol=1e-15)


def test_environments_hold_every_bond_from_both_ends(structure):
    env, expected = environments(structure, 2.1), image_bonds(structure, 2.1)
    for site in range(structure.n_sites):
        row = slice(env.start[site], env.start[site + 1])
        around = [(j, *vector) for i, j, vector in expected if i == site]
        found = np.column_stack([env.neighbour[row], env.vector[row]])
        assert (np.diff(env.neighbour[row]) >= 0).all()
        assert len(found) == len(around)
        for one in around:
            assert np.abs(found - one).sum(axis=1).min() < 1e-12
        np.testing.assert_allclose(env.distance[row], np.linalg.norm(env.vector[row], axis=1), rtol=1e-13)
    assert (env.neighbour == np.repeat(np.arange(40), np.diff(env.start))).sum() == 2 * 40  # the edge of 2 ell


# Coordination of lattices, counted on paper. Shells at 1, 2^(1/2), 2 of the square, 1, 3^(1/2), 2 of the triangle.
@pytest.mark.parametrize(
    ("lattice", "cutoff", "neighbours"),
    [
        (square_lattice(2), 1.1, 4),
        (square_lattice(2), 1.0, 4),
        (square_lattice(2), 2.1, 12),  # the last four of them images of the site itself
        (square_lattice(1, 4), 1.1, 4),
        (square_lattice(1), 1.1, 4),
        (square_lattice(3), 2.0, 12),
        (square_lattice(4), 2.1, 12),
        (square_lattice(6, 4), 2.0, 12),
        (square_lattice(6, 4, 0.3), 0.3, 4),
        (triangular_lattice(6, 4), 1.0, 6),
        (triangular_lattice(6, 4), 2.0, 18),
        (triangular_lattice(2, 2), 1.1, 6),
        (Structure([[0.0, 0.0, 0.0]], 1.0), 1.0, 6),
        (Structure([[0.0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]], 1.0), 0.71, 12),
    ],
)
def test_coordination_of_lattices(lattice, cutoff, neighbours):
    np.testing.assert_array_equal(np.diff(environments(lattice, cutoff).start), neighbours)
    assert 2 * len(neighbour_pairs(lattice, cutoff)) == neighbours * lattice.n_sites


def rounded(structure, digits=5):
    return Structure(structure.positions.round(digits), structure.box.round(digits))


def single(structure):
    return Structure(structure.positions.astype(np.float32), structure.box.astype(np.float32))


@pytest.mark.parametrize(
    ("lattice", "radius"),
    [
        (rounded(triangular_lattice(6, 4)), 1.0),
        (rounded(triangular_lattice(6, 6)), 3**0.5),
        (single(triangular_lattice(60, 40)), 1.0),
        (single(square_lattice(30, 20, 0.3)), 0.3),
        (single(square_lattice(30, 20)), 2**0.5),
    ],
)
def test_a_cutoff_on_a_shell_takes_the_whole_shell(lattice, radius):
    counts = np.diff(environments(lattice, radius).start)
    assert set(counts) == {{1.0: 6, 3**0.5: 12, 0.3: 4, 2**0.5: 8}[radius]}
    shell = Shells((radius,), (-1.0,)).coordination(lattice)
    np.testing.assert_array_equal(shell, [{1.0: 6, 3**0.5: 6, 0.3: 4, 2**0.5: 4}[radius]])


def test_an_amorphous_structure_has_no_shell():
    """A pair just beyond the cutoff is none, however near."""
    structure = random_sequential_addition(200, 250 ** (1 / 3), 0.5, np.random.default_rng(1))
    distances = np.sort(structure.distances()[np.triu_indices(200, 1)])
    cutoff = distances[distances < 2.0][-1] * (1 - 1e-6)
    assert len(neighbour_pairs(structure, cutoff)) == np.count_nonzero(distances <= cutoff)


def test_a_blurred_shell_is_divided_with_a_warning():
    lattice = square_lattice(10)
    noise = np.random.default_rng(2).uniform(-2e-4, 2e-4, (100, 3)) * [1, 1, 0]
    blurred = Structure(lattice.positions + noise, lattice.box)
    with pytest.warns(NeighbourWarning, match=r"cutoff of 1 ell divides a shell: \d+ pairs are 1\.000"):
        heisenberg(blurred, 0.1, 1.0)
    with pytest.warns(NeighbourWarning, match=r"distances\[0\] = 1: \d+ pairs are .* just outside"):
        Shells().coordination(blurred)
    assert len(neighbour_pairs(blurred, 1.2)) == 200


def test_sites_without_neighbours_have_empty_rows():
    env = environments(Structure([[0.0, 0, 0], [2.0, 2, 2], [2.3, 2, 2]], 6.0), 1.0)
    np.testing.assert_array_equal(env.start, [0, 0, 1, 2])
    assert len(neighbour_pairs(square_lattice(3), 0.5)) == 0
