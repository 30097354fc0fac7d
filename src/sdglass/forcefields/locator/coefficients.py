"""What the locator force field computes from a structure, once: couplings of pairs, hops of loops, a constant.

All of it are functions f(T) of the hopping matrix (`hopping_functions`), taken between near sites:

    T0(w)   the renormalized hopping at each imaginary frequency     `series.renormalized_hopping`
    K_p   = T / (1 + s_p T^2 / J^2), its real part at one frequency  the hops of the loops
    M     = T^2 / (|J| (1 + s T^2 / J^2)), its imaginary part there  with the last s_p
    E_0     the energy without any spin                              `series.spinless_energy`

The positions decide all of these, so that an evaluation is sums over lists (`kernels`).
"""

from dataclasses import asdict, dataclass, fields

import numpy as np
from scipy import sparse

from sdglass.electrons.sd_model import is_matrix
from sdglass.errors import InputError
from sdglass.forcefields.locator.hopping_functions import hopping_function_blocks
from sdglass.forcefields.locator.series import imaginary_frequencies, renormalized_hopping, second_order_weights

# Energies of a pair, E = 1/2 sum_ij F_ij S_i . S_j: that of the series in second order, and K^2, K M and M^2 of
# the last screening, which stand for what the series leaves out.
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
        try:
            for entry in fields(self):
                value = getattr(self, entry.name)
                value = tuple(map(float, value)) if entry.name == "screening" else float(value)
                object.__setattr__(self, entry.name, value)
        except (TypeError, ValueError) as error:
            raise InputError(f"locator settings: {error}") from None
        for name in ("pair_cutoff", "loop_cutoff", "taper"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} = {getattr(self, name)}; expected a positive length [ell]")
        if not self.screening or not all(0 <= s < np.inf for s in self.screening):
            raise InputError(f"screening = {list(self.screening)}; expected at least one number >= 0")

    def to_dict(self):
        """Return the settings as plain data."""
        return asdict(self) | {"screening": list(self.screening)}


@dataclass(frozen=True, eq=False)
class NeighbourValues:
    """Values on a symmetric list of neighbours, in compressed rows: site i has entries start[i]:start[i + 1]."""

    start: np.ndarray  # (N + 1,)
    neighbour: np.ndarray  # (nnz,) int32, ascending in each row
    values: np.ndarray  # (nnz, F)


@dataclass(frozen=True, eq=False)
class LocatorCoefficients:
    """Coefficients of the force field on one structure: of its pairs, of the hops of its loops, and constants.

    A fit holds the four `PAIR_FEATURES` F of each pair [t0], E = 1/2 sum_ij c . F_ij S_i . S_j; an evaluation
    needs c . F alone. The onsite energy is 1/2 sum_i F_ii [t0], which no spin direction changes, or c times that.
    """

    pairs: NeighbourValues
    hops: NeighbourValues  # K_p of the loops [t0], a site's return to itself included
    spinless_energy: float  # E_0 of the series [t0]
    onsite_energy: np.ndarray  # (4,) or (1,)

    def coupled(self, pair_coefficients, dtype):
        """Return these coefficients with the one coupling c . F per pair that an evaluation needs."""
        coupling = (self.pairs.values @ pair_coefficients)[:, None].astype(dtype)
        hops = np.ascontiguousarray(self.hops.values, dtype)
        return LocatorCoefficients(
            NeighbourValues(self.pairs.start, self.pairs.neighbour, coupling),
            NeighbourValues(self.hops.start, self.hops.neighbour, hops),
            self.spinless_energy,
            np.array([self.onsite_energy @ pair_coefficients]),
        )


def locator_coefficients(structure, electrons, settings, progress=None, pair_coefficients=None, dtype=np.float64):
    """Compute the `LocatorCoefficients` of a structure, with values of a numpy `dtype`.

    Pairs hold the four features of a fit or, with `pair_coefficients` (4,), the one coupling that an evaluation
    needs. `progress` is called with the number of sites of each finished block. `InputError` if the filling is not
    one half: the expansion needs the gap around zero energy.
    """
    require_half_filling(electrons)
    functions = _HoppingFunctions(electrons.coupling, settings.screening)
    reach = max(settings.pair_cutoff, settings.loop_cutoff)
    mix = np.eye(len(PAIR_FEATURES)) if pair_coefficients is None else np.asarray(pair_coefficients)[:, None]
    pairs, hops = (_GrowingRows(structure.n_sites, dtype) for _ in range(2))
    spinless_energy, onsite_energy = 0.0, np.zeros(mix.shape[1])
    for block in hopping_function_blocks(structure, electrons.hopping, functions, reach, progress=progress):
        found = functions.named(block.values)
        itself = block.sites[block.row] == block.column
        features = functions.pair_features(found) @ mix
        spinless_energy += found["spinless_energy"][itself].sum()
        onsite_energy += 0.5 * features[itself].sum(axis=0)
        near = ~itself & (block.distance < settings.pair_cutoff)
        pairs.add(block, near, features, _taper(block.distance[near], settings.pair_cutoff, settings.taper))
        near = block.distance < settings.loop_cutoff
        hops.add(block, near, found["hops"], _taper(block.distance[near], settings.loop_cutoff, settings.taper))
    spinless_energy -= structure.n_sites * abs(electrons.coupling)
    return LocatorCoefficients(pairs.finished(), hops.finished(), float(spinless_energy), onsite_energy)


class _HoppingFunctions:
    """The functions of T that the coefficients are made of, by name.

    Called with eigenvalues, shape (M,), it returns the values of all of them, shape (F, M), as
    `hopping_function_blocks` wants them; `named` takes those apart again.
    """

    def __init__(self, coupling, screening):
        self.coupling = coupling
        self.frequencies = imaginary_frequencies(coupling)
        self.strengths = np.array(screening)[:, None] / coupling**2  # s_p / J^2
        self.series_weights = second_order_weights(self.frequencies)

    def values(self, t):
        """Return {name: array (F, M)} at eigenvalues t of T, shape (M,) [t0]."""
        real, imaginary = np.split(renormalized_hopping(t, self.frequencies.scalar), 2)
        return {
            "real": real,
            "imaginary": imaginary,
            "hops": t / (1.0 + self.strengths * t**2),
            "mixed": (t**2 / (1.0 + self.strengths[-1] * t**2) / abs(self.coupling))[None],
            # Of a site, beside -|J|: the trace of this function is E_0 + N |J|.
            "spinless_energy": (2.0 * abs(self.coupling) - np.hypot(t, 2.0 * self.coupling))[None],
        }

    def __call__(self, eigenvalues):
        return np.concatenate(list(self.values(eigenvalues).values()))

    def named(self, columns):
        """Return {name: array (P, F), or (P,) of a single function} from the columns of P pairs."""
        sizes = {name: len(rows) for name, rows in self.values(np.zeros(1)).items()}
        parts = np.split(columns, np.cumsum(list(sizes.values()))[:-1], axis=1)
        named = dict(zip(sizes, parts, strict=True))
        return named | {name: named[name][:, 0] for name in ("mixed", "spinless_energy")}

    def pair_features(self, found):
        """Return `PAIR_FEATURES`, shape (P, 4), of the named functions; J_ij of the series, and three products."""
        series = (found["real"] ** 2 - found["imaginary"] ** 2) @ self.series_weights  # int dw b^2 Re(T0_ij^2)
        hop, mixed = found["hops"][:, -1], found["mixed"]
        return np.stack([series, hop**2, hop * mixed, mixed**2], axis=1)


def reverse_entries(start, neighbour):
    """Return where each entry i -> j of symmetric rows is in the other direction, j -> i, shape (nnz,)."""
    entries = np.arange(len(neighbour))
    return sparse.csr_array((entries, neighbour, start), shape=2 * (len(start) - 1,)).tocsc().data


def is_half_filled(electrons):
    """Return whether the electrons are those that the expansion is made for."""
    alike = isinstance(electrons.coupling, float) and electrons.onsite is None and not is_matrix(electrons.hopping)
    return alike and electrons.filling == 0.5


def require_half_filling(electrons):
    """Raise `InputError` unless the electrons are those that the expansion is made for."""
    if electrons.filling == 0.5 and not is_half_filled(electrons):
        raise InputError(
            "the locator force field knows one coupling, no energies of sites and a hopping law; expected such "
            "electrons (or use exact diagonalization)"
        )
    if not is_half_filled(electrons):
        raise InputError(
            f"filling = {electrons.filling}; the locator force field is an expansion around the gap at half "
            "filling: expected 0.5 (use exact diagonalization, or a network trained for this filling)"
        )


def _taper(distance, cutoff, width):
    """Return 1 up to cutoff - width and a smooth step down to 0 at the cutoff."""
    x = np.clip((distance - cutoff + width) / width, 0.0, 1.0)
    return 1.0 - x * x * (3.0 - 2.0 * x)


class _GrowingRows:
    """Rows of blocks of sites, in any order, that become `NeighbourValues`; memory is their size twice."""

    def __init__(self, n_sites, dtype):
        self._counts = np.zeros(n_sites, np.int64)
        self._dtype = dtype
        self._parts = []

    def add(self, block, chosen, values, fade):
        """Add the rows of a block's sites: of its pairs the `chosen` ones, values (P, F) times their fade."""
        counts = np.bincount(block.row[chosen], minlength=len(block.sites))
        self._counts[block.sites] = counts
        values = (values[chosen] * fade[:, None]).astype(self._dtype)
        self._parts.append((block.sites, counts, block.column[chosen].astype(np.int32), values))

    def finished(self):
        """Return the `NeighbourValues`; values of the two directions of a pair are averaged."""
        start = np.concatenate([[0], np.cumsum(self._counts)])
        columns, values = self._parts[0][2:]
        neighbour = np.empty(start[-1], columns.dtype)
        whole = np.empty((start[-1], values.shape[1]), values.dtype)
        while self._parts:
            sites, counts, columns, values = self._parts.pop()
            before = np.cumsum(counts) - counts
            place = np.repeat(start[sites] - before, counts) + np.arange(len(columns))
            neighbour[place], whole[place] = columns, values
        # Different blocks see different surroundings; a pair's two directions differ by that truncation, and
        # fields are gradients of an energy only if they agree.
        reverse = reverse_entries(start, neighbour)
        for column in whole.T:
            column += column[reverse]
            column /= 2
        return NeighbourValues(start, neighbour, whole)
