"""The electrons solved by Green's functions: exact fields of ten thousand sites (paper Eqs. 1, 4, 5, 17).

The one-body density matrix f(H) is a sum of some twenty Green's functions (`pole_expansion`), of which the
fields need the 2 x 2 blocks on the diagonal, and the free energy the determinants (`selected_inverse`). Compare
L. Lin, M. Chen, C. Yang, L. He, J. Phys.: Condens. Matter 25, 295501 (2013), doi:10.1088/0953-8984/25/29/295501.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse

from sdglass.devices import torch_device
from sdglass.electrons.fermi_level import Secants, fermi_level
from sdglass.electrons.kernel_polynomial import KernelPolynomials
from sdglass.electrons.nested_dissection import nested_dissection
from sdglass.electrons.pole_expansion import fermi_poles
from sdglass.electrons.selected_inverse import SelectedInverse
from sdglass.errors import InputError

# Memory of the matrices that are worked on together [bytes]: half of what a call takes at most.
MEMORY = {"cpu": 1 << 30, "cuda": 16 << 30}
# Order of the polynomials of the density of states in which the search for mu begins.
ROUGH_ORDER = 200
MOST_STEPS = 100
# The search ends this close to mu [T], and the last two steps are extrapolated to it; in a gap, where mu may lie
# anywhere, when this share of the states is missing.
ENOUGH, IN_A_GAP = 1e-8, 1e-13
# With few poles, which err more anyhow: this close, as a share of the distance of the nearest pole from the axis;
# in a gap, when this share of the states is missing.
ENOUGH_OF_FEW, FEW_IN_A_GAP = 1e-2, 1e-6
STRIDE_OF_FEW = 5.0
# Share of the states that may be missing at the mu of the levels. That mu is right, and what is missing there is
# what the sum of poles errs by: with fewer levels than this within T no other mu helps, and ten times as many
# steps look for one. In single precision the sum errs more.
ENOUGH_AT_ONCE, FEW_LEVELS, ENOUGH_OF_FEW_LEVELS, ENOUGH_IN_SINGLE = 2e-10, 0.1, 5e-9, 5e-7


@dataclass(frozen=True, eq=False)
class GreensFunctionState:
    """Electrons in equilibrium with R spin configurations.

    Attributes
    ----------
    chemical_potential : numpy.ndarray, shape (R,)
        mu [t0].
    free_energy : numpy.ndarray, shape (R,)
        F = Omega + mu N_e [t0], or Omega at a fixed chemical potential; the local field is its exact gradient,
        whatever the tolerance.
    local_field : numpy.ndarray, shape (R, M, 3)
        H_i = -dF/dS_i of the magnetic sites [t0], Eq. 5.
    density : numpy.ndarray, shape (R, N)
        Electrons per site.
    """

    chemical_potential: np.ndarray
    free_energy: np.ndarray
    local_field: np.ndarray
    density: np.ndarray


@dataclass(frozen=True, eq=False)
class _GrandState:
    """What one evaluation at given mu (R,) finds."""

    mu: np.ndarray
    omega: np.ndarray
    count: np.ndarray
    density_matrix: np.ndarray  # (R, N, 2, 2), blocks of f(H)


class GreensFunctions:
    """Solver for one structure: everything that does not depend on the spins is worked out once.

    Parameters
    ----------
    structure : Structure
        Its cell says how to cut the sites.
    electrons : Electrons
        Of the structure, with a sparse hopping matrix and a temperature above zero. Dense hoppings work, but gain
        nothing over diagonalization.
    tolerance : float
        Largest error of an occupation, 1e-12 to 0.1. The relative error of the torque is of the same order.
    device : str
        ``"cpu"`` or ``"cuda"``.
    dtype : {"float64", "float32"}
        Arithmetic of the inverses; in single precision errors of 1e-5 of the rms torque.
    expansion : PoleExpansion, optional
        Instead of the Fermi function to that tolerance, such as one of a few poles that were fitted.

    Raises
    ------
    InputError
        If the temperature is zero, the filling or the tolerance is out of range, or there is no such device.
    """

    def __init__(
        self, structure, electrons, tolerance=1e-7, device="cpu", dtype="float64", *, expansion=None
    ):  # fmt: skip
        temperature = electrons.temperature
        if temperature == 0.0:
            raise InputError(
                "electronic temperature = 0: a step is no sum of poles; expected a temperature > 0, or the solver "
                "'diagonalization'"
            )
        self.electrons, self.device = electrons, torch_device(device)
        self.n_sites, self.n_electrons = electrons.n_sites, electrons.n_electrons
        self.temperature = temperature
        self._onsite = electrons.hopping.diagonal().real
        hopping = (electrons.hopping - sparse.diags(electrons.hopping.diagonal())).tocsr()
        hopping.eliminate_zeros()
        self._hopping = hopping
        bandwidth = float(abs(electrons.hopping).sum(axis=1).max()) + abs(electrons.couplings).max()
        if electrons.chemical_potential is not None:
            bandwidth += abs(electrons.chemical_potential)
        self._bound = 1.01 * bandwidth + 50 * temperature
        span = 2 * self._bound / temperature
        self.expansion = fermi_poles(span, tolerance) if expansion is None else expansion
        self._dtype = torch.complex64 if dtype == "float32" else torch.complex128
        self._few = expansion is not None
        nearest = temperature * self.expansion.poles.imag.min()
        self._enough = ENOUGH_OF_FEW * nearest if self._few else ENOUGH * temperature
        self._in_a_gap = FEW_IN_A_GAP if self._few else IN_A_GAP
        self._stride = STRIDE_OF_FEW * nearest if self._few else 4 * temperature
        if self.n_electrons is not None:  # a rough density of states, from random vectors
            self._rough = KernelPolynomials(structure, electrons, ROUGH_ORDER, spacing=0.0)
        fractional = structure.fractional(structure.positions) % 1.0
        self._inverse = SelectedInverse(nested_dissection(fractional, hopping), hopping, self.device)
        self._at_once = max(1, int(MEMORY[self.device.type] // (16 * self._inverse.stored)))

    def solve(self, spins, progress=None):
        """Return the `GreensFunctionState` of spins (R, M, 3) at the model's filling or chemical potential.

        Parameters
        ----------
        spins : numpy.ndarray, shape (R, M, 3)
        progress : callable, optional
            Called with the number of Green's functions that each step has computed.

        Notes
        -----
        The chemical potential is that of the levels around it, see `sdglass.electrons.fermi_level`; the result
        does not depend on earlier calls. With a coarse tolerance, where the sum of poles counts otherwise, it is
        found by secants, and the last two evaluations are extrapolated to the exact filling, with an error of
        second order in what is missing of it.
        """
        fixed = self.electrons.chemical_potential
        if fixed is None:
            states = [self._at_filling(configuration, progress) for configuration in spins]
        else:
            states = [self._evaluate(configuration, fixed, progress) for configuration in spins]
        field = np.array([self._field(state.density_matrix) for state in states]).reshape(spins.shape)
        density = np.array([np.trace(s.density_matrix.real, axis1=1, axis2=2) for s in states])
        mu = np.array([state.mu for state in states], dtype=float)
        omega = np.array([state.omega for state in states], dtype=float)
        energy = omega + mu * self.n_electrons if fixed is None else omega
        return GreensFunctionState(mu, energy, field, density.reshape(len(spins), self.n_sites))

    def _site_blocks(self, spins):
        """Return the Hamiltonian's block of every site, its energy and -J S . sigma [t0], shape (N, 2, 2)."""
        x, y, z = spins.T * self.electrons.couplings
        moments = np.empty((len(spins), 2, 2), complex)
        moments[:, 0, 0], moments[:, 1, 1] = -z, z
        moments[:, 0, 1], moments[:, 1, 0] = -(x - 1j * y), -(x + 1j * y)
        blocks = self._onsite[:, None, None] * np.eye(2, dtype=complex)
        blocks[self.electrons.sites] += moments
        return blocks

    def _field(self, matrix):
        matrix = matrix[self.electrons.sites]
        across = matrix[:, 1, 0]
        along = matrix[:, 0, 0].real - matrix[:, 1, 1].real
        return self.electrons.couplings[:, None] * np.stack([2 * across.real, 2 * across.imag, along], axis=1)

    def _at_filling(self, spins, progress):
        """Return the `_GrandState` with the model's number of electrons."""
        mu, slope = self._fermi_level(spins)
        at_once = ENOUGH_OF_FEW_LEVELS if slope * self.temperature < FEW_LEVELS else ENOUGH_AT_ONCE
        at_once = max(at_once, ENOUGH_IN_SINGLE * (self._dtype == torch.complex64))
        last, best = None, None
        search = Secants(mu, slope, self._stride, self._bound)
        for _ in range(MOST_STEPS):
            last, best = best, self._evaluate(spins, search.mu, progress)
            missing = self.n_electrons - best.count
            if last is None and abs(missing) <= at_once * 2 * self.n_sites:
                return best
            search.step(missing)
            if last is None and self._few:
                continue  # a single one cannot be extrapolated
            if abs(missing) <= max(self._in_a_gap * 2 * self.n_sites, self._enough * search.slope):
                return self._extrapolated(last, best)
        raise InputError(
            f"no chemical potential gives {self.n_electrons} electrons: {best.count:.9g} at {best.mu:.12g} t0; "
            "expected a smaller tolerance or a higher electronic temperature"
        )

    def _fermi_level(self, spins):
        """Return mu [t0] and d N / d mu, by counting and computing the levels around it; of few poles roughly."""
        blocks = self._site_blocks(spins)
        matrix = (sparse.kron(self._hopping, np.eye(2)) + sparse.block_diag(blocks)).tocsc()
        rough = self._rough.level(matrix)
        if self._few:
            return rough
        onsite = torch.as_tensor(blocks, device=self.device)
        identity = torch.eye(2, dtype=torch.complex128, device=self.device)

        def count(energies, widths):
            at = torch.as_tensor(energies + 1j * widths, device=self.device)
            _, logarithm = self._inverse.diagonal_blocks(at[:, None, None, None] * identity - onsite)
            return 2 * self.n_sites - logarithm.imag.cpu().numpy() / np.pi

        return fermi_level(matrix, count, self.n_electrons, self.temperature, *rough, self._bound)

    def _extrapolated(self, last, best):
        """Return the state at the exact filling, linear in the number of electrons."""
        if last is None or abs(self.n_electrons - best.count) >= abs(best.count - last.count):
            return best  # in a gap the number of electrons does not tell
        share = (self.n_electrons - best.count) / (best.count - last.count)
        shift = share * (best.mu - last.mu)
        # Omega + mu N_e is stationary in mu: what is left is half of what is missing times the shift.
        omega = best.omega - shift * (best.count + 0.5 * (self.n_electrons - best.count))
        matrix = best.density_matrix + share * (best.density_matrix - last.density_matrix)
        return _GrandState(best.mu + shift, omega, float(self.n_electrons), matrix)

    def _evaluate(self, spins, mu, progress=None):
        """Return the `_GrandState` at one mu [t0]."""
        temperature, n, expansion = self.temperature, self.n_sites, self.expansion
        exchange = torch.as_tensor(self._site_blocks(spins), device=self.device)
        poles = torch.as_tensor(temperature * expansion.poles + mu, device=self.device)
        weights = torch.as_tensor(temperature * expansion.weights, device=self.device)
        total = torch.zeros((n, 2, 2), dtype=torch.complex128, device=self.device)
        logarithms = []
        identity = torch.eye(2, dtype=torch.complex128, device=self.device)
        for start in range(0, len(poles), self._at_once):
            part = slice(start, start + self._at_once)
            diagonal = (poles[part, None, None, None] * identity - exchange).to(self._dtype)
            blocks, logarithm = self._inverse.diagonal_blocks(diagonal)
            total += torch.einsum("p,pnab->nab", weights[part], blocks.to(weights.dtype))
            logarithms.append(logarithm)
            if progress is not None:
                progress(len(blocks))
        logarithm = torch.cat(logarithms).cpu().numpy() - 2 * n * np.log(temperature)
        matrix = 0.5 * (total + total.mH) + expansion.constant * identity
        matrix = matrix.cpu().numpy()
        count = float(np.trace(matrix.real, axis1=1, axis2=2).sum())
        distance = 2 * (self._onsite.sum() - n * mu) / temperature  # of all levels from mu
        levels = 2 * n * expansion.offset + expansion.constant * distance
        omega = temperature * (levels - float((expansion.weights * logarithm).real.sum()))
        return _GrandState(mu, omega, count, matrix)
