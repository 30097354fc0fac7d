"""What the locator force field computes from a structure, once: couplings of pairs, hops of loops, a constant.

Everything the frozen positions decide is here, so that an evaluation is sums over lists (`loop_kernels`).
"""

from dataclasses import asdict, dataclass

import numpy as np
from numba import njit

from sdglass.errors import InputError
from sdglass.forcefields.locator.hopping_functions import hopping_function_blocks
from sdglass.forcefields.locator.series import imaginary_frequencies, renormalized_hopping, second_order_weights

PAIR_FEATURES = ("series", "real", "mixed", "imaginary")


@dataclass(frozen=True)
class LocatorSettings:
    """Shape of the force field: where it is cut, and which hops its loops are made of.

    Attributes
    ----------
    pair_cutoff : float
        Range of the pair couplings [ell].
    loop_cutoff : float
        Range of one hop of a four-spin loop [ell].
    taper : float
        Width of the zone before a cutoff in which couplings and hops go to zero smoothly [ell].
    screening : tuple of float
        s_p of the loops' hops K_p = T / (1 + s_p T^2 / J^2), T0's real part at one imaginary frequency each.
        The last one makes the corrections of the pair couplings too.
    """

    pair_cutoff: float = 5.0
    loop_cutoff: float = 3.5
    taper: float = 0.25
    screening: tuple = (0.144, 0.36)

    def __post_init__(self):
        object.__setattr__(self, "screening", tuple(float(s) for s in self.screening))
        for name in ("pair_cutoff", "loop_cutoff", "taper"):
            value = float(getattr(self, name))
            object.__setattr__(self, name, value)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{name} = {value}; expected a positive length [ell]")
        if not self.screening or not all(np.isfinite(s) and s >= 0 for s in self.screening):
            raise InputError(f"screening = {list(self.screening)}; expected at least one number >= 0")

    def to_dict(self):
        """Return the settings as plain data."""
        return asdict(self) | {"screening": list(self.screening)}


@dataclass(frozen=True, eq=False)
class Rows:
    """Values on a symmetric list of neighbours, as compressed sparse rows.

    Attributes
    ----------
    indptr : numpy.ndarray of int, shape (N + 1,)
    indices : numpy.ndarray of int32, shape (nnz,)
    values : numpy.ndarray, shape (nnz, F)
    """

    indptr: np.ndarray
    indices: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class LocatorLists:
    """Frozen coefficients of the force field on one structure.

    Attributes
    ----------
    pairs : Rows
        `PAIR_FEATURES` F of each pair [t0], E = 1/2 sum_ij c . F_ij S_i . S_j; or c . F alone.
    loops : Rows
        Hops K_p of the loops [t0], a site's return to itself included.
    spinless : float
        E_0 of the series [t0].
    onsite : numpy.ndarray, shape (4,) or (1,)
        1/2 sum_i F_ii [t0], the part of the pair terms that no spin direction changes; or c times that.
    """

    pairs: Rows
    loops: Rows
    spinless: float
    onsite: np.ndarray

    def coupled(self, pair_coefficients, dtype):
        """Return these lists of features as those with one coupling per pair, for an engine."""
        coupling = (self.pairs.values @ pair_coefficients)[:, None].astype(dtype)
        hops = np.ascontiguousarray(self.loops.values, dtype)
        return LocatorLists(
            Rows(self.pairs.indptr, self.pairs.indices, coupling),
            Rows(self.loops.indptr, self.loops.indices, hops),
            self.spinless,
            np.array([self.onsite @ pair_coefficients]),
        )


def locator_lists(structure, sd_model, settings, progress=None, pair_coefficients=None, dtype=np.float64):
    """Compute the `LocatorLists` of a structure.

    Parameters
    ----------
    structure : Structure
    sd_model : SDModel
    settings : LocatorSettings
    progress : callable, optional
        Called with the number of sites of each finished block.
    pair_coefficients : array_like, shape (4,), optional
        If given, pairs hold the one coupling that an engine needs, instead of the four features of a fit.
    dtype : numpy.dtype
        Of the values.

    Raises
    ------
    InputError
        If the filling is not one half: the expansion needs the gap around zero energy.
    """
    require_half_filling(sd_model)
    coupling = sd_model.coupling
    frequencies = imaginary_frequencies(coupling)
    strengths = np.array(settings.screening)[:, None] / coupling**2
    nodes = len(frequencies.weight)

    def functions(eigenvalue):
        screened = eigenvalue / (1.0 + strengths * eigenvalue**2)
        mixed = eigenvalue**2 / (1.0 + strengths[-1] * eigenvalue**2) / abs(coupling)
        spinless = np.hypot(eigenvalue, 2.0 * coupling) - 2.0 * abs(coupling)  # see `locator.spinless_energy`
        both = [renormalized_hopping(eigenvalue, frequencies.scalar), screened]
        return np.concatenate([*both, mixed[None], spinless[None]])

    weight = second_order_weights(frequencies)
    reach = max(settings.pair_cutoff, settings.loop_cutoff)
    mix = np.eye(len(PAIR_FEATURES)) if pair_coefficients is None else np.asarray(pair_coefficients)[:, None]
    n = structure.n_sites
    pairs, loops = _RowParts(n), _RowParts(n)
    spinless, onsite = 0.0, np.zeros(mix.shape[1])
    for block in hopping_function_blocks(structure, sd_model.hopping, functions, reach, progress=progress):
        real, imaginary = block.values[:, :nodes], block.values[:, nodes : 2 * nodes]
        screened, mixed = block.values[:, 2 * nodes : -2], block.values[:, -2]
        here = block.sites[block.row] == block.column
        spinless -= block.values[here, -1].sum()
        series = (real**2 - imaginary**2) @ weight
        features = np.stack([series, screened[:, -1] ** 2, screened[:, -1] * mixed, mixed**2], axis=1) @ mix
        onsite += 0.5 * features[here].sum(axis=0)
        for parts, cutoff, values, chosen in (
            (pairs, settings.pair_cutoff, features, ~here),
            (loops, settings.loop_cutoff, screened, True),
        ):
            near = chosen & (block.distance < cutoff)
            fade = _taper(block.distance[near], cutoff, settings.taper)
            parts.add(
                block.sites, block.row[near], block.column[near], (values[near] * fade[:, None]).astype(dtype)
            )
    return LocatorLists(pairs.rows(), loops.rows(), float(spinless) - n * abs(coupling), onsite)


def require_half_filling(sd_model):
    """Raise `InputError` unless the model is one that the expansion is made for."""
    if sd_model.filling != 0.5:
        raise InputError(
            f"filling = {sd_model.filling}; the locator force field is an expansion around the gap at half "
            "filling: expected 0.5 (use the exact engine, or a network trained for this filling)"
        )


def _taper(distance, cutoff, width):
    """Return 1 up to cutoff - width and a smooth step down to 0 at the cutoff."""
    x = np.clip((distance - cutoff + width) / width, 0.0, 1.0)
    return 1.0 - x * x * (3.0 - 2.0 * x)


class _RowParts:
    """Rows of blocks of sites, in any order, that become the `Rows` of a structure; memory is their size twice."""

    def __init__(self, n):
        self._counts = np.zeros(n, np.int64)
        self._parts = []

    def add(self, sites, row, column, values):
        """Add the rows of some sites: entries sorted by their row among `sites`, then by column."""
        counts = np.bincount(row, minlength=len(sites))
        self._counts[sites] = counts
        self._parts.append((sites, counts, column.astype(np.int32), values))

    def rows(self):
        """Return the `Rows`; values of the two directions of a pair are averaged."""
        indptr = np.concatenate([[0], np.cumsum(self._counts)])
        columns, values = self._parts[0][2:]
        indices = np.empty(indptr[-1], columns.dtype)
        whole = np.empty((indptr[-1], values.shape[1]), values.dtype)
        while self._parts:
            sites, counts, columns, values = self._parts.pop()
            before = np.cumsum(counts) - counts
            place = np.repeat(indptr[sites] - before, counts) + np.arange(len(columns))
            indices[place], whole[place] = columns, values
        # Different blocks see different surroundings; a pair's two directions differ by that truncation, and
        # forces are gradients of an energy only if they agree.
        _symmetrize(indptr, indices, whole)
        return Rows(indptr, indices, whole)


@njit(cache=True)
def _symmetrize(indptr, indices, values):
    """Replace the values of the two directions of each pair with their mean, in place."""
    for i in range(len(indptr) - 1):
        for a in range(indptr[i], indptr[i + 1]):
            j = indices[a]
            if j > i:
                b = indptr[j] + np.searchsorted(indices[indptr[j] : indptr[j + 1]], i)
                for f in range(values.shape[1]):
                    mean = (values[a, f] + values[b, f]) / 2
                    values[a, f] = mean
                    values[b, f] = mean
