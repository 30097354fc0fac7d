"""The locator force field as an engine: sums over frozen lists of pairs and of hops."""

import numpy as np

from sdglass.forcefields.base import ALL_SYMMETRIES, Evaluation
from sdglass.forcefields.locator.error_bars import error_features
from sdglass.forcefields.locator.kernels.llvm_vectors import use_threads
from sdglass.forcefields.locator.kernels.loops import LANES, from_blocks, loop_field, pair_field, to_blocks
from sdglass.forcefields.locator.kernels.reach import loop_reach
from sdglass.spins import check_spins, torque

_BLOCKS = 16  # blocks of replicas that are worked on at a time: bounds the memory beside the lists


class LocatorForceField:
    """E = E_0 + 1/2 sum_ij J_ij S_i . S_j + sum_p w_p Tr (Q K_p)^4, and H = -dE/dS.

    Parameters
    ----------
    structure : Structure
    lists : LocatorLists
        Of that structure, with one coupling per pair.
    model : LocatorModel
    dtype : numpy.dtype
        float64 or float32. Energies are summed in double precision either way.
    threads : int, optional
        By default OMP_NUM_THREADS, or as many as there are cores.
    order : numpy.ndarray of int, shape (N,), optional
        Which site of the structure is each of the lists' sites, if they follow each other in another order.

    Notes
    -----
    Cost and memory are linear in the number of sites. The lists of the ways i -> j -> k are rebuilt at every
    call, once for all replicas: a batch costs less per replica than a single one.
    """

    symmetries = ALL_SYMMETRIES

    def __init__(self, structure, lists, model, dtype, threads=None, order=None):
        self.structure = structure
        self.model = model
        self.dtype = np.dtype(dtype)
        self.threads = threads
        settings = model.settings
        # Across a loop it is two hops. (The couplings themselves depend on positions farther away.)
        self.cutoff = max(settings.pair_cutoff, 2.0 * settings.loop_cutoff)
        self._lists = lists
        self._order = order
        self._back = None if order is None else np.argsort(order)
        self._reach = loop_reach(lists.loops.indptr, lists.loops.indices)
        self.constant = lists.spinless + float(lists.onsite[0]) + model.energy_per_site * structure.n_sites

    def evaluate(self, spins):
        """Return the `Evaluation` of `spins`, shape (R, N, 3)."""
        spins = check_spins(spins, self.structure.n_sites)
        energy, field = np.empty(len(spins)), np.empty(spins.shape)
        for start in range(0, len(spins), _BLOCKS * LANES):
            some = slice(start, start + _BLOCKS * LANES)
            energy[some], pairs, loops = self._parts(spins[some])
            field[some] = pairs + loops
        return Evaluation(energy, field)

    def torque_uncertainty(self, spins):
        """Return the standard deviation (R, N) of a torque component at each site [t0].

        It grows with the torque, with the part that the four-spin loops have in it, whose next order is what the
        force field leaves out, and with the rms torque of the configuration. Its numbers were fitted to errors on
        training data, each realization by a fit to the others: they know nothing of electrons, densities or spin
        textures unlike those.
        """
        spins = check_spins(spins, self.structure.n_sites)
        numbers = np.square(self.model.error_model)
        result = np.empty(spins.shape[:2])
        for start in range(0, len(spins), _BLOCKS * LANES):
            some = slice(start, start + _BLOCKS * LANES)
            _, pairs, loops = self._parts(spins[some])
            both = (torque(spins[some], field) for field in (pairs + loops, loops))
            result[some] = np.sqrt(np.tensordot(numbers, np.square(error_features(*both)), 1))
        return result

    def _parts(self, spins):
        """Return the energies (R,), and the fields (R, N, 3) of pairs and of loops."""
        use_threads(self.threads)
        pairs, hops = self._lists.pairs, self._lists.loops
        sorted_spins = spins if self._order is None else spins[:, self._order]
        blocks = to_blocks(sorted_spins, self.dtype)
        of_pairs = -pair_field(pairs.indptr, pairs.indices, pairs.values[:, 0], blocks)
        energy, of_loops = loop_field(
            hops.indptr, hops.indices, hops.values, self.model.loop_weights, blocks, self._reach
        )
        replicas = len(spins)
        of_pairs, of_loops = (from_blocks(part, replicas).astype(float) for part in (of_pairs, of_loops))
        two_spin = -0.5 * np.einsum("rna,rna->r", sorted_spins, of_pairs)
        if self._order is not None:
            of_pairs, of_loops = of_pairs[:, self._back], of_loops[:, self._back]
        return self.constant + two_spin + energy[:replicas], of_pairs, of_loops
