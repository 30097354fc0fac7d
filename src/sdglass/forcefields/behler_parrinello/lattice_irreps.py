"""Descriptors of a lattice by irreducible representations of its point group (arXiv:2602.18213, Sec. II).

Around a site the bonds S_j . S_k, and the chiralities S_i . S_j x S_k, fall into orbits of the point group C_nv.
Of each orbit the components that turn with an irreducible representation Gamma are taken,

    f^Gamma_ra = sum_b c^Gamma_ra,b b,      p_r = sum_a (f_ra)^2,      q_r = sum_a f_ra f_ref,a,

r numbering the copies of Gamma: the bonds' invariants f^A1, the power spectrum p, and the phases q with respect to
a reference, the sum of all copies of Gamma with weights that fall with their distance. The reference is not
normalized, for it vanishes in perfect order. Chiralities change sign with time: only their products count.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from sdglass.errors import InputError

_SAME = 1e-6  # positions [nearest distance]


@dataclass(frozen=True, eq=False)
class Element:
    """An element of C_nv: a rotation by `turn` of n, after a reflection at the x axis if `mirror`."""

    turn: int
    mirror: bool
    order: int

    @property
    def matrix(self):
        """Its matrix in the plane, (2, 2)."""
        angle = 2 * np.pi * self.turn / self.order
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return rotation @ np.diag([1.0, -1.0]) if self.mirror else rotation


def point_group(order):
    """Return the elements of C_nv, n even."""
    return [Element(turn, mirror, order) for mirror in (False, True) for turn in range(order)]


def representations(order):
    """Return {name: matrices (2n, d, d)} of the irreducible representations of C_nv, n even."""
    group = point_group(order)
    found = {}
    for name, reflected, alternating in (("A1", 1, 1), ("A2", -1, 1), ("B1", 1, -1), ("B2", -1, -1)):
        signs = [alternating**g.turn * (reflected if g.mirror else 1) for g in group]
        found[name] = np.array(signs, float)[:, None, None]
    for k in range(1, order // 2):
        found[f"E{k}"] = np.array([Element(k * g.turn, g.mirror, order).matrix for g in group])
    return found


@dataclass(frozen=True, eq=False)
class Environment:
    """Sites around a site of a planar Bravais lattice, and what is made of their spins.

    Attributes
    ----------
    vectors : numpy.ndarray, shape (Z, 2)
        To the sites, the site itself first [ell].
    order : int
        n of the point group C_nv.
    bonds : numpy.ndarray of int, shape (B, 2)
    triangles : numpy.ndarray of int, shape (T, 3)
    """

    vectors: np.ndarray
    order: int
    bonds: np.ndarray
    triangles: np.ndarray

    @classmethod
    def of(cls, structure, cutoff, bond_length, chirality):
        """Return that of a structure.

        Parameters
        ----------
        structure : Structure
            A square or a triangular lattice in the plane, one of its nearest neighbours along x.
        cutoff : float
            Sites up to there [ell].
        bond_length : float
            Of bonds between two neighbours of the site; those of the site itself go up to `cutoff` [ell].
        chirality : bool
            Whether elementary triangles have theirs.

        Raises
        ------
        InputError
            If the structure is another one.
        """
        positions = structure.moments.positions
        if np.ptp(positions[:, 2]) > 0 or structure.n_spins < structure.n_sites:
            raise InputError("a descriptor of lattices; expected a square or triangular one, moments on all sites")
        images = [a * structure.cell[0] + b * structure.cell[1] for a, b in product(range(-2, 3), repeat=2)]
        around = (positions[None] + np.array(images)[:, None]).reshape(-1, 3)[:, :2] - positions[0, :2]
        around = around[np.argsort(np.round(np.linalg.norm(around, axis=1), 6), kind="stable")]
        distance = np.linalg.norm(around, axis=1)
        nearest = distance[1]
        order = int((distance < 1.01 * nearest).sum()) - 1
        first = around[1 : 1 + order]
        along = np.abs(first - [nearest, 0.0]).max(axis=1) < _SAME * nearest
        if order not in (4, 6) or not along.any():
            raise InputError(
                f"a site has {order} nearest neighbours, {'one' if along.any() else 'none'} along x; expected a "
                "square or triangular lattice with one along x"
            )
        vectors = around[distance <= cutoff * (1 + _SAME)]
        apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
        j, k = np.nonzero(np.triu(apart <= bond_length * (1 + _SAME), k=1))
        between = np.stack([j, k], axis=1)[j > 0]
        own = np.stack([np.zeros(len(vectors) - 1, int), np.arange(1, len(vectors))], axis=1)
        triangles = _triangles(vectors, nearest, order) if chirality else np.empty((0, 3), int)
        return cls(vectors, order, np.concatenate([own, between]), triangles)

    def table(self, structure):
        """Return the sites (N, Z) at the vectors from every site; `InputError` if one is missing."""
        moments = structure.moments
        plane = moments.positions[:, None, :2] + self.vectors
        wanted = np.concatenate([plane, np.broadcast_to(moments.positions[:, None, 2:], (*plane.shape[:2], 1))], 2)
        inverse = np.linalg.inv(moments.frame)
        size = np.linalg.norm(moments.frame, axis=1)
        tree = cKDTree((moments.positions @ inverse + _SAME) % 1.0 * size, boxsize=size)
        distance, sites = tree.query((wanted.reshape(-1, 3) @ inverse + _SAME) % 1.0 * size % size)
        if distance.max() > 1e-3:
            place = int(np.argmax(distance))
            site, which = divmod(place, len(self.vectors))
            raise InputError(
                f"site {site} has no neighbour at ({self.vectors[which, 0]:.4g}, {self.vectors[which, 1]:.4g}) "
                "ell; expected the lattice that the model was fitted to"
            )
        return sites.reshape(len(moments.positions), -1)

    def components(self):
        """Return the components of bonds and of chiralities: lists of (name, reach, coefficients (d, B or T))."""
        return self._reduced(self.bonds, False), self._reduced(self.triangles, True)

    def _reduced(self, tuples, signed):
        group, irreps = point_group(self.order), representations(self.order)
        place = {tuple(sorted(sites)): number for number, sites in enumerate(tuples.tolist())}
        tree = cKDTree(self.vectors)
        images = [tree.query(self.vectors @ g.matrix.T)[1] for g in group]
        actions = []  # of every element: where each tuple goes, and with which sign
        for image in images:
            moved = image[tuples]
            where = [place[tuple(sorted(sites))] for sites in moved.tolist()]
            sign = np.ones(len(tuples))
            if signed:
                sign = np.array([_parity(m) * _parity(tuples[w]) for m, w in zip(moved, where, strict=True)])
            actions.append((np.array(where, int), sign))
        found, seen = [], np.zeros(len(tuples), bool)
        for number in range(len(tuples)):
            if seen[number]:
                continue
            orbit = np.unique([where[number] for where, _ in actions])
            seen[orbit] = True
            local = {int(site): n for n, site in enumerate(orbit)}
            matrices = np.zeros((len(group), len(orbit), len(orbit)))
            for matrix, (where, sign) in zip(matrices, actions, strict=True):
                matrix[[local[int(w)] for w in where[orbit]], np.arange(len(orbit))] = sign[orbit]
            reach = float(np.linalg.norm(self.vectors[tuples[number]].mean(axis=0)))
            for name, gamma in irreps.items():
                for rows in _copies(matrices, gamma):
                    whole = np.zeros((len(rows), len(tuples)))
                    whole[:, orbit] = rows
                    found.append((name, reach, whole))
        return found


def _copies(matrices, gamma):
    """Return the copies of a representation in an orbit, orthonormal rows (d, m) that turn with `gamma`."""
    dimension, order = gamma.shape[1], len(gamma)
    lifts = np.einsum("ga,gmn->amn", gamma[:, :, 0], matrices) * dimension / order  # P_a0
    values, vectors = np.linalg.eigh(lifts[0])
    return [lifts @ vector for vector in vectors.T[values > 0.5]]


def _parity(sites):
    """Return the sign of the permutation that sorts three sites."""
    i, j, k = sites
    return np.sign((j - i) * (k - i) * (k - j))


def _triangles(vectors, nearest, order):
    """Return the elementary triangles: of a site and two neighbours 360 / n degrees apart."""
    reach = nearest * (1 if order == 6 else np.sqrt(2)) * (1 + _SAME)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    near = (apart > _SAME) & (apart < nearest * (1 + _SAME))
    found = set()
    for site in range(len(vectors)):
        neighbours = np.flatnonzero(near[site])
        for a, j in enumerate(neighbours):
            for k in neighbours[a + 1 :]:
                if apart[j, k] < reach:
                    found.add(tuple(sorted((site, int(j), int(k)))))
    return np.array(sorted(found), int).reshape(-1, 3)
