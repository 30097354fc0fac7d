import numpy as np
import pytest

from sdglass.structures.neighbours import environments, neighbour_pairs
from sdglass.structures.square import square_lattice
from sdglass.structures.structure import Structure


@pytest.fixture(scope="module")
def structure():
    return Structure(np.random.default_rng(1).random((40, 3)) * 10, [2.0, 3.0, 4.0])


# Half the shortest edge is 1.0, half the longest 2.0, half the diagonal 2.69: below, between, beyond.
@pytest.mark.parametrize("cutoff", [0.4, 0.99, 1.5, 2.2, 2.6, 50.0, np.inf])
def test_pairs_are_those_of_brute_force(structure, cutoff):
    pairs = neighbour_pairs(structure, cutoff)
    d = structure.distances()
    first, second = np.nonzero(np.triu(d <= cutoff, k=1))
    np.testing.assert_array_equal(pairs.first, first)
    np.testing.assert_array_equal(pairs.second, second)
    np.testing.assert_allclose(pairs.distance, d[first, second], rtol=1e-13)
    # The vector leads from the first site to the second, up to whole boxes.
    offset = (structure.positions[first] + pairs.vector - structure.positions[second]) / structure.box
    np.testing.assert_allclose(offset, np.round(offset), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(pairs.vector, axis=1), pairs.distance, rtol=1e-13)
    if np.isinf(cutoff):
        assert len(pairs) == 40 * 39 // 2


def test_pairs_across_the_boundary():
    structure = Structure([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]], 1.0)
    pairs = neighbour_pairs(structure, 0.3)
    assert len(pairs) == 1
    np.testing.assert_allclose(pairs.vector, [[-0.2, 0.0, 0.0]], atol=1e-15)


def test_environments_hold_every_pair_from_both_ends(structure):
    cutoff = 1.3
    env = environments(structure, cutoff)
    d = structure.distances() + 1e9 * np.eye(structure.n_sites)
    for site in range(structure.n_sites):
        row = slice(env.start[site], env.start[site + 1])
        np.testing.assert_array_equal(env.neighbour[row], np.flatnonzero(d[site] <= cutoff))
        np.testing.assert_allclose(env.distance[row], d[site][env.neighbour[row]], rtol=1e-13)
        np.testing.assert_allclose(
            env.vector[row],
            structure.minimum_image(structure.positions[env.neighbour[row]] - structure.positions[site]),
            atol=1e-13,
        )


def test_sites_without_neighbours_have_empty_rows():
    env = environments(Structure([[0.0, 0, 0], [2.0, 2, 2], [2.3, 2, 2]], 6.0), 1.0)
    np.testing.assert_array_equal(env.start, [0, 0, 1, 2])
    assert len(neighbour_pairs(square_lattice(3), 0.5)) == 0
