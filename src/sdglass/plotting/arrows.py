"""Solid arrows for spins: their facets, and how one lamp lights them."""

from itertools import pairwise

import numpy as np

LENGTH = 0.62  # of a drawn spin [ell]
SHAFT, HEAD, FACETS = 0.055, 0.13, 14  # radii [ell]; facets around an arrow
COLOURS = "PuOr"  # diverging, readable with every colour vision
_LIGHT = np.array([-0.45, 0.55, 0.7])


def arrow_mesh(direction, size=LENGTH, n_facets=FACETS):
    """Return quadrilaterals (F, 4, 3) of an arrow of length `size` around the origin, and their normals (F, 3)."""
    along = direction / np.linalg.norm(direction)
    aside = np.cross(along, [0.0, 0.0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
    aside /= np.linalg.norm(aside)
    other = np.cross(along, aside)
    angle = np.linspace(0, 2 * np.pi, n_facets + 1)
    ring = np.cos(angle)[:, None] * aside + np.sin(angle)[:, None] * other
    middle = 0.5 * (ring[1:] + ring[:-1])
    tail, neck, tip = (h * size * along for h in (-0.5, 0.05, 0.5))
    shaft, head = (radius * size / LENGTH for radius in (SHAFT, HEAD))
    profile = ((tail, 0.0), (tail, shaft), (neck, shaft), (neck, head), (tip, 0.0))
    facets, normals = [], []
    for (a, ra), (b, rb) in pairwise(profile):
        quads = np.stack([a + ra * ring[:-1], b + rb * ring[:-1], b + rb * ring[1:], a + ra * ring[1:]], axis=1)
        # The normal of a cone leans towards the end with the smaller radius; flat rings face the tail.
        height = (b - a) @ along
        slope = middle * height + along * (ra - rb) if height > 0 else np.tile(-along, (n_facets, 1))
        facets.append(quads)
        normals.append(slope / np.linalg.norm(slope, axis=1, keepdims=True))
    return np.concatenate(facets), np.concatenate(normals)


def rotation(turn, tilt):
    """Return the matrix into a picture, x right, y up, z to the reader: a turn about z, then a tilt [degree]."""
    turn, tilt = np.radians([turn, tilt])
    about_z = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    up = [[1, 0, 0], [0, np.sin(tilt), np.cos(tilt)], [0, -np.cos(tilt), np.sin(tilt)]]
    return np.array(up) @ np.array(about_z)


def lit(colour, normals):
    """Return the colours (F, 3) of facets with these `normals` under the lamp, which stands behind the reader."""
    lamp = np.clip(normals @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)[:, None]
    return np.clip(colour * (0.5 + 0.55 * lamp) + 0.12 * lamp**12, 0, 1)


def fade(colour, haze):
    """Return `colour` mixed with white: 0 as it is, 1 white."""
    return colour * (1 - haze) + haze
