"""The Behler-Parrinello network as a force field (paper Eqs. 6 and 7)."""

import copy

import numpy as np
import torch

from sdglass.arrays import own_arithmetic
from sdglass.forcefields.base import ALL_SYMMETRIES, Evaluation
from sdglass.forcefields.behler_parrinello.operators import FieldMap
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.spins import check_spins

# Feature values held at a time: 2e7 are 80 MB in float32. Replicas are evaluated in blocks of that
# size, so memory grows with N but not with R.
_BLOCK = 20_000_000


class NetworkForceField:
    """Energy and field of a trained network (`SiteEnergy`) on one structure.

    Parameters
    ----------
    structure, network, functions
        Where it is used, its weights, and its `SymmetryFunctions`.
    reference_energy : float
        Spin-independent energy of this structure [t0].
    maps : FeatureMaps, optional
        Descriptor of the structure, if it is at hand; otherwise it is built. `InputError` if it is another one.
    dtype : torch.dtype
        float64 by default; float32 is about twice as fast, see the table of its errors.
    device : str

    Notes
    -----
    Energy-conserving (the field is the exact gradient) and invariant under spin rotations by construction.
    A spin feels the site energies of its neighbours, which feel their own: the range of the field is
    twice the cutoff of the descriptor. With G3-chi, time reversal holds only as far as it was learned,
    but where all neighbours tie in distance.
    """

    @own_arithmetic
    def __init__(
        self, structure, network, functions, reference_energy=0.0, maps=None, dtype=torch.float64, device="cpu"
    ):
        self.structure = structure
        self.functions = functions
        self.cutoff = 2.0 * functions.cutoff
        self.reference_energy = float(reference_energy)
        if maps is None:
            maps = build_feature_maps(structure, functions, np.float32 if dtype == torch.float32 else np.float64)
        maps.require(structure, functions)
        odd = not maps.tied.all()  # squares alone, as on a lattice, are even under time reversal
        self.symmetries = ALL_SYMMETRIES - {"time_reversal"} if odd else ALL_SYMMETRIES
        mean, scale = network.mean.double().numpy(), network.scale.double().numpy()
        self.operator = FieldMap(maps, dtype, device, mean, scale)
        self.dtype, self.device = dtype, torch.device(device)
        self.network = copy.deepcopy(network).requires_grad_(False).eval().to(self.device, dtype)

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` of `spins`, shape (R, N, 3)."""
        spins = check_spins(spins, self.structure.n_spins)
        block = max(1, _BLOCK // (self.structure.n_spins * self.functions.n_features))
        energy, field = np.empty(len(spins)), np.empty(spins.shape)
        for begin in range(0, len(spins), block):
            part = slice(begin, begin + block)
            tensor = torch.as_tensor(spins[part], dtype=self.dtype, device=self.device)
            site_energy, gradient = self.network.energy_and_gradient(self.operator.features(tensor))
            energy[part] = site_energy.sum(1, dtype=torch.float64).cpu().numpy() + self.reference_energy
            field[part] = self.operator.field(gradient, tensor).cpu().numpy()
        return Evaluation(energy, field)

    @own_arithmetic
    def pair_couplings(self, spins):
        """Return the couplings J_jk = dE/db_jk (R, P) [t0] at `spins`, and their pairs (P,), (P,).

        They are Eq. 15's J_ij as the network has learned them (each pair counted once): exact for an
        energy linear in the bond variables, and the local slope of a nonlinear one.
        """
        spins = torch.as_tensor(check_spins(spins, self.structure.n_spins), dtype=self.dtype, device=self.device)
        _, gradient = self.network.energy_and_gradient(self.operator.features(spins))
        values = self.operator.bond_gradient(gradient).T.cpu().numpy()
        return values, self.operator.first.cpu().numpy(), self.operator.second.cpu().numpy()
