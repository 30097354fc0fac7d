"""Observables against time against closed forms, from arrays and from files."""

import tracemalloc

import h5py
import numpy as np
import pytest

from sdglass.cli.program import main
from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.observables.correlation import correlation_histogram, pair_bins
from sdglass.observables.correlation_length import correlation_length
from sdglass.observables.radial import radial_bins
from sdglass.observables.replica_overlap import replica_overlap
from sdglass.observables.series import measure_series
from sdglass.observables.series_file import load_series
from sdglass.observables.special_points import special_points, wave_path
from sdglass.observables.structure_factor import commensurate_grid, structure_factor, zone
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import lattice
from sdglass.structures.structure import Structure

SHEAR = np.array([[1, 0.1, 0], [0, 1, 0], [0, 0, 1]])


EVERYTHING = [
    "energy",
    "magnetization",
    "magnetization-length",
    "chirality",
    "overlap",
    "autocorrelation:tw=3",
    "correlation",
    "correlation-length:r_max=4:width=0.5",
    "structure-factor:path=G,K,M,G",
]


def saved(path, structure, spins, times):
    """Write spins (K, R, M, 3) with energies 0, 1, ... of the replicas."""
    spins = np.asarray(spins, dtype=float)
    energy = np.broadcast_to(np.arange(float(spins.shape[1])), spins.shape[:2])
    attributes = {"replicas": list(range(spins.shape[1])), "structure": structure.digest()}
    sites = structure.positions, structure.cell, structure.pbc, structure.species
    Trajectory(np.asarray(times, dtype=float), spins, energy, energy, attributes, *sites).save(path)
    return str(path)


@pytest.mark.parametrize(("name", "cells"), [("square", (4, 6)), ("triangular", (6, 6)), ("cubic", (3, 4, 4))])
def test_structure_factor(name, cells):
    structure = lattice(name, cells=cells)
    n = structure.n_sites
    integers, waves = commensurate_grid(structure)
    assert len(waves) == n
    spins = random_spins(n, np.random.default_rng(1), 3)
    np.testing.assert_allclose(structure_factor(structure, spins, waves).mean(axis=1), 1)  # Parseval
    zero = np.flatnonzero((integers == 0).all(axis=1))[0]
    ferromagnet = structure_factor(structure, np.tile([0.6, 0, 0.8], (n, 1)), waves) / n
    np.testing.assert_allclose(ferromagnet, np.eye(n)[zero], atol=1e-12)
    pitch = np.flatnonzero((integers == [1, 1, 0]).all(axis=1))[0]
    opposite = np.flatnonzero((integers == [-1, -1, 0]).all(axis=1))[0]
    angle = structure.positions @ waves[pitch]
    spiral = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    expected = (np.eye(n)[pitch] + np.eye(n)[opposite]) / 2
    np.testing.assert_allclose(structure_factor(structure, spiral, waves) / n, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("structure", "count"),
    [
        (lattice("square", cells=(4, 6)), 5 * 7),
        (lattice("triangular", cells=(6, 6)), 36 + 3 + 4),  # M of three edges once more, K and K' twice
        (lattice("honeycomb", cells=(6, 6)), None),
    ],
)
def test_zone(structure, count):
    waves = zone(structure)
    assert count is None or len(waves) == count
    turns = waves @ structure.cell.T / (2 * np.pi)
    np.testing.assert_allclose(turns, np.rint(turns), atol=1e-9)
    np.testing.assert_allclose(np.sort(waves, axis=0), np.sort(-waves, axis=0), atol=1e-9)
    assert len(np.unique(waves.round(6), axis=0)) == len(waves)


def test_replica_overlap():
    spins = random_spins(200_000, np.random.default_rng(1), 1)[0]
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
    np.testing.assert_allclose(replica_overlap([spins, spins @ turn.T]), 1 / 3, atol=5e-3)
    tensor = spins.T @ spins / len(spins)
    np.testing.assert_allclose(replica_overlap([spins, spins @ turn.T]), (tensor**2).sum())
    few = random_spins(50, np.random.default_rng(3), 200)
    assert replica_overlap(few).mean() == pytest.approx(1 / 50, rel=0.03)
    with pytest.raises(InputError, match="expected at least two"):
        replica_overlap(few[:1])


def test_precession(tmp_path):
    """Spins at an angle of 60 degrees to their axis: C = cos^2 + sin^2 cos(frequency (t - tw))."""
    structure = lattice("triangular", cells=(4, 4))
    times, frequency = np.linspace(0, 10, 21), np.array([0.3, 0.7])
    phase = frequency * times[:, None]
    one = np.stack([np.cos(phase), np.sin(phase), 0 * phase + 3**-0.5], axis=-1) * 0.75**0.5
    spins = np.repeat(one[:, :, None], 16, axis=2)
    path = saved(tmp_path / "T.h5", structure, spins, times)
    out = tmp_path / "O.h5"
    names = ["autocorrelation:tw=2,5", "energy", "magnetization", "magnetization-length", "chirality"]
    assert main(["measure", path, "--out", str(out), *names]) == 0
    with h5py.File(out) as found:
        assert [dim[0].name for dim in found["autocorrelation"].dims] == ["/time", "/waiting_time"]
        for column, wait in enumerate((2, 5)):
            expected = 0.25 + 0.75 * np.cos(frequency * (times[:, None] - wait))
            later = times >= wait
            np.testing.assert_allclose(found["autocorrelation"][later, column], expected[later].mean(axis=1))
            error = np.abs(expected[:, 0] - expected[:, 1])[later] / 2  # of two values: half of the difference
            np.testing.assert_allclose(found["autocorrelation_error"][later, column], error, atol=1e-12)
            assert np.isnan(found["autocorrelation"][~later, column]).all()
        np.testing.assert_allclose(found["energy"][:], 0.5 / 16)
        np.testing.assert_allclose(found["magnetization"][:], one.mean(axis=1))
        np.testing.assert_allclose(found["magnetization_length"][:], 1)
        np.testing.assert_allclose(found["chirality"][:], 0, atol=1e-12)


def test_correlation(tmp_path):
    """Columns of alternating spins, and the library's own histogram and length on an amorphous structure."""
    structure = lattice("square", cells=(6, 6))
    up = np.where(structure.positions[:, 0].round() % 2, -1.0, 1.0)
    stripes = np.zeros((1, 1, 36, 3))
    stripes[..., 2] = up
    run = Trajectory.load(saved(tmp_path / "S.h5", structure, stripes, [0]))
    measured = measure_series([run], ["correlation"])
    np.testing.assert_allclose(measured["distance"] ** 2, [1, 2, 4, 5, 8, 9])
    # dx = 3 stands for itself and its image: half of the pairs at a distance of 3 are along x.
    np.testing.assert_allclose(measured["correlation"], [[0, -1, 1, 0, 1, 0]], atol=1e-12)

    glass = random_sequential_addition(40, 3.7, 0.5, np.random.default_rng(3))
    spins = random_spins(40, np.random.default_rng(4), 10).reshape(2, 5, 40, 3)
    run = Trajectory.load(saved(tmp_path / "A.h5", glass, spins, [0, 1]))
    measured = measure_series([run], ["correlation:width=0.2", "correlation-length:width=0.2:r_max=1.5"])
    edges = 0.2 * np.arange(10)
    expected = correlation_histogram(spins, pair_bins(glass, edges)).mean(axis=1)
    np.testing.assert_allclose(measured["correlation"], expected)
    one = [run.of_replica(2)]
    expected = correlation_length(
        edges[:8], correlation_histogram(spins[:, 2:3], pair_bins(glass, edges[:8]))[:, 0]
    )
    np.testing.assert_allclose(measure_series(one, EVERY_LENGTH)["correlation_length"], expected)


EVERY_LENGTH = ["correlation-length:width=0.2:r_max=1.5"]


def test_noise_adds_little_to_a_correlation_length():
    """Spins of a ring that decay with distance; the plain length of one replica is much too long."""
    sites = np.zeros((24, 3))
    sites[:, 0] = np.arange(24)
    structure, rng = Structure(sites, [24, 24, 24], pbc=[True, False, False]), np.random.default_rng(1)
    root = np.linalg.cholesky(np.exp(-structure.distances() / 1.5))

    def drawn(n_replicas):
        spins = np.einsum("ij,rja->ria", root, rng.standard_normal((n_replicas, 24, 3)))
        return spins / np.linalg.norm(spins, axis=-1, keepdims=True)

    def measured(spins):
        none = np.zeros((1, len(spins)))
        run = Trajectory(
            np.zeros(1), spins[None], none, none, {}, structure.positions, structure.cell, structure.pbc
        )
        return measure_series([run], ["correlation-length:r_max=8"])["correlation_length"][0]

    runs = [drawn(64) for _ in range(20)]
    plain = np.mean([measured(run[:1]) for run in runs])
    corrected = np.mean([measured(run) for run in runs])
    many = drawn(20_000)
    r = np.arange(1, 9)
    decay = [np.einsum("ria,ria->", many, np.roll(many, -d, axis=1)) / many[..., 0].size for d in r]
    exact = np.trapezoid(r * np.abs(decay), r) / np.trapezoid(np.abs(decay), r)
    noise = [measured(random_spins(24, rng, 8)) for _ in range(60)]
    assert plain > 1.3 * exact
    assert corrected == pytest.approx(exact, rel=0.05)
    assert np.isnan(noise).mean() > 0.8


def test_radial_bins_tell_lattices_from_glasses():
    glass = random_sequential_addition(500, 8.55, 0.5, np.random.default_rng(3))
    edges, _ = radial_bins(glass)
    np.testing.assert_allclose(np.diff(edges), 0.1)
    alloy = lattice("triangular", cells=(24, 24), occupancy=0.25, seed=1).moments
    np.testing.assert_allclose(radial_bins(alloy)[1][:3], [1, 3**0.5, 2])


@pytest.mark.parametrize(
    ("name", "cells", "kind", "names", "lengths"),
    [  # |q| of the points in Ashcroft and Mermin, with nearest neighbours 1 apart
        ("square", (4, 6), "square", "XM", [np.pi, 2**0.5 * np.pi]),
        ("triangular", (6, 6), "triangular", "KM", [4 * np.pi / 3, 2 * np.pi / 3**0.5]),
        ("honeycomb", (6, 6), "triangular", "KM", [4 * np.pi / 3**1.5, 2 * np.pi / 3]),
        ("kagome", (6, 6), "triangular", "KM", [2 * np.pi / 3, np.pi / 3**0.5]),
        ("cubic", (2, 4, 2), "cubic", "XMR", np.pi * np.sqrt([1, 2, 3])),
        ("bcc", (2, 2, 2), "bcc", "HNP", np.pi * 3**0.5 * np.sqrt([1, 0.5, 0.75])),
        ("fcc", (4, 4, 4), "fcc", "XLWKU", np.pi * 2**0.5 * np.sqrt([1, 0.75, 1.25, 1.125, 1.125])),
    ],
)
def test_special_points(name, cells, kind, names, lengths):
    structure = lattice(name, cells=cells)
    found, _, counts = special_points(structure)
    assert (found, tuple(counts[: len(cells)])) == (kind, cells)
    waves, path, labels = wave_path(structure, list(f"G{names}"))
    at = [labels.tolist().index(label) for label in names]
    np.testing.assert_allclose(np.linalg.norm(waves[at], axis=1), lengths)
    turns = waves @ structure.cell.T / (2 * np.pi)
    np.testing.assert_allclose(turns, np.rint(turns), atol=1e-9)
    np.testing.assert_allclose(np.diff(path), np.linalg.norm(np.diff(waves, axis=0), axis=1))


def test_the_path_of_hexagonal_axes_is_that_of_triangular_ones():
    wide = lattice("triangular", cells=(6, 6))
    turned = Structure(wide.positions, wide.cell - np.outer([0, 1, 0], wide.cell[0]))  # vectors at 120 degrees
    assert [special_points(one)[0] for one in (wide, turned)] == ["triangular", "hexagonal"]
    for structure in (wide, turned):
        _, path, _ = wave_path(structure, ["G", "K", "M", "G"])
        np.testing.assert_allclose(path[-1], 4 * np.pi / 3 + 2 * np.pi / 3 + 2 * np.pi / 3**0.5)


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        (lattice("triangular", cells=(8, 8)), r"K = \(0.667, 0.333, 0\) is not periodic in 8 x 8 unit cells"),
        (random_sequential_addition(9, 2.6, 0.5, np.random.default_rng(1)), "repeat nowhere"),
        (lattice("triangular", cells=(6, 6), occupancy=0.5), "repeat nowhere"),
        (
            Structure(lattice("square", (4, 4)).positions @ SHEAR, lattice("square", (4, 4)).cell @ SHEAR),
            "no points with names here",
        ),
    ],
)
def test_paths_that_are_refused(structure, message):
    with pytest.raises(InputError, match=message):
        wave_path(structure, ["G", "K"])


def test_structure_factor_along_a_path(tmp_path):
    """The 120-degree order of the triangular lattice has S(K) = M / 2, also through a file."""
    structure = lattice("triangular", cells=(6, 6))
    waves, path, labels = wave_path(structure, ["G", "K", "M", "G"])
    angle = structure.positions @ waves[labels.tolist().index("K")]
    spins = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    trajectory = saved(tmp_path / "T.h5", structure, spins[None, None], [0])
    measure_series([trajectory], ["structure-factor:path=G,K,M,G"]).save(tmp_path / "O.nc")
    found = load_series(tmp_path / "O.nc")
    np.testing.assert_allclose(found["structure_factor"][0], np.where(labels == "K", 18, 0), atol=1e-9)
    assert found["point"].tolist() == labels.tolist()
    np.testing.assert_array_equal(found["path"], path)
    assert found.labels == {"structure_factor": ("structure factor S(q)", "")}


def test_a_file_holds_what_was_measured(tmp_path):
    structure = lattice("triangular", cells=(6, 6))
    spins = random_spins(36, np.random.default_rng(1), 12).reshape(6, 2, 36, 3)
    made = measure_series([saved(tmp_path / "T.h5", structure, spins, range(6))], EVERYTHING[:-2])
    made.save(tmp_path / "O.nc")
    found = load_series(tmp_path / "O.nc")
    assert (found.attributes, found.labels) == (made.attributes, made.labels)
    for name, (axes, values) in made.arrays.items():
        assert found.arrays[name][0] == axes
        np.testing.assert_array_equal(found[name], values)
    for name, (axis, values) in made.coordinates.items():
        assert found.coordinates[name][0] == axis
        np.testing.assert_array_equal(found[name], values)
    for path, message in (
        (tmp_path / "T.h5", "holds no observables against time"),
        (tmp_path / "N.nc", "no such file"),
    ):
        with pytest.raises(InputError, match=message):
            load_series(path)
    with pytest.raises(InputError, match="'torque' was not measured; expected one of autocorrelation, chirality"):
        found["torque"]


def test_errors_over_realizations(tmp_path):
    structure = lattice("square", cells=(2, 2))
    spins = np.zeros((1, 3, 4, 3))
    spins[..., 2] = 1
    paths = [saved(tmp_path / f"{n}.h5", structure, spins[:, : n + 1], [0]) for n in range(3)]  # means 0, 1/2, 1
    measured = measure_series(paths, ["energy"])
    np.testing.assert_allclose(measured["energy"], 0.5 / 4)
    np.testing.assert_allclose(measured["energy_error"], 0.5 / 3**0.5 / 4)
    loaded = [Trajectory.load(path) for path in paths]
    np.testing.assert_array_equal(measure_series(loaded, ["energy"])["energy_error"], measured["energy_error"])
    assert np.isnan(measure_series(paths[:1], ["energy"])["energy_error"]).all()


def test_memory_does_not_grow_with_the_length(tmp_path):
    structure, peaks = lattice("triangular", cells=(12, 12)), []
    for length in (100, 800):
        one = random_spins(144, np.random.default_rng(1), 10)
        path = saved(tmp_path / f"{length}.h5", structure, np.tile(one, (length, 1, 1, 1)), range(length))
        tracemalloc.start()
        measure_series([path], EVERYTHING)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    extra = 700 * one.nbytes  # by which the longer file is larger
    assert peaks[1] - peaks[0] < 0.05 * extra, peaks


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["autocorrelation:tw=3"], "tw = 3 is outside the run; expected one from 0 to 1"),
        (["autocorrelation:tw=soon"], "tw = soon; expected numbers such as 10,100"),
        (["autocorrelation"], "tw is missing; expected autocorrelation:tw=VALUE"),
        (["energy:tw=1"], "option 'tw=1'; expected NAME=VALUE of none"),
        (["correlation:r_max"], "option 'r_max'; expected NAME=VALUE of width, r_max"),
        (["correlation:width=1,2"], "width = 1,2; expected one number"),
        (["correlation:width=-1"], "width = -1; expected a positive length"),
        (["correlation-length:r_max=0.5"], "no two sites are within 0.5 ell"),
        (["structure-factor:path=G,K"], "the square lattice has no point 'K'; expected some of G, X, M"),
        (["structure-factor:path=G"], "path = G; expected at least two of G, X, M"),
        (["structure-factor:path=G,X,X"], "X follows itself"),
        (["structure-factor", "structure-factor:path=G,X"], "structure_factor stands twice"),
        (["chirality"], "expected a structure with triangles"),
        (["overlap"], "expected at least two"),
        (["chiralty"], "did you mean chirality"),
        ([], "no observable is named"),
    ],
)
def test_refusals(tmp_path, capsys, words, message):
    structure = lattice("square", cells=(4, 4))
    path = saved(
        tmp_path / "T.h5", structure, random_spins(16, np.random.default_rng(1), 2).reshape(2, 1, 16, 3), [0, 1]
    )
    assert main(["measure", path, *words, "--out", str(tmp_path / "O.h5")]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not (tmp_path / "O.h5").exists()


def test_xarray_opens_files(tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    structure = lattice("triangular", cells=(4, 4))
    spins = random_spins(16, np.random.default_rng(1), 4).reshape(2, 2, 16, 3)
    path = saved(tmp_path / "T.h5", structure, spins, [0, 2.5])
    assert main(["measure", path, "--out", str(tmp_path / "O.nc"), "structure-factor"]) == 0
    with xarray.open_dataset(tmp_path / "O.nc", engine="h5netcdf") as found:
        assert found.structure_factor.dims == ("time", "wave")
        waves = np.stack([found.q_x, found.q_y, found.q_z], axis=1)
        expected = structure_factor(structure, spins, waves).mean(axis=1)
        np.testing.assert_allclose(found.structure_factor, expected)
    made = Trajectory.load(path).to_xarray()
    with xarray.open_dataset(path, engine="h5netcdf") as found:
        assert made.spins.dims == ("time", "replica", "site", "component")
        for name in made.variables:
            np.testing.assert_array_equal(found[name], made[name])
