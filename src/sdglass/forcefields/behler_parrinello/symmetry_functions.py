"""Magnetic symmetry functions G2, G3 and G3-chi as linear maps (paper Eqs. 8-13 and 16).

The positions are frozen, so every F2 and F3 is a constant: each symmetry function is a linear
combination of bond variables b_jk = S_j . S_k (G2, G3) or of triple products
chi_ijk = S_i . (S_j x S_k) (G3-chi). One sparse matrix per realization, computed once, maps the
variables to the features, and its transpose maps dE/dG to dE/db.

Two readings of the paper are fixed here:

* Eqs. 10 and 13 sum over ordered pairs j != k, so an unordered pair counts twice. R_jk is
  |r_ik - r_ij|, the distance inside the environment of site i, which holds every image within the cutoff:
  features of a centre depend on what is around it, not on the box.
* Eq. 16 as printed vanishes identically, because F3 is symmetric and chi antisymmetric under j <-> k.
  The sum here runs over pairs ordered by their distance from the centre, R_ij < R_ik. Neighbours at the same
  distance, as on a lattice, have no order, and a symmetry that exchanges them forbids anything odd in chi:
  each such pair enters once with chi^2, the lowest power that is allowed.
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import sparse

from sdglass.errors import InputError
from sdglass.structures.neighbours import environments, neighbour_pairs, tie_tolerance

# (centre, j, k) triples looked at in one piece: 20 MB of temporaries, which a cache holds.
_TRIPLES_PER_BLOCK = 25_000


@dataclass(frozen=True)
class SymmetryFunctions:
    """Parameters of the descriptor; the defaults are the paper's (Sec. IV).

    Parameters
    ----------
    cutoff : float
        R_c [ell].
    shells : int
        Number of radii d.
    shell_start, shell_stop : float
        First and last radius d [ell].
    width : float
        w [ell].
    zeta : float
        Exponent of the angular factor.
    lambdas : tuple of float
        Signs of the angular factor.
    pair_distances : tuple of float
        Radii d' for the distance of the two neighbours [ell].
    pair_width : float
        w' [ell].
    chirality : bool
        Whether G3-chi is part of the descriptor.
    tolerance : float
        Values of F2 and F3 up to this are dropped, 0 <= tolerance < 1.

    Raises
    ------
    InputError
        If a length or exponent is not positive, there is no shell, or the tolerance is out of range.
    """

    cutoff: float = 2.5
    shells: int = 50
    shell_start: float = 0.5
    shell_stop: float = 2.46
    width: float = 0.05
    zeta: float = 1.0
    lambdas: tuple = (-1.0, 1.0)
    pair_distances: tuple = (1.0, 2.0)
    pair_width: float = 1.0
    chirality: bool = False
    tolerance: float = 1e-7

    def __post_init__(self):
        object.__setattr__(self, "lambdas", tuple(map(float, self.lambdas)))
        object.__setattr__(self, "pair_distances", tuple(map(float, self.pair_distances)))
        for name in ("cutoff", "width", "pair_width", "zeta"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"symmetry functions: {name} = {getattr(self, name)}; expected a positive number")
        if self.shells < 1:
            raise InputError(f"symmetry functions: shells = {self.shells}; expected at least one")
        if not 0 <= self.tolerance < 1:
            raise InputError(f"symmetry functions: tolerance = {self.tolerance}; expected a number in [0, 1)")

    @property
    def radii(self):
        """Radii d, shape (shells,) [ell]."""
        return np.linspace(self.shell_start, self.shell_stop, self.shells)

    @property
    def angular(self):
        """(lambda, d') of each angular block, in feature order."""
        return [(lam, d) for lam in self.lambdas for d in self.pair_distances]

    @property
    def n_g2(self):
        """Number of G2 features."""
        return self.shells

    @property
    def n_bond(self):
        """Number of features that are linear in bond variables, G2 and G3."""
        return self.shells * (1 + len(self.angular))

    @property
    def n_chirality(self):
        """Number of G3-chi features."""
        return self.shells * len(self.angular) if self.chirality else 0

    @property
    def n_features(self):
        """All features of a site: G2, then G3, then G3-chi; within a block d runs fastest."""
        return self.n_bond + self.n_chirality

    def to_dict(self):
        """Return the parameters as plain data."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def cutoff_function(distance, cutoff):
    """Return f_c(R) = (cos(pi R / R_c) + 1) / 2 inside the cutoff and zero outside (below Eq. 9)."""
    return np.where(distance <= cutoff, 0.5 * (np.cos(np.pi * np.minimum(distance, cutoff) / cutoff) + 1.0), 0.0)


def f2(distance, d, w, cutoff):
    """Return F2(R; d, w) = exp(-(R - d)^2 / w^2) f_c(R), Eq. 9."""
    return np.exp(-(((distance - d) / w) ** 2)) * cutoff_function(distance, cutoff)


def f3(r1, r2, r3, cos_theta, zeta, lam, d, w, d_pair, w_pair, cutoff):
    """Return F3(R1, R2, R3, theta; zeta, lambda, d, w, d', w'), Eq. 11."""
    angular = 2.0 ** (1.0 - zeta) * (1.0 + lam * cos_theta) ** zeta
    return angular * f2(r1, d, w, cutoff) * f2(r2, d, w, cutoff) * f2(r3, d_pair, w_pair, cutoff)


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """The descriptor of one realization: P bond variables b_p = S_first . S_second and, with chirality, T triple
    products S_i . (S_j x S_k), R_ij < R_ik, or their squares where j and k are equally far from i, and the parts
    of these variables in the features of every site. A bond variable stands for all images of a pair of sites, and
    first = second for a site and its own images.
    """

    functions: SymmetryFunctions
    n_sites: int
    first: np.ndarray  # (P,)
    second: np.ndarray  # (P,)
    bonds: sparse.csr_array  # (N * n_bond, P), row i * n_bond + f is feature f (G2 or G3) of site i
    triples: np.ndarray  # (T, 3) sites (i, j, k); empty without chirality
    tied: np.ndarray  # (T,) where j and k are equally far from i
    chiralities: sparse.csr_array  # (N * n_chirality, T)

    def require(self, structure, functions):
        """Raise `InputError` unless these are the `functions` of a structure with as many sites."""
        if self.functions != functions or self.n_sites != structure.n_spins:
            raise InputError(
                f"maps of {self.n_sites} sites with {self.functions}; "
                f"expected {structure.n_spins} sites with {functions}"
            )

    def features(self, spins):
        """Return the features of `spins`, shape (R, N, 3), as an array (R, N, n_features)."""
        spins = np.asarray(spins, dtype=float)
        replicas = len(spins)
        parts = [(self.bonds @ bond_variables(spins, self.first, self.second).T, self.functions.n_bond)]
        if self.functions.chirality:
            chi = triple_products(spins, self.triples)
            chi = np.where(self.tied, chi * chi, chi)
            parts.append((self.chiralities @ chi.T, self.functions.n_chirality))
        return np.concatenate(
            [part.reshape(self.n_sites, count, replicas).transpose(2, 0, 1) for part, count in parts], axis=2
        )

    def nonzero(self):
        """Return which of the features that are linear in bond variables some site has, shape (n_bond,)."""
        return np.diff(self.bonds.indptr).reshape(self.n_sites, -1).any(axis=0)


def bond_variables(spins, first, second):
    """Return b = S_first . S_second, shape (R, P)."""
    return np.einsum("rpa,rpa->rp", spins[:, first], spins[:, second])


def triple_products(spins, triples):
    """Return chi = S_i . (S_j x S_k), shape (R, T)."""
    i, j, k = (spins[:, triples[:, column]] for column in range(3))
    return np.einsum("rta,rta->rt", i, np.cross(j, k))


def build_feature_maps(structure, functions, dtype=np.float64):
    """Return the `FeatureMaps` of the magnetic sites of a structure. Memory and time are linear in N.

    Values are kept in a numpy `dtype`: float32 halves the memory (8 bytes per value and index, against 12) and is
    enough for a force field that computes in float32.
    """
    structure = structure.moments
    pairs = neighbour_pairs(structure, functions.cutoff)
    env = environments(structure, functions.cutoff)
    n, tie = structure.n_sites, tie_tolerance(env) if functions.chirality else 0.0
    pair_key = np.unique(pairs.first * n + pairs.second)

    def pair_index(a, b):
        return np.searchsorted(pair_key, np.minimum(a, b) * n + np.maximum(a, b))

    bonds, chiralities = _Rows(len(pair_key), dtype), _Rows(None, dtype)
    triples, tied, n_triples = [np.empty((0, 3), np.int64)], [np.empty(0, bool)], 0
    # Centre by centre, so that what is held in between is small and each block is a run of finished rows.
    for first, last in _centre_blocks(env, functions):
        bond_parts, chirality_parts, legs, equal = _block_values(env, functions, first, last, pair_index, tie)
        bonds.append(bond_parts, (last - first) * functions.n_bond)
        if functions.n_chirality:
            # Three triples in ten meet no shell above the tolerance; they get no column.
            rows, columns, values = (np.concatenate(part) for part in zip(*chirality_parts, strict=True))
            used, columns = np.unique(columns, return_inverse=True)
            chiralities.append([(rows, n_triples + columns, values)], (last - first) * functions.n_chirality)
            triples.append(legs[used])
            tied.append(equal[used])
            n_triples += len(used)
    return FeatureMaps(
        functions,
        n,
        pair_key // n,
        pair_key % n,
        bonds.matrix(n * functions.n_bond, len(pair_key)),
        np.concatenate(triples),
        np.concatenate(tied),
        chiralities.matrix(n * functions.n_chirality, n_triples),
    )


class _Rows:
    """A sparse matrix that grows by blocks of rows."""

    def __init__(self, n_columns, dtype):
        self.n_columns, self.dtype = n_columns, dtype
        self.data, self.indices, self.counts = [], [], []

    def append(self, parts, n_rows):
        """Add `n_rows` rows with entries (rows within the block, columns, values), in pieces."""
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        width = self.n_columns or int(columns.max(initial=-1)) + 1
        block = sparse.coo_array((values, (rows, columns)), shape=(n_rows, width)).tocsr()
        self.data.append(block.data.astype(self.dtype))
        self.indices.append(block.indices.astype(np.int32))
        self.counts.append(np.diff(block.indptr))

    def matrix(self, n_rows, n_columns):
        """Return the whole as a csr_array (n_rows, n_columns)."""
        if not self.data:
            return sparse.csr_array((n_rows, n_columns), dtype=self.dtype)
        total = np.cumsum(np.concatenate([[0], *self.counts]))
        start = total.astype(np.int32 if total[-1] < 2**31 else np.int64)
        # Each list goes as soon as it is joined: these arrays are the largest of all.
        data, self.data = np.concatenate(self.data), []
        indices, self.indices = np.concatenate(self.indices).astype(start.dtype, copy=False), []
        return sparse.csr_array((data, indices, start), shape=(n_rows, n_columns))


def _block_values(env, functions, first, last, pair_index, tie):
    """Return the entries of the rows of centres `first` to `last`: of bonds, of triple products, and the triples.

    Entries are lists of (rows from the first centre's on, columns, values); columns of triple products count the
    triples (T, 3) of the block, which come with where their legs tie (T,).
    """
    span = slice(env.start[first], env.start[last])
    centre = np.repeat(np.arange(first, last), np.diff(env.start[first : last + 1]))
    neighbour, distance = env.neighbour[span], env.distance[span]
    radial = f2(distance[:, None], functions.radii, functions.width, functions.cutoff)
    entry, shell = np.nonzero(radial > functions.tolerance)
    rows = (centre[entry] - first) * functions.n_bond + shell
    bonds = [(rows, pair_index(centre[entry], neighbour[entry]), radial[entry, shell])]
    chiralities = []
    if not functions.angular:
        return bonds, chiralities, None, None
    a, b, weight, angular = _leg_pairs(env, functions, first, last)
    # Each leg pair is met once here and twice in the paper's sum over ordered pairs.
    column, site = pair_index(neighbour[a], neighbour[b]), centre[a] - first
    # Two of three spins that are the same one, through its images, have no chirality.
    i, j, k = centre[a], neighbour[a], neighbour[b]
    chiral = (i != j) & (i != k) & (j != k)
    for block, factor in enumerate(angular):
        value = weight * factor[:, None]
        entry, shell = np.nonzero(value > functions.tolerance)
        rows = site[entry] * functions.n_bond + (1 + block) * functions.shells + shell
        bonds.append((rows, column[entry], 2.0 * value[entry, shell]))
        if functions.chirality:
            keep = chiral[entry]
            entry, shell = entry[keep], shell[keep]
            rows = site[entry] * functions.n_chirality + block * functions.shells + shell
            chiralities.append((rows, entry, value[entry, shell]))
    if not functions.n_chirality:
        return bonds, chiralities, None, None
    swap = distance[a] > distance[b]
    triples = np.stack([i, np.where(swap, k, j), np.where(swap, j, k)], axis=1)
    return bonds, chiralities, triples, np.abs(distance[a] - distance[b]) <= tie * distance[a]


def _centre_blocks(env, functions):
    """Yield (first, last) of runs of centres with up to `_TRIPLES_PER_BLOCK` leg pairs, or legs, each."""
    legs = np.diff(env.start)
    ends = np.cumsum(legs * (legs - 1) // 2 if functions.angular else legs)
    first = 0
    while first < len(legs):
        used = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, used + _TRIPLES_PER_BLOCK, side="right")))
        yield first, last
        first = last


def _leg_pairs(env, functions, first, last):
    """Return (a, b, radial weight (T, shells), [angular factor (T,)]) of the leg pairs a < b of some centres.

    a and b count the legs from those of centre `first` on and have the same centre. Pairs whose legs differ too
    much to share a shell, or whose ends are beyond the cutoff from each other, never appear.
    """
    # exp(-((R1-d)^2 + (R2-d)^2) / w^2) <= exp(-(R1-R2)^2 / (2 w^2)), whatever d is, times the largest angular
    # factor, which is 2 for lambda = +-1 and any zeta.
    largest = max((2.0 * ((1.0 + abs(lam)) / 2.0) ** functions.zeta for lam in functions.lambdas), default=1.0)
    ratio = max(1.0, largest / functions.tolerance) if functions.tolerance else np.inf
    widest = functions.width * np.sqrt(2.0 * np.log(ratio))
    span = slice(env.start[first], env.start[last])
    vector, distance = env.vector[span], env.distance[span]
    start = env.start[first : last + 1] - env.start[first]
    counts = np.repeat(start[1:], np.diff(start)) - np.arange(len(distance)) - 1  # partners that come later
    a = np.repeat(np.arange(len(distance)), counts)
    b = a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts, counts)
    near = np.abs(distance[a] - distance[b]) < widest
    a, b = a[near], b[near]
    between = vector[b] - vector[a]
    r3 = np.sqrt(np.einsum("ta,ta->t", between, between))
    near = r3 < functions.cutoff
    a, b, r3 = a[near], b[near], r3[near]
    r1, r2 = distance[a], distance[b]
    cosine = np.einsum("ta,ta->t", vector[a], vector[b]) / (r1 * r2)
    weight = f2(r1[:, None], functions.radii, functions.width, functions.cutoff)
    weight *= f2(r2[:, None], functions.radii, functions.width, functions.cutoff)
    angular = [
        2.0 ** (1.0 - functions.zeta)
        * np.maximum(1.0 + lam * cosine, 0.0) ** functions.zeta
        * f2(r3, d_pair, functions.pair_width, functions.cutoff)
        for lam, d_pair in functions.angular
    ]
    return a, b, weight, angular
