"""The locator expansion of the s-d model: its energy as a series of loops of spins.

At half filling and strong coupling the electrons are gapped, and their energy is an integral over imaginary
frequencies (z = i w, the chemical potential in the gap around zero)

    E = -1/(2 pi) int dw Tr log(z - H),    z - H = z + J Q - T,    Q_i = S_i . sigma.

The part of the locator (z + J Q)^-1 = a - b Q that knows no spin, a = z / (z^2 - J^2), is summed to all orders
into a renormalized hopping T0(z) = T (1 - a T)^-1 of the sites' positions alone. What remains is a series in
b = J / (z^2 - J^2) of closed loops with an even number of spins (odd ones vanish by time reversal),

    E = E_0 + 1/(2 pi) sum_{n = 2, 4, ..} 1/n int dw b^n Tr (Q T0)^n.

The second order is a pair coupling that contains the surroundings of the pair exactly,

    E_2 = 1/(2 pi) int dw b^2 sum_ij Re(T0_ij^2) S_i . S_j,

and the fourth is made of loops i -> j -> k -> l with U_ik = sum_j T0_ij T0_jk S_j,

    Tr (Q T0)^4 = sum_ik 2 [2 (S_i . U_ik)(S_k . U_ik) - (S_i . S_k) U_ik^2].

Each order is smaller than the one before by a factor of 20 to 40 in random spins at J = 6.

References
----------
P. W. Anderson, Phys. Rev. 109, 1492 (1958), doi:10.1103/PhysRev.109.1492 (locators); E. N. Economou, Green's
Functions in Quantum Physics (Springer 2006), ch. 6 (renormalized expansion); A. I. Liechtenstein et al.,
J. Magn. Magn. Mater. 67, 65 (1987), doi:10.1016/0304-8853(87)90721-9 (exchange from Green's functions).
"""

from dataclasses import dataclass

import numpy as np

from sdglass.electrons.sd_model import hopping_matrix
from sdglass.errors import InputError

FREQUENCIES = 12  # nodes of the frequency integral: torques to 1e-7 t0 at J = 6


@dataclass(frozen=True, eq=False)
class ImaginaryFrequencies:
    """Nodes of int_{-inf}^{inf} dw / (2 pi), of which the positive half is kept (integrands are even)."""

    weight: np.ndarray  # (M,) both signs of w included [t0]
    scalar: np.ndarray  # (M,) |a| = w / (w^2 + J^2) [1/t0]; the locator's part without spin is a = -i |a|
    vector: np.ndarray  # (M,) b = -J / (w^2 + J^2) [1/t0], its part along the spin


def imaginary_frequencies(coupling, count=FREQUENCIES):
    """Return `count` Gauss-Legendre nodes in the angle of w = |J| tan(angle).

    `InputError` if the coupling [t0] is zero: the expansion is in 1/J.
    """
    if coupling == 0.0:
        raise InputError("coupling = 0; the locator expansion needs a coupling that is not zero [t0]")
    nodes, weights = np.polynomial.legendre.leggauss(count)
    angle = (nodes + 1.0) * np.pi / 4.0
    magnitude = abs(coupling)
    # a and b as functions of the angle, free of overflow at its end.
    scalar = np.sin(angle) * np.cos(angle) / magnitude
    vector = -(np.cos(angle) ** 2) / coupling
    weight = 2.0 * weights * np.pi / 4.0 * magnitude / np.cos(angle) ** 2 / (2.0 * np.pi)
    return ImaginaryFrequencies(weight, scalar, vector)


def renormalized_hopping(eigenvalue, scalar):
    """Return T0 = T (1 + i |a| T)^-1 at eigenvalues (M,) of T: real parts, then imaginary parts, (2 F, M) [t0].

    `scalar`, (F,), is |a| [1/t0].
    """
    denominator = 1.0 + (scalar[:, None] * eigenvalue) ** 2
    return np.concatenate([eigenvalue / denominator, -scalar[:, None] * eigenvalue**2 / denominator])


def spinless_energy(eigenvalues, coupling):
    """Return E_0 [t0], what the series has without any spin: N |J| - sum_k sqrt(T_k^2 + 4 J^2).

    It is -N |J| - 1/(2 pi) int dw 2 Tr log|1 - a T| in closed form: the energy of sites that hybridize with a
    second level each. The eigenvalues (N,) are those of the hopping matrix.
    """
    return len(eigenvalues) * abs(coupling) - float(np.hypot(eigenvalues, 2.0 * coupling).sum())


def second_order_weights(frequencies):
    """Return the weights (M,) of Re(T0_ij^2) in J_ij, where E_2 = 1/2 sum_ij J_ij S_i . S_j [1/t0]."""
    return 2.0 * frequencies.weight * frequencies.vector**2


def series_terms(structure, spins, electrons, orders=6, frequencies=None):
    """Return the terms of the series, exact at every order, for any number of spins in a loop.

    A reference with dense matrices, O(N^3) per frequency and order: for tests and for judging how far the
    series carries, not for dynamics.

    Parameters
    ----------
    structure : Structure
    spins : numpy.ndarray, shape (N, 3)
    electrons : SDModel
    orders : int
        Number of spins in the longest loop, even.
    frequencies : ImaginaryFrequencies, optional
        By default `FREQUENCIES` of them.

    Returns
    -------
    energy, field : numpy.ndarray, shapes (orders / 2 + 1,) and (orders / 2 + 1, N, 3)
        E_0, E_2, E_4, .. [t0], and -dE_n / dS [t0].
    """
    f = imaginary_frequencies(electrons.coupling) if frequencies is None else frequencies
    hopping = hopping_matrix(structure, electrons.hopping)
    eigenvalues, vectors = np.linalg.eigh(hopping)
    n = structure.n_sites
    spin_matrix = np.empty((n, 2, 2), complex)  # Q_i = S_i . sigma
    spin_matrix[:, 0, 0], spin_matrix[:, 1, 1] = spins[:, 2], -spins[:, 2]
    spin_matrix[:, 0, 1] = spins[:, 0] - 1j * spins[:, 1]
    spin_matrix[:, 1, 0] = spins[:, 0] + 1j * spins[:, 1]
    energy, field = np.zeros(orders // 2 + 1), np.zeros((orders // 2 + 1, n, 3))
    energy[0] = spinless_energy(eigenvalues, electrons.coupling)
    for weight, scalar, vector in zip(f.weight, f.scalar, f.vector, strict=True):
        t0 = (vectors * (eigenvalues / (1.0 + 1j * scalar * eigenvalues))) @ vectors.T
        step = np.zeros((n, 2, n, 2), complex)
        step[:, 0, :, 0] = step[:, 1, :, 1] = t0
        hop = step.reshape(2 * n, 2 * n).copy()
        step = np.einsum("iab,ibjc->iajc", spin_matrix, step).reshape(2 * n, 2 * n)  # Q T0
        chain = hop  # T0 (Q T0)^(m - 1)
        for m in range(1, orders + 1):
            if m % 2 == 0:
                block = chain.reshape(n, 2, n, 2)[np.arange(n), :, np.arange(n), :]
                scale = weight * vector**m
                energy[m // 2] += scale / m * np.einsum("iab,iba->", spin_matrix, block).real
                field[m // 2, :, 0] -= scale * (block[:, 0, 1] + block[:, 1, 0]).real
                field[m // 2, :, 1] -= scale * (1j * (block[:, 0, 1] - block[:, 1, 0])).real
                field[m // 2, :, 2] -= scale * (block[:, 0, 0] - block[:, 1, 1]).real
            chain = chain @ step
    return energy, field
