"""Atomic structures: positions in a periodic cell (paper Sec. IV), and which sites carry a moment."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from sdglass.arrays import own_arithmetic, real_array
from sdglass.errors import InputError
from sdglass.io import atomic_path, load_npz


@dataclass(frozen=True, eq=False)
class Structure:
    """Sites of the electrons and of the local moments, frozen in time.

    Parameters
    ----------
    positions : array_like, shape (N, 3)
        Site positions [ell]; they are wrapped into the cell along its periodic vectors.
    cell : array_like, shape (3, 3), (3,) or float
        Vectors of the cell, one per row, or the edges of an orthorhombic one [ell].
    magnetic : array_like of bool, shape (N,), optional
        Which sites carry a moment; by default all.
    species : array_like of str, shape (N,), optional
        What the sites are, for parameters that depend on it.
    pbc : array_like of bool, shape (3,), optional
        Along which vectors the structure repeats. By default along all but those across a plane or a chain: all
        its sites share that coordinate, and the height of the cell, no less than its other ones, is arbitrary.

    Raises
    ------
    InputError
        If shapes are wrong, a number is not finite, the cell has no volume, two sites coincide, or no site is
        magnetic.
    """

    positions: np.ndarray
    cell: np.ndarray
    magnetic: np.ndarray = None
    species: np.ndarray = None
    pbc: np.ndarray = None

    @own_arithmetic
    def __post_init__(self):
        positions, cell = _positions(self.positions), _cell(self.cell)
        n = len(positions)
        magnetic = np.ones(n, bool) if self.magnetic is None else _flags(self.magnetic, n, "magnetic")
        if not magnetic.any():
            raise InputError("magnetic: no site carries a moment; expected at least one")
        species = None if self.species is None else _species(self.species, n)
        pbc = _extended(positions, cell) if self.pbc is None else _flags(self.pbc, 3, "pbc")
        wrapped = np.ones(3, bool) if self.pbc is None else pbc
        fields = {"positions": positions, "cell": cell, "magnetic": magnetic, "species": species, "pbc": pbc}
        for name, array in fields.items():
            object.__setattr__(self, name, array)
        if self.orthorhombic:
            box = np.diag(cell)
            positions[:, wrapped] %= box[wrapped]
            positions[(positions >= box) & wrapped] = 0.0  # -1e-17 % box is box itself
        else:
            positions -= (np.floor(positions @ np.linalg.inv(self.frame) + 1e-9) * pbc) @ cell
        for array in fields.values():
            if array is not None:
                array.setflags(write=False)
        close = self._coinciding()
        if len(close):
            raise InputError(f"sites {close[0][0]} and {close[0][1]} are at the same position")

    def _coinciding(self):
        """Return pairs of sites at the same position."""
        if self.orthorhombic:
            return self.tree().query_pairs(1e-9, output_type="ndarray")
        from sdglass.structures.neighbours import minimum_image_pairs

        pairs = minimum_image_pairs(self, 1e-9)
        return np.stack([pairs.first, pairs.second], axis=1)

    @property
    def n_sites(self):
        """Number of sites N."""
        return len(self.positions)

    @cached_property
    def magnetic_sites(self):
        """Sites that carry a moment, ascending, shape (M,); spins are in this order."""
        return np.flatnonzero(self.magnetic)

    @property
    def n_spins(self):
        """Number of magnetic sites M."""
        return len(self.magnetic_sites)

    @cached_property
    def moments(self):
        """The magnetic sites alone, a `Structure`; this one if all are."""
        return self if self.magnetic.all() else self.subset(self.magnetic_sites)

    def subset(self, sites):
        """Return the `Structure` of some sites in the same cell, in the order given."""
        species = None if self.species is None else self.species[sites]
        return Structure(self.positions[sites], self.cell, self.magnetic[sites], species, self.pbc)

    def repeat(self, counts):
        """Return the structure repeated along the vectors of its cell.

        Parameters
        ----------
        counts : sequence of int, shape (3,)
            How often along each; `InputError` unless it is 1 where the structure does not repeat.

        Examples
        --------
        >>> import sdglass
        >>> sdglass.amorphous(24, density=0.8).repeat((2, 1, 1)).n_sites
        48
        """
        counts = np.asarray(counts)
        if counts.shape != (3,) or (counts < 1).any() or (counts != counts.round()).any():
            raise InputError(f"counts = {counts.tolist()}; expected three whole numbers from 1")
        if (counts[~self.pbc] != 1).any():
            raise InputError(f"counts = {counts.tolist()} of a structure that repeats along {self.pbc.tolist()}")
        copies = np.array(list(product(*map(range, counts.astype(int)))))
        positions = (copies @ self.cell)[:, None] + self.positions
        species = None if self.species is None else np.tile(self.species, len(copies))
        magnetic, cell = np.tile(self.magnetic, len(copies)), self.cell * counts[:, None]
        return Structure(positions.reshape(-1, 3), cell, magnetic, species, self.pbc)

    def dilute(self, occupancy, seed=0):
        """Return the structure with moments on a random part of its magnetic sites.

        Parameters
        ----------
        occupancy : float
            Share of the magnetic sites that keep their moment, in (0, 1]; their number is rounded.
        seed : int
            Keys the choice.

        Examples
        --------
        >>> import sdglass
        >>> alloy = sdglass.lattice("square", (8, 8)).dilute(0.25, seed=1)
        >>> alloy.n_sites, alloy.n_spins
        (64, 16)
        """
        from sdglass.random_streams import generator

        kept = round(self.n_spins * occupancy) if 0 < occupancy <= 1 else 0
        if kept < 1:
            raise InputError(
                f"occupancy = {occupancy} of {self.n_spins} magnetic sites; expected a share in (0, 1] that "
                "leaves at least one"
            )
        magnetic = np.zeros(self.n_sites, bool)
        magnetic[generator(seed, "dilution").permutation(self.magnetic_sites)[:kept]] = True
        return replace(self, magnetic=magnetic)

    @cached_property
    def orthorhombic(self):
        """Whether the vectors of the cell lie along the axes x, y and z."""
        return not np.any(self.cell - np.diag(np.diag(self.cell)))

    @property
    def box(self):
        """Edges of an orthorhombic cell, shape (3,) [ell]; `InputError` if it is oblique."""
        if not self.orthorhombic:
            raise InputError(
                f"cell = {self.cell.tolist()} is oblique, and this is made for cells with three edges along x, y "
                "and z alone; expected a structure in such a cell"
            )
        return np.diag(self.cell)

    @property
    def volume(self):
        """Volume of the cell [ell^3]."""
        return float(np.prod(self.box) if self.orthorhombic else abs(np.linalg.det(self.cell)))

    @property
    def density(self):
        """Sites per volume [ell^-3]."""
        return float(self.n_sites / self.volume)

    @property
    def least_distance(self):
        """Distance of the two sites that are closest to each other [ell]; infinite for a single site."""
        if self.n_sites == 1:
            return float("inf")
        if self.orthorhombic:
            return float(self.tree().query(self.positions, k=2)[0][:, 1].min())
        from sdglass.structures.neighbours import nearest_distances

        return float(nearest_distances(self).min())

    @cached_property
    def frame(self):
        """Vectors of the cell, those along which nothing repeats replaced by ones across the others, (3, 3) [ell].

        The planes between which images lie are then `heights` apart.
        """
        if self.orthorhombic or self.pbc.all():
            return self.cell
        frame = self.cell.copy()
        if not self.pbc.any():
            return np.eye(3)
        frame[~self.pbc] = np.linalg.svd(self.cell[self.pbc])[2][self.pbc.sum() :]
        return frame

    @cached_property
    def heights(self):
        """Distance of the two faces of the `frame` that each vector connects, shape (3,) [ell]."""
        if self.orthorhombic:
            return np.diag(self.cell)
        return 1.0 / np.linalg.norm(np.linalg.inv(self.frame), axis=0)

    def fractional(self, vectors):
        """Return `vectors` (..., 3) [ell] in units of the vectors of the cell."""
        return vectors / self.box if self.orthorhombic else vectors @ np.linalg.inv(self.cell)

    def tree(self):
        """Return the sites of an orthorhombic cell as a `scipy.spatial.cKDTree` that knows its periods."""
        return cKDTree(self.positions, boxsize=np.where(self.pbc, self.box, 0.0))

    def minimum_image(self, vectors):
        """Return `vectors` (..., 3) [ell] folded to their shortest periodic image."""
        if self.orthorhombic:
            return vectors - self.box * np.where(self.pbc, np.round(vectors / self.box), 0.0)
        folded = vectors - np.where(self.pbc, np.round(vectors @ np.linalg.inv(self.frame)), 0.0) @ self.cell
        # The shortest image is no longer than half the sum of the edges, which bounds how many cells away it is.
        longest = 0.5 * np.linalg.norm(self.cell[self.pbc], axis=1).sum()
        reach = np.where(self.pbc, np.floor(longest / self.heights + 0.5), 0).astype(int)
        best, least = folded, np.einsum("...a,...a->...", folded, folded)
        for shift in product(*(range(-n, n + 1) for n in reach)):
            other = folded + np.array(shift) @ self.cell
            length = np.einsum("...a,...a->...", other, other)
            shorter = length < least * (1 - 1e-12)
            best, least = np.where(shorter[..., None], other, best), np.where(shorter, length, least)
        return best

    def distances(self):
        """Return the (N, N) matrix of minimum-image distances [ell], zero on the diagonal."""
        squared = np.zeros((self.n_sites, self.n_sites))
        if not self.orthorhombic:
            for row, position in enumerate(self.positions):
                vector = self.minimum_image(self.positions - position)
                squared[row] = np.einsum("na,na->n", vector, vector)
            return np.sqrt(np.maximum(squared, squared.T))
        for axis in range(3):
            x = self.positions[:, axis]
            d = x[:, None] - x[None, :]
            if self.pbc[axis]:
                d -= self.box[axis] * np.round(d / self.box[axis])
            squared += d * d
        return np.sqrt(squared)

    def digest(self):
        """Return a SHA-256 of everything that is saved, the identity of this realization."""
        return hashlib.sha256(b"".join(array.tobytes() for array in self.arrays().values())).hexdigest()

    def arrays(self):
        """Return what is saved, and distinguishes the structure from others, {name: array}."""
        saved = {"positions": self.positions}
        saved |= {"box": self.box} if self.orthorhombic else {"cell": self.cell}
        if not self.magnetic.all():
            saved["magnetic"] = self.magnetic
        if self.species is not None:
            saved["species"] = self.species
        if (self.pbc != _extended(self.positions, self.cell)).any():
            saved["pbc"] = self.pbc
        return saved

    def save(self, path):
        """Write an ``.npz`` file.

        It holds ``positions`` (N, 3) and ``cell`` (3, 3), or ``box`` (3,) of an orthorhombic one, and where they
        are not what is expected, ``magnetic`` (N,), ``species`` (N,) and ``pbc`` (3,).
        """
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, **self.arrays())

    @classmethod
    def load(cls, path):
        """Read a structure from an ``.npz`` file, see `save`.

        `InputError` if the file is missing, damaged or lacks the positions or the cell.
        """
        data = load_npz(path, ("positions",), optional=("box", "cell", "magnetic", "species", "pbc"))
        return cls.from_arrays(data, path)

    @classmethod
    def from_arrays(cls, arrays, path):
        """Return the structure whose `arrays` these are; `InputError` names the `path` where they were found."""
        data = dict(arrays)
        if ("box" in data) == ("cell" in data):
            found = "both 'box' and 'cell'" if "box" in data else "neither 'box' nor 'cell'"
            raise InputError(f"{path}: holds {found}; expected a box (3,) or a cell (3, 3) [ell]")
        data["cell"] = data.pop("box") if "box" in data else data["cell"]
        try:
            return cls(**data)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None


def _positions(given):
    positions = np.array(real_array(given, "positions"))
    if positions.ndim != 2 or positions.shape[1] != 3 or len(positions) == 0:
        raise InputError(f"positions has shape {positions.shape}; expected (N, 3) with N >= 1")
    if not np.isfinite(positions).all():
        site = np.argwhere(~np.isfinite(positions))[0][0]
        raise InputError(f"positions[{site}] = {positions[site].tolist()} is not finite")
    return positions


def _cell(given):
    cell = real_array(given, "box")
    if cell.shape == (3, 3):
        name, expected = "cell", "three independent vectors [ell]"
    elif cell.shape in ((), (1,), (3,)):
        cell, name, expected = np.broadcast_to(cell, (3,)), "box", "three positive lengths [ell]"
    else:
        raise InputError(
            f"box has shape {cell.shape}; expected three positive lengths [ell], one of a cube, or a cell (3, 3)"
        )
    if not np.isfinite(cell).all() or (cell.ndim == 1 and not (cell > 0).all()):
        raise InputError(f"{name} = {cell.tolist()}; expected {expected}")
    cell = np.array(cell if cell.ndim == 2 else np.diag(cell))
    lengths = np.linalg.norm(cell, axis=1)
    if not lengths.all() or abs(np.linalg.det(cell / lengths[:, None])) < 1e-6:
        raise InputError(f"cell = {cell.tolist()} has no volume; expected {expected}")
    if not np.any(cell - np.diag(np.diag(cell))) and (np.diag(cell) < 0).any():
        raise InputError(f"cell = {cell.tolist()}; expected three positive lengths [ell]")
    return cell


def _flags(given, size, name):
    flags = np.array(given)
    if flags.shape != (size,) or not np.isin(flags, (0, 1)).all():
        raise InputError(
            f"{name} has shape {flags.shape}, type {flags.dtype}; expected {size} times true or false"
        )
    return flags.astype(bool)


def _species(given, size):
    species = np.array(given)
    if species.dtype.kind == "S":  # as HDF5 keeps them
        species = np.char.decode(species, "utf-8")
    if species.shape != (size,) or species.dtype.kind != "U":
        raise InputError(f"species has shape {species.shape}, type {species.dtype}; expected {size} names")
    return species


def _extended(positions, cell):
    """Return along which vectors of a cell images matter, shape (3,), see `Structure`."""
    along = (positions - positions[0]) @ np.linalg.inv(cell)
    flat = np.abs(along - np.round(along)).max(axis=0) <= 1e-9
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    return ~(flat & (heights >= heights[~flat].min(initial=np.inf) * (1 - 1e-12)))
