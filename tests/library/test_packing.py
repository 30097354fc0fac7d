import numpy as np
import pytest

from sdglass.errors import InputError
from sdglass.random_streams import generator
from sdglass.structures.amorphous import JAMMING_FRACTION, cube_edge, packing_fraction, random_sequential_addition


def smallest_distance(structure):
    return (structure.distances() + 1e9 * np.eye(structure.n_sites)).min()


def naive_addition(n_sites, box_length, r_min, rng):
    """Random sequential addition as it is written in a textbook: one candidate after the other."""
    placed = []
    while len(placed) < n_sites:
        candidate = rng.random(3) * box_length
        d = np.array(placed).reshape(-1, 3) - candidate
        d -= box_length * np.round(d / box_length)
        if not placed or np.linalg.norm(d, axis=1).min() > r_min:
            placed.append(candidate)
    return np.array(placed)


@pytest.mark.parametrize("n_sites", [100, 500])  # Fig. 2: N = 100 in its caption, N = 500 in its text
def test_the_papers_structures(n_sites):
    structure = random_sequential_addition(n_sites, 5.0, 0.5, np.random.default_rng(1))
    assert structure.n_sites == n_sites
    # The smallest of so many distances lies just above r_min: neither below nor far from it.
    assert 0.5 < smallest_distance(structure) < 0.56
    np.testing.assert_array_equal(structure.box, 5.0)


def test_same_structure_as_one_candidate_at_a_time():
    fast = random_sequential_addition(120, 3.0, 0.5, np.random.default_rng(2))
    np.testing.assert_array_equal(fast.positions, naive_addition(120, 3.0, 0.5, np.random.default_rng(2)))


def test_one_site_and_no_exclusion():
    assert random_sequential_addition(1, 2.0, 0.5, np.random.default_rng(0)).n_sites == 1
    free = random_sequential_addition(50, 1.0, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(free.positions, np.random.default_rng(0).random((50, 3)))


def test_density_beyond_jamming_is_refused_at_once():
    assert packing_fraction(1, 1.0, 1.0) == pytest.approx(np.pi / 6)
    n = int(np.ceil(JAMMING_FRACTION * 6 * 125 / (np.pi * 0.5**3))) + 1
    with pytest.raises(InputError, match=r"735 sites.*packing fraction 0\.385.*jams at 0\.3841"):
        random_sequential_addition(n, 5.0, 0.5, np.random.default_rng(0))


def test_density_just_below_jamming_gives_up_with_its_count():
    with pytest.raises(InputError, match=r"placed only \d+ of 700 sites.*after 20000 candidates"):
        random_sequential_addition(700, 5.0, 0.5, np.random.default_rng(0), max_candidates=20_000)


@pytest.mark.parametrize(("n_sites", "length", "r_min"), [(0, 1.0, 0.1), (5, -1.0, 0.1), (5, 1.0, -0.1)])
def test_bad_parameters_are_refused(n_sites, length, r_min):
    with pytest.raises(InputError, match="expected n_sites >= 1"):
        random_sequential_addition(n_sites, length, r_min, np.random.default_rng(0))


def test_streams_depend_on_every_key_and_on_nothing_else():
    first = generator(1, "structure", 2, 3).random(4)
    generator(9, "noise").random(100)
    np.testing.assert_array_equal(generator(1, "structure", 2, 3).random(4), first)
    for key in [(2, "structure", 2, 3), (1, "noise", 2, 3), (1, "structure", 3, 3), (1, "structure", 2, 4)]:
        assert not np.array_equal(generator(*key).random(4), first)


def test_edge_at_a_density():
    # The paper's small box, and the edge that keeps its density at N = 500.
    assert cube_edge(100, 0.8) == pytest.approx(5.0, rel=1e-15)
    assert cube_edge(500, 0.8) == pytest.approx(8.55, abs=1e-3)
    with pytest.raises(InputError, match="density = 0"):
        cube_edge(100, 0.0)
