"""Observables: what is kept of a trajectory, and that it is the trajectory's."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from small_study import sites

from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.observables import OBSERVABLES
from sdglass.observables.correlation import correlation_histogram, disconnected_histogram, pair_bins
from sdglass.observables.measure import Observables, distance_bins, measure
from sdglass.registry import load_plugin
from sdglass.spins import random_spins

TIMES = np.array([0.0, 2.0, 8.0])
EDGES = 0.5 + 0.2 * np.arange(6)


@pytest.fixture(scope="module")
def structure():
    return sites(60, 3)


def trajectory(structure, replicas=3):
    rng = np.random.default_rng(4)
    spins = random_spins(structure.n_sites, rng, 3 * replicas).reshape(3, replicas, structure.n_sites, 3)
    attributes = {"structure": structure.digest(), "ensemble": "large-slow", "engine": "pair", "damping": 0.05}
    energy, torque = rng.standard_normal((2, 3, replicas))
    return Trajectory(TIMES, spins, energy, torque, attributes)


@pytest.fixture
def measured(structure):
    return measure(structure, trajectory(structure), EDGES)


def test_bins_end_at_half_the_box(structure):
    edges = distance_bins(structure, 0.5, 0.1)
    half = structure.box.min() / 2
    assert edges[0] == 0.5
    assert half - 0.1 < edges[-1] <= half
    assert np.diff(edges) == pytest.approx(0.1)
    # An end that is a whole number of bins away belongs to the range, whatever rounding says.
    assert distance_bins(structure, half - 0.6, 0.2)[-1] == pytest.approx(half)


def test_values_are_those_of_the_trajectory(structure, measured):
    made = trajectory(structure)
    bins = pair_bins(structure, EDGES)
    assert measured.counts.tolist() == bins.counts.tolist()
    # Multiples of 2^-15.
    assert measured.correlation == pytest.approx(correlation_histogram(made.spins, bins), abs=2.0**-16)
    assert measured.disconnected == pytest.approx(disconnected_histogram(made.spins, bins), abs=1e-14)
    for name in ("times", "energy", "torque_rms"):
        assert np.array_equal(getattr(measured, name), getattr(made, name))
    assert measured.magnetization == pytest.approx(made.spins.mean(axis=2))
    assert np.isnan(measured.step_overlap[0]).all()
    assert measured.step_overlap[1:] == pytest.approx((made.spins[1:] * made.spins[:-1]).sum(axis=(2, 3)) / 60)
    assert measured.attributes == made.attributes | {"n_sites": 60}
    assert measured.centres == pytest.approx([0.6, 0.8, 1.0, 1.2, 1.4])


def test_a_file_gives_back_everything(measured, tmp_path):
    path = tmp_path / "o.h5"
    measured.save(path)
    loaded = Observables.load(path)
    assert loaded.attributes == measured.attributes
    assert loaded.correlation.dtype == float
    assert set(loaded.arrays) == {
        *("correlation", "disconnected", "energy", "torque_rms", "step_overlap", "magnetization")
    }
    for name in ("times", "edges", "counts", *measured.arrays):
        assert np.array_equal(getattr(loaded, name), getattr(measured, name), equal_nan=True)


def test_kept_observables_are_read():
    """Those of the paper's study, written before observables were files of their own."""
    paths = sorted(Path(__file__).parents[2].glob("results/paper/observables/*/000.h5"))
    if not paths:
        pytest.skip("no results/paper/observables")
    kept = Observables.load(paths[0])
    snapshots, replicas, bins = kept.correlation.shape
    assert kept.energy.shape == kept.torque_rms.shape == kept.step_overlap.shape == (snapshots, replicas)
    assert kept.magnetization.shape == (snapshots, replicas, 3)
    assert kept.disconnected.shape == (snapshots, bins)
    assert len(kept.edges) == bins + 1
    assert kept.attributes["structure"]


PLUGIN = """
import numpy as np
from sdglass.observables import OBSERVABLES

@OBSERVABLES.register("nematic")
def nematic(structure, trajectory, bins):
    spins = trajectory.spins
    tensor = np.einsum("krna,krnb->krab", spins, spins) / structure.n_sites
    return {"nematic": tensor, "nearest": np.full(len(spins), structure.least_distance)}

@OBSERVABLES.register("greedy")
def greedy(structure, trajectory, bins):
    return {"energy": trajectory.energy}
"""


def test_an_observable_is_one_file(structure, tmp_path, monkeypatch):
    """It is measured, saved and loaded by its name without a change anywhere else."""
    assert {"correlation", "energy", "torque_rms", "overlap", "magnetization"} == set(OBSERVABLES)
    monkeypatch.setattr(OBSERVABLES, "_found", dict(OBSERVABLES._found))  # forgotten after the test
    (tmp_path / "nematic.py").write_text(PLUGIN)
    load_plugin(tmp_path / "nematic.py")
    made = trajectory(structure)
    measured = measure(structure, made, EDGES, ["energy", "nematic"])
    assert set(measured.arrays) == {"energy", "nematic", "nearest"}
    measured.save(tmp_path / "o.h5")
    loaded = Observables.load(tmp_path / "o.h5")
    assert np.trace(loaded.nematic, axis1=2, axis2=3) == pytest.approx(1.0)
    assert loaded.nematic == pytest.approx(measured.nematic)
    with pytest.raises(AttributeError, match="'correlation' was not measured; there are energy, nearest, nematic"):
        _ = loaded.correlation
    with pytest.raises(InputError, match="observable 'nematc' is unknown; did you mean nematic"):
        measure(structure, made, EDGES, ["nematc"])
    with pytest.raises(InputError, match="observable 'greedy' gives 'energy', a name that is taken"):
        measure(structure, made, EDGES)


def test_empty_bins_stay_empty(structure, tmp_path):
    """No pair is closer than 0.5."""
    path = tmp_path / "o.h5"
    measure(structure, trajectory(structure), [0.1, 0.3, 0.5, 0.9]).save(path)
    loaded = Observables.load(path)
    assert loaded.counts[:2].tolist() == [0, 0]
    assert np.isnan(loaded.correlation[..., :2]).all()
    assert np.isfinite(loaded.correlation[..., 2]).all()


def test_a_single_replica_has_no_second_term(structure, tmp_path):
    path = tmp_path / "o.h5"
    measure(structure, trajectory(structure, replicas=1), EDGES).save(path)
    loaded = Observables.load(path)
    assert loaded.disconnected.shape == (3, 5)
    assert np.isnan(loaded.disconnected).all()
    assert loaded.correlation.shape == (3, 1, 5)


def test_another_structure_is_refused(structure):
    with pytest.raises(InputError, match="made on another structure"):
        measure(sites(60, 4), trajectory(structure), EDGES)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda handle: handle.pop("counts"),
        lambda handle: handle.attrs.pop("attributes"),
        lambda handle: handle.attrs.__setitem__("attributes", "{"),
    ],
)
def test_other_files_are_refused(measured, tmp_path, spoil):
    path = tmp_path / "o.h5"
    measured.save(path)
    with h5py.File(path, "r+") as handle:
        spoil(handle)
    with pytest.raises(InputError, match=r"o\.h5"):
        Observables.load(path)
