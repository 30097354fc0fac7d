"""The locator force field on one structure: sums over lists of pairs and of hops."""

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.compiled import use_threads
from sdglass.forcefields.base import ALL_SYMMETRIES, Evaluation
from sdglass.forcefields.locator.error_bars import error_features
from sdglass.forcefields.locator.kernels.loops import loop_field, pair_field
from sdglass.forcefields.locator.kernels.two_hops import two_hops
from sdglass.spins import check_spins, torque

_TOGETHER = 256  # replicas that are worked on at a time: bounds the memory beside the lists


class LocatorForceField:
    """E = E_0 + 1/2 sum_ij J_ij S_i . S_j + sum_p w_p Tr (Q K_p)^4, and H = -dE/dS.

    Parameters
    ----------
    structure : Structure
    coefficients : LocatorCoefficients
        Of that structure, with one coupling per pair.
    model : LocatorModel
    dtype : numpy.dtype
        float64 or float32. Energies are summed in double precision either way.
    threads : int, optional
        By default OMP_NUM_THREADS, or as many as there are cores.
    order : numpy.ndarray of int, shape (N,), optional
        Which site of the structure each site of the coefficients is, if these follow each other in another order.

    Notes
    -----
    Cost and memory are linear in the number of sites. The ways i -> j -> k are listed anew at every call, once
    for all replicas: a batch costs less per replica than a single one.
    """

    symmetries = ALL_SYMMETRIES

    @own_arithmetic
    def __init__(self, structure, coefficients, model, dtype, threads=None, order=None):
        self.structure = structure
        self.model = model
        self.dtype = np.dtype(dtype)
        self.threads = threads
        settings = model.settings
        # Across a loop it is two hops. (The couplings themselves depend on positions farther away.)
        self.cutoff = max(settings.pair_cutoff, 2.0 * settings.loop_cutoff)
        self._coefficients = coefficients
        self._order = order
        self._back = None if order is None else np.argsort(order)
        self._reach = two_hops(coefficients.hops.start, coefficients.hops.neighbour)
        self.constant = coefficients.spinless_energy + float(coefficients.onsite_energy[0])
        self.constant += model.energy_per_site * structure.n_sites

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` of `spins`, shape (R, N, 3)."""
        spins = check_spins(spins, self.structure.n_sites)
        energy, field = np.empty(len(spins)), np.empty(spins.shape)
        for start in range(0, len(spins), _TOGETHER):
            some = slice(start, start + _TOGETHER)
            energy[some], pairs, loops = self._parts(spins[some])
            field[some] = pairs + loops
        return Evaluation(energy, field)

    @own_arithmetic
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
        for start in range(0, len(spins), _TOGETHER):
            some = slice(start, start + _TOGETHER)
            _, pairs, loops = self._parts(spins[some])
            both = (torque(spins[some], field) for field in (pairs + loops, loops))
            result[some] = np.sqrt(np.tensordot(numbers, np.square(error_features(*both)), 1))
        return result

    def _parts(self, spins):
        """Return the energies (R,), and the fields (R, N, 3) of pairs and of loops."""
        use_threads(self.threads)
        pairs, hops = self._coefficients.pairs, self._coefficients.hops
        if self._order is not None:
            spins = spins[:, self._order]
        of_pairs = -pair_field(pairs.start, pairs.neighbour, pairs.values[:, 0], spins).astype(float)
        energy, of_loops = loop_field(
            hops.start, hops.neighbour, hops.values, self.model.loop_weights, spins, self._reach
        )
        energy += self.constant - 0.5 * np.einsum("rna,rna->r", spins, of_pairs)
        of_loops = of_loops.astype(float)
        if self._order is not None:
            of_pairs, of_loops = of_pairs[:, self._back], of_loops[:, self._back]
        return energy, of_pairs, of_loops
