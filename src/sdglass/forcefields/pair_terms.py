"""Couplings of given pairs of sites, from arrays or a table: exchange, and that of Dzyaloshinskii and Moriya."""

import numpy as np

from sdglass.forcefields.base import ALL_SYMMETRIES
from sdglass.forcefields.pair import BilinearForceField, couplings_from_pairs
from sdglass.forcefields.pair_table import Bonds, read_bonds
from sdglass.forcefields.terms import Term


class _PairTerm(Term):
    """A term of bonds; `columns` are what a table calls their values."""

    columns = ()
    # Under an exchange of the two sites of a bond the energy stays as it is if its value is multiplied by this.
    reversal = 1.0
    # A table belongs to the sites as they are numbered and lie.
    symmetries = ALL_SYMMETRIES - {"space_rotation", "permutation"}

    def __init__(self, first, second, values):
        self.bonds = Bonds.of_arrays(first, second, values, len(self.columns))

    @classmethod
    def load(cls, path):
        """Read the bonds from a table, a CSV file with a line of names and a line for each bond.

        Its columns are ``i``, ``j`` (sites of the structure, from 0) and ``J``, or ``Dx``, ``Dy``, ``Dz`` [t0]. A
        pair counts once, however often it is listed. Bonds of a pair through different images of j are told apart
        by the columns ``shift_a``, ``shift_b`` and ``shift_c``, how many cells j is away along each vector; their
        values add up. Other columns are ignored.

        `InputError` names the file and the line of what is no number, a bond of a site with itself, or a pair that
        is listed again with another value.
        """
        term = cls.__new__(cls)
        term.bonds = read_bonds(path, cls.columns, cls.reversal)
        return term

    def on(self, structure):
        """Return the `BilinearForceField` of the bonds alone; `InputError` names a bond that cannot be there."""
        first, second = self.bonds.spins(structure)
        positions = structure.moments.positions
        lengths = np.linalg.norm(structure.minimum_image(positions[second] - positions[first]), axis=1)
        couplings = self._couplings(structure.n_spins, first, second)
        return BilinearForceField(structure, couplings, lengths.max(initial=0.0), symmetries=self.symmetries)


class Heisenberg(_PairTerm):
    """Exchange of given pairs: E = -sum_bonds J_ij S_i . S_j, each bond once, J > 0 ferromagnetic.

    The sign is that of such tables elsewhere; `sdglass.forcefields.pair.heisenberg`, the paper's exchange of all
    bonds up to a cutoff, has the other one.

    Parameters
    ----------
    first, second : array_like of int, shape (P,)
        The sites i and j of each bond, as the structure numbers them from 0; what is there twice counts twice.
    exchange : array_like, shape (P,) or ()
        J_ij [t0].

    Raises
    ------
    InputError
        If they are no such arrays. On a structure: if a site is not there or carries no spin.

    Examples
    --------
    >>> import sdglass
    >>> chain = sdglass.lattice("square", (4, 1))
    >>> ring = sdglass.Heisenberg([0, 1, 2, 3], [1, 2, 3, 0], exchange=0.25).on(chain)
    >>> ring.evaluate([[0.0, 0.0, 1.0]] * 4).energy
    array([-1.])
    """

    columns = ("J",)

    def __init__(self, first, second, exchange):
        super().__init__(first, second, exchange)

    def _couplings(self, n, first, second):
        return couplings_from_pairs(n, first, second, -self.bonds.values[:, 0])


class DzyaloshinskiiMoriya(_PairTerm):
    """Antisymmetric exchange of given pairs: E = -sum_bonds D_ij . (S_i x S_j), each bond once, D_ji = -D_ij.

    Along a chain of bonds of exchange J > 0 and D the ground state is a spiral in the plane perpendicular to D
    whose spins turn by arctan(D / J), about +D, from one to the next.

    Parameters
    ----------
    first, second : array_like of int, shape (P,)
        As in `Heisenberg`.
    vectors : array_like, shape (P, 3) or (3,)
        D_ij [t0], of the bond from the first site to the second.

    Raises
    ------
    InputError
        As in `Heisenberg`.

    Examples
    --------
    >>> import sdglass
    >>> pair = sdglass.DzyaloshinskiiMoriya([0], [1], (0, 0, 0.5)).on(sdglass.lattice("square", (2, 1)))
    >>> pair.evaluate([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).energy
    array([-0.5])
    """

    columns = ("Dx", "Dy", "Dz")
    reversal = -1.0
    symmetries = _PairTerm.symmetries - {"spin_rotation"}

    def __init__(self, first, second, vectors):
        super().__init__(first, second, vectors)

    def _couplings(self, n, first, second):
        # -D . (S_i x S_j) = S_i . (D x S_j): the block (i, j) is the matrix of D x, (j, i) is its transpose.
        matrices = np.cross(self.bonds.values[:, None, :], np.eye(3)).transpose(0, 2, 1)
        bond, row, column = np.nonzero(matrices)
        return couplings_from_pairs(
            3 * n, 3 * first[bond] + row, 3 * second[bond] + column, matrices[bond, row, column]
        )
