"""Energies of ordered states of the triangular lattice against J, from their bands."""

from dataclasses import dataclass, replace

import numpy as np

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.occupation import chemical_potential, grand_potential
from sdglass.electrons.sd_model import hopping_matrix
from sdglass.structures.lattices import lattice
from sdglass_study.analysis import analysis, data_frame

_CORNERS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5
_TURNS = 2 * np.pi / 3 * np.arange(3)
# Orders: edge of the magnetic cell, and the spin of the site (x, y) in it.
ORDERS = {
    "tetrahedral": (2, lambda x, y: _CORNERS[2 * (x % 2) + y % 2]),
    "ferromagnet": (1, lambda x, y: np.array([0.0, 0.0, 1.0])),
    "stripes": (2, lambda x, y: np.array([0.0, 0.0, 1.0 - 2.0 * (y % 2)])),
    "120 degrees": (3, lambda x, y: np.array([np.cos(a := _TURNS[(x - y) % 3]), np.sin(a), 0.0])),
}
_STEPS = ((1, 0), (0, 1), (1, -1))  # half of the six neighbours, in units of the lattice vectors
_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


@dataclass(frozen=True)
class TetrahedralEnergies:
    """For which electrons.

    Attributes
    ----------
    couplings : tuple of float
        J [t0].
    fillings : tuple of float
    grid : int
        Wave vectors along each reciprocal vector of the lattice, a multiple of 6.
    checked : int
        Edge of the lattice on which the bands are compared with exact diagonalization, a multiple of 6.
    """

    couplings: tuple[float, ...]
    fillings: tuple[float, ...]
    grid: int = 240
    checked: int = 12


@analysis("tetrahedral_energies", TetrahedralEnergies)
def tetrahedral_energies(settings, inputs, electrons):
    """Return energy per site and gap of each order, and their difference to exact diagonalization."""
    structure = lattice("triangular", cells=settings.checked)
    bare = hopping_matrix(structure, electrons.hopping)
    hopping = bare[0, 1]  # between neighbours; others would show in the difference to exact diagonalization
    rows = []
    for coupling in settings.couplings:
        for filling in settings.fillings:
            for name in ORDERS:
                levels = bands(name, coupling, hopping, settings.grid)
                energy, gap = filled(levels, filling, electrons.temperature)
                few, _ = filled(bands(name, coupling, hopping, settings.checked), filling, electrons.temperature)
                rows.append(
                    {
                        "coupling": coupling,
                        "filling": filling,
                        "order": name,
                        "energy_per_site": energy,
                        "gap": gap,
                    }
                    | {
                        "difference_to_ed": few
                        - _diagonalized(structure, bare, name, coupling, filling, electrons)
                    }
                )
    return {"tetrahedral_energies": data_frame(rows)}


def bands(name, coupling, hopping, grid):
    """Return the levels per wave vector (G, 2 n) of an order with n sites in its cell, all N of `grid`^2 sites."""
    edge, spin = ORDERS[name]
    n = edge * edge
    counts = np.arange(grid // edge) * 2 * np.pi / grid  # phases per lattice vector, of the magnetic zone
    phase = np.stack(np.meshgrid(counts, counts, indexing="ij"), axis=-1).reshape(-1, 2)
    h = np.zeros((len(phase), n, 2, n, 2), complex)
    for x in range(edge):
        for y in range(edge):
            i = x * edge + y
            h[:, i, :, i, :] -= coupling * np.einsum("a,ast->st", spin(x, y), _PAULI)
            for dx, dy in _STEPS:
                for sign in (1, -1):
                    j = ((x + sign * dx) % edge) * edge + (y + sign * dy) % edge
                    hop = hopping * np.exp(1j * sign * phase @ np.array([dx, dy]))
                    for s in (0, 1):
                        h[:, i, s, j, s] += hop
    return np.linalg.eigvalsh(h.reshape(len(phase), 2 * n, 2 * n))


def filled(levels, filling, temperature):
    """Return the free energy per site and the gap above the filled levels, of a metal that of the grid."""
    flat = np.sort(levels.ravel())
    sites, number = len(flat) / 2, round(filling * len(flat))
    mu = chemical_potential(flat, number, temperature)
    energy = (grand_potential(flat, mu, temperature) + mu * number) / sites
    return float(energy), float(flat[number] - flat[number - 1])


def _diagonalized(structure, bare, name, coupling, filling, electrons):
    edge = round(structure.n_sites**0.5)
    spins = np.array([ORDERS[name][1](x, y) for y in range(edge) for x in range(edge)])
    model = replace(electrons, coupling=coupling, filling=filling)
    return solve(bare, spins, model).free_energy / structure.n_sites
