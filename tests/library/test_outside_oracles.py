"""Numbers of other programs: PythTB's spectrum, the electronic test of github kbarros/Kondo."""

import numpy as np
import pytest
import pythtb

from sdglass.electrons.diagonalization import solve, solve_at_chemical_potential
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import SDModel, hopping_matrix
from sdglass.spins import random_spins
from sdglass.structures.lattices import square_lattice


def test_spectrum_and_field_of_pythtb(small_structure):
    model = SDModel(coupling=2.0, filling=0.4, temperature=0.0)
    n = small_structure.n_sites
    spins = random_spins(n, np.random.default_rng(1))
    # A finite cluster (dim_k = 0) of spinful orbitals; onsite = [1, x, y, z] components in Pauli matrices.
    cluster = pythtb.tb_model(0, 3, np.eye(3), small_structure.positions, nspin=2)
    cluster.set_onsite([[0.0, *(-model.coupling * spin)] for spin in spins])
    box = small_structure.box
    for i in range(n):
        for j in range(i + 1, n):
            d = small_structure.positions[j] - small_structure.positions[i]
            d -= box * np.round(d / box)
            cluster.set_hop(float(np.exp(-np.sqrt(d @ d))), i, j)
    levels, vectors = cluster.solve_all(eig_vectors=True)
    state = solve(hopping_matrix(small_structure, model.hopping), spins, model)
    np.testing.assert_allclose(state.eigenvalues, levels, atol=1e-10)
    # Eq. 5 from PythTB's states [level, site, spin]: H = J sum_k <psi_k| sigma |psi_k> on each site.
    sigma = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    filled = vectors[: model.n_electrons(n)]
    field = model.coupling * np.einsum("kis,ast,kit->ia", filled.conj(), sigma, filled).real
    np.testing.assert_allclose(state.local_field, field, atol=1e-10)
    assert state.free_energy == pytest.approx(levels[: model.n_electrons(n)].sum(), abs=1e-10)


def test_electronic_numbers_of_kbarros_kondo():
    # Its test 1 without the classical exchange that upstream's printed force contains: 6 x 6 square,
    # first and third neighbours, a ferromagnet but for one spin, fixed mu, T = 0.
    structure = square_lattice(6)
    hopping = hopping_matrix(structure, Shells((1.0, 2.0), (-1.0, -0.5)))
    spins = np.tile([0.0, 0.0, 1.0], (36, 1))
    spins[0] = 3**-0.5
    state = solve_at_chemical_potential(hopping, spins, SDModel(coupling=0.5, temperature=0.0), 0.103)
    # Its printed energy is a diagonalization's, with 9 digits; its force a polynomial expansion's, to 1e-5.
    assert state.grand_potential / 36 == pytest.approx(-1.98657216, abs=5e-9)
    np.testing.assert_allclose(state.local_field[0], [0.05080, 0.05080, 0.01548], atol=1e-5)
