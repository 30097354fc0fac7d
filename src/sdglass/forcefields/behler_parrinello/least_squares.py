"""Least squares on exact torques for energies that are linear in the bond variables."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from sdglass.errors import InputError
from sdglass.spins import torque


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
    """Sums (n_bond, n_bond) and (n_bond,) for least squares on torques: any subset of features can be solved."""

    gram: np.ndarray
    moment: np.ndarray

    def __add__(self, other):
        return NormalEquations(self.gram + other.gram, self.moment + other.moment)

    def solve(self, n_features, ridge):
        """Return coefficients of the first `n_features` features [t0]; one that no configuration has gets zero.

        Columns are scaled to unit norm and `ridge` (relative to that) is added to the diagonal: neighbouring
        shells overlap, and the bare problem is nearly singular. `InputError` if the ridge is too small for it.
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
