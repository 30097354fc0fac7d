"""Observables against time against closed forms, from arrays and from files."""

import tracemalloc

import h5py
import numpy as np
import pytest

from sdglass.cli.program import main
from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.observables.replica_overlap import replica_overlap
from sdglass.observables.series import measure_files
from sdglass.observables.structure_factor import commensurate_grid, structure_factor
from sdglass.spins import random_spins
from sdglass.structures.lattices import lattice


def saved(path, structure, spins, times):
    """Write spins (K, R, M, 3) with energies 0, 1, ... of the replicas."""
    spins = np.asarray(spins, dtype=float)
    energy = np.broadcast_to(np.arange(float(spins.shape[1])), spins.shape[:2])
    attributes = {"replicas": list(range(spins.shape[1])), "structure": structure.digest()}
    made = Trajectory(
        np.asarray(times, dtype=float), spins, energy, energy, attributes, structure.positions, structure.cell
    )
    made.save(path)
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


def test_errors_over_realizations(tmp_path):
    structure = lattice("square", cells=(2, 2))
    spins = np.zeros((1, 3, 4, 3))
    spins[..., 2] = 1
    paths = [saved(tmp_path / f"{n}.h5", structure, spins[:, : n + 1], [0]) for n in range(3)]  # means 0, 1/2, 1
    _, arrays = measure_files(paths, ["energy"])
    np.testing.assert_allclose(arrays["energy"][1], 0.5 / 4)
    np.testing.assert_allclose(arrays["energy_error"][1], 0.5 / 3**0.5 / 4)
    assert np.isnan(measure_files(paths[:1], ["energy"])[1]["energy_error"][1]).all()


def test_memory_does_not_grow_with_the_length(tmp_path):
    structure, peaks = lattice("triangular", cells=(12, 12)), []
    for length in (100, 800):
        one = random_spins(144, np.random.default_rng(1), 10)
        path = saved(tmp_path / f"{length}.h5", structure, np.tile(one, (length, 1, 1, 1)), range(length))
        tracemalloc.start()
        measure_files([path], ["energy", "chirality", "overlap", "autocorrelation:tw=3"])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    extra = 700 * one.nbytes  # by which the longer file is larger
    assert peaks[1] - peaks[0] < 0.05 * extra, peaks


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["autocorrelation:tw=3"], "tw = 3 is outside the run; expected one from 0 to 1"),
        (["autocorrelation:tw=soon"], "expected numbers such as"),
        (["autocorrelation"], "expected such as autocorrelation:tw=10,100"),
        (["energy:tw=1"], "expected such as"),
        (["chirality"], "expected a structure with triangles"),
        (["overlap"], "expected at least two"),
        (["chiralty"], "did you mean chirality"),
        (["energy", "energy"], "expected each once"),
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
        np.testing.assert_allclose(found.structure_factor.mean("wave"), 1)
    made = Trajectory.load(path).to_xarray()
    with xarray.open_dataset(path, engine="h5netcdf") as found:
        assert made.spins.dims == ("time", "replica", "site", "component")
        for name in made.variables:
            np.testing.assert_array_equal(found[name], made[name])
