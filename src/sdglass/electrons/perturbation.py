"""Spin couplings from perturbation theory: RKKY (paper Eq. 2), second order in J, second order in t.

Three limits of the s-d model in which the electrons' energy is E = 1/2 sum_ij J_ij S_i . S_j:

- second order in J at given structure (`second_order_couplings`): exact for J well below both the level
  spacing at the Fermi energy (or the electronic temperature) and the band width, no free parameter;
- the same for free electrons, RKKY (`rkky`, Eq. 2): one function of the distance;
- second order in t / J at half filling (`strong_coupling`): t_ij^2 / (2 J), antiferromagnetic.

References: M. A. Ruderman and C. Kittel, Phys. Rev. 96, 99 (1954), doi:10.1103/PhysRev.96.99;
K. Yosida, Phys. Rev. 106, 893 (1957), doi:10.1103/PhysRev.106.893.
"""

import numpy as np

from sdglass.electrons.occupation import DEGENERACY, occupations
from sdglass.errors import InputError

# Below this argument the RKKY function is summed as a series; see `rkky`.
SERIES = 0.1


def rkky(x):
    """Return the RKKY function (x cos x - sin x) / x^4 of Eq. 2, x = 2 k_F R > 0.

    Negative (ferromagnetic) at contact, -1/(3 x) for x -> 0, first zero at x = 4.4934.
    """
    x = np.asarray(x, dtype=float)
    small = x < SERIES
    safe = np.where(small, 1.0, x)
    closed = (safe * np.cos(safe) - np.sin(safe)) / safe**4
    square = x * x
    # The closed form loses eps / x^3 to cancellation; the first neglected term, 2.5e-7 x^8, is below 1e-14 here.
    series = -(1 / 3 - square / 30 + square**2 / 840 - square**3 / 45360) / np.where(small, x, 1.0)
    return np.where(small, series, closed)


def free_fermi_wavevector(n_electrons, volume):
    """Return k_F = (3 pi^2 N_e / V)^(1/3) [1/ell] of free electrons with two spin states."""
    return float((3 * np.pi**2 * n_electrons / volume) ** (1 / 3))


def static_susceptibility(levels, vectors, occupation, temperature):
    """Return chi_ij = 2 sum_kl (f_k - f_l) / (e_k - e_l) psi_k(i) psi_l(i) psi_k(j) psi_l(j) [1/t0].

    The response of the electrons' spin density s_i = c+_i sigma c_i to a field b_j that enters the energy
    as b_j . s_j: each component obeys <s_i> = sum_j chi_ij b_j. Both spin directions are counted (the 2).
    Sum rule: sum_j chi_ij = 2 sum_k f'(e_k) psi_k(i)^2, minus the thermal local density of states
    at the Fermi level of both spins (Pauli).

    `levels` (N,) [t0] and `vectors` (N, N), real columns, are those of the hopping matrix, `occupation` (N,) is
    f_k per spin at the `temperature` [t0]. `InputError` at zero temperature with a partly filled level: chi is
    then infinite.
    """
    kernel = _divided_difference(np.asarray(levels), np.asarray(occupation), temperature)
    n = len(kernel)
    # chi_ij = 2 sum_k psi_k(i) psi_k(j) [sum_l kernel_kl psi_l(i) psi_l(j)]: N products of N x N matrices.
    chi = np.zeros((n, n))
    for k in range(n):
        inner = (vectors * kernel[k]) @ vectors.T
        inner *= np.outer(vectors[:, k], vectors[:, k])
        chi += inner
    return chi + chi.T  # twice the symmetric sum, free of rounding asymmetry


def _divided_difference(levels, occupation, temperature):
    """Return (f_k - f_l) / (e_k - e_l), f' where two levels are closer than 1e-4 T (error 1e-9)."""
    difference = levels[:, None] - levels[None, :]
    close = np.abs(difference) <= max(1e-4 * temperature, DEGENERACY)
    weight = occupation * (1 - occupation)
    if temperature > 0.0:
        slope = -0.5 * (weight[:, None] + weight[None, :]) / temperature
    elif weight.max() > 0.0:
        level = levels[np.argmax(weight)]
        raise InputError(
            f"electronic temperature = 0 with a partly filled level at {level:.6g} t0: the spin susceptibility "
            "is infinite; expected a temperature > 0"
        )
    else:
        slope = np.zeros_like(difference)
    quotient = (occupation[:, None] - occupation[None, :]) / np.where(close, 1.0, difference)
    return np.where(close, slope, quotient)


def second_order_couplings(hopping, model):
    """Return J_ij [t0] of E = 1/2 sum_ij J_ij S_i . S_j to second order in the s-d coupling, J^2 chi_ij (N, N).

    Positive for antiferromagnetic coupling. `hopping` is the matrix (N, N) [t0], `model` the `SDModel`.
    The first order vanishes (spin-degenerate levels, traceless perturbation), so mu moves only in order
    J^2, and since F = Omega + mu N_e is stationary in mu, the second order of F at fixed filling is that of
    Omega at the unperturbed mu. The diagonal is an energy that no direction of a unit spin changes.
    """
    levels, vectors = np.linalg.eigh(hopping)
    occupation = orbital_occupations(levels, model)
    return model.coupling**2 * static_susceptibility(levels, vectors, occupation, model.temperature)


def orbital_occupations(levels, model):
    """Return f_k per spin (N,) of the spin-degenerate levels at J = 0."""
    occupation, _ = occupations(np.repeat(levels, 2), model.n_electrons(len(levels)), model.temperature)
    return occupation[::2]


def strong_coupling(hopping, coupling):
    """Return J_ij = t_ij^2 / (2 J) [t0], the leading order of t / J at half filling (N_e = N), of a matrix (N, N).

    Each site then holds one electron along its spin; hopping to a neighbour costs 2 J and has the amplitude
    t sin(theta / 2), in both directions: E = -2 t^2 sin^2(theta / 2) / (2 J) per pair. Odd orders of t vanish at
    half filling (particles and holes exchanged, t -> -t), so the correction is of relative order (t / J)^2.
    The paper prints t^2 / J, which is the energy difference of parallel and antiparallel spins, twice the
    coefficient of S_i . S_j. Away from half filling double exchange, of first order in t, takes its place.
    """
    return np.asarray(hopping) ** 2 / (2 * coupling)


def coupling_field(couplings, spins):
    """Return H_i = -sum_{j != i} J_ij S_j [t0] of dense couplings (N, N) for spins (..., N, 3)."""
    off_diagonal = couplings - np.diag(np.diag(couplings))
    return -(off_diagonal @ spins)
