"""Functions of the hopping matrix between near sites: against eigenvectors, as a whole and in blocks."""

import numpy as np
import pytest
from small_study import sites

from sdglass.electrons.hopping import Shells, Yukawa
from sdglass.electrons.sd_model import hopping_matrix
from sdglass.forcefields.locator import hopping_functions
from sdglass.forcefields.locator.hopping_functions import hopping_function_blocks
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure


def functions(eigenvalue):
    """Functions as the force field uses at J = 6."""
    screened = 1.0 + 0.01 * eigenvalue**2
    return np.stack([eigenvalue / screened, eigenvalue**2 / screened / 6.0, np.log1p(eigenvalue**2 / 36.0)])


def by_eigenvectors(structure, hopping):
    """Return f(T), shape (N, N, 3), from the eigenvectors of T."""
    eigenvalues, vectors = np.linalg.eigh(hopping_matrix(structure, hopping))
    return np.stack([(vectors * f) @ vectors.T for f in functions(eigenvalues)], axis=-1)


def column(nx=19, width=4, spacing=1.077, seed=0):
    """Return a column of displaced cubic sites at the paper's density, longer than two halos and a block."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(range(nx), range(width), range(width), indexing="ij"), -1).reshape(-1, 3)
    positions = spacing * grid + rng.uniform(-0.25, 0.25, grid.shape)
    return Structure(rng.permutation(positions), spacing * np.array([nx, width, width]))


def collect(structure, hopping, cutoff, **options):
    """Return first and second site, distance and values of all pairs in one order, and the blocks."""
    blocks = list(hopping_function_blocks(structure, hopping, functions, cutoff, **options))
    first = np.concatenate([block.sites[block.row] for block in blocks])
    second, distance, values = (
        np.concatenate([getattr(block, name) for block in blocks]) for name in ("column", "distance", "values")
    )
    order = np.lexsort((second, first))
    return first[order], second[order], distance[order], values[order], blocks


def assert_pairs_within(structure, cutoff, first, second, distance):
    distances = structure.distances()
    rows, columns = np.nonzero(distances < cutoff)  # a site's pair with itself included
    np.testing.assert_array_equal(first, rows)
    np.testing.assert_array_equal(second, columns)
    np.testing.assert_allclose(distance, distances[rows, columns], atol=1e-14)
    assert np.all(distance[first == second] == 0.0)


@pytest.mark.parametrize(
    ("structure", "hopping"),
    [
        (sites(60), Yukawa()),
        (sites(250), Yukawa()),  # the ends of its spectrum are found by iteration
        (sites(60), Yukawa(-0.7, 0.5)),
        (square_lattice(6, 8), Shells((1.0, 2**0.5), (-1.0, 0.3))),
        (square_lattice(16, 16), Shells()),
    ],
    ids=["small", "larger", "short hops", "lattice", "bipartite lattice"],
)
def test_a_small_structure_is_one_exact_block(structure, hopping):
    first, second, distance, values, blocks = collect(structure, hopping, 1.9)
    assert len(blocks) == 1
    np.testing.assert_array_equal(blocks[0].sites, np.arange(structure.n_sites))
    assert_pairs_within(structure, 1.9, first, second, distance)
    expected = by_eigenvectors(structure, hopping)[first, second]
    # What the tolerance of 1e-9 drops from an expansion of some 20 terms, times functions of up to 5 t0.
    np.testing.assert_allclose(values, expected, atol=2e-8)
    assert np.abs(expected).max() > 0.1


def test_tolerance_is_what_is_dropped():
    structure = sites(60)
    errors = []
    for tolerance in (1e-3, 1e-6, 1e-12):
        first, second, _, values, _ = collect(structure, Yukawa(), 2.0, tolerance=tolerance)
        errors.append(np.abs(values - by_eigenvectors(structure, Yukawa())[first, second]).max())
    assert 1e-2 > errors[0] > 30 * errors[1] > 900 * errors[2]
    assert errors[2] < 1e-11


@pytest.mark.parametrize("n_sites", [1, 60, 250])
def test_sites_without_hopping_have_functions_of_zero(n_sites):
    first, second, _, values, _ = collect(sites(n_sites), Yukawa(0.0), 1.5)
    np.testing.assert_allclose(values, 0.0, atol=1e-15)
    assert_pairs_within(sites(n_sites), 1.5, first, second, sites(n_sites).distances()[first, second])
    (block,) = hopping_function_blocks(sites(n_sites), Yukawa(0.0), lambda x: np.cos(x)[None], 1.5)
    own = block.sites[block.row] == block.column
    np.testing.assert_allclose(block.values[:, 0], own, atol=1e-15)  # f(0) on the diagonal


def test_blocks_whose_surroundings_are_everything_are_the_whole(monkeypatch):
    structure = sites(410)  # 8.0 ell: eight blocks
    whole = collect(structure, Yukawa(), 2.0)
    monkeypatch.setattr(hopping_functions, "_WHOLE", 100)
    split = collect(structure, Yukawa(), 2.0, halo=7.0)
    assert len(split[4]) == 8
    np.testing.assert_array_equal(np.sort(np.concatenate([b.sites for b in split[4]])), np.arange(410))
    for block in split[4]:
        assert np.all(np.diff(block.sites) > 0)
        assert np.all(np.diff(block.row) >= 0)
        assert np.all(np.diff(block.column)[np.diff(block.row) == 0] > 0)
    assert_pairs_within(structure, 2.0, *split[:3])
    # Single precision: a few 6e-8 of a spectrum some 20 t0 wide (3e-6 was measured).
    assert 0 < np.abs(split[3] - whole[3]).max() < 1e-5


def test_what_the_halo_leaves_out_decays(monkeypatch):
    structure = column()
    first, second, distance, whole, _ = collect(structure, Yukawa(), 2.0)
    monkeypatch.setattr(hopping_functions, "_WHOLE", 100)
    errors = {}
    for halo in (2.0, 4.0, 6.0):
        *pairs, values, blocks = collect(structure, Yukawa(), 2.0, halo=halo)
        assert len(blocks) == 5
        np.testing.assert_array_equal(pairs[0], first)
        np.testing.assert_array_equal(pairs[1], second)
        errors[halo] = np.abs(values - whole).max()
    assert_pairs_within(structure, 2.0, first, second, distance)
    # A factor of 10 or more per 2 ell. In the middle of a block of hops of 0.5 t0, 6 ell leave out 3e-5.
    assert errors[2.0] > 10 * errors[4.0] > 100 * errors[6.0] > 0
    assert errors[6.0] < 1e-4
    *_, default, _ = collect(structure, Yukawa(), 2.0)
    assert np.abs(default - whole).max() == pytest.approx(errors[6.0], rel=1e-3)
