"""Two-spin energies E = constant + 1/2 sum_ij J_ij S_i . S_j with frozen couplings.

The positions never move, so whatever a model computes from them is done once: at run time every
two-spin model (fitted pair model, linear symmetry functions, Heisenberg exchange) is one sparse matrix.
"""

import numpy as np
from scipy import sparse

from sdglass.arrays import own_arithmetic
from sdglass.errors import InputError
from sdglass.forcefields.base import ALL_SYMMETRIES, Evaluation
from sdglass.spins import check_spins
from sdglass.structures.neighbours import nearest_distances, neighbour_pairs, warn_of_divided_shell


class BilinearForceField:
    """E = constant + 1/2 sum_{i,j} J_ij S_i . S_j and H_i = -sum_j J_ij S_j.

    Parameters
    ----------
    structure : Structure
    couplings : scipy.sparse matrix, shape (M, M) or (3M, 3M)
        Of the magnetic sites, or of their components, site by site, which a tensor couples; symmetric; J_ij [t0]
        is the energy of the pair (i, j) per S_i . S_j (each pair once), positive for antiferromagnetic coupling,
        summed over all images of j. On the diagonal is twice the coupling of a site to its own images, half of
        which are bonds of their own: a constant energy, and a field along the spin.
    cutoff : float
        Range of the couplings [ell].
    constant : float
        Energy [t0] that does not depend on the spins.
    symmetries : frozenset of str
        See `ForceField`; all by default.
    """

    symmetries = ALL_SYMMETRIES

    def __init__(self, structure, couplings, cutoff, constant=0.0, symmetries=None):
        self.structure = structure
        self.couplings = sparse.csr_array(couplings)
        self.cutoff = float(cutoff)
        self.constant = float(constant)
        if symmetries is not None:
            self.symmetries = symmetries

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` of `spins`, shape (R, N, 3)."""
        spins = check_spins(spins, self.structure.n_spins)
        field = self._field(spins)
        energy = self.constant - 0.5 * np.einsum("rna,rna->r", spins, field)
        return Evaluation(energy, field)

    def add_to(self, energy, field, spins):
        """Add to the energy (R,) and the field (R, M, 3) of `spins` that have been checked."""
        own = self._field(spins)
        energy += self.constant - 0.5 * np.einsum("rna,rna->r", spins, own)
        field += own

    def _field(self, spins):
        replicas, n, _ = spins.shape
        rows = self.couplings.shape[0]  # sites, or their components
        width = 3 * n // rows
        columns = np.ascontiguousarray(spins.reshape(replicas, rows, width).transpose(1, 0, 2))
        field = -(self.couplings @ columns.reshape(rows, replicas * width))
        field = field.reshape(rows, replicas, width).transpose(1, 0, 2).reshape(replicas, n, 3)
        return np.ascontiguousarray(field)  # an energy sums in the same order in every batch


def couplings_from_pairs(n_sites, first, second, values):
    """Return the symmetric (N, N) sparse matrix with `values` at (first, second) and (second, first), summed."""
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    return sparse.csr_array((np.concatenate([values, values]), (rows, columns)), shape=(n_sites, n_sites))


@own_arithmetic
def heisenberg(structure, exchange, cutoff):
    """Return short-range exchange E = sum_pairs J_ex S_i . S_j over all bonds up to `cutoff` [ell] (Sec. IV).

    The `exchange` J_ex [t0] is positive for antiferromagnetic exchange. Two sites are bonded through every image
    that is near enough. `InputError` if the cutoff is shorter than any bond of several sites, or not finite. A
    lattice's shell that the cutoff divides gives a `NeighbourWarning`.
    """
    moments = structure.moments
    pairs = neighbour_pairs(moments, cutoff)
    if len(pairs) == 0 and moments.n_sites > 1:
        raise InputError(
            f"exchange cutoff = {cutoff:g}: no two sites are that near; the nearest ones are "
            f"{nearest_distances(moments).min():.10g} ell apart"
        )
    warn_of_divided_shell(moments, cutoff)
    values = np.full(len(pairs), float(exchange))
    longest = pairs.distance.max(initial=cutoff)  # a shell at the cutoff may have been rounded beyond it
    return BilinearForceField(
        structure, couplings_from_pairs(moments.n_sites, pairs.first, pairs.second, values), longest
    )
