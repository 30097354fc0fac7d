"""Trajectories in other programs: each format is read by somebody else's reader."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from sdglass.cli.program import main
from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.exports import export
from sdglass.spins import random_spins
from sdglass.structures.lattices import lattice

TIMES = np.array([0.0, 2.5, 7.0])


def made(structure):
    """Return three snapshots of two replicas; the energy is 10 K + R."""
    spins = random_spins(structure.n_sites, np.random.default_rng(1), 6).reshape(3, 2, -1, 3)
    energy = 10.0 * np.arange(3)[:, None] + np.arange(2)
    attributes = {"replicas": [5, 8], "structure": structure.digest()}
    sites = structure.positions, structure.cell, structure.pbc, structure.species
    return Trajectory(TIMES, spins, energy, energy, attributes, *sites)


@pytest.fixture
def triangles():
    species = np.where(np.arange(12) % 3, "Mn", "Fe2")
    return made(replace(lattice("triangular", cells=(3, 4)), species=species))


@pytest.mark.parametrize("way", ["file", "to_ase"])
def test_ase(tmp_path, triangles, way):
    ase_io = pytest.importorskip("ase.io")
    structure = triangles.structure
    export(triangles, tmp_path / "T.xyz", replica=1)
    frames = ase_io.read(tmp_path / "T.xyz", index=":") if way == "file" else triangles.to_ase(1)
    assert [frame.info["time"] for frame in frames] == TIMES.tolist()
    assert [frame.info["total_energy"] for frame in frames] == [1, 11, 21]
    for frame, expected in zip(frames, triangles.spins[:, 1], strict=True):
        np.testing.assert_array_equal(frame.arrays["spin"], expected)
        np.testing.assert_array_equal(frame.positions, structure.positions)
        np.testing.assert_array_equal(frame.cell, structure.cell)
        assert list(frame.pbc) == [True, True, False]
        assert frame.get_chemical_symbols() == ["X", "Mn", "Mn"] * 4  # Fe2 is no element
    if way == "file":
        assert frames[0].arrays["label"].tolist() == structure.species.tolist()


def test_vtk(tmp_path, triangles):
    meshio = pytest.importorskip("meshio")
    from xml.etree import ElementTree

    structure = triangles.structure
    export(triangles, tmp_path / "T.pvd", replica=1)
    listed = ElementTree.parse(tmp_path / "T.pvd").getroot().findall("Collection/DataSet")
    assert [float(entry.get("timestep")) for entry in listed] == TIMES.tolist()
    for k, entry in enumerate(listed):
        found = meshio.read(tmp_path / entry.get("file"))
        np.testing.assert_array_equal(found.points, structure.positions)
        np.testing.assert_array_equal(found.point_data["spin"], triangles.spins[k, 1])
        np.testing.assert_array_equal(found.point_data["species"], [0, 1, 1] * 4)
        np.testing.assert_array_equal(found.field_data["energy"], [10 * k + 1])
        assert found.cells_dict["vertex"].ravel().tolist() == list(range(12))
    edges = meshio.read(tmp_path / "T_cell.vtu")
    lengths = np.linalg.norm(np.diff(edges.points[edges.cells_dict["line"]], axis=1)[:, 0], axis=1)
    np.testing.assert_allclose(np.sort(lengths), np.sort(np.tile(np.linalg.norm(structure.cell, axis=1), 4)))
    export(triangles, tmp_path / "ONE.vtu", snapshot="last")
    np.testing.assert_array_equal(meshio.read(tmp_path / "ONE.vtu").point_data["spin"], triangles.spins[2, 0])
    with pytest.raises(InputError, match=r"3 snapshots; expected one, or a \.pvd of several"):
        export(triangles, tmp_path / "ALL.vtu")


def read_ovf(path, n_segments, count):
    """Return the headers and the vectors of all segments, by the reader that Spirit has."""
    ovf = pytest.importorskip("ovf.ovf")
    headers, vectors = [], np.empty((n_segments, count, 3))
    with ovf.ovf_file(str(path)) as file:
        assert (file.is_ovf, file.n_segments) == (True, n_segments)
        for k, data in enumerate(vectors):
            headers.append(ovf.ovf_segment())
            assert file.read_segment_header(k, headers[-1]) == ovf.OK, file.get_latest_message()
            assert file.read_segment_data(k, headers[-1], data) == ovf.OK, file.get_latest_message()
    return headers, vectors


@pytest.mark.parametrize(("name", "cells"), [("square", (3, 4)), ("cubic", (2, 3, 4))])
def test_ovf(tmp_path, name, cells):
    run = made(lattice(name, cells=cells, spacing=1.5))
    # Nodes count x first, whatever the order of the sites is.
    shuffled = np.random.default_rng(2).permutation(run.structure.n_sites)
    mixed = replace(run, positions=run.positions[shuffled], spins=run.spins[:, :, shuffled])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export(mixed, tmp_path / "T.ovf", replica=1)
    headers, vectors = read_ovf(tmp_path / "T.ovf", 3, run.structure.n_sites)
    np.testing.assert_array_equal(vectors, run.spins[:, 1])
    assert list(headers[0].n_cells) == [*cells, 1][:3]
    assert headers[0].step_size[0] == 1.5
    assert headers[1].comment.startswith(b"time 2.5 1/(gamma t0), energy 11 t0; a site at every node")


def test_ovf_of_no_rectangular_mesh(tmp_path, triangles):
    with pytest.warns(UserWarning, match="on no rectangular mesh"):
        export(triangles, tmp_path / "T.ovf", snapshot=1)
    headers, vectors = read_ovf(tmp_path / "T.ovf", 1, 12)
    np.testing.assert_array_equal(vectors, triangles.spins[1:2, 0])
    assert list(headers[0].n_cells) == [12, 1, 1]
    assert b"a row of 12 sites" in headers[0].comment


def test_periods_and_species_are_kept(tmp_path, triangles):
    open_chain = replace(lattice("square", cells=(4, 1)), pbc=[False, True, False])
    for number, run in enumerate([triangles, made(open_chain)]):
        run.save(tmp_path / f"{number}.h5")
        found = Trajectory.load(tmp_path / f"{number}.h5").structure
        assert found.digest() == run.attributes["structure"]
    assert Trajectory.load(tmp_path / "0.h5").of_replica(1).attributes["replicas"] == [8]
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    with xarray.open_dataset(tmp_path / "0.h5", engine="h5netcdf") as found:
        assert found.species.values.astype(str).tolist() == triangles.species.tolist()
        assert found.pbc.values.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--format vkt", "format 'vkt' is unknown; expected one of extxyz, ovf, vtk"),
        ("", "format 'dat' is unknown; expected one of extxyz, ovf, vtk"),
        ("--format vtk --replica 2", "replica 2; expected one from 0 to 1"),
        ("--format vtk --snapshot 3", "snapshot 3; expected one from 0 to 2, or last"),
        ("--format vtk --snapshot first", "--snapshot: first; expected an integer >= 0"),
    ],
)
def test_refusals(tmp_path, capsys, triangles, words, message):
    triangles.save(tmp_path / "T.h5")
    assert main(["export", str(tmp_path / "T.h5"), "--out", str(tmp_path / "T.dat"), *words.split()]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["T.h5"]


def test_the_command(tmp_path, capsys, triangles):
    triangles.save(tmp_path / "T.h5")
    command = ["export", str(tmp_path / "T.h5"), "--out", str(tmp_path / "T.ovf"), "--snapshot", "last"]
    assert main([*command, "--replica", "1"]) == 0
    said = capsys.readouterr()
    assert said.out.endswith("T.ovf: snapshot last of replica 1\n")
    assert said.err.startswith("warning: ")
    assert said.err.count("\n") == 1
    np.testing.assert_array_equal(read_ovf(tmp_path / "T.ovf", 1, 12)[1][0], triangles.spins[2, 1])
