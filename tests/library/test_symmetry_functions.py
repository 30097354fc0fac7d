"""The descriptor against a literal transcription of the paper's sums, against DScribe, and its symmetries."""

import itertools
from dataclasses import replace

import ase
import numpy as np
import pytest
from dscribe.descriptors import ACSF
from scipy.spatial.transform import Rotation
from small_study import CHIRAL, triangular_lattice

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure

PAPER = SymmetryFunctions(chirality=True)
EXACT = SymmetryFunctions(chirality=True, tolerance=0.0)


def cubic_lattice(n):
    """Return a simple cubic lattice of n x n x n sites."""
    return Structure(np.stack(np.meshgrid(*3 * [np.arange(n)], indexing="ij"), axis=-1).reshape(-1, 3), float(n))


@pytest.fixture(scope="module")
def structure():
    """24 sites in the paper's box of 5 ell = 2 R_c, where geometry and minimum image disagree."""
    return random_sequential_addition(24, 5.0, 0.5, np.random.default_rng(3))


@pytest.fixture(scope="module")
def spins(structure):
    return random_spins(structure.n_sites, np.random.default_rng(4), 2)


def literal_sums(structure, spins, functions, printed_chirality=False):
    """Return the features (N, n_features) of spins (N, 3), term by term as Eqs. 8-13 and 16 are written.

    Shares nothing with the library: no neighbour list, no half sums, no dropped terms. With
    `printed_chirality`, Eq. 16 is summed over all ordered j != k, otherwise over R_ij < R_ik, and over pairs
    j, k at the same distance with the square of the triple product. The box is at least one cutoff wide.
    """
    rc, w, wp, zeta = functions.cutoff, functions.width, functions.pair_width, functions.zeta
    d = functions.shell_start + (functions.shell_stop - functions.shell_start) * np.arange(functions.shells) / max(
        1, functions.shells - 1
    )

    def gauss_with_cutoff(r, centre, width):
        return (
            np.exp(-((r - centre) ** 2) / width**2) * (np.cos(np.pi * r / rc) + 1) / 2 if r <= rc else 0.0 * centre
        )

    n = structure.n_sites
    g2 = np.zeros((n, functions.shells))
    g3 = np.zeros((n, len(functions.lambdas), len(functions.pair_distances), functions.shells))
    chi = np.zeros_like(g3)
    for i in range(n):
        legs = []  # neighbours j, and all of their images
        for j in range(n):
            vector = structure.positions[j] - structure.positions[i]
            images = [vector + structure.box * shift for shift in itertools.product((-1, 0, 1), repeat=3)]
            legs += [(j, image) for image in images if 0 < np.linalg.norm(image) <= rc]
        for a_leg, (j, rij) in enumerate(legs):
            r1 = np.linalg.norm(rij)
            g2[i] += gauss_with_cutoff(r1, d, w) * (spins[i] @ spins[j])
            for b_leg, (k, rik) in enumerate(legs):
                r2, r3 = np.linalg.norm(rik), np.linalg.norm(rik - rij)
                if a_leg == b_leg or r3 > rc:
                    continue
                cos_theta = rij @ rik / (r1 * r2)
                shells = gauss_with_cutoff(r1, d, w) * gauss_with_cutoff(r2, d, w)
                triple = spins[i] @ np.cross(spins[j], spins[k])
                for a, lam in enumerate(functions.lambdas):
                    for b, dp in enumerate(functions.pair_distances):
                        f3 = 2 ** (1 - zeta) * (1 + lam * cos_theta) ** zeta * shells
                        f3 = f3 * gauss_with_cutoff(r3, dp, wp)
                        g3[i, a, b] += f3 * (spins[j] @ spins[k])
                        if printed_chirality or r1 < r2 - 1e-9:
                            chi[i, a, b] += f3 * triple
                        elif abs(r1 - r2) < 1e-9 and a_leg < b_leg:
                            chi[i, a, b] += f3 * triple**2
    return np.concatenate([g2, g3.reshape(n, -1), chi.reshape(n, -1)], axis=1)


def features(structure, spins, functions):
    return build_feature_maps(structure, functions).features(spins)


def test_the_paper_has_50_200_200_features():
    assert (PAPER.n_g2, PAPER.n_bond - PAPER.n_g2, PAPER.n_chirality) == (50, 200, 200)
    assert PAPER.n_features == 450
    assert SymmetryFunctions().n_features == 250
    np.testing.assert_allclose(PAPER.radii[[0, 1, -1]], [0.5, 0.54, 2.46], atol=1e-12)
    assert PAPER.angular == [(-1.0, 1.0), (-1.0, 2.0), (1.0, 1.0), (1.0, 2.0)]


def test_all_features_are_the_printed_sums(structure, spins):
    expected = literal_sums(structure, spins[0], EXACT)
    assert expected.shape == (24, 450)
    # Every block has to carry weight, or agreement means nothing.
    assert (np.abs(expected).max(axis=0) > 1e-6).mean() > 0.8
    exact = features(structure, spins, EXACT)
    assert exact.shape == (2, 24, 450)
    np.testing.assert_allclose(exact[0], expected, rtol=0, atol=1e-12)
    # A dropped term is below 1e-7, counts twice in G3, and fewer than 5 of them meet in one feature here.
    cut = features(structure, spins, PAPER)
    np.testing.assert_allclose(cut[0], expected, rtol=0, atol=1e-6)
    assert np.abs(cut[0] - expected).max() > 0  # the tolerance did drop something


def test_other_parameters_are_the_printed_sums(structure, spins):
    functions = SymmetryFunctions(
        cutoff=2.1, shells=7, shell_start=0.4, shell_stop=2.0, width=0.3, zeta=3.5, lambdas=(1.0, -0.5),
        pair_distances=(0.7, 1.1, 1.9), pair_width=0.6, chirality=True, tolerance=0.0,
    )  # fmt: skip
    expected = literal_sums(structure, spins[1], functions)
    np.testing.assert_allclose(features(structure, spins, functions)[1], expected, rtol=0, atol=1e-12)


def repeated(structure, counts):
    """Return a supercell of a structure; its sites are those of the structure, again and again."""
    shifts = np.array(list(itertools.product(*map(range, counts)))) * structure.box
    positions = (structure.positions + shifts[:, None]).reshape(-1, 3)
    return Structure(positions, structure.box * counts)


@pytest.mark.parametrize(("edge", "counts"), [(4.2, (2, 2, 2)), (2.6, (2, 1, 3)), (2.3, (3, 2, 2))])
def test_features_do_not_depend_on_the_box(edge, counts):
    """A box of less than two cutoffs, or one, and a supercell: the same crystal, hence the same features."""
    small = random_sequential_addition(8, edge, 0.5, np.random.default_rng(12))
    spins = random_spins(8, np.random.default_rng(13), 2)
    before = features(small, spins, EXACT)
    after = features(repeated(small, counts), np.tile(spins, (1, np.prod(counts), 1)), EXACT)
    np.testing.assert_allclose(after, np.tile(before, (1, np.prod(counts), 1)), rtol=0, atol=1e-11)
    if edge > EXACT.cutoff:
        np.testing.assert_allclose(before[0], literal_sums(small, spins[0], EXACT), rtol=0, atol=1e-12)


@pytest.mark.parametrize("lattice", [square_lattice(6, 4), square_lattice(3), triangular_lattice(4, 4)])
def test_features_of_lattices_are_the_printed_sums(lattice):
    """Every distance ties, and half the box is a distance that occurs."""
    functions = replace(CHIRAL, cutoff=2.1, shell_stop=2.0)
    plane = Structure(lattice.positions, [*lattice.box[:2], 9.0])
    spins = random_spins(lattice.n_sites, np.random.default_rng(14), 1)
    expected = literal_sums(plane, spins[0], replace(functions, tolerance=0.0))
    assert np.abs(expected[:, functions.n_bond :]).max() > 0.01
    np.testing.assert_allclose(features(plane, spins, functions)[0], expected, rtol=0, atol=1e-5)


def test_chirality_as_printed_vanishes(structure, spins):
    """F3 is symmetric and S_i . S_j x S_k antisymmetric under j <-> k, so Eq. 16 as printed is zero."""
    printed = literal_sums(structure, spins[0], EXACT, printed_chirality=True)[:, EXACT.n_bond :]
    ordered = features(structure, spins, EXACT)[0, :, EXACT.n_bond :]
    assert np.abs(printed).max() < 1e-14
    assert np.abs(ordered).max() > 0.01
    assert (np.abs(ordered).max(axis=0) > 1e-6).mean() > 0.7


def test_neighbours_that_tie_have_a_chirality():
    """A right angle of spins: chi = S_0 . S_x x S_y is 1 or -1, and which is not known from the sites."""
    lattice = square_lattice(6)
    functions = SymmetryFunctions(
        cutoff=1.5, shells=1, shell_start=1.0, shell_stop=1.0, lambdas=(1.0,), pair_distances=(2**0.5,),
        chirality=True,
    )  # fmt: skip
    spins = np.zeros((1, 36, 3))
    spins[:, :, 2] = 1.0
    spins[0, 1], spins[0, 6] = [1.0, 0, 0], [0.0, 1.0, 0]  # at +x and +y of site 0
    maps = build_feature_maps(lattice, functions)
    assert maps.tied.all()
    # cos = 0 and chi^2 = 1 for this pair of neighbours; the three others have two spins that are the same.
    shell, pair = (0.5 * (np.cos(np.pi * r / 1.5) + 1) for r in (1.0, 2**0.5))
    found = maps.features(spins)[0, 0, functions.n_bond :]
    assert found == pytest.approx([shell**2 * pair], rel=1e-12)
    np.testing.assert_array_equal(maps.features(-spins), maps.features(spins))


@pytest.mark.parametrize(
    "lattice", [square_lattice(6), triangular_lattice(6, 6), square_lattice(4), cubic_lattice(3)]
)
def test_no_chirality_feature_is_dead_on_a_lattice(lattice):
    """With the paper's descriptor; neither the numbering nor an orientation of the sites decides anything."""
    n = lattice.n_sites
    spins = random_spins(n, np.random.default_rng(5), 1)
    before = features(lattice, spins, PAPER)
    chiral = np.abs(before[..., PAPER.n_bond :]).max(axis=(0, 1)) > 0
    alike = np.abs(before[..., PAPER.n_g2 : PAPER.n_bond]).max(axis=(0, 1)) > 0
    assert chiral.sum() > 0.7 * alike.sum() > 40
    order = np.random.default_rng(6).permutation(n)
    after = features(Structure(lattice.positions[order], lattice.box), spins[:, order], PAPER)
    np.testing.assert_allclose(after, before[:, order], atol=1e-12)
    moved = Structure(lattice.positions[:, [1, 0, 2]] * [-1, 1, 1] + [0.3, 0.2, 0.1], lattice.box[[1, 0, 2]])
    np.testing.assert_allclose(features(moved, spins, PAPER), before, atol=1e-12)


def test_rounded_coordinates_tie_too():
    exact = triangular_lattice(6, 4)
    rounded = Structure(exact.positions.round(5), exact.box.round(5))
    spins = random_spins(24, np.random.default_rng(7), 1)
    maps = build_feature_maps(rounded, PAPER)
    assert maps.tied.all()
    np.testing.assert_allclose(maps.features(spins), features(exact, spins, PAPER), atol=0.02)


def test_symmetries_of_space(structure, spins):
    before = features(structure, spins, EXACT)
    rng = np.random.default_rng(7)
    order = rng.permutation(structure.n_sites)
    shifted = Structure(structure.positions + rng.random(3) * structure.box, structure.box)
    turned = Structure(structure.positions[:, [1, 2, 0]] * [-1, 1, 1], structure.box)
    relabelled = Structure(structure.positions[order], structure.box)
    # F2 changes by 1 / w = 20 times an error of position, which is 1e-15.
    np.testing.assert_allclose(features(shifted, spins, EXACT), before, atol=1e-12)
    np.testing.assert_allclose(features(turned, spins, EXACT), before, atol=1e-12)
    np.testing.assert_allclose(features(relabelled, spins[:, order], EXACT), before[:, order], atol=1e-12)


def test_symmetries_of_spin_space(structure, spins):
    maps = build_feature_maps(structure, PAPER)
    before = maps.features(spins)
    rotation = Rotation.random(random_state=10).as_matrix()
    np.testing.assert_allclose(maps.features(spins @ rotation.T), before, atol=1e-13)
    reversed_time = maps.features(-spins)
    bond, chiral = slice(None, PAPER.n_bond), slice(PAPER.n_bond, None)
    np.testing.assert_array_equal(reversed_time[..., bond], before[..., bond])
    np.testing.assert_array_equal(reversed_time[..., chiral], -before[..., chiral])


@pytest.mark.parametrize(
    "wrong",
    [
        {"cutoff": 0.0},
        {"cutoff": float("inf")},
        {"width": -0.05},
        {"zeta": float("nan")},
        {"shells": 0},
        {"tolerance": 1.0},
        {"tolerance": -1e-7},
    ],
)
def test_impossible_parameters_are_refused(wrong):
    name = next(iter(wrong))
    with pytest.raises(InputError, match=f"{name} = .*expected"):
        SymmetryFunctions(**wrong)


# DScribe 2.1 has G2 = sum_j exp(-eta (R - Rs)^2) f_c(R), which is Eq. 8 with eta = 1 / w^2 and Rs = d, and
# G4 = 2^(1 - zeta) sum_{j < k} (1 + lambda cos)^zeta exp(-eta (R_ij^2 + R_ik^2 + R_jk^2)) f_c f_c f_c: Eq. 10
# with d = d' = 0, w = w', and each unordered pair once where the paper has it twice.


def dscribe_features(structure, up, g2=None, g4=None):
    """Return DScribe's G2 {species: (N, G)} and G4 {pair of species: (N, G)}, up = H and down = He."""
    acsf = ACSF(r_cut=2.5, g2_params=g2, g4_params=g4, species=["H", "He"], periodic=True, dtype="float64")
    atoms = ase.Atoms(np.where(up, "H", "He"), positions=structure.positions, cell=structure.box, pbc=True)
    out = acsf.create(atoms)
    # Per species: G1 and the G2; then per pair H-H, He-H, He-He: the G4.
    n2, n4 = len(g2 or []), len(g4 or [])
    radial = {s: out[:, s * (1 + n2) + 1 : (s + 1) * (1 + n2)] for s in (0, 1)}
    angular = {p: out[:, 2 * (1 + n2) + c * n4 :][:, :n4] for c, p in enumerate(["uu", "ud", "dd"])}
    return radial, angular


@pytest.fixture(scope="module")
def collinear(structure):
    up = np.random.default_rng(11).random(structure.n_sites) < 0.5
    return up, np.where(up, 1.0, -1.0)[None, :, None] * np.array([0.0, 0.6, 0.8])


def test_radial_functions_of_dscribe(structure, collinear):
    up, spins = collinear
    radial, _ = dscribe_features(structure, up, g2=[[1 / EXACT.width**2, d] for d in EXACT.radii])
    mine = features(structure, spins, EXACT)[0, :, : EXACT.n_g2]
    # S_i . S_j is +1 for the same species and -1 for the other one.
    expected = np.where(up, 1.0, -1.0)[:, None] * (radial[0] - radial[1])
    np.testing.assert_allclose(mine, expected, atol=1e-12)
    ferromagnet = np.broadcast_to([0.0, 0.0, 1.0], spins.shape)
    np.testing.assert_allclose(
        features(structure, ferromagnet, EXACT)[0, :, : EXACT.n_g2], radial[0] + radial[1], atol=1e-12
    )


@pytest.mark.parametrize(("width", "zeta"), [(1.7, 1.0), (0.8, 4.0)])
def test_angular_functions_of_dscribe(structure, collinear, width, zeta):
    """Also in a box of 2 R_c: DScribe's images make R_jk the distance inside the environment."""
    up, spins = collinear
    _, angular = dscribe_features(structure, up, g4=[[1 / width**2, zeta, -1.0], [1 / width**2, zeta, 1.0]])
    functions = SymmetryFunctions(
        shells=1, shell_start=0.0, shell_stop=0.0, width=width, zeta=zeta, pair_distances=(0.0,),
        pair_width=width, tolerance=0.0,
    )  # fmt: skip
    expected = 2.0 * (angular["uu"] + angular["dd"] - angular["ud"])
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(features(structure, spins, functions)[0, :, 1:], expected, atol=1e-12)
