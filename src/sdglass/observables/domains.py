"""Domains of an order parameter on a flat Bravais lattice: their size by three definitions, and their walls.

The order parameter is a number per site (a chirality, whose two signs are the two kinds of domain) or a vector (a
staggered spin). Sizes are defined as in the literature on coarsening: A. J. Bray, Adv. Phys. 43, 357 (1994),
doi:10.1080/00018739400101505.
"""

import numpy as np
from scipy.spatial import cKDTree

from sdglass.errors import InputError
from sdglass.structures.structure import Structure

_IMAGES = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])


class Sheet:
    """A periodic Bravais lattice in a plane: what Fourier transforms and directions on it need.

    Parameters
    ----------
    structure : Structure
        Sites in the order of `sdglass.lattice`, along the first vector of the cell first.

    Attributes
    ----------
    shape : tuple of int
        Sites along the second and the first vector.
    distance : numpy.ndarray, shape (ny, nx)
        Of the site (y, x) from the site (0, 0), through the cell's borders where that is shorter [ell].
    waves, wave : numpy.ndarray, shape (ny, nx, 2) and (ny, nx)
        Wave vectors, in the first Brillouin zone, of what `numpy.fft.fft2` gives, and their lengths [1/ell].
    bonds : numpy.ndarray, shape (3, 2) or (2, 2)
        Steps (x, y) to half of the nearest neighbours.
    area : float
        Of a site [ell^2].

    Raises
    ------
    InputError
        If it is no such lattice.

    Examples
    --------
    >>> import sdglass
    >>> sheet = Sheet(sdglass.lattice("triangular", cells=(6, 6)))
    >>> sheet.shape, len(sheet.bonds), round(float(sheet.wave.max()), 3)
    ((6, 6), 3, 4.189)
    """

    def __init__(self, structure: Structure):
        positions, edges = structure.positions, structure.cell[:2, :2]
        closest = cKDTree(positions).query(positions[:1], 2)[0][0, 1] if structure.n_sites > 1 else 1.0
        nx, ny = np.maximum(np.rint(np.linalg.norm(edges, axis=1) / closest).astype(int), 1)
        steps = edges / np.array([[nx], [ny]])
        y, x = np.divmod(np.arange(structure.n_sites), nx)
        places = np.stack([x, y], axis=1) @ steps
        if nx * ny != structure.n_sites or not np.allclose(positions[:, :2] - positions[0, :2], places, atol=1e-6):
            raise InputError(
                f"{structure.n_sites} sites in a cell of {nx} x {ny}; expected a Bravais lattice in a plane, in "
                "the order of sdglass.lattice"
            )
        self.shape, self.steps = (int(ny), int(nx)), steps
        self.area = abs(np.linalg.det(steps))
        self.distance = np.linalg.norm(_shortest(places, edges), axis=1).reshape(self.shape)
        reciprocal = 2 * np.pi * np.linalg.inv(steps)  # columns
        q = np.stack([x / nx, y / ny], axis=1) @ reciprocal.T
        self.waves = _shortest(q, reciprocal.T).reshape(*self.shape, 2)
        self.wave = np.linalg.norm(self.waves, axis=-1)
        around = _IMAGES[[np.hypot(*(image @ steps)) < 1.001 * closest and any(image) for image in _IMAGES]]
        self.bonds = np.array([step for step in around if tuple(step) > tuple(-step)])
        self.spacing = float(closest)

    def grid(self, field):
        """Return an order parameter (..., N) or (..., N, C) as (..., C, ny, nx)."""
        field = np.asarray(field, dtype=float)
        n_sites = self.shape[0] * self.shape[1]
        if field.shape[-1] == n_sites:
            return field.reshape(*field.shape[:-1], 1, *self.shape)
        if field.ndim < 2 or field.shape[-2] != n_sites:
            raise InputError(f"an order parameter of shape {field.shape}; expected {n_sites} sites")
        return np.moveaxis(field, -1, -2).reshape(*field.shape[:-2], field.shape[-1], *self.shape)


def _shortest(vectors, edges):
    """Return vectors (V, 2), each the shortest of its images by lattice vectors (2, 2)."""
    reduced = vectors @ np.linalg.inv(edges)
    reduced -= np.rint(reduced)
    images = (reduced[:, None] + _IMAGES) @ edges
    shortest = np.linalg.norm(images, axis=2).argmin(axis=1)
    return np.take_along_axis(images, shortest[:, None, None], axis=1)[:, 0]


def spectrum(sheet, field):
    """Return S(q) = |sum_i m_i exp(-i q r_i)|^2 / N of an order parameter, shape (..., ny, nx)."""
    return (np.abs(np.fft.fft2(sheet.grid(field))) ** 2).sum(axis=-3) / np.prod(sheet.shape)


def moment_length(sheet, field):
    """Return L = 2 pi sum_q S(q) / sum_q |q| S(q) [ell], shape (...); infinite of a uniform order parameter.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> sheet = Sheet(sdglass.square_lattice(16))
    >>> stripes = np.where(np.arange(256) % 16 < 8, 1.0, -1.0)
    >>> print(round(float(moment_length(sheet, stripes)), 2))
    10.14
    """
    weight = spectrum(sheet, field)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 2 * np.pi * weight.sum(axis=(-2, -1)) / (weight * sheet.wave).sum(axis=(-2, -1))


def correlation(sheet, field):
    """Return distances (B,) [ell] and C(r) = <m_i . m_j> / <m^2> at them, shape (..., B)."""
    values = np.fft.ifft2(spectrum(sheet, field)).real
    shells, place = np.unique(np.round(sheet.distance.ravel(), 6), return_inverse=True)
    flat = values.reshape(*values.shape[:-2], -1)
    sums = np.zeros((*flat.shape[:-1], len(shells)))
    np.add.at(sums, (..., place), flat)
    curve = sums / np.bincount(place)
    return shells, curve / curve[..., :1]


def half_length(sheet, field):
    """Return the distance at which C(r) first falls to 1/2 [ell], shape (...); nan where it does not."""
    return half_distance(*correlation(sheet, field))


def half_distance(r, curve):
    """Return where curves (..., B) over distances (B,) first fall below 1/2, shape (...); linear in between."""
    below = curve < 0.5
    k = np.maximum(below.argmax(axis=-1), 1)
    upper, lower = (np.take_along_axis(curve, (k - back)[..., None], -1)[..., 0] for back in (1, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = r[k - 1] + (r[k] - r[k - 1]) * (upper - 0.5) / (upper - lower)
    return np.where(below.any(axis=-1), found, np.nan)


def wall_length(sheet, field):
    """Return the length of the walls between positive and negative m_i (..., N) per area, inverted [ell].

    A bond between unlike signs carries the side of the Wigner-Seitz cell that it crosses: a / sqrt(3) of the
    triangular lattice, a of the square one. On a lattice a slanted wall is counted along its steps, up to 4 / pi
    or 2 / sqrt(3) too long, whatever its size. Infinite without walls.
    """
    positive = sheet.grid(field)[..., 0, :, :] > 0
    unlike = sum(
        (positive != np.roll(positive, (-step[1], -step[0]), axis=(-2, -1))).sum(axis=(-2, -1))
        for step in sheet.bonds
    )
    side = sheet.spacing * (1 / np.sqrt(3) if len(sheet.bonds) == 3 else 1.0)
    with np.errstate(divide="ignore"):
        return np.prod(sheet.shape) * sheet.area / (unlike * side)


def wall_directions(sheet, field, smoothing=1.5):
    """Return the direction of the normal to walls [rad], in (-pi, pi], and the weight of each site, (..., N) both.

    The normal is the gradient of the order parameter after Gaussian smoothing, without which it could only point
    along bonds; its weight is the length of the gradient, which integrates to the length of the walls.

    Parameters
    ----------
    sheet : Sheet
    field : array_like, shape (..., N)
    smoothing : float
        Standard deviation [ell].

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> sheet = Sheet(sdglass.square_lattice(16))
    >>> angles, weights = wall_directions(sheet, np.where(np.arange(256) % 16 < 8, 1.0, -1.0))
    >>> print(np.round(np.average(np.cos(4 * angles), weights=weights), 6))
    1.0
    """
    grid = np.fft.fft2(sheet.grid(field)[..., 0, :, :]) * np.exp(-0.5 * (smoothing * sheet.wave) ** 2)
    gradient = np.fft.ifft2(1j * np.moveaxis(sheet.waves, -1, 0) * grid[..., None, :, :]).real
    x, y = np.moveaxis(gradient.reshape(*gradient.shape[:-2], -1), -2, 0)
    return np.arctan2(y, x), np.hypot(x, y)
