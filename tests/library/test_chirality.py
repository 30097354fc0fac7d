"""Scalar chirality against closed forms."""

import numpy as np
import pytest

from sdglass.errors import InputError
from sdglass.observables.chirality import scalar_chirality, triangles
from sdglass.spins import random_spins
from sdglass.structures.lattices import lattice

# Corners of a tetrahedron, as the four sublattices (even and odd rows and columns) of the triangular lattice.
CORNERS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5


def tetrahedral(structure):
    """Return the spins by the parity of a site's lattice coordinates."""
    edges = structure.cell[:2, :2] / np.linalg.norm(structure.cell[:2, :2], axis=1)[:, None]
    place = np.round(structure.positions[:, :2] @ np.linalg.inv(edges)).astype(int) % 2
    return CORNERS[2 * place[:, 0] + place[:, 1]]


@pytest.mark.parametrize("cells", [(4, 4), (6, 4), (2, 2)])
def test_tetrahedral_order(cells):
    structure = lattice("triangular", cells=cells)
    corners = triangles(structure)
    assert len(corners) == 2 * structure.n_sites
    chirality = scalar_chirality(tetrahedral(structure), corners)
    np.testing.assert_allclose(np.abs(chirality), 4 / 27**0.5, atol=1e-12)
    assert abs(chirality.sum()) == pytest.approx(np.abs(chirality).sum())  # all of one sign
    np.testing.assert_allclose(scalar_chirality(-tetrahedral(structure), corners), -chirality)


def test_what_it_does_not_depend_on():
    structure = lattice("kagome", cells=(3, 4))
    corners = triangles(structure)
    assert len(corners) == 2 * 3 * 4
    spins = random_spins(structure.n_spins, np.random.default_rng(1), 5).reshape(1, 5, -1, 3)
    turned = spins @ np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
    assert scalar_chirality(spins, corners).shape == (1, 5, 24)
    np.testing.assert_allclose(np.abs(scalar_chirality(turned, corners)), np.abs(scalar_chirality(spins, corners)))
    plane = spins * [1, 1, 0]
    plane /= np.linalg.norm(plane, axis=-1, keepdims=True)
    np.testing.assert_allclose(scalar_chirality(plane, corners), 0, atol=1e-12)


@pytest.mark.parametrize("name", ["square", "honeycomb", "cubic"])
def test_lattices_without_triangles(name):
    cells = (4, 4, 4) if name == "cubic" else (4, 4)
    with pytest.raises(InputError, match="expected a structure with triangles"):
        triangles(lattice(name, cells=cells))
    if name == "square":  # of second neighbours there are none either: right angles
        with pytest.raises(InputError, match=r"1\.41421 ell apart"):
            triangles(lattice(name, cells=cells), 2**0.5)
