"""Force fields linear in the symmetry functions, fitted by least squares on exact torques.

With G2 alone this is a pair coupling J(R), the baseline that every network has to beat; with G3 the
coupling also depends on the sites around the pair, Eq. 15. Both are two-spin energies with frozen
couplings, hence a `BilinearForceField`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.symmetry_functions import (
    SymmetryFunctions,
    bond_variables,
    build_feature_maps,
    f2,
)
from sdglass.forcefields.pair import BilinearForceField, couplings_from_pairs
from sdglass.spins import torque
from sdglass.structures.neighbours import neighbour_pairs


@dataclass(frozen=True)
class EnergyReference:
    """Energy that depends on the structure alone, E_ref = N per_site + per_t2 sum_{i<j} t_ij^2 [t0].

    Magnetic symmetry functions carry no spin-independent term, while the electrons' energy has one:
    in second order of t/J it is -N J - sum_{i<j} t_ij^2 / (2 J). It shifts energies between
    realizations and drops out of every field. The two coefficients are fitted.
    """

    per_site: float
    per_t2: float

    def __post_init__(self):
        for name in ("per_site", "per_t2"):
            object.__setattr__(self, name, float(getattr(self, name)))

    def energy(self, structure, hopping):
        """Return E_ref [t0] of a structure with a hopping law."""
        return self.per_site * structure.n_sites + self.per_t2 * squared_hopping(structure, hopping)

    @classmethod
    def fit(cls, structures, hopping, energies):
        """Fit to spin-independent energies [t0], one per structure.

        With fewer than three structures only `per_site` is fitted.
        """
        sites = np.array([s.n_sites for s in structures], float)
        t2 = np.array([squared_hopping(s, hopping) for s in structures])
        design = np.stack([sites, t2], axis=1)
        if len(structures) < 3:
            return cls(float(sites @ energies / (sites @ sites)), 0.0)
        return cls(*map(float, np.linalg.lstsq(design, np.asarray(energies), rcond=None)[0]))


def squared_hopping(structure, hopping):
    """Return sum_{i<j} t_ij^2 [t0^2], truncated where t falls below 1e-4 of its largest value."""
    reach = hopping.range if np.isfinite(hopping.range) else 9.3 * getattr(hopping, "decay_length", 1.0)
    return float(np.sum(hopping(neighbour_pairs(structure, reach).distance) ** 2))


def pair_weights(maps):
    """Return the sparse (n_bond, P) matrix sum_i F_i,f,p: the energy sum_if a_f G_if is a @ this @ b."""
    n_bond = maps.functions.n_bond
    feature = sparse.csr_array(
        (
            np.ones(maps.n_sites * n_bond),
            (np.tile(np.arange(n_bond), maps.n_sites), np.arange(maps.n_sites * n_bond)),
        ),
        shape=(n_bond, maps.n_sites * n_bond),
    )
    return sparse.csr_array(feature @ maps.bonds)


def signed_incidence(maps):
    """Return the sparse (N, P) matrix with +1 at a bond's first and -1 at its second site.

    The torque of an energy E(b) is -signed_incidence @ (dE/db * S_first x S_second).
    """
    count = len(maps.first)
    bond = np.arange(count)
    data = np.concatenate([np.ones(count), -np.ones(count)])
    return sparse.csr_array(
        (data, (np.concatenate([maps.first, maps.second]), np.concatenate([bond, bond]))),
        shape=(maps.n_sites, count),
    )


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Sums for least squares on torques, kept so that any subset of features can be solved.

    Attributes
    ----------
    gram : numpy.ndarray, shape (n_bond, n_bond)
    moment : numpy.ndarray, shape (n_bond,)
    """

    gram: np.ndarray
    moment: np.ndarray

    def __add__(self, other):
        return NormalEquations(self.gram + other.gram, self.moment + other.moment)

    def solve(self, n_features, ridge):
        """Return coefficients of the first `n_features` features [t0].

        Columns are scaled to unit norm and `ridge` (relative to that) is added to the diagonal:
        neighbouring shells overlap, and the bare problem is nearly singular. A feature that no
        configuration has gets the coefficient zero.

        Raises
        ------
        InputError
            If the ridge is too small to make the problem solvable.
        """
        gram, moment = self.gram[:n_features, :n_features], self.moment[:n_features]
        norm = np.sqrt(np.diag(gram))
        used = norm > 1e-12 * norm.max()
        scaled = gram[np.ix_(used, used)] / np.outer(norm[used], norm[used])
        scaled[np.diag_indices_from(scaled)] += ridge
        coefficients = np.zeros(n_features)
        try:
            scaled_solution = linalg.solve(scaled, moment[used] / norm[used], assume_a="pos")
        except linalg.LinAlgError:
            raise InputError(
                f"ridge = {ridge}: the normal equations of {used.sum()} features are singular; "
                "expected a larger ridge, or more training data"
            ) from None
        coefficients[used] = scaled_solution / norm[used]
        return coefficients


def normal_equations(maps, spins, exact_torque):
    """Accumulate the `NormalEquations` of configurations (C, N, 3) of one realization."""
    weights = np.ascontiguousarray(pair_weights(maps).toarray().T)
    incidence = signed_incidence(maps)
    n_bond = maps.functions.n_bond
    gram, moment = np.zeros((n_bond, n_bond)), np.zeros(n_bond)
    for configuration, target in zip(spins, exact_torque, strict=True):
        cross = torque(configuration[maps.first], configuration[maps.second])
        # The vectors go into the small sparse factor, so that nothing of shape (P, n_bond) is written.
        arms = [
            sparse.csr_array((-incidence.data * axis[incidence.indices], incidence.indices, incidence.indptr))
            for axis in cross.T
        ]
        design = sparse.vstack(arms, format="csr") @ weights
        gram += design.T @ design
        moment += design.T @ target.T.ravel()
    return NormalEquations(gram, moment)


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A fitted force field E = E_ref + sum_i sum_f a_f G_f(i).

    Attributes
    ----------
    functions : SymmetryFunctions
        Without chirality.
    coefficients : numpy.ndarray, shape (n_g2,) or (n_bond,)
        a_f [t0]; n_g2 coefficients make a pair model.
    reference : EnergyReference
    hopping : callable
        Hopping law of the electrons it was fitted to.
    """

    functions: SymmetryFunctions
    coefficients: np.ndarray
    reference: EnergyReference
    hopping: object

    @property
    def is_pair_model(self):
        """Whether only G2 is used, so that the coupling depends on the distance alone."""
        return len(self.coefficients) == self.functions.n_g2

    def pair_coupling(self, distance):
        """Return J(R) [t0] per pair and S_i . S_j from G2 alone (first term of Eq. 15, times 2).

        The factor two: the pair (i, j) enters both G2(i) and G2(j).
        """
        radial = f2(
            np.asarray(distance)[..., None], self.functions.radii, self.functions.width, self.functions.cutoff
        )
        return 2.0 * radial @ self.coefficients[: self.functions.n_g2]

    def couplings(self, maps):
        """Return the couplings (P,) [t0] of the bonds of `maps`, each pair counted once."""
        full = np.zeros(maps.functions.n_bond)
        full[: len(self.coefficients)] = self.coefficients
        return full @ pair_weights(maps)

    def engine(self, structure, maps=None):
        """Return this force field on a structure, as a `BilinearForceField`."""
        maps = build_feature_maps(structure, self.functions) if maps is None else maps
        matrix = couplings_from_pairs(structure.n_sites, maps.first, maps.second, self.couplings(maps))
        # A three-site term couples j and k through a centre between them, never beyond the cutoff.
        return BilinearForceField(
            structure, matrix, self.functions.cutoff, self.reference.energy(structure, self.hopping)
        )


def fit_linear_model(data, maps, use_g3, ridge=1e-6):
    """Fit a pair model (G2) or a linear model (G2 + G3) to exact torques by least squares.

    Parameters
    ----------
    data : sequence of LabelledConfigurations
        One entry per realization.
    maps : sequence of FeatureMaps
        Their descriptors, in the same order.
    use_g3 : bool
        Whether the three-site symmetry functions take part.
    ridge : float
        Relative ridge, see `NormalEquations.solve`.

    Returns
    -------
    LinearModel

    Raises
    ------
    InputError
        If there are no data.
    """
    if not data:
        raise InputError("no training data given; expected at least one realization")
    total = None
    for one, its_maps in zip(data, maps, strict=True):
        part = normal_equations(its_maps, one.spins, one.torque)
        total = part if total is None else total + part
    functions = maps[0].functions
    return linear_model_from_equations(total, data, maps, functions.n_bond if use_g3 else functions.n_g2, ridge)


def linear_model_from_equations(equations, data, maps, n_coefficients, ridge):
    """Solve summed normal equations and fit the energy reference to what the couplings leave over."""
    functions, hopping = maps[0].functions, data[0].model.hopping
    coefficients = equations.solve(n_coefficients, ridge)
    bare = LinearModel(functions, coefficients, EnergyReference(0.0, 0.0), hopping)
    offsets = [
        np.mean(one.energy - bond_variables(one.spins, m.first, m.second) @ bare.couplings(m))
        for one, m in zip(data, maps, strict=True)
    ]
    reference = EnergyReference.fit([one.structure for one in data], hopping, offsets)
    return LinearModel(functions, coefficients, reference, hopping)
