import itertools

import h5py
import numpy as np
import pytest

from sdglass.errors import InputError
from sdglass.hdf5 import open_hdf5
from sdglass.io import load_npz
from sdglass.spins import check_spins, random_spins, tangent, torque
from sdglass.structures.amorphous import amorphous
from sdglass.structures.lattices import lattice, square_lattice
from sdglass.structures.structure import Structure


def all_image_distances(structure, images=2):
    """Return the shortest distances (N, N) over explicit copies of the box."""
    shifts = np.array(list(itertools.product(range(-images, images + 1), repeat=3))) * structure.box
    d = structure.positions[:, None] - structure.positions[None, :]
    return np.linalg.norm(d[:, :, None] + shifts, axis=-1).min(axis=2)


def test_minimum_image_is_the_shortest_of_all_images():
    rng = np.random.default_rng(1)
    structure = Structure(rng.random((20, 3)) * 9 - 3, [2.0, 3.0, 5.0])
    np.testing.assert_allclose(structure.distances(), all_image_distances(structure), atol=1e-13)
    vectors = structure.minimum_image(rng.normal(size=(50, 3)) * 10)
    assert (np.abs(vectors) <= structure.box / 2 + 1e-12).all()


def test_positions_are_wrapped_and_frozen():
    # -1e-17 modulo L rounds to L itself, which lies outside the box [0, L) that cKDTree accepts.
    structure = Structure([[-1e-17, 0.5, 7.5], [1.0, 1.0, 1.0]], 2.0)
    np.testing.assert_array_equal(structure.positions[0], [0.0, 0.5, 1.5])
    with pytest.raises(ValueError, match="read-only"):
        structure.positions[0, 0] = 1.0
    assert structure.density == pytest.approx(2 / 8)


@pytest.mark.parametrize(
    ("positions", "box", "words"),
    [
        (np.zeros((3, 2)), 1.0, r"shape \(3, 2\)"),
        (np.zeros((0, 3)), 1.0, r"shape \(0, 3\)"),
        ([[0, 0, 0], [0, np.nan, 0]], 1.0, r"positions\[1\].*not finite"),
        ([[0, 0, 0]], -1.0, "three positive lengths"),
        ([[0, 0, 0]], [1.0, np.inf, 1.0], "three positive lengths"),
        ([[0, 0, 0]], [1.0, 1.0], "box"),
        ([["a", 0, 0]], 1.0, "positions"),
        ([[0.1, 0, 0], [1.1, 0, 0]], 1.0, "sites 0 and 1 are at the same position"),
    ],
)
def test_bad_structures_are_refused(positions, box, words):
    with pytest.raises(InputError, match=words):
        Structure(positions, box)


def test_npz_round_trip_and_digest(tmp_path):
    structure = Structure(np.random.default_rng(2).random((9, 3)), [1.0, 2.0, 3.0])
    structure.save(tmp_path / "s.npz")
    again = Structure.load(tmp_path / "s.npz")
    np.testing.assert_array_equal(again.positions, structure.positions)
    np.testing.assert_array_equal(again.box, structure.box)
    assert again.digest() == structure.digest()
    assert Structure(structure.positions, [1.0, 2.0, 3.1]).digest() != structure.digest()
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"], "a temporary file was left behind"
    with np.load(tmp_path / "s.npz") as data:
        assert set(data) == {"positions", "box"}


def test_other_files_in_place_of_npz_are_named(tmp_path):
    np.save(tmp_path / "array.npy", np.ones((4, 3)))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    (tmp_path / "text.npz").write_text("positions")
    np.savez(tmp_path / "lacks.npz", positions=np.ones((1, 3)))
    np.savez(tmp_path / "pickled.npz", positions=np.array([{}], dtype=object), box=np.ones(3))
    np.savez(tmp_path / "nan.npz", positions=np.full((1, 3), np.nan), box=np.ones(3))
    for name in ("array", "text", "lacks", "pickled", "nan", "absent"):
        with pytest.raises(InputError, match=rf"{name}\.npz"):
            Structure.load(tmp_path / f"{name}.npz")
    with pytest.raises(InputError, match="'box' is missing; it holds positions"):
        load_npz(tmp_path / "lacks.npz", ("positions", "box"))


def test_hdf5_without_the_dataset_is_named(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as handle:
        handle["energy"] = 1.0
    with (
        pytest.raises(InputError, match=r"other\.h5.*'spins'.*energy"),
        open_hdf5(tmp_path / "other.h5", ("spins",)),
    ):
        pass
    with pytest.raises(InputError, match=r"absent\.h5"), open_hdf5(tmp_path / "absent.h5"):
        pass


def test_square_lattice_has_its_own_period():
    structure = square_lattice(4, 3, spacing=2.0)
    np.testing.assert_array_equal(structure.positions[4 * 2 + 3], [6.0, 4.0, 0.0])
    np.testing.assert_array_equal(structure.box[:2], [8.0, 6.0])
    assert ((structure.distances() == 2.0).sum(axis=1) == 4).all(), "every site has four nearest neighbours"


@pytest.mark.parametrize(
    ("spins", "words"),
    [
        (np.ones((4, 3)), r"shape \(4, 3\); expected \(5, 3\)"),
        (np.ones((2, 5, 2)), "shape"),
        (np.ones((1, 2, 5, 3)), "shape"),
        (np.ones((5, 3)), r"spins\[0, 0\].*length 1\.73205; expected unit vectors"),
        (np.where(np.arange(5)[:, None] == 3, np.nan, [0.0, 0.0, 1.0]), r"spins\[0, 3\].*not finite"),
        (np.where(np.arange(5)[:, None] == 2, 0.0, [0.0, 0.0, 1.0]), r"spins\[0, 2\].*length 0"),
    ],
)
def test_bad_spins_are_refused(spins, words):
    with pytest.raises(InputError, match=words):
        check_spins(spins, 5)


def test_good_spins_become_replicas():
    spins = random_spins(5, np.random.default_rng(3), 2)
    assert check_spins(spins, 5).shape == (2, 5, 3)
    assert check_spins(spins[0], 5).shape == (1, 5, 3)
    assert check_spins(spins.astype(np.float32), 5).dtype == np.float64


def test_random_spins_are_uniform_on_the_sphere():
    n = 20000
    spins = random_spins(n, np.random.default_rng(4))
    np.testing.assert_allclose(np.linalg.norm(spins, axis=1), 1.0, atol=1e-14)
    # <S_a> = 0 with variance 1/3; <S_z^2> = 1/3 with variance 1/5 - 1/9 = 4/45; four standard errors.
    assert np.abs(spins.mean(axis=0)).max() < 4 * np.sqrt(1 / 3 / n)
    assert np.abs((spins**2).mean(axis=0) - 1 / 3).max() < 4 * np.sqrt(4 / 45 / n)


def test_torque_and_tangent():
    rng = np.random.default_rng(5)
    spins, field = random_spins(6, rng, 2), rng.normal(size=(2, 6, 3))
    np.testing.assert_allclose(torque(spins, field), np.cross(spins, field), atol=1e-15)
    across = tangent(spins, field)
    np.testing.assert_allclose(np.einsum("rna,rna->rn", across, spins), 0.0, atol=1e-15)
    # S x H has the length of the part of H across S.
    np.testing.assert_allclose(
        np.linalg.norm(across, axis=2), np.linalg.norm(np.cross(spins, field), axis=2), atol=1e-14
    )


def test_a_repeated_structure_has_the_same_neighbours():
    structure = amorphous(20, density=0.8, seed=1).dilute(0.5)
    repeated = structure.repeat((2, 1, 3))
    assert (repeated.n_sites, repeated.n_spins) == (120, 60)
    np.testing.assert_allclose(repeated.cell.diagonal(), structure.cell.diagonal() * [2, 1, 3])
    reach = 0.9 * 0.5 * structure.heights.min()
    counts = [(one.distances() < reach).sum() for one in (structure, repeated)]
    assert counts[1] == 6 * counts[0]
    with pytest.raises(InputError, match=r"counts = \[2, 2, 2\] of a structure that repeats along"):
        lattice("square", cells=(4, 4)).repeat((2, 2, 2))
    with pytest.raises(InputError, match="expected three whole numbers from 1"):
        structure.repeat((0, 1, 1))
