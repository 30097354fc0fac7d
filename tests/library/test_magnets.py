"""Any s-d magnet: lattices, oblique cells, alloys, species, explicit hopping, a fixed chemical potential."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

import sdglass
from sdglass.electrons.diagonalization import solve
from sdglass.electrons.hopping import Shells, Yukawa
from sdglass.electrons.sd_model import Electrons, SDModel, hopping_matrix, sd_hamiltonian, sparse_hopping_matrix
from sdglass.errors import InputError
from sdglass.forcefields.testing.check import check_engine
from sdglass.spins import random_spins
from sdglass.structures.lattices import LATTICES
from sdglass.structures.neighbours import minimum_image_pairs, nearest_distances, neighbour_pairs
from sdglass.structures.structure import Structure

SOLVERS = [sdglass.ExactForceField, sdglass.GreensFunctionForceField]
COORDINATION = {"square": 4, "triangular": 6, "honeycomb": 3, "kagome": 4, "cubic": 6, "bcc": 8, "fcc": 12}


def cells(name):
    return (4, 4) if len(LATTICES[name]()[0]) == 2 else (3, 3, 3)


@pytest.mark.parametrize("name", COORDINATION)
def test_every_site_of_a_lattice_has_its_neighbours(name):
    structure = sdglass.lattice(name, cells(name), spacing=1.3)
    pairs = neighbour_pairs(structure, 1.3)
    counts = np.bincount(np.concatenate([pairs.first, pairs.second]), minlength=structure.n_sites)
    assert (counts == COORDINATION[name]).all()
    np.testing.assert_allclose(pairs.distance, 1.3, rtol=1e-12)
    np.testing.assert_allclose(nearest_distances(structure), 1.3, rtol=1e-12)
    assert structure.least_distance == pytest.approx(1.3, rel=1e-12)


def bands(name, size):
    """Free levels with t = -1 on a torus, from textbooks; k = 2 pi (a, b, c) / size along reciprocal vectors."""
    k = 2 * np.pi * np.arange(size) / size
    a, b = (part.ravel() for part in np.meshgrid(k, k, indexing="ij"))
    x, y, z = (part.ravel() for part in np.meshgrid(k, k, k, indexing="ij"))
    if name == "square":
        return -2 * (np.cos(a) + np.cos(b))
    if name == "triangular":
        return -2 * (np.cos(a) + np.cos(b) + np.cos(a - b))
    if name == "honeycomb":
        dirac = np.abs(1 + np.exp(1j * a) + np.exp(1j * b))
        return np.concatenate([dirac, -dirac])
    if name == "kagome":
        root = np.sqrt(np.maximum(0, 3 + 2 * (np.cos(a) + np.cos(b) + np.cos(a - b))))
        return np.concatenate([np.full(size**2, 2.0), -1 + root, -1 - root])
    if name == "cubic":
        return -2 * (np.cos(x) + np.cos(y) + np.cos(z))
    if name == "bcc":  # twice the cells of the cube, with k along its edges: both signs
        one = 8 * np.cos(x / 2) * np.cos(y / 2) * np.cos(z / 2)
        return np.concatenate([one, -one])
    half = [(x + sx * np.pi * 2, y + sy * np.pi * 2) for sx in (0, 1) for sy in (0, 1)]
    return np.concatenate(
        [
            -4 * (np.cos(u / 2) * np.cos(v / 2) + np.cos(v / 2) * np.cos(z / 2) + np.cos(z / 2) * np.cos(u / 2))
            for u, v in half
        ]
    )


@pytest.mark.parametrize("name", COORDINATION)
def test_free_electrons_have_the_bands_of_the_lattice(name):
    size = 6 if name in ("square", "triangular", "honeycomb", "kagome") else 4
    n = (size,) * len(LATTICES[name]()[0])
    structure = sdglass.lattice(name, n)
    levels = np.linalg.eigvalsh(hopping_matrix(structure, Shells()))
    np.testing.assert_allclose(levels, np.sort(bands(name, size)), atol=1e-11)
    if name == "honeycomb":  # 6 is a multiple of 3, so that both Dirac points are there: four levels at zero
        assert np.count_nonzero(np.abs(levels) < 1e-9) == 4
    if name == "kagome":  # the flat band, and the level that touches it
        assert np.count_nonzero(np.abs(levels - 2) < 1e-9) == size**2 + 1


@pytest.mark.parametrize("name", COORDINATION)
def test_the_sparse_hopping_is_the_dense_one(name):
    structure = sdglass.lattice(name, cells(name))
    dense = hopping_matrix(structure, Shells())
    np.testing.assert_array_equal(sparse_hopping_matrix(structure, Shells()).toarray(), dense)


def oblique(n=20, seed=0, pbc=(True, True, True)):
    rng = np.random.default_rng(seed)
    cell = np.array([[3.1, 0.2, -0.4], [1.9, 2.7, 0.3], [-1.2, 0.8, 3.3]])
    return Structure(rng.random((n, 3)) @ cell, cell, pbc=pbc)


@pytest.mark.parametrize("pbc", [(True, True, True), (True, False, True), (False, True, False), (False,) * 3])
def test_distances_in_an_oblique_cell_are_the_shortest_of_many_images(pbc):
    structure = oblique(pbc=pbc)
    steps = [range(-4, 5) if periodic else [0] for periodic in pbc]
    shifts = np.array([[i, j, k] for i in steps[0] for j in steps[1] for k in steps[2]]) @ structure.cell
    vectors = structure.positions[None] - structure.positions[:, None]
    images = np.linalg.norm(vectors[:, :, None] + shifts, axis=3)
    np.testing.assert_allclose(structure.distances(), images.min(axis=2), atol=1e-12)
    bonds = neighbour_pairs(structure, 2.5)
    assert len(bonds) == (np.count_nonzero(images <= 2.5) - structure.n_sites) // 2
    for cutoff in (1.2, 2.5, np.inf):
        pairs = minimum_image_pairs(structure, cutoff)
        assert len(pairs) == np.count_nonzero(np.triu(images.min(axis=2) <= cutoff, 1))
    others = np.where(np.eye(structure.n_sites, dtype=bool)[:, :, None] & (images < 1e-9), np.inf, images)
    np.testing.assert_allclose(nearest_distances(structure), others.min(axis=(1, 2)), atol=1e-12)


def test_an_oblique_cell_of_a_square_lattice_is_the_square_lattice():
    square = sdglass.lattice("square", (6, 6))
    sheared = Structure(square.positions, [[6, 0, 0], [6, 6, 0], [0, 0, 6]], pbc=square.pbc)
    np.testing.assert_allclose(sheared.distances(), square.distances(), atol=1e-12)
    rolled = Structure(square.positions + np.array([17.3, -41.0, 0.0]), sheared.cell, pbc=square.pbc)
    np.testing.assert_allclose(rolled.distances(), square.distances(), atol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", ["triangular", "kagome", "alloy", "species"])
def test_solvers_keep_the_contract_on_any_magnet(name, solver):
    model = SDModel(coupling=3.0, filling=0.3, temperature=0.05, hopping=Shells())
    structure = sdglass.lattice("triangular" if name == "triangular" else "kagome", (4, 4))
    if name == "alloy":
        structure = structure.dilute(0.3, seed=2)
    if name == "species":
        structure = replace(structure, species=np.where(np.arange(structure.n_sites) % 3 == 0, "Mn", "Fe"))
        model = replace(model, coupling={"Mn": 3.0, "Fe": -1.0}, onsite={"Fe": 0.7})
    check_engine(lambda s: solver(s, model), structure)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_fixed_chemical_potential_keeps_the_contract_and_the_levels(solver):
    structure = sdglass.lattice("square", (4, 4))
    model = SDModel(coupling=2.0, chemical_potential=-0.7, temperature=0.1, hopping=Shells())
    check_engine(lambda s: solver(s, model), structure)
    spins = random_spins(16, np.random.default_rng(1), 1)
    levels = np.linalg.eigvalsh(sd_hamiltonian(hopping_matrix(structure, Shells()), spins[0], 2.0))
    omega = -0.1 * np.log1p(np.exp(-(levels + 0.7) / 0.1)).sum()
    assert solver(structure, model).evaluate(spins).energy[0] == pytest.approx(omega, rel=1e-7)


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_alloy_is_its_host_with_some_moments(solver):
    rng = np.random.default_rng(3)
    structure = sdglass.lattice("square", (5, 5)).dilute(0.4, seed=4)
    species = np.where(rng.random(25) < 0.5, "A", "B")
    structure = replace(structure, species=species)
    j, e = {"A": 4.0, "B": 1.5}, {"A": -0.3, "B": 0.9}
    model = SDModel(coupling=j, onsite=e, filling=0.35, temperature=0.02, hopping=Shells())
    spins = random_spins(10, rng)
    # The Hamiltonian term by term, in the basis (site, spin).
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    matrix = np.zeros((25, 2, 25, 2), complex)
    for a in range(25):
        matrix[a, :, a] += e[species[a]] * np.eye(2)
        for b in range(25):
            d = (structure.positions[a] - structure.positions[b])[:2]
            d -= 5 * np.round(d / 5)
            if abs(d @ d - 1) < 1e-9:
                matrix[a, :, b] -= np.eye(2)
    moment = np.flatnonzero(structure.magnetic)
    for site, spin in zip(moment, spins, strict=True):
        matrix[site, :, site] -= j[species[site]] * np.tensordot(spin, pauli, 1)
    levels, vectors = np.linalg.eigh(matrix.reshape(50, 50))
    low, high = levels[0] - 1, levels[-1] + 1
    for _ in range(200):
        mu = (low + high) / 2
        low, high = (mu, high) if (1 / (1 + np.exp((levels - mu) / 0.02))).sum() < round(50 * 0.35) else (low, mu)
    occupied = 1 / (1 + np.exp((levels - mu) / 0.02))
    density = np.einsum("iak,k,ibk->iab", vectors.reshape(25, 2, 50), occupied, vectors.reshape(25, 2, 50).conj())
    field = np.array([[j[species[i]] * np.trace(density[i] @ s).real for s in pauli] for i in moment])
    found = solver(structure, model).evaluate(spins)
    assert found.field.shape == (1, 10, 3)
    np.testing.assert_allclose(found.field[0], field, atol=2e-6)
    free = mu * round(50 * 0.35) - 0.02 * np.logaddexp(0, -(levels - mu) / 0.02).sum()
    assert found.energy[0] == pytest.approx(free, abs=1e-5)


def test_a_committee_on_an_alloy_takes_the_spins_of_its_moments():
    alloy = sdglass.lattice("square", (4, 4)).dilute(0.5, seed=1)
    member = sdglass.ExactForceField(alloy, SDModel(2.0, filling=0.3, temperature=0.1, hopping=Shells()))
    spins = random_spins(8, np.random.default_rng(2), 3)
    found = sdglass.CommitteeForceField([member, member]).evaluate(spins)
    np.testing.assert_array_equal(found.field, member.evaluate(spins).field)


def flux_triangle(phase):
    hop = -np.exp(1j * phase / 3)
    return np.array([[0, hop, hop.conjugate()], [hop.conjugate(), 0, hop], [hop, hop.conjugate(), 0]])


TRIANGLE = Structure([[0, 0, 0], [1, 0, 0], [0.5, 0.8660254037844386, 0]], 30.0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_flux_through_a_triangle_prefers_one_chirality(solver):
    # Levels -2 cos((2 pi n + phase) / 3) without moments, each for both spins.
    phase, temperature = 0.9, 0.05
    model = SDModel(0.0, chemical_potential=0.2, temperature=temperature, hopping=flux_triangle(phase))
    up = np.tile([0.0, 0.0, 1.0], (3, 1))
    levels = -2 * np.cos((2 * np.pi * np.arange(3) + phase) / 3)
    omega = -2 * temperature * np.logaddexp(0, -(levels - 0.2) / temperature).sum()
    assert solver(TRIANGLE, model).evaluate(up).energy[0] == pytest.approx(omega, rel=1e-7)
    # With moments the energy tells S1 . S2 x S3 from its mirror image, and reversing the flux exchanges them.
    canted = np.array([[np.cos(a), np.sin(a), 1.0] for a in 2 * np.pi / 3 * np.arange(3)]) / np.sqrt(2)
    mirror = canted * [1, -1, 1]

    def energy(phase, spins):
        model = SDModel(
            3.0, filling=1 / 3, temperature=temperature, hopping=sparse.csr_matrix(flux_triangle(phase))
        )
        return solver(TRIANGLE, model).evaluate(spins).energy[0]

    assert abs(energy(phase, canted) - energy(phase, mirror)) > 1e-3
    assert energy(phase, canted) == pytest.approx(energy(-phase, mirror), abs=1e-9)


def test_a_berry_phase_is_the_flux_that_moments_make():
    # Strong coupling: the spinless electron on the triangle hops with t <chi_i|chi_j>, flux half the solid angle.
    canted = np.array([[np.cos(a), np.sin(a), 0.8] for a in 2 * np.pi / 3 * np.arange(3)]) / np.sqrt(1.64)
    theta = np.arccos(canted[0, 2])
    phi = 2 * np.pi / 3 * np.arange(3)
    spinors = np.stack([np.full(3, np.cos(theta / 2)), np.sin(theta / 2) * np.exp(1j * phi)], axis=1)
    effective = -(spinors.conj() @ spinors.T) * (1 - np.eye(3))
    j = 2000.0
    levels = np.linalg.eigvalsh(sd_hamiltonian(-(1 - np.eye(3)), canted, j))[:3] + j
    np.testing.assert_allclose(levels, np.linalg.eigvalsh(effective), atol=3 / j)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_spiral_on_a_ring_has_two_shifted_bands(solver):
    n, q, j, t = 24, 2 * np.pi * 5 / 24, 1.3, 0.05
    ring = Structure([[x, 0, 0] for x in range(n)], [n, 40, 40], pbc=[True, False, False])
    spins = np.array([[np.cos(q * x), np.sin(q * x), 0] for x in range(n)])
    # In the frame that turns with the spiral each k has the matrix [[e(k - q/2), -J], [-J, e(k + q/2)]].
    k = 2 * np.pi * np.arange(n) / n + q / 2
    left, right = -2 * np.cos(k - q / 2), -2 * np.cos(k + q / 2)
    root = np.sqrt(((left - right) / 2) ** 2 + j**2)
    levels = np.concatenate([(left + right) / 2 + root, (left + right) / 2 - root])
    model = SDModel(j, chemical_potential=-0.4, temperature=t, hopping=Shells())
    omega = -t * np.logaddexp(0, -(levels + 0.4) / t).sum()
    found = solver(ring, model).evaluate(spins)
    assert found.energy[0] == pytest.approx(omega, rel=1e-7)
    assert np.abs(np.cross(spins, found.field[0])).max() < 1e-6  # every spin lies along its field


def tetrahedral(n):
    """Four sublattices of an n x n triangular lattice, spins to the corners of a tetrahedron."""
    y, x = np.divmod(np.arange(n * n), n)
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    return corners[x % 2 + 2 * (y % 2)]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("j", [1.5, 3.0])
def test_tetrahedral_order_has_its_bands_and_no_torque(solver, j):
    # -J S_k . sigma on four sublattices: levels +-sqrt(J^2 + e^2 +- 2 J e / sqrt 3 ...) have no simple form off
    # symmetric points, so the four-site cell is diagonalized for each k of the reduced zone instead.
    n, temperature = 8, 0.05
    structure = sdglass.lattice("triangular", (n, n))
    spins = tetrahedral(n)
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    corners = spins[[0, 1, n, n + 1]]
    levels = []
    for a in range(n // 2):
        for b in range(n // 2):
            matrix = np.zeros((4, 2, 4, 2), complex)
            for s in range(4):
                x, y = s % 2, s // 2
                matrix[s, :, s] -= j * np.tensordot(corners[s], pauli, 1)
                for dx, dy in ((1, 0), (0, 1), (1, -1), (-1, 0), (0, -1), (-1, 1)):
                    other = (x + dx) % 2 + 2 * ((y + dy) % 2)
                    cell = (x + dx) // 2, (y + dy) // 2
                    matrix[s, :, other] -= np.exp(4j * np.pi / n * (a * cell[0] + b * cell[1])) * np.eye(2)
            levels.append(np.linalg.eigvalsh(matrix.reshape(8, 8)))
    levels = np.concatenate(levels)
    mu = -2.1 if j == 1.5 else -3.2
    omega = -temperature * np.logaddexp(0, -(levels - mu) / temperature).sum()
    model = SDModel(j, chemical_potential=mu, temperature=temperature, hopping=Shells())
    found = solver(structure, model).evaluate(spins)
    assert found.energy[0] == pytest.approx(omega, rel=1e-7)
    assert np.abs(np.cross(spins, found.field[0])).max() < 1e-6


@pytest.mark.parametrize("name", ["square", "honeycomb", "cubic"])
def test_bipartite_lattices_are_uniformly_half_filled(name):
    # Lieb, Loss, McCann (1993): at half filling every site of a bipartite lattice holds one electron, whatever
    # the moments, if they turn all together with the sublattices' exchange: here for the free electrons and Neel.
    structure = sdglass.lattice(name, (4, 4) if name != "cubic" else (4, 4, 4))
    hopping = hopping_matrix(structure, Shells())
    spins = random_spins(structure.n_sites, np.random.default_rng(5))
    model = SDModel(2.0, temperature=0.1, hopping=Shells())
    np.testing.assert_allclose(solve(hopping, spins, model).density, 1.0, atol=1e-10)


def test_hopping_of_another_program_in_an_oblique_cell():
    pythtb = pytest.importorskip("pythtb")
    lattice = pythtb.tb_model(2, 2, [[1, 0], [0.5, np.sqrt(3) / 2]], [[1 / 3, 1 / 3], [2 / 3, 2 / 3]])
    lattice.set_onsite([0.4, -0.4])
    for shift in ([0, 0], [-1, 0], [0, -1]):
        lattice.set_hop(-1.0, 0, 1, shift)
    for sub, sign in ((0, 1), (1, -1)):  # Haldane's model
        for shift in ([1, 0], [-1, 1], [0, -1]):
            lattice.set_hop(0.15j * sign, sub, sub, shift)
    n = 6
    theirs = np.sort(lattice.solve_all(lattice.k_uniform_mesh([n, n])).ravel())
    index = {(x, y, s): s + 2 * (x + n * y) for x in range(n) for y in range(n) for s in (0, 1)}
    matrix = np.zeros((2 * n * n,) * 2, complex)
    for x in range(n):
        for y in range(n):
            for s in (0, 1):
                matrix[index[x, y, s], index[x, y, s]] = 0.4 * (1 - 2 * s)
            bonds = [(0, 1, d, -1.0) for d in ((0, 0), (-1, 0), (0, -1))]
            bonds += [(s, s, d, 0.15j * (1 - 2 * s)) for s in (0, 1) for d in ((1, 0), (-1, 1), (0, -1))]
            for s, other, (dx, dy), amplitude in bonds:
                i, k = index[x, y, s], index[(x + dx) % n, (y + dy) % n, other]
                matrix[i, k] += amplitude
                matrix[k, i] += np.conj(amplitude)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), theirs, atol=1e-10)
    structure = sdglass.lattice("honeycomb", (n, n))
    model = SDModel(0.0, chemical_potential=0.1, temperature=0.02, hopping=sparse.csr_matrix(matrix))
    omega = -2 * 0.02 * np.logaddexp(0, -(theirs - 0.1) / 0.02).sum()
    up = np.tile([0.0, 0.0, 1.0], (2 * n * n, 1))
    for solver in SOLVERS:
        assert solver(structure, model).evaluate(up).energy[0] == pytest.approx(omega, rel=1e-8)


def test_a_hopping_matrix_is_the_law_it_was_made_from():
    structure = sdglass.amorphous(30, seed=1)
    spins = random_spins(30, np.random.default_rng(1))
    law = SDModel(filling=0.3)
    given = SDModel(filling=0.3, hopping=hopping_matrix(structure, Yukawa()))
    a, b = (sdglass.ExactForceField(structure, model).evaluate(spins) for model in (law, given))
    np.testing.assert_array_equal(a.field, b.field)
    assert given.to_dict()["hopping"]["law"] == "matrix"
    assert not given.differences(SDModel(filling=0.3, hopping=sparse.csr_matrix(given.hopping)))
    check_engine(lambda s: sdglass.ExactForceField(s, given), structure)


@pytest.mark.parametrize(
    "structure",
    [
        sdglass.lattice("kagome", (3, 2)).dilute(0.5, seed=1),
        oblique(),
        oblique(pbc=(True, False, True)),
        Structure(np.eye(3), 4.0, species=["Mn", "Fe", "Mn"], magnetic=[1, 0, 1]),
        sdglass.amorphous(20, seed=2),
    ],
)
def test_structures_come_back_from_their_files(structure, tmp_path):
    structure.save(tmp_path / "S.npz")
    again = Structure.load(tmp_path / "S.npz")
    assert again.digest() == structure.digest()
    for name, array in structure.arrays().items():
        np.testing.assert_array_equal(getattr(again, name), array)
    np.testing.assert_array_equal(again.magnetic, structure.magnetic)
    np.testing.assert_array_equal(again.pbc, structure.pbc)


def test_digests_tell_structures_apart():
    lattice = sdglass.lattice("square", (4, 4))
    others = [
        lattice.dilute(0.5, seed=1),
        lattice.dilute(0.5, seed=2),
        replace(lattice, species=np.full(16, "Mn")),
        replace(lattice, pbc=[True, False, False]),
    ]
    assert len({structure.digest() for structure in [lattice, *others]}) == 5


def test_files_of_other_programs_are_read(tmp_path):
    ase = pytest.importorskip("ase")
    pytest.importorskip("ase.io")
    from ase.build import bulk

    atoms = bulk("Fe", "bcc", a=2.87, cubic=True) * (2, 2, 2)
    atoms.symbols[::4] = "Mn"
    for name in ("POSCAR", "x.cif", "x.extxyz"):
        ase.io.write(tmp_path / name, atoms)
        structure = sdglass.read_structure(tmp_path / name, unit=2.87 * np.sqrt(3) / 2)
        assert structure.n_sites == 16
        np.testing.assert_allclose(nearest_distances(structure), 1.0, rtol=1e-6)
        alloy = sdglass.read_structure(tmp_path / name, magnetic=["Mn"])
        assert alloy.n_spins == 4
        assert set(alloy.species[alloy.magnetic]) == {"Mn"}
    with pytest.raises(InputError, match="no site is of the magnetic species 'Co'; expected some of Fe, Mn"):
        sdglass.read_structure(tmp_path / "POSCAR", magnetic=["Co"])
    with pytest.raises(InputError, match=r"absent\.cif: no such file"):
        sdglass.read_structure(tmp_path / "absent.cif")
    (tmp_path / "bad.cif").write_text("nothing")
    with pytest.raises(InputError, match=r"bad\.cif: not a structure that ASE can read"):
        sdglass.read_structure(tmp_path / "bad.cif")
    molecule = ase.Atoms("Fe2", [[0, 0, 0], [1, 0, 0]])
    ase.io.write(tmp_path / "open.xyz", molecule)
    assert not sdglass.read_structure(tmp_path / "open.xyz").pbc.any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Structure([[0, 0, 0]], [[1, 0, 0], [2, 0, 0], [0, 0, 1]]),
            "has no volume; expected three independent",
        ),
        (lambda: Structure([[0, 0, 0]], np.zeros((2, 3))), "expected three positive lengths"),
        (lambda: Structure([[0, 0, 0]], 2.0, magnetic=[False]), "no site carries a moment"),
        (lambda: Structure([[0, 0, 0]], 2.0, magnetic=[True, False]), "magnetic has shape"),
        (lambda: Structure([[0, 0, 0]], 2.0, species=["Mn", "Fe"]), "species has shape"),
        (lambda: Structure([[0, 0, 0]], 2.0, pbc=[True]), "pbc has shape"),
        (lambda: sdglass.lattice("triangle", (2, 2)), "lattice 'triangle' is unknown; did you mean triangular"),
        (lambda: sdglass.lattice("square", (2, 2, 2)), "expected 2 positive integers"),
        (lambda: sdglass.lattice("cubic", (2, 0, 2)), "expected 3 positive integers"),
        (lambda: sdglass.lattice("square", (2, 2), spacing=-1), "spacing = -1"),
        (lambda: sdglass.lattice("square", (2, 2)).dilute(0.0), "occupancy = 0.0"),
        (lambda: SDModel(filling=0.5, chemical_potential=0.0), "both set the number of electrons"),
        (lambda: SDModel(chemical_potential=np.nan), "chemical_potential = nan"),
        (lambda: SDModel(coupling={"Mn": np.inf}), "coupling = "),
        (lambda: SDModel(onsite=3.0), "onsite = 3.0; expected finite numbers by species"),
        (lambda: SDModel(hopping=np.array([[0, 1], [2, 0]])), r"not Hermitian: \[0, 1\] = 1, \[1, 0\] = 2"),
        (lambda: SDModel(hopping=np.zeros((2, 3))), r"shape \(2, 3\); expected \(N, N\)"),
        (lambda: SDModel(hopping=np.array([[0, np.nan], [np.nan, 0]])), "not finite"),
        (lambda: hopping_matrix(TRIANGLE, np.eye(4)), r"expected \(3, 3\) for a structure of 3 sites"),
        (lambda: hopping_matrix(sdglass.lattice("triangular", (2, 2)), Shells()), "too small for a hopping range"),
        (
            lambda: Electrons.of(TRIANGLE, SDModel(coupling={"Mn": 1.0})),
            "the structure has none; expected species",
        ),
        (
            lambda: Electrons.of(replace(TRIANGLE, species=["Mn", "Fe", "Fe"]), SDModel(coupling={"Mn": 1.0})),
            "nothing is given for sites of species 'Fe'",
        ),
        (
            lambda: Electrons.of(replace(TRIANGLE, species=["Mn"] * 3), SDModel(onsite={"Cu": 1.0})),
            "no site is of species 'Cu'",
        ),
    ],
)
def test_magnets_that_make_no_sense_are_refused(make, words):
    with pytest.raises(InputError, match=words) as error:
        make()
    assert "\n" not in str(error.value)
