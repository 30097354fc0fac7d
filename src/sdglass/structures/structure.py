"""Atomic structures: positions in a periodic orthorhombic box (paper Sec. IV)."""

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from sdglass.arrays import own_arithmetic, real_array
from sdglass.errors import InputError
from sdglass.io import atomic_path, load_npz


@dataclass(frozen=True, eq=False)
class Structure:
    """Sites of the local moments, frozen in time.

    Parameters
    ----------
    positions : array_like, shape (N, 3)
        Site positions [ell]; they are wrapped into the box.
    box : array_like, shape (3,) or float
        Edges of the periodic box [ell].

    Raises
    ------
    InputError
        If shapes are wrong, a number is not finite, an edge is not positive, or two sites coincide.
    """

    positions: np.ndarray
    box: np.ndarray

    @own_arithmetic
    def __post_init__(self):
        positions, box = np.array(real_array(self.positions, "positions")), real_array(self.box, "box")
        if box.shape not in ((), (1,), (3,)):
            raise InputError(f"box has shape {box.shape}; expected three positive lengths [ell], or one of a cube")
        box = np.array(np.broadcast_to(box, (3,)))
        if positions.ndim != 2 or positions.shape[1] != 3 or len(positions) == 0:
            raise InputError(f"positions has shape {positions.shape}; expected (N, 3) with N >= 1")
        if not np.isfinite(positions).all():
            site = np.argwhere(~np.isfinite(positions))[0][0]
            raise InputError(f"positions[{site}] = {positions[site].tolist()} is not finite")
        if not (np.isfinite(box).all() and (box > 0).all()):
            raise InputError(f"box = {box.tolist()}; expected three positive lengths [ell]")
        positions %= box
        positions[positions >= box] = 0.0  # -1e-17 % box is box itself
        if len(positions) > 1:
            close = cKDTree(positions, boxsize=box).query_pairs(1e-9, output_type="ndarray")
            if len(close):
                raise InputError(f"sites {close[0][0]} and {close[0][1]} are at the same position")
        for name, array in (("positions", positions), ("box", box)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def n_sites(self):
        """Number of sites N."""
        return len(self.positions)

    @property
    def density(self):
        """Sites per volume [ell^-3]."""
        return float(self.n_sites / np.prod(self.box))

    @property
    def least_distance(self):
        """Distance of the two sites that are closest to each other [ell]; infinite for a single site."""
        if self.n_sites == 1:
            return float("inf")
        distances, _ = cKDTree(self.positions, boxsize=self.box).query(self.positions, k=2)
        return float(distances[:, 1].min())

    @property
    def periodic(self):
        """Which axes of the box have images that matter, shape (3,).

        A plane or a chain has none across the axes along which all its sites share a coordinate: the height of a
        box around it is arbitrary. A height that is less than its other edges is one of a crystal, however, in a
        cell of one layer.
        """
        spread = np.abs(self.minimum_image(self.positions - self.positions[0])).max(axis=0)
        flat = spread <= 1e-9 * self.box
        return ~(flat & (self.box >= self.box[~flat].min(initial=np.inf)))

    def minimum_image(self, vectors):
        """Return `vectors` (..., 3) [ell] folded to their shortest periodic image."""
        return vectors - self.box * np.round(vectors / self.box)

    def distances(self):
        """Return the (N, N) matrix of minimum-image distances [ell], zero on the diagonal."""
        squared = np.zeros((self.n_sites, self.n_sites))
        for axis in range(3):
            x = self.positions[:, axis]
            d = x[:, None] - x[None, :]
            d -= self.box[axis] * np.round(d / self.box[axis])
            squared += d * d
        return np.sqrt(squared)

    def digest(self):
        """Return a SHA-256 of positions and box, the identity of this realization."""
        return hashlib.sha256(self.positions.tobytes() + self.box.tobytes()).hexdigest()

    def save(self, path):
        """Write ``positions`` (N, 3) and ``box`` (3,) to an ``.npz`` file."""
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, positions=self.positions, box=self.box)

    @classmethod
    def load(cls, path):
        """Read a structure from an ``.npz`` file with ``positions`` and ``box``.

        `InputError` if the file is missing, damaged or lacks one of the two arrays.
        """
        data = load_npz(path, ("positions", "box"))
        try:
            return cls(data["positions"], data["box"])
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
