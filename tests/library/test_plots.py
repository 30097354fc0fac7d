"""Pictures show what was measured: the numbers in their lines, arrows and cells."""

import sys
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import sdglass
from sdglass.cli.program import main
from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import lattice

TIMES = np.array([0.0, 1, 2, 5, 10, 40, 100, 300])


def made(structure, n_replicas=3):
    spins = random_spins(structure.n_sites, np.random.default_rng(1), len(TIMES) * n_replicas)
    spins = spins.reshape(len(TIMES), n_replicas, -1, 3)
    energy = np.random.default_rng(2).standard_normal((len(TIMES), n_replicas))
    sites = structure.positions, structure.cell, structure.pbc, structure.species
    return Trajectory(TIMES, spins, energy, energy, {"structure": structure.digest()}, *sites)


@pytest.fixture(scope="module")
def run():
    return made(lattice("triangular", cells=(6, 6)))


@pytest.fixture
def ax():
    return Figure().subplots()


def drawn(ax):
    """Return x, y and half the height of the error bars of each line."""
    found = []
    for container in ax.containers:
        line, _, (bars,) = container.lines
        heights = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
        found.append((line.get_xdata(), line.get_ydata(), np.array(heights)))
    return found


def test_series(run, ax):
    measured = sdglass.measure_series([run], ["energy", "magnetization"])
    sdglass.plot_series(measured, "energy", ax, label="exact")
    ((x, y, error),) = drawn(ax)
    np.testing.assert_array_equal(x, TIMES)
    np.testing.assert_array_equal(y, measured["energy"])
    np.testing.assert_allclose(error, measured["energy_error"])
    assert (ax.get_xlabel(), ax.get_xscale()) == (r"time t [$1/(\gamma t_0)$]", "symlog")
    sdglass.plot_series(measured, "magnetization", ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["exact", "x", "y", "z"]
    colours = [container.lines[0].get_color() for container in ax.containers]
    assert len(set(colours)) == 4


def test_profiles(run, ax):
    measured = sdglass.measure_series([run], ["correlation"])
    sdglass.plot_profiles(measured, "correlation", [2, "last"], ax)
    for (x, y, error), k in zip(drawn(ax), (2, 7), strict=True):
        np.testing.assert_array_equal(x, measured["distance"])
        np.testing.assert_array_equal(y, measured["correlation"][k])
        np.testing.assert_allclose(error, measured["correlation_error"][k])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["2", "300"]
    other = Figure().subplots()
    sdglass.plot_profiles(measured, "correlation", ax=other)
    assert [text.get_text() for text in other.get_legend().get_texts()] == ["0", "1", "5", "10", "100", "300"]


def test_path(run, ax):
    measured = sdglass.measure_series([run], ["structure-factor:path=G,K,M,G"])
    sdglass.plot_structure_factor(measured, 3, ax)
    ((x, y, _),) = drawn(ax)
    np.testing.assert_array_equal(x, measured["path"])
    np.testing.assert_array_equal(y, measured["structure_factor"][3])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Γ", "K", "M", "Γ"]


def test_map_is_the_zone_with_its_boundary():
    """The 120-degree order has its peaks at all six corners, |q| = 4 pi / 3; every cell shows S of its middle."""
    structure = lattice("triangular", cells=(6, 6))
    waves, _, labels = sdglass.wave_path(structure, ["G", "K", "M"])
    angle = structure.positions @ waves[labels.tolist().index("K")]
    spins = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    one = np.zeros((1, 1))
    run = Trajectory(
        np.zeros(1), spins[None, None], one, one, {}, structure.positions, structure.cell, structure.pbc
    )
    ax = Figure().subplots()
    sdglass.plot_structure_factor(sdglass.measure_series([run], ["structure-factor"]), ax=ax)
    (cells,) = ax.collections
    middles = np.array([path.vertices[:-1].mean(axis=0) for path in cells.get_paths()])
    found = sdglass.structure_factor(structure, spins, np.pad(middles, ((0, 0), (0, 1))))
    np.testing.assert_allclose(cells.get_array(), found, atol=1e-9)
    peaks = middles[found > 1]
    np.testing.assert_allclose(np.linalg.norm(peaks, axis=1), 4 * np.pi / 3)
    assert len(peaks) == 6
    x, y = cells.get_paths()[0].vertices.T
    area = abs(x[:-1] @ y[1:] - y[:-1] @ x[1:]) / 2
    np.testing.assert_allclose(area, (2 * np.pi) ** 2 / np.linalg.det(structure.cell[:2, :2]))


@pytest.mark.parametrize(
    "structure",
    [lattice("honeycomb", cells=(4, 4)), random_sequential_addition(40, 3.7, 0.5, np.random.default_rng(1))],
    ids=["honeycomb", "glass"],
)
def test_map_of_what_is_no_bravais_lattice(structure, ax):
    """No image of a wave vector stands for it: S(q + G) is another number."""
    run = made(structure)
    sdglass.plot_structure_factor(sdglass.measure_series([run], ["structure-factor"]), 3, ax)
    (cells,) = ax.collections
    middles = np.array([path.vertices[:-1].mean(axis=0) for path in cells.get_paths()])
    expected = sdglass.structure_factor(structure, run.spins[3], np.pad(middles, ((0, 0), (0, 1)))).mean(axis=0)
    np.testing.assert_allclose(cells.get_array(), expected)


def test_spins_in_the_plane(run, ax):
    sdglass.plot_spins(run, 2, 1, ax)
    dots, arrows = ax.collections
    spins = run.spins[2, 1]
    np.testing.assert_allclose(dots.get_offsets(), run.positions[:, :2])
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], axis=1), 0.8 * spins[:, :2])
    colours = arrows.get_facecolor()
    up, down = colours[spins[:, 2].argmax()], colours[spins[:, 2].argmin()]
    assert up[0] > up[2]  # orange
    assert down[2] > down[0]  # blue


def test_spins_of_a_solid():
    run = made(lattice("cubic", cells=(2, 2, 2)))
    sdglass.plot_spins(run, ax=Figure().add_subplot(projection="3d"))
    with pytest.raises(InputError, match="expected axes with projection='3d'"):
        sdglass.plot_spins(run, ax=Figure().subplots())


@pytest.fixture
def files(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run.save("T.h5")
    sdglass.measure_series([run], ["energy", "correlation", "structure-factor", "autocorrelation:tw=2"]).save(
        "O.nc"
    )
    return tmp_path


@pytest.mark.parametrize(
    "words",
    ["O.nc", "O.nc energy structure-factor --snapshot 2", "T.h5", "T.h5 --snapshot 0 --replica 2"],
)
def test_the_command(files, capsys, words):
    assert main(["plot", *words.split(), "--out", "P.png"]) == 0
    assert capsys.readouterr().err == ""
    picture = np.asarray(Image.open(BytesIO((files / "P.png").read_bytes())).convert("L"))
    assert 0.02 < (picture < 250).mean() < 0.9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("O.nc chirality", "'chirality' was not measured; expected one of autocorrelation, correlation, energy"),
        ("O.nc correlation --snapshot 8", "snapshot 8; expected one from 0 to 7, or last"),
        ("O.nc --out P.bmp2", "P.bmp2: no format of pictures; expected a name that ends in"),
        ("T.h5 energy", "T.h5 is a trajectory, of which spins are drawn"),
        ("T.h5 --replica 3", "replica 3; expected one from 0 to 2"),
        ("N.nc", "N.nc: no such file"),
        ("O.nc --out O.nc", "no format of pictures"),
    ],
)
def test_refusals(files, capsys, words, message):
    out = [] if "--out" in words else ["--out", "P.png"]
    assert main(["plot", *words.split(), *out]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(path.name for path in files.iterdir()) == ["O.nc", "T.h5"]


def test_what_is_no_series_and_no_profile(run):
    measured = sdglass.measure_series([run], ["energy", "correlation", "structure-factor"])
    with pytest.raises(InputError, match="43 values at every time; expected at most 7 lines"):
        sdglass.plot_series(measured, "structure-factor", Figure().subplots())
    with pytest.raises(InputError, match="one value at each time; expected a profile"):
        sdglass.plot_profiles(measured, "energy", ax=Figure().subplots())


def test_without_matplotlib(files, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["plot", "O.nc", "--out", "P.png"]) == 2
    assert capsys.readouterr().err == "error: matplotlib is not installed: pip install 'sdglass[plots]'\n"
