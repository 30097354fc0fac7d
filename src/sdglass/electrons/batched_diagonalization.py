"""Diagonalization of many spin configurations together, by torch: on a GPU (paper Eqs. 1, 4, 5, 17)."""

import numpy as np
import torch

from sdglass.devices import torch_device
from sdglass.electrons.occupation import fermi, grand_potential, occupations

# Memory of the Hamiltonians that are diagonalized together [bytes]; eigenvectors and work space take as much.
_MEMORY = {"cpu": 1 << 29, "cuda": 4 << 30}


def solve_batch(electrons, spins, device="cuda"):
    """Return the energies (R,) and the local fields (R, M, 3) of spins (R, M, 3) [t0].

    The energy is F, or Omega at a fixed chemical potential, as of `sdglass.electrons.diagonalization.solve`.

    Parameters
    ----------
    electrons : Electrons
        With a dense hopping matrix.
    spins : numpy.ndarray, shape (R, M, 3)
    device : str
        ``"cuda"``, or ``"cpu"``.

    Raises
    ------
    InputError
        If there is no such device.
    """
    place, n = torch_device(device), electrons.n_sites
    hopping = torch.as_tensor(electrons.hopping, dtype=torch.complex128, device=place)
    sites = torch.as_tensor(electrons.sites, device=place)
    couplings = torch.as_tensor(electrons.couplings, device=place)
    at_once = max(1, _MEMORY[place.type] // (16 * (2 * n) ** 2))
    energies, fields = [], [np.empty((0, len(sites), 3))]
    for start in range(0, len(spins), at_once):
        part = torch.as_tensor(np.ascontiguousarray(spins[start : start + at_once]), device=place)
        matrix = torch.zeros((len(part), 2 * n, 2 * n), dtype=torch.complex128, device=place)
        matrix[:, :n, :n] = matrix[:, n:, n:] = hopping
        x, y, z = (couplings * part.movedim(2, 0)).to(torch.complex128)
        matrix[:, sites, sites] -= z
        matrix[:, n + sites, n + sites] += z
        matrix[:, sites, n + sites] = -(x - 1j * y)
        matrix[:, n + sites, sites] = -(x + 1j * y)
        levels, vectors = torch.linalg.eigh(matrix)
        occupied = []
        for of_one in levels.cpu().numpy():
            energy, occupation = _filled(electrons, of_one)
            energies.append(energy)
            occupied.append(occupation)
        weights = torch.as_tensor(np.array(occupied), device=place)
        up, down = vectors[:, :n][:, sites], vectors[:, n:][:, sites]
        across = torch.einsum("rik,rk->ri", up.conj() * down, weights.to(torch.complex128))
        along = torch.einsum("rik,rk->ri", up.abs() ** 2 - down.abs() ** 2, weights)
        field = couplings[:, None] * torch.stack([2 * across.real, 2 * across.imag, along], dim=-1)
        fields.append(field.cpu().numpy())
    return np.array(energies, dtype=float), np.concatenate(fields)


def _filled(electrons, levels):
    """Return the energy of some levels and their occupation."""
    temperature, count = electrons.temperature, electrons.n_electrons
    if count is None:
        mu = electrons.chemical_potential
        return grand_potential(levels, mu, temperature), fermi(levels, mu, temperature)
    occupation, mu = occupations(levels, count, temperature)
    return grand_potential(levels, mu, temperature) + mu * count, occupation
