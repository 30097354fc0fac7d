"""The s-d Hamiltonian (paper Eqs. 1 and 17)."""

from dataclasses import dataclass, field, fields

import numpy as np
from scipy import sparse

from sdglass.electrons.hopping import Shells, Yukawa, hopping_from_dict, hopping_to_dict
from sdglass.errors import InputError
from sdglass.structures.neighbours import minimum_image_pairs


@dataclass(frozen=True)
class SDModel:
    """Parameters of the electrons: everything of Eqs. 1, 4, 17 and 18 but the structure.

    Parameters
    ----------
    coupling : float
        s-d coupling J [t0], Eq. 1.
    filling : float
        Electrons per state f, in (0, 1); N_e = round(2 N f). Another sign of t(R) is f -> 1 - f.
    temperature : float
        Electronic temperature [t0], Eq. 4; 0 is allowed.
    hopping : callable
        Hopping law t(R) = H_ij, with its sign, see `sdglass.electrons.hopping`.

    Raises
    ------
    InputError
        If the filling is outside (0, 1), the temperature negative, or a number not finite.
    """

    coupling: float = 6.0
    filling: float = 0.5
    temperature: float = 1.0e-3
    hopping: object = field(default_factory=Yukawa)

    def __post_init__(self):
        for name in ("coupling", "filling", "temperature"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not np.isfinite(self.coupling):
            raise InputError(f"coupling = {self.coupling}; expected a finite number [t0]")
        if not 0.0 < self.filling < 1.0:
            raise InputError(f"filling = {self.filling}; expected a number strictly between 0 and 1")
        if not (np.isfinite(self.temperature) and self.temperature >= 0.0):
            raise InputError(f"temperature = {self.temperature}; expected a finite number >= 0 [t0]")

    def n_electrons(self, n_sites):
        """Return N_e = round(2 N f); `InputError` unless that leaves at least one electron and one hole."""
        count = round(2 * n_sites * self.filling)
        if not 0 < count < 2 * n_sites:
            raise InputError(
                f"filling = {self.filling} on {n_sites} sites means {count} electrons; "
                f"expected between 1 and {2 * n_sites - 1}"
            )
        return count

    def to_dict(self):
        """Return the parameters as plain data (for weights, datasets and provenance)."""
        return {part.name: getattr(self, part.name) for part in fields(self)} | {
            "hopping": hopping_to_dict(self.hopping)
        }

    @classmethod
    def from_dict(cls, data):
        """Return the model that `to_dict` described."""
        data = dict(data)
        return cls(hopping=hopping_from_dict(data.pop("hopping")), **data)

    def differences(self, other):
        """Return ["coupling: 6.0 against 5.0", ...], one entry per parameter that differs from `other`."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [f"{key}: {mine[key]} against {theirs[key]}" for key in mine if mine[key] != theirs[key]]


def hopping_matrix(structure, hopping):
    """Return the real symmetric (N, N) matrix t(R_ij) [t0], zero on the diagonal.

    Eq. 17's sum runs over ordered pairs, hence H_ij = t(R_ij) without a factor. `InputError` if the law's range
    exceeds half a box edge: a site would then reach another one through two images at once, of which minimum
    images count only one. (Yukawa is defined by minimum images.) The same if a shell of `Shells` has no pair;
    pairs that are just outside of one give a warning, see `Shells.coordination`.
    """
    require_hopping(structure, hopping)
    return hopping_among(structure, hopping)


def hopping_among(sites, hopping):
    """Return the `hopping_matrix` of some sites of a structure, a `Structure` of its own, that fits the law."""
    matrix = hopping(sites.distances())
    np.fill_diagonal(matrix, 0.0)
    return matrix


def require_hopping(structure, hopping):
    """Raise `InputError` unless a law fits a structure, see `hopping_matrix`."""
    if np.isfinite(hopping.range):
        # A lattice whose sites all share one coordinate (a plane) has no images across that axis.
        extent = np.ptp(structure.positions, axis=0) > 0
        narrow = extent & (structure.box < 2 * hopping.range)
        if narrow.any():
            raise InputError(
                f"box = {structure.box.tolist()} is too small for a hopping range of {hopping.range:g} ell: "
                f"expected edges of at least {2 * hopping.range:g} ell, since images are not summed"
            )
    if isinstance(hopping, Shells):
        hopping.coordination(structure)


def sparse_hopping_matrix(structure, hopping):
    """Return `hopping_matrix` as a `scipy.sparse.csr_matrix`, of whose size only the bonds count."""
    if not np.isfinite(hopping.range):
        return sparse.csr_matrix(hopping_matrix(structure, hopping))
    require_hopping(structure, hopping)
    pairs = minimum_image_pairs(structure, hopping.range)
    amplitude = hopping(pairs.distance)
    half = sparse.coo_matrix((amplitude, (pairs.first, pairs.second)), shape=(structure.n_sites,) * 2)
    matrix = (half + half.T).tocsr()
    matrix.eliminate_zeros()
    return matrix


def sd_hamiltonian(hopping, spins, coupling):
    """Return the (2N, 2N) Hermitian matrix of Eq. 17 [t0] in the basis (all sites up, all sites down).

    `hopping` is the matrix (N, N) [t0], `coupling` J [t0]. The spins (N, 3) need not be of unit length, since F is
    differentiated with the lengths left free.
    """
    n = len(hopping)
    matrix = np.zeros((2 * n, 2 * n), dtype=complex)
    matrix[:n, :n] = hopping
    matrix[n:, n:] = hopping
    site = np.arange(n)
    flip = -coupling * (spins[:, 0] - 1j * spins[:, 1])
    matrix[site, site] -= coupling * spins[:, 2]
    matrix[n + site, n + site] += coupling * spins[:, 2]
    matrix[site, n + site] = flip
    matrix[n + site, site] = flip.conj()
    return matrix
