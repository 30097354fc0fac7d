"""The s-d Hamiltonian (paper Eqs. 1 and 17)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from scipy import sparse

from sdglass.arrays import own_arithmetic
from sdglass.electrons.hopping import Shells, Yukawa, hopping_from_dict, hopping_to_dict
from sdglass.errors import InputError
from sdglass.structures.neighbours import minimum_image_pairs, neighbour_pairs


@dataclass(frozen=True)
class SDModel:
    """Parameters of the electrons: everything of Eqs. 1, 4, 17 and 18 but the structure.

    H = sum_ij t_ij c+_i c_j + sum_i e_i n_i - J sum_i S_i . s_i, with s_i = c+_i sigma c_i, both spin directions
    hopping alike.

    Parameters
    ----------
    coupling : float or dict
        s-d coupling J [t0], Eq. 1; a number per species, ``{"Mn": 6.0, "Fe": 2.0}``, where they differ.
    filling : float, optional
        Electrons per state f, in (0, 1); N_e = round(2 N f) of all N sites. 0.5 by default. Another sign of t is
        f -> 1 - f.
    temperature : float
        Electronic temperature [t0], Eq. 4; 0 is allowed.
    hopping : callable or matrix
        Hopping law t(R) = H_ij, with its sign, see `sdglass.electrons.hopping`; or the Hermitian matrix (N, N) of
        one structure [t0], dense or sparse, real or complex, with energies of the sites on its diagonal.
    onsite : dict, optional
        Energy of a level per species [t0]; 0 where none is given.
    chemical_potential : float, optional
        mu [t0] instead of a filling: the number of electrons then depends on the spins, and the energy is the
        grand potential.

    Raises
    ------
    InputError
        If the filling is outside (0, 1), the temperature negative, a number not finite, both filling and chemical
        potential are given, or a hopping matrix is not Hermitian.
    """

    coupling: float = 6.0
    filling: float | None = None
    temperature: float = 1.0e-3
    hopping: object = field(default_factory=Yukawa)
    onsite: dict | None = None
    chemical_potential: float | None = None

    @own_arithmetic
    def __post_init__(self):
        object.__setattr__(self, "coupling", _per_species(self.coupling, "coupling", alone=True))
        if self.onsite is not None:
            object.__setattr__(self, "onsite", _per_species(self.onsite, "onsite") or None)
        object.__setattr__(self, "temperature", float(self.temperature))
        if not (np.isfinite(self.temperature) and self.temperature >= 0.0):
            raise InputError(f"temperature = {self.temperature}; expected a finite number >= 0 [t0]")
        if self.chemical_potential is None:
            object.__setattr__(self, "filling", 0.5 if self.filling is None else float(self.filling))
            if not 0.0 < self.filling < 1.0:
                raise InputError(f"filling = {self.filling}; expected a number strictly between 0 and 1")
        elif self.filling is not None:
            raise InputError(
                f"filling = {self.filling} and chemical_potential = {self.chemical_potential} both set the number "
                "of electrons; expected one of them"
            )
        else:
            object.__setattr__(self, "chemical_potential", float(self.chemical_potential))
            if not np.isfinite(self.chemical_potential):
                raise InputError(f"chemical_potential = {self.chemical_potential}; expected a finite number [t0]")
        if is_matrix(self.hopping):
            _require_hermitian(self.hopping)

    def n_electrons(self, n_sites):
        """Return N_e = round(2 N f); `InputError` unless that leaves at least one electron and one hole.

        None at a fixed chemical potential.
        """
        if self.filling is None:
            return None
        count = round(2 * n_sites * self.filling)
        if not 0 < count < 2 * n_sites:
            raise InputError(
                f"filling = {self.filling} on {n_sites} sites means {count} electrons; "
                f"expected between 1 and {2 * n_sites - 1}"
            )
        return count

    def couplings(self, structure):
        """Return J of every magnetic site of a structure [t0], shape (M,)."""
        return _of_species(self.coupling, "coupling", structure, structure.magnetic_sites)

    def onsite_energies(self, structure):
        """Return the energy of every site of a structure [t0], shape (N,)."""
        sites = np.arange(structure.n_sites)
        return (
            np.zeros(len(sites))
            if self.onsite is None
            else _of_species(self.onsite, "onsite", structure, sites, 0.0)
        )

    def to_dict(self):
        """Return the parameters as plain data (for weights, datasets and provenance)."""
        data = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "hopping"}
        return {key: value for key, value in data.items() if value is not None} | {
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
        keys = dict.fromkeys([*mine, *theirs])
        pairs = [(key, mine.get(key), theirs.get(key)) for key in keys]
        return [f"{key}: {left} against {right}" for key, left, right in pairs if left != right]


def _per_species(value, name, alone=False):
    """Return a finite float, or a dict of them by species."""
    try:
        if isinstance(value, Mapping):
            value = {str(key): float(value[key]) for key in sorted(value)}
        elif alone:
            value = float(value)
        else:
            raise TypeError
        good = np.isfinite(list(value.values()) if isinstance(value, dict) else value).all()
    except (TypeError, ValueError):
        good = False
    if not good:
        number = "a finite number [t0], or " if alone else ""
        raise InputError(f"{name} = {value}; expected {number}finite numbers by species, {{'Mn': 6.0}} [t0]")
    return value


def _of_species(value, name, structure, sites, default=None):
    """Return the number that each site has, shape (len(sites),)."""
    if not isinstance(value, dict):
        return np.full(len(sites), value)
    if structure.species is None:
        raise InputError(f"{name} = {value} is by species, and the structure has none; expected species")
    species = structure.species[sites]
    there = set(species.tolist())
    lost = sorted(set(value) - set(structure.species.tolist())) or (default is None and sorted(there - set(value)))
    if lost:
        raise InputError(
            f"{name} = {value}: {'no site is' if lost[0] in value else 'nothing is given for sites'} of species "
            f"{lost[0]!r}; the structure has {', '.join(sorted(set(structure.species.tolist())))}"
        )
    return np.array([value.get(kind, default) for kind in species.tolist()], dtype=float)


def is_matrix(hopping):
    """Return whether a hopping is an explicit matrix, not a law."""
    return sparse.issparse(hopping) or isinstance(hopping, np.ndarray)


def _require_hermitian(matrix):
    shape = matrix.shape
    if len(shape) != 2 or shape[0] != shape[1]:
        raise InputError(f"hopping matrix has shape {shape}; expected (N, N)")
    if matrix.dtype.kind not in "fciu":
        raise InputError(f"hopping matrix holds {matrix.dtype}; expected real or complex numbers [t0]")
    coo = sparse.coo_matrix(matrix)
    if not np.isfinite(coo.data).all():
        raise InputError("hopping matrix: a number is not finite; expected finite numbers [t0]")
    scale = np.abs(coo.data).max(initial=0.0)
    wrong = sparse.coo_matrix(coo - coo.conj().T)
    if np.abs(wrong.data).max(initial=0.0) > 1e-10 * scale:
        worst = np.abs(wrong.data).argmax()
        i, j = wrong.row[worst], wrong.col[worst]
        full = coo.tocsr()
        raise InputError(
            f"hopping matrix is not Hermitian: [{i}, {j}] = {full[i, j]:.10g}, [{j}, {i}] = {full[j, i]:.10g}; "
            "expected the complex conjugate"
        )


@own_arithmetic
def hopping_matrix(structure, hopping):
    """Return the (N, N) matrix of hoppings [t0]: t(R_ij) of a law, zero on the diagonal, or the one given.

    Eq. 17's sum runs over ordered pairs, hence H_ij = t(R_ij) without a factor. `InputError` if a site reaches
    another one, or itself, through two images at once, of which minimum images count only one. (Yukawa is defined
    by minimum images.) The same if a shell of `Shells` has no pair; pairs that are just outside of one give a
    warning, see `Shells.coordination`.
    """
    require_hopping(structure, hopping)
    if is_matrix(hopping):
        return hopping.toarray() if sparse.issparse(hopping) else np.array(hopping)
    return hopping_among(structure, hopping)


def hopping_among(sites, hopping):
    """Return the `hopping_matrix` of some sites of a structure, a `Structure` of its own, that fits the law."""
    matrix = hopping(sites.distances())
    np.fill_diagonal(matrix, 0.0)
    return matrix


def require_hopping(structure, hopping):
    """Raise `InputError` unless a law or a matrix fits a structure, see `hopping_matrix`."""
    if is_matrix(hopping):
        if hopping.shape[0] != structure.n_sites:
            raise InputError(
                f"hopping matrix has shape {hopping.shape}; expected ({structure.n_sites}, {structure.n_sites}) "
                f"for a structure of {structure.n_sites} sites"
            )
        return
    if np.isfinite(hopping.range):
        _require_one_image(structure, hopping)
    if isinstance(hopping, Shells):
        hopping.coordination(structure)


def _require_one_image(structure, hopping):
    # Across an axis along which all sites share a coordinate the edge of the cell says how far images are.
    narrow = structure.pbc & (structure.heights < 2 * hopping.range)
    if structure.orthorhombic:
        narrow &= np.ptp(structure.positions, axis=0) > 0
        if narrow.any():
            raise InputError(
                f"box = {structure.box.tolist()} is too small for a hopping range of {hopping.range:g} ell: "
                f"expected edges of at least {2 * hopping.range:g} ell, since images are not summed"
            )
    elif narrow.any():
        pairs = neighbour_pairs(structure, hopping.range)
        number = pairs.first * structure.n_sites + pairs.second
        if (pairs.first == pairs.second).any() or len(np.unique(number)) < len(number):
            raise InputError(
                f"cell = {structure.cell.tolist()} is too small for a hopping range of {hopping.range:g} ell: "
                "sites reach each other through several images, which are not summed; expected a larger cell"
            )


@own_arithmetic
def sparse_hopping_matrix(structure, hopping):
    """Return `hopping_matrix` as a `scipy.sparse.csr_matrix`, of whose size only the bonds count."""
    if is_matrix(hopping) or not np.isfinite(hopping.range):
        return sparse.csr_matrix(hopping_matrix(structure, hopping))
    require_hopping(structure, hopping)
    pairs = minimum_image_pairs(structure, hopping.range)
    amplitude = hopping(pairs.distance)
    half = sparse.coo_matrix((amplitude, (pairs.first, pairs.second)), shape=(structure.n_sites,) * 2)
    matrix = (half + half.T).tocsr()
    matrix.eliminate_zeros()
    return matrix


@dataclass(frozen=True, eq=False)
class Electrons:
    """The electrons of a model on a structure: all of the Hamiltonian but the spins.

    Attributes
    ----------
    hopping : numpy.ndarray or scipy.sparse.csr_matrix, shape (N, N)
        Hoppings, and energies of the sites on the diagonal [t0].
    sites : numpy.ndarray, shape (M,)
        The magnetic ones.
    couplings : numpy.ndarray, shape (M,)
        Their J [t0].
    temperature : float
        [t0].
    n_electrons : int or None
    chemical_potential : float or None
        One of the two is given.
    """

    hopping: object
    sites: np.ndarray
    couplings: np.ndarray
    temperature: float
    n_electrons: int | None
    chemical_potential: float | None

    @classmethod
    def of(cls, structure, model, dense=True):
        """Return the electrons of an `SDModel` on a `Structure`; `InputError` if they do not fit."""
        hopping = (hopping_matrix if dense else sparse_hopping_matrix)(structure, model.hopping)
        energies = model.onsite_energies(structure)
        if energies.any():
            hopping = hopping + (np.diag(energies) if dense else sparse.diags(energies).tocsr())
        return cls.bound(hopping, model, structure.magnetic_sites, model.couplings(structure))

    @classmethod
    def bound(cls, hopping, model, sites=None, couplings=None):
        """Return the electrons of a hopping matrix; every site is magnetic, and alike, unless others are named."""
        n = hopping.shape[0]
        sites = np.arange(n) if sites is None else sites
        couplings = np.full(len(sites), model.coupling) if couplings is None else couplings
        return cls(hopping, sites, couplings, model.temperature, model.n_electrons(n), model.chemical_potential)

    @property
    def n_sites(self):
        """Number of sites N."""
        return self.hopping.shape[0]


def sd_hamiltonian(hopping, spins, coupling, sites=None):
    """Return the (2N, 2N) Hermitian matrix of Eq. 17 [t0] in the basis (all sites up, all sites down).

    `hopping` is the matrix (N, N) [t0], `coupling` J [t0], of all moments or of each, (M,). The spins (M, 3), of
    the magnetic `sites` (by default all), need not be of unit length, since F is differentiated with the lengths
    left free.
    """
    n = len(hopping)
    matrix = np.zeros((2 * n, 2 * n), dtype=complex)
    matrix[:n, :n] = hopping
    matrix[n:, n:] = hopping
    site = np.arange(n) if sites is None else sites
    flip = -coupling * (spins[:, 0] - 1j * spins[:, 1])
    matrix[site, site] -= coupling * spins[:, 2]
    matrix[n + site, n + site] += coupling * spins[:, 2]
    matrix[site, n + site] = flip
    matrix[n + site, site] = flip.conj()
    return matrix
