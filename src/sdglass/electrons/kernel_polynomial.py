"""Kernel polynomials: energies and fields with an error of choice, at a cost linear in N (paper Eqs. 4, 5, 17).

The grand potential is a polynomial of the Hamiltonian,

    Omega(mu) = sum_k g_k w_k(mu) Tr T_k(X),   X = (H - center) / scale,

w_k the Chebyshev coefficients of -T log(1 + exp(-(e - mu) / T)) and g_k those of a kernel, which damps what a
series of finite order does at a step. The field is the exact gradient of the energy, whatever the order: the
dynamics conserves it. Reviewed in A. Weisse, G. Wellein, A. Alvermann, H. Fehske,
Rev. Mod. Phys. 78, 275 (2006), doi:10.1103/RevModPhys.78.275; for spin dynamics see K. Barros, Y. Kato, Phys. Rev.
B 88, 235101 (2013), doi:10.1103/PhysRevB.88.235101.
"""

from copy import copy
from dataclasses import dataclass

import numpy as np
from scipy.fft import dct
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import brentq
from scipy.sparse import identity
from scipy.sparse.linalg import eigsh

from sdglass.compiled import use_threads
from sdglass.electrons.chebyshev_moments import (
    ProbingVectors,
    SparseHamiltonian,
    cluster_moments,
    dense_moments,
    site_colors,
)
from sdglass.electrons.occupation import fermi
from sdglass.errors import InputError

# Up to this product of order and reduced temperature an average of steps is exact to rounding, beyond it a series.
_SMOOTH = 0.5
# Levels may leave the unit interval by spins that are a little longer than one, as differences make them.
_MARGIN = 1.02
# Seconds of one step of one site of a cluster, of one term of its sum over neighbours, and of one operation of a
# dense product, on two cores (`benchmarks/`): which of the two is cheaper.
_PER_SITE, _PER_BOND, _PER_OPERATION = 5e-9, 1.2e-9, 1.6e-11
METHODS = ("clusters", "dense", "probing")


def jackson(order):
    """Return Jackson's factors, the positive kernel of least width, pi / order; shape (order + 1,)."""
    k, n = np.arange(order + 1), order + 2
    angle = np.pi / n
    return ((n - k) * np.cos(angle * k) + np.sin(angle * k) / np.tan(angle)) / n


def lorentz(order, sharpness=4.0):
    """Return Lorentz's factors, those of poles off the real axis; shape (order + 1,)."""
    k = np.arange(order + 1)
    return np.sinh(sharpness * (1 - k / (order + 1))) / np.sinh(sharpness)


def dirichlet(order):
    """Return ones, the series cut off: best in a gap, where it converges exponentially; shape (order + 1,)."""
    return np.ones(order + 1)


KERNELS = {"jackson": jackson, "lorentz": lorentz, "dirichlet": dirichlet}


@dataclass(frozen=True, eq=False)
class KernelPolynomialState:
    """Electrons in approximate equilibrium with R spin configurations.

    Attributes
    ----------
    chemical_potential : numpy.ndarray, shape (R,)
        mu [t0].
    free_energy : numpy.ndarray, shape (R,)
        F = Omega + mu N_e [t0], or Omega at a fixed chemical potential.
    local_field : numpy.ndarray, shape (R, M, 3)
        -dF/dS_i of the magnetic sites [t0], exactly.
    density : numpy.ndarray, shape (R, N)
        Electrons of each site as dF/de_i by the energy of its level; their sum is N_e to 5 / order^2 with
        Jackson's kernel, exactly without one.
    statistical_error : numpy.ndarray, shape (R,)
        Root mean square of the error of a component of the field by random vectors [t0]; 0 without.
    """

    chemical_potential: np.ndarray
    free_energy: np.ndarray
    local_field: np.ndarray
    density: np.ndarray
    statistical_error: np.ndarray


class KernelPolynomials:
    """Solver for one structure.

    Parameters
    ----------
    structure : Structure
    electrons : Electrons
        Of the structure; with a sparse hopping matrix.
    order : int
        Of the polynomial, even, at least 2.
    kernel : {"jackson", "lorentz", "dirichlet"} or numpy.ndarray, shape (order + 1,)
        Factors g_k.
    method : {"clusters", "dense", "probing"}, optional
        Exact clusters of the sites within order / 2 hops, dense products, or random vectors; the cheaper one of
        the first two by default.
    spacing : float, optional
        Distance [ell] within which no two sites share a probing vector.
    seed : int
        Of the probing vectors.
    dtype : {"float64", "float32"}
        Arithmetic of dense products.
    device : str
        Of dense products, ``"cpu"`` or ``"cuda"``.
    band : tuple of float, optional
        Lowest and highest level of the hopping [t0] for which the polynomials are made; its own by default.
    counting : like `kernel`, optional
        Kernel that counts the electrons; that of the energy by default.

    Raises
    ------
    InputError
        If the order is odd, the kernel unknown or of another length, or an option means nothing to the method.
    """

    def __init__(
        self,
        structure,
        electrons,
        order=128,
        kernel="jackson",
        method=None,
        spacing=None,
        seed=0,
        dtype="float64",
        device="cpu",
        band=None,
        counting=None,
    ):
        if not (isinstance(order, (int, np.integer)) and order >= 2 and order % 2 == 0):
            raise InputError(f"order = {order}; expected an even number from 2")
        self.electrons, self.order = electrons, int(order)
        self.n_sites, self.n_electrons = electrons.n_sites, electrons.n_electrons
        self.factors = _factors(kernel, self.order)
        self.counting = self.factors if counting is None else _factors(counting, self.order)
        self._bind(electrons, band)
        self.method = self._cheaper() if method is None and spacing is None else method or "probing"
        if self.method not in METHODS:
            raise InputError(f"method = {method!r}; expected one of {', '.join(METHODS)}")
        if (self.method == "probing") != (spacing is not None):
            raise InputError(
                f"method = {self.method!r} and spacing = {spacing}; expected a spacing [ell] with 'probing' alone"
            )
        if self.method != "dense" and (dtype != "float64" or device != "cpu"):
            raise InputError(
                f"dtype = {dtype!r}, device = {device!r}: the method {self.method!r} has float64 on the cpu; "
                "expected these, or method = 'dense'"
            )
        self.dtype, self.device = dtype, device
        if self.method == "probing":
            color = site_colors(structure, spacing)
            rng = np.random.default_rng(seed)
            self._probes = [ProbingVectors(color, rng) for _ in range(2)]  # their difference is the error

    def with_kernel(self, factors):
        """Return the same solver with other factors g_k, shape (order + 1,)."""
        other = copy(self)
        other.factors = other.counting = _factors(factors, self.order)
        return other

    def _bind(self, electrons, band):
        """Work out X but for the spins."""
        matrix = electrons.hopping.tocsr().copy()
        own = band_of(matrix)
        lowest, highest = own if band is None else band
        if not lowest <= own[0] <= own[1] <= highest:
            raise InputError(
                f"the hopping has levels from {own[0]:.4g} to {own[1]:.4g} t0, and the polynomials are made for "
                f"{lowest:.4g} to {highest:.4g} t0; expected a structure like those of the fit"
            )
        reach = np.abs(electrons.couplings).max(initial=0.0) * _MARGIN
        width = highest - lowest
        self.center = 0.5 * (highest + lowest)
        self.scale = 0.5 * width + reach + 0.005 * max(width, reach)
        self._onsite = np.zeros((self.n_sites, 4))
        self._onsite[:, 3] = (matrix.diagonal().real - self.center) / self.scale
        matrix.setdiag(0.0)
        matrix.eliminate_zeros()
        matrix = matrix / self.scale
        parts = [matrix.data.real, matrix.data.imag] if np.iscomplexobj(matrix.data) else [matrix.data]
        self._rows = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), np.array(parts, dtype=float)
        self._matrix = matrix

    def _cheaper(self):
        """Return the method that takes less time, by the size of the clusters of a few sites."""
        bonds = self._matrix.nnz / self.n_sites
        samples = np.linspace(0, self.n_sites - 1, 4).astype(int)
        steps = np.mean([_steps(self._matrix, site, self.order // 2) for site in samples])
        clusters = self.n_sites * steps * (_PER_SITE + _PER_BOND * bonds)
        dense = 2 * np.sqrt(self.order) * 8 * (2.0 * self.n_sites) ** 3 * _PER_OPERATION
        return "clusters" if clusters < dense else "dense"

    def hamiltonian(self, spins):
        """Return X of one configuration (M, 3) as a `SparseHamiltonian`."""
        onsite = self._onsite.copy()
        onsite[self.electrons.sites, :3] = -self.electrons.couplings[:, None] * spins / self.scale
        return SparseHamiltonian(*self._rows, onsite)

    def moments(self, spins, sites=None):
        """Return the blocks of T_0 to T_order, shape (N, order + 1, 4), exactly, see `cluster_moments`."""
        hamiltonian = self.hamiltonian(spins)
        if self.method == "dense":
            found = dense_moments(self._dense(hamiltonian), self.order)
            found = found if sites is None else found[sites]
        else:
            found = cluster_moments(hamiltonian, self.order, sites)
        worst = np.abs(found[:, :, 3]).max(initial=0.0)
        if not worst <= 1.001:
            raise InputError(
                f"levels outside of {self.center - self.scale:.4g} to {self.center + self.scale:.4g} t0; "
                "expected spins of unit length"
            )
        return found

    def _dense(self, hamiltonian):
        import torch

        from sdglass.devices import torch_device

        kind = torch.complex128 if self.dtype == "float64" else torch.complex64
        n = self.n_sites
        matrix = torch.zeros((n, 2, n, 2), dtype=kind)
        hopping = torch.as_tensor(self._matrix.toarray()).to(kind)
        matrix[:, 0, :, 0] = matrix[:, 1, :, 1] = hopping
        x, y, z, e = torch.as_tensor(hamiltonian.onsite.T)
        site = torch.arange(n)
        matrix[site, 0, site, 0], matrix[site, 1, site, 1] = (e + z).to(kind), (e - z).to(kind)
        matrix[site, 0, site, 1] = torch.complex(x, -y).to(kind)
        matrix[site, 1, site, 0] = torch.complex(x, y).to(kind)
        return matrix.view(2 * n, 2 * n).to(torch_device(self.device))

    def solve(self, spins, progress=None):
        """Return the `KernelPolynomialState` of spins (R, M, 3).

        `progress` is called with 1 after each configuration.
        """
        use_threads()
        found = []
        for configuration in spins:
            found.append(self._solve(configuration))
            if progress is not None:
                progress(1)
        gradient = np.array([state[2] for state in found]).reshape(len(found), self.n_sites, 4)
        field = gradient[:, self.electrons.sites, :3] * (self.electrons.couplings[:, None] / self.scale)
        columns = [np.array([state[i] for state in found], dtype=float) for i in (0, 1, 3)]
        mu, energy, error = columns
        return KernelPolynomialState(mu, energy, field, gradient[:, :, 3] / self.scale, error)

    def _solve(self, spins):
        """Return mu, the energy, the gradient (N, 4) by X, and the statistical error of the field."""
        if self.method == "probing":
            hamiltonian = self.hamiltonian(spins)
            forward = [probe.forward(hamiltonian, self.order) for probe in self._probes]
            mu, energy, weights = self.filled(np.mean([traces for traces, _ in forward], axis=0))
            parts = [
                probe.backward(hamiltonian, weights, last)
                for probe, (_, last) in zip(self._probes, forward, strict=True)
            ]
            spread = 0.5 * (parts[0] - parts[1])[self.electrons.sites, :3] * self.electrons.couplings[:, None]
            error = float(np.sqrt(np.mean(spread**2))) / self.scale if len(spread) else 0.0
            return mu, energy, np.mean(parts, axis=0), error
        moments = self.moments(spins)
        mu, energy, weights = self.filled(2 * moments[:, :, 3].sum(axis=0))
        return mu, energy, 2 * derivative(weights) @ moments, 0.0

    def level(self, matrix, vectors=8):
        """Return mu [t0] and dN/dmu of a Hamiltonian (2N, 2N), sparse, by some random signs on the sites.

        In scipy's products, not in compiled sums: threads that wait for the next sum would slow down the matrix
        products that follow.
        """
        x = ((matrix - self.center * identity(matrix.shape[0])) / self.scale).tocsr()
        signs = np.random.default_rng(0).integers(0, 2, (self.n_sites, vectors)) * 2.0 - 1.0
        before = np.kron(signs, np.eye(2, dtype=complex))
        now = x @ before
        traces = np.empty(self.order + 1)

        def product(a, b):
            return float(np.vdot(a, b).real) / vectors

        traces[0], traces[1] = product(before, before), product(now, before)
        for m in range(1, self.order // 2):
            before, now = now, 2 * (x @ now) - before
            traces[2 * m] = 2 * product(before, before) - traces[0]
            traces[2 * m + 1] = 2 * product(now, before) - traces[1]
        traces[self.order] = 2 * product(now, now) - traces[0]
        mu = self._filling(traces, self.n_electrons)
        density = _level_density((mu - self.center) / self.scale, self._temperature, self.order)
        return mu, max(float(self.counting * density @ traces) / self.scale, 1e-3)

    def filled(self, traces, n_electrons=None):
        """Return mu, the energy and the weights of the traces in its gradient [t0] at the filling.

        `traces` are those of T_0 to T_order, shape (order + 1,), of all sites, or of some that hold `n_electrons`.

        Notes
        -----
        If the energy has another kernel than the one that counts, F = Omega(mu) + mu N_e is not stationary in mu,
        and its gradient has a part from that of mu.
        """
        n_electrons = self.n_electrons if n_electrons is None else n_electrons
        mu = self.electrons.chemical_potential
        if mu is not None:
            weights = self.weights(mu)
            return mu, float(weights @ traces), weights
        mu = self._filling(traces, n_electrons)
        weights = self.weights(mu)
        energy = float(weights @ traces + mu * n_electrons)
        if self.counting is not self.factors:
            occupied, turned = self.counted(mu, traces)
            weights = weights + (n_electrons - self.factors * occupied @ traces) * turned
        return mu, energy, weights

    def counted(self, mu, traces):
        """Return the weights of the traces in the number of electrons, undamped, and in the gradient of mu."""
        x = (mu - self.center) / self.scale
        occupied = _occupation(x, self._temperature, self.order)
        slope = self.counting * _level_density(x, self._temperature, self.order) @ traces / self.scale
        return occupied, -self.counting * occupied / slope

    def weights(self, mu):
        """Return g_k w_k of Omega at mu [t0], shape (order + 1,)."""
        x = (mu - self.center) / self.scale
        return self.scale * self.factors * _grand_potential(x, self._temperature, self.order)

    @property
    def _temperature(self):
        return self.electrons.temperature / self.scale

    def _filling(self, traces, n_electrons):
        """Return mu [t0] with a number of electrons."""

        def excess(x, factors):
            return factors * _occupation(x, self._temperature, self.order) @ traces - n_electrons

        # Jackson's kernel is positive and counts monotonically. Another one may not: of its roots, where the
        # energy is stationary, the one next to that of Jackson's kernel is taken.
        edge = 1.0 + 40 * self._temperature
        x = brentq(excess, -edge, edge, args=(jackson(self.order),), xtol=1e-15)
        sign, stride = np.sign(excess(x, self.counting)), 0.1 / self.order
        for step in np.arange(int(2 * edge / stride)) * stride if sign else ():
            for near, far in ((x + step, x + step + stride), (x - step - stride, x - step)):
                end = far if near >= x else near
                if abs(end) <= edge + stride and np.sign(excess(end, self.counting)) != sign:
                    return self.center + self.scale * brentq(excess, near, far, args=(self.counting,), xtol=1e-15)
        if sign:
            raise InputError(f"no chemical potential gives {n_electrons} electrons; expected kernel = 'jackson'")
        return self.center + self.scale * x


def derivative(weights):
    """Return the coefficients of the derivative of a Chebyshev series, padded to its length."""
    return np.append(np.polynomial.chebyshev.chebder(weights), 0.0)


def _factors(kernel, order):
    if isinstance(kernel, str):
        if kernel not in KERNELS:
            raise InputError(f"kernel = {kernel!r}; expected one of {', '.join(KERNELS)}, or factors")
        return KERNELS[kernel](order)
    factors = np.asarray(kernel, dtype=float)
    if factors.shape != (order + 1,) or not np.isfinite(factors).all():
        raise InputError(f"kernel has shape {factors.shape}; expected {order + 1} finite factors")
    return factors


def band_of(matrix):
    """Return the lowest and the highest level of a sparse hopping matrix [t0], or a little more."""
    if matrix.shape[0] <= 200:
        levels = np.linalg.eigvalsh(matrix.toarray())
        return levels[0], levels[-1]
    start = np.random.default_rng(0).standard_normal(matrix.shape[0])
    ends = [
        eigsh(matrix, 1, which=which, v0=start, tol=1e-3, return_eigenvectors=False)[0] for which in ("SA", "LA")
    ]
    slack = 2e-3 * (ends[1] - ends[0])  # Lanczos comes from inside
    return ends[0] - slack, ends[1] + slack


def _steps(matrix, site, reach):
    """Return how many sites a cluster of a site works on, summed over its steps."""
    inside = np.zeros(matrix.shape[0], bool)
    inside[site] = True
    total = 0
    for _ in range(reach):
        before = np.flatnonzero(inside)
        inside[matrix[before].indices] = True
        count = int(inside.sum())
        total += count
        if count == len(before):
            return total + count * (reach - 1 - _)
    return total


def _occupation(x, temperature, order):
    """Return the Chebyshev coefficients of the Fermi function at reduced mu `x` and temperature."""
    if order * temperature > _SMOOTH:
        return _series(lambda e: fermi(e, x, temperature), temperature, order)
    mu, weights = _thermal(x, temperature)
    theta, k = np.arccos(np.clip(mu, -1.0, 1.0)), np.arange(1, order + 1)
    rest = -2 / np.pi * (weights @ np.sin(np.outer(theta, k))) / k
    return np.concatenate([[weights @ (1 - theta / np.pi)], rest])


def _level_density(x, temperature, order):
    """Return the coefficients of -df/de, the derivative of `_occupation` by `x`."""
    if order * temperature > _SMOOTH:
        return _series(
            lambda e: fermi(e, x, temperature) * fermi(x, e, temperature) / temperature, temperature, order
        )
    mu, weights = _thermal(x, temperature)
    inside = np.abs(mu) < 1.0
    theta = np.arccos(mu[inside])
    found = 2 / np.pi * (weights[inside] / np.sin(theta)) @ np.cos(np.outer(theta, np.arange(order + 1)))
    found[0] *= 0.5
    return found


def _grand_potential(x, temperature, order):
    """Return the coefficients of -T log(1 + exp(-(e - x) / T)): minus its derivative by x is `_occupation`."""
    if order * temperature > _SMOOTH:
        return _series(lambda e: -temperature * np.logaddexp(0.0, (x - e) / temperature), temperature, order)
    mu, weights = _thermal(x, temperature)
    theta, k = np.arccos(np.clip(mu, -1.0, 1.0)), np.arange(1, order + 2)
    # Integrals of cos(k t) from theta to pi, of which cos(t) - mu takes the neighbours.
    step = np.concatenate([(np.pi - theta)[:, None], -np.sin(np.outer(theta, k)) / k], axis=1)
    below = np.concatenate([step[:, 1:2], step[:, :-2]], axis=1)
    found = 2 / np.pi * weights @ (0.5 * (step[:, 1:] + below) - mu[:, None] * step[:, :-1])
    found[0] *= 0.5
    return found


def _series(function, temperature, order):
    """Return Chebyshev coefficients of a function that is smooth on the scale of the temperature, to rounding."""
    count = order + int(np.ceil(6 / temperature))
    values = function(np.cos(np.pi * (np.arange(count) + 0.5) / count))
    found = dct(values)[: order + 1] / count
    found[0] *= 0.5
    return found


def _thermal(x, temperature):
    """Return nodes of mu and weights of an average over -df/de at reduced mu `x`: Gauss.

    The polynomials orthogonal with 1 / (4 cosh^2(e / 2)) have the recurrence b_n = pi^2 n^4 / (4 n^2 - 1).
    """
    if temperature == 0.0:
        return np.array([x]), np.ones(1)
    n = np.arange(1, 24)
    nodes, vectors = eigh_tridiagonal(np.zeros(24), np.sqrt(np.pi**2 * n**4 / (4.0 * n**2 - 1)))
    return x + temperature * nodes, vectors[0] ** 2
