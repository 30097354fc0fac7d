"""Sizes and walls of domains whose size and walls are known."""

import numpy as np
import pytest

from sdglass.errors import InputError
from sdglass.observables.chirality import site_chirality, triangles
from sdglass.observables.domains import (
    Sheet,
    correlation,
    half_length,
    moment_length,
    spectrum,
    wall_directions,
    wall_length,
)
from sdglass.observables.structure_factor import structure_factor
from sdglass.spins import random_spins
from sdglass.structures.amorphous import amorphous
from sdglass.structures.lattices import lattice

TRIANGULAR = lattice("triangular", cells=(24, 24))


def wave(structure, integers):
    """Return cos(q . r) and |q| of a wave that fits into the cell."""
    q = 2 * np.pi * np.linalg.inv(structure.cell[:2, :2]) @ integers
    return np.cos(structure.positions[:, :2] @ q), np.linalg.norm(q)


@pytest.mark.parametrize("name", ["triangular", "square"])
@pytest.mark.parametrize("integers", [(1, 0), (2, 1), (-1, 3)])
def test_one_wave_has_its_own_length(name, integers):
    structure = lattice(name, cells=(24, 12))
    field, q = wave(structure, integers)
    sheet = Sheet(structure)
    assert moment_length(sheet, field) == pytest.approx(2 * np.pi / q)
    assert moment_length(sheet, np.stack([field, field])) == pytest.approx(2 * np.pi / q)
    angles, weights = wall_directions(sheet, field, smoothing=1.0)
    q = 2 * np.pi * np.linalg.inv(structure.cell[:2, :2]) @ integers
    assert np.average(np.cos(2 * (angles - np.arctan2(q[1], q[0]))), weights=weights) == pytest.approx(1.0)


def test_spectrum_is_the_structure_factor_of_spins():
    spins = random_spins(24 * 24, np.random.default_rng(1), 2)
    found = spectrum(Sheet(TRIANGULAR), spins)
    x = np.array([(0, 0), (3, 0), (0, 5), (7, 2)])
    waves = np.zeros((4, 3))
    waves[:, :2] = 2 * np.pi * x @ np.linalg.inv(TRIANGULAR.cell[:2, :2]).T
    expected = structure_factor(TRIANGULAR, spins, waves)
    np.testing.assert_allclose(found[:, x[:, 1], x[:, 0]], expected, rtol=1e-9)


def test_distances_are_those_through_the_border():
    sheet = Sheet(lattice("triangular", cells=(6, 6)))
    counts = np.unique(np.round(sheet.distance, 6), return_counts=True)[1]
    assert list(counts[:3]) == [1, 6, 6]
    assert sheet.wave.max() == pytest.approx(4 * np.pi / 3)  # the corner of the zone


def test_a_strip_has_two_walls():
    sheet = Sheet(TRIANGULAR)
    row = np.arange(24 * 24) // 24
    strip = np.where(row < 12, 1.0, -1.0)  # walls along a bond direction
    area = 24 * 24 * 3**0.5 / 2
    # Two bonds of three of every site at the wall are cut: 4 / 3 of its length times sqrt(3) / 2.
    assert wall_length(sheet, strip) == pytest.approx(area / (2 * 24 * 2 / 3**0.5))
    angles, weights = wall_directions(sheet, strip)
    assert np.average(np.cos(6 * angles), weights=weights) == pytest.approx(-1.0, abs=1e-6)
    assert np.isinf(wall_length(sheet, np.ones(24 * 24)))
    _, curve = correlation(sheet, strip)
    assert curve[0] == 1.0
    assert np.isnan(half_length(sheet, np.ones(24 * 24)))


def test_correlations_of_noise_end_at_once():
    noise = np.random.default_rng(2).standard_normal((3, 24 * 24))
    length = half_length(Sheet(TRIANGULAR), noise)
    np.testing.assert_allclose(length, 0.5, atol=0.03)


def test_a_circle_has_no_direction():
    big = lattice("triangular", cells=(96, 96))
    away = big.positions[:, :2] - big.positions[:, :2].mean(axis=0)
    disc = np.where(np.hypot(*away.T) < 20, 1.0, -1.0)
    angles, weights = wall_directions(Sheet(big), disc)
    assert abs(np.average(np.cos(6 * angles), weights=weights)) < 0.02


@pytest.mark.parametrize(
    "structure",
    [lattice("honeycomb", cells=(4, 4)), amorphous(20, density=0.8, seed=1), lattice("cubic", cells=3)],
)
def test_other_structures_are_refused(structure):
    with pytest.raises(InputError, match="expected a Bravais lattice in a plane"):
        Sheet(structure)


def test_an_order_parameter_of_other_sites_is_refused():
    with pytest.raises(InputError, match="expected 576 sites"):
        moment_length(Sheet(TRIANGULAR), np.ones(5))


def test_site_chirality_is_the_mean_around_the_site():
    structure = lattice("triangular", cells=(6, 5))
    corners = triangles(structure)
    spins = random_spins(30, np.random.default_rng(3), 2)
    found = site_chirality(spins, corners)
    own = [[np.linalg.det(one[list(c)]) for c in corners if 7 in c] for one in spins]
    np.testing.assert_allclose(found[:, 7], np.mean(own, axis=1))
    assert len(own[0]) == 6
