"""The electrons solved exactly: free energy and local fields (paper Eqs. 1, 4, 5, 17)."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sdglass.arrays import own_arithmetic
from sdglass.electrons.occupation import fermi, grand_potential, occupations
from sdglass.electrons.sd_model import Electrons, sd_hamiltonian
from sdglass.errors import InputError

# Levels from which LAPACK's "relatively robust representations" take less than half of the time of its "divide and
# conquer" (4000: 18 against 46 s on two cores).
_MANY = 1100


@dataclass(frozen=True, eq=False)
class ElectronicState:
    """Electrons in equilibrium with one spin configuration.

    Attributes
    ----------
    eigenvalues : numpy.ndarray, shape (2N,)
        Levels, ascending [t0].
    occupation : numpy.ndarray, shape (2N,)
    chemical_potential : float
        mu [t0]; in a gap at low temperature any value inside it would do.
    grand_potential, free_energy, internal_energy : float
        Omega, F = Omega + mu <N_e>, and <H> [t0]. F is the energy whose gradient is the local field.
    local_field : numpy.ndarray, shape (M, 3)
        Of the magnetic sites, H_i = -dF/dS_i = J sum_ab sigma_ab <c+_ia c_ib> [t0], Eq. 5.
    density : numpy.ndarray, shape (N,)
        Electrons per site.
    """

    eigenvalues: np.ndarray
    occupation: np.ndarray
    chemical_potential: float
    grand_potential: float
    free_energy: float
    internal_energy: float
    local_field: np.ndarray
    density: np.ndarray


@own_arithmetic
def solve(hopping, spins, model=None, dtype="float64"):
    """Diagonalise Eq. 17 of one spin configuration.

    Parameters
    ----------
    hopping : numpy.ndarray, shape (N, N), or Electrons
        Hopping matrix [t0] from `sdglass.electrons.sd_model.hopping_matrix`, every site magnetic and alike; or the
        `sdglass.electrons.sd_model.Electrons` of any structure, which know the rest.
    spins : numpy.ndarray, shape (M, 3)
        Local moments.
    model : SDModel, optional
        Coupling, filling or chemical potential, and electronic temperature, if they are not known yet.
    dtype : {"float64", "float32"}
        Arithmetic of the diagonalization; in single precision torques err by 1e-5 of those of random spins.

    Returns
    -------
    ElectronicState

    Raises
    ------
    InputError
        If the numbers are too large to be diagonalized.
    """
    electrons = hopping if isinstance(hopping, Electrons) else Electrons.bound(hopping, model)
    if electrons.n_electrons is None:
        return solve_at_chemical_potential(electrons, spins, model, electrons.chemical_potential, dtype)
    eigenvalues, vectors = levels_and_vectors(_hamiltonian(electrons, spins), dtype)
    occupation, mu = occupations(eigenvalues, electrons.n_electrons, electrons.temperature)
    return _state(electrons, eigenvalues, vectors, occupation, mu, electrons.n_electrons)


@own_arithmetic
def solve_at_chemical_potential(hopping, spins, model, chemical_potential, dtype="float64"):
    """Diagonalise Eq. 17 at fixed mu [t0] (grand canonical; the model's filling is not used).

    The local field is then -dOmega/dS_i. Parameters and result as in `solve`.
    """
    electrons = hopping if isinstance(hopping, Electrons) else Electrons.bound(hopping, model)
    eigenvalues, vectors = levels_and_vectors(_hamiltonian(electrons, spins), dtype)
    occupation = fermi(eigenvalues, chemical_potential, electrons.temperature)
    return _state(electrons, eigenvalues, vectors, occupation, chemical_potential, float(occupation.sum()))


def _hamiltonian(electrons, spins):
    return sd_hamiltonian(electrons.hopping, spins, electrons.couplings, electrons.sites)


def levels_and_vectors(matrix, dtype="float64"):
    """Return the levels of a Hermitian matrix, ascending, and their vectors, by what is quicker at its size."""
    single = dtype == "float32"
    try:
        if not single and len(matrix) < _MANY:
            return np.linalg.eigh(matrix)
        matrix = np.asfortranarray(matrix, np.complex64 if single else None)
        levels, vectors = linalg.eigh(matrix, driver="evr", overwrite_a=True, check_finite=False)
        return levels.astype(float), vectors
    except (np.linalg.LinAlgError, ValueError) as error:  # numbers near the end of double precision
        raise InputError(
            f"the electrons' Hamiltonian, entries up to {np.abs(matrix).max():.3g} t0, cannot be diagonalized "
            f"({error}); expected a smaller coupling or hopping"
        ) from None


def _state(electrons, eigenvalues, vectors, occupation, mu, n_electrons):
    n = len(eigenvalues) // 2
    omega = grand_potential(eigenvalues, mu, electrons.temperature)
    filled = occupation > 1e-17  # what is dropped is below the rounding of a sum of 2N terms
    weight = occupation[filled]
    up, down = vectors[:n, filled], vectors[n:, filled]
    n_up = (up.real**2 + up.imag**2) @ weight
    n_down = (down.real**2 + down.imag**2) @ weight
    # <c+_up c_down> = sum_k f_k conj(psi_up) psi_down, in real arithmetic.
    real = (up.real * down.real + up.imag * down.imag) @ weight
    imag = (up.real * down.imag - up.imag * down.real) @ weight
    spin = np.stack([2.0 * real, 2.0 * imag, n_up - n_down], axis=1)
    return ElectronicState(
        eigenvalues=eigenvalues,
        occupation=occupation,
        chemical_potential=mu,
        grand_potential=omega,
        free_energy=omega + mu * n_electrons,
        internal_energy=float(occupation @ eigenvalues),
        local_field=electrons.couplings[:, None] * spin[electrons.sites],
        density=n_up + n_down,
    )
