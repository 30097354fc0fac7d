"""The driver: keyed noise, snapshots, restarts that change nothing, and refusals that say why."""

import json

import h5py
import numpy as np
import pytest

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.dynamics.llg import LLG, thermal_field
from sdglass.dynamics.quench import quench as run_quench
from sdglass.dynamics.quench import random_initial_spins
from sdglass.dynamics.trajectory import Trajectory, log_times
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import CheckpointError, InputError
from sdglass.forcefields.base import Evaluation
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.pair import heisenberg
from sdglass.random_streams import generator
from sdglass.spins import torque
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice

DYNAMICS = {"damping": 0.3, "temperature": 0.2, "time_step": 0.1}
ARGUMENTS = {**DYNAMICS, "duration": 5.0, "seed": 7, "realization": 2}


def quench(force_field, spins, **arguments):
    """The quench of a flat list of arguments, of which tests change one at a time."""
    names = (*DYNAMICS, "integrator")
    dynamics = LLG(**{name: arguments.pop(name) for name in names if name in arguments})
    return run_quench(force_field, spins, dynamics, **arguments)


def at_each_step(path, identity=None):
    return Checkpoint(path, identity, interval=0.0)


class Interrupted(Exception):
    pass


class Faulty:
    """Another force field that raises, or returns a NaN, at its n-th evaluation."""

    def __init__(self, force_field, n, nan_at=None):
        self.force_field, self.structure, self.left, self.nan_at = force_field, force_field.structure, n, nan_at

    def evaluate(self, spins):
        evaluation = self.force_field.evaluate(spins)
        self.left -= 1
        if self.left == 0:
            if self.nan_at is None:
                raise Interrupted
            evaluation.field[self.nan_at] = np.nan
        return evaluation


@pytest.fixture(scope="module")
def force_field():
    return heisenberg(square_lattice(3), exchange=1.0, cutoff=1.01)


@pytest.fixture(scope="module")
def spins():
    return random_initial_spins(9, seed=7, realization=2, replicas=range(5))


def assert_same(one, other):
    for name in ("times", "spins", "energy", "torque_rms", "positions", "cell"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.attributes == other.attributes


def test_initial_spins_do_not_depend_on_the_batch(spins):
    assert spins.shape == (5, 9, 3)
    np.testing.assert_array_equal(random_initial_spins(9, 7, 2, [3]), spins[3:4])
    np.testing.assert_array_equal(random_initial_spins(9, 7, 2, [4, 1]), spins[[4, 1]])
    assert not np.array_equal(random_initial_spins(9, 7, 1, [3]), spins[3:4])
    assert not np.array_equal(spins[0], spins[1])


def test_log_times():
    times = log_times(1000.0, 0.5, per_decade=5)
    assert times[0] == 0.0
    assert times[1] == 0.5
    assert times[-1] == 1000.0
    assert (np.diff(times) > 0).all()
    np.testing.assert_array_equal(times / 0.5, np.round(times / 0.5))
    # Each time is within half a step of the exact grid, and none of the grid is lost at late times.
    grid = 0.5 * 10.0 ** (np.arange(17) / 5)
    assert np.abs(grid[:, None] - times).min(axis=1).max() <= 0.25
    # Runs of different length share their snapshots.
    assert set(log_times(100.0, 0.5, 5)[:-1]) <= set(times)
    late = log_times(1000.0, 0.5, per_decade=5, first=10.0)
    np.testing.assert_array_equal(late[:3], [0.0, 10.0, 16.0])


@pytest.mark.parametrize("integrator", ["heun", "semi_implicit"])
def test_snapshots_describe_their_spins(force_field, spins, integrator):
    times = [0.0, 0.1, 1.0, 4.9, 5.0]
    run = quench(
        force_field, spins, **ARGUMENTS, integrator=integrator, snapshot_times=times, metadata={"note": "test"}
    )
    np.testing.assert_allclose(run.times, times, rtol=1e-12)
    np.testing.assert_allclose(run.spins[0], spins, atol=1e-15)
    assert run.spins.shape == (5, 5, 9, 3)
    assert np.abs(np.linalg.norm(run.spins, axis=-1) - 1).max() < 1e-12
    for k in range(5):
        evaluation = force_field.evaluate(run.spins[k])
        np.testing.assert_allclose(run.energy[k], evaluation.energy, rtol=1e-13)
        rms = np.sqrt((torque(run.spins[k], evaluation.field) ** 2).mean(axis=(1, 2)))
        np.testing.assert_allclose(run.torque_rms[k], rms, rtol=1e-13)
    np.testing.assert_array_equal(run.positions, force_field.structure.positions)
    np.testing.assert_array_equal(run.cell, np.diag(force_field.structure.box))
    assert run.structure.digest() == run.attributes["structure"]
    assert run.attributes == {
        **ARGUMENTS,
        "replicas": [0, 1, 2, 3, 4],
        "integrator": integrator,
        "structure": force_field.structure.digest(),
        "note": "test",
    }


def test_noise_is_keyed_by_replica_and_step(spins):
    """Free spins turn about the noise alone, so one step shows the noise itself, bitwise."""

    class Free:
        structure = square_lattice(3)

        def evaluate(self, spins):
            return Evaluation(np.zeros(len(spins)), np.zeros(spins.shape))

    run = {**ARGUMENTS, "duration": 0.3, "snapshot_times": [0.0, 0.1, 0.2, 0.3]}
    batch = quench(Free(), spins, **run)
    alone = quench(Free(), spins[[4, 1]], **run, replicas=[4, 1])
    np.testing.assert_array_equal(alone.spins, batch.spins[:, [4, 1]])
    # The first step by hand: stream (seed, "thermal noise", realization, replica), (N, 3) normals a step.
    eta = thermal_field(0.1, 0.3, 0.2) * generator(7, "thermal noise", 2, 4).standard_normal((9, 3))
    start = batch.spins[0, 4]
    predicted = start + 0.1 * torque(start, eta)
    predicted /= np.linalg.norm(predicted, axis=-1, keepdims=True)
    end = start + 0.05 * (torque(start, eta) + torque(predicted, eta))
    end /= np.linalg.norm(end, axis=-1, keepdims=True)
    np.testing.assert_allclose(batch.spins[1, 4], end, atol=1e-14)
    other = quench(Free(), spins, **{**run, "realization": 3})
    assert not np.allclose(other.spins[1], batch.spins[1])


def test_exact_electrons_at_zero_temperature():
    structure = random_sequential_addition(8, 2.4, 0.5, np.random.default_rng(3))
    force_field = ExactForceField(structure, SDModel(coupling=6.0, filling=0.5, temperature=1.0e-3))
    start = random_initial_spins(8, seed=1, realization=0, replicas=range(2))
    arguments = {
        "duration": 40.0,
        "damping": 0.5,
        "temperature": 0.0,
        "seed": 1,
        "snapshot_times": np.arange(41.0),
    }
    ends, own_error = [], 0.0
    for integrator in ("heun", "semi_implicit"):
        coarse, fine = (
            quench(force_field, start, **arguments, time_step=dt, integrator=integrator) for dt in (1.0, 0.5)
        )
        # The free energy is what the field is the gradient of: it falls at every step, by more than rounding.
        assert (np.diff(coarse.energy, axis=0) < 0).all()
        ends.append(coarse.spins[-1])
        own_error += 4.0 / 3.0 * np.linalg.norm(coarse.spins[-1] - fine.spins[-1])  # order 2
    # They differ by no more than the errors that either finds in itself by halving its step.
    assert np.linalg.norm(ends[0] - ends[1]) < 1.1 * own_error
    assert own_error < 1e-3 * np.linalg.norm(ends[0] - start)


def test_no_noise_without_temperature_or_damping(force_field, spins):
    for change in ({"temperature": 0.0}, {"damping": 0.0}):
        runs = [quench(force_field, spins, **{**ARGUMENTS, **change, "seed": seed}) for seed in (7, 8)]
        np.testing.assert_array_equal(runs[0].spins, runs[1].spins)
    noisy = [quench(force_field, spins, **{**ARGUMENTS, "seed": seed}) for seed in (7, 8)]
    assert np.abs(noisy[0].spins[-1] - noisy[1].spins[-1]).max() > 0.1


def test_saved_trajectory_comes_back(force_field, spins, tmp_path):
    more = {"metadata": {"name": "α = 0.3"}, "replicas": [3, 1, 4, 0, 2]}
    run = quench(force_field, spins, **ARGUMENTS, **more, out=tmp_path / "T.h5")
    assert_same(Trajectory.load(tmp_path / "T.h5"), run)
    with h5py.File(tmp_path / "T.h5") as handle:  # readable without this library
        names = [next(iter(axis.keys())) for axis in handle["spins"].dims]
        assert names == ["time", "replica", "site", "component"]
        np.testing.assert_array_equal(handle["spins"].dims[0][0], run.times)
        np.testing.assert_array_equal(handle["spins"].dims[1][0], [3, 1, 4, 0, 2])
        assert json.loads(handle.attrs["attributes"])["damping"] == 0.3
    again = quench(force_field, spins, **ARGUMENTS, **more, out=tmp_path / "again.h5")
    assert_same(again, run)
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "T.h5").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["T.h5", "again.h5"]


def test_xarray_reads_a_trajectory(force_field, spins, tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    run = quench(force_field, spins, **ARGUMENTS, out=tmp_path / "T.h5")
    with xarray.open_dataset(tmp_path / "T.h5", engine="h5netcdf") as found:
        assert found.spins.dims == ("time", "replica", "site", "component")
        np.testing.assert_array_equal(found.spins.sel(time=5.0, replica=3), run.spins[-1, 3])
        np.testing.assert_array_equal(found.positions, run.positions)


def test_a_trajectory_of_before_positions_is_read(force_field, spins, tmp_path):
    run = quench(force_field, spins, **ARGUMENTS)
    with h5py.File(tmp_path / "T.h5", "w") as handle:
        for name in ("times", "spins", "energy", "torque_rms"):
            handle[name] = getattr(run, name)
        handle["step_overlap"] = handle["magnetization"] = np.zeros(3)
        handle.attrs["attributes"] = json.dumps(run.attributes)
    old = Trajectory.load(tmp_path / "T.h5")
    assert old.positions is None
    assert old.cell is None
    with pytest.raises(InputError, match="holds no positions"):
        _ = old.structure
    np.testing.assert_array_equal(old.spins, run.spins)
    old.save(tmp_path / "again.h5")
    np.testing.assert_array_equal(Trajectory.load(tmp_path / "again.h5").times, run.times)


@pytest.mark.parametrize("integrator", ["heun", "semi_implicit"])
@pytest.mark.parametrize("n", [6, 61, 100])  # early, in the corrector of a step, in the last step
def test_restart_is_bitwise(force_field, spins, tmp_path, integrator, n):
    arguments = {**ARGUMENTS, "integrator": integrator}
    whole = quench(force_field, spins, **arguments, out=tmp_path / "whole.h5")
    files = {"checkpoint": tmp_path / "C.h5", "out": tmp_path / "T.h5"}
    with pytest.raises(Interrupted):
        quench(Faulty(force_field, n), spins, **arguments, checkpoint=at_each_step(files["checkpoint"]))
    assert not files["out"].exists()
    counter = Faulty(force_field, 0)
    resumed = quench(counter, spins, **arguments, **files)
    # 101 evaluations in all; those before the interruption are not repeated, one identifies the force field.
    assert -counter.left == 101 - 2 * ((n - 1) // 2) + 1
    assert_same(resumed, whole)
    assert files["out"].read_bytes() == (tmp_path / "whole.h5").read_bytes()
    assert not files["checkpoint"].exists()


def test_restart_of_a_restart_between_snapshots(force_field, spins, tmp_path):
    arguments = {**ARGUMENTS, "snapshot_times": [3.3, 4.8]}  # none before the first interruption
    whole = quench(force_field, spins, **arguments)
    for n in (20, 30, 20):
        with pytest.raises(Interrupted):
            quench(Faulty(force_field, n), spins, **arguments, checkpoint=at_each_step(tmp_path / "C.h5"))
    assert_same(quench(force_field, spins, **arguments, checkpoint=tmp_path / "C.h5"), whole)


def test_finished_checkpoint_stays_without_out(force_field, spins, tmp_path):
    first = quench(force_field, spins, **ARGUMENTS, checkpoint=tmp_path / "C.h5")
    counter = Faulty(force_field, 0)
    assert_same(quench(counter, spins, **ARGUMENTS, checkpoint=tmp_path / "C.h5"), first)
    assert counter.left == -1
    assert (tmp_path / "C.h5").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_step": 0.05}, r"time_step = 0\.1, but now it is 0\.05"),
        ({"duration": 10.0}, r"duration = 5\.0, but now it is 10\.0"),
        ({"seed": 8}, r"seed = 7, but now it is 8"),
        ({"replicas": [0, 1, 2, 3, 5]}, r"replicas = \[0, 1, 2, 3, 4\]"),
        ({"integrator": "semi_implicit"}, r"integrator = heun, "),
        ({"snapshot_times": [0.0, 5.0]}, r"snapshot_times = "),
    ],
)
def test_checkpoint_of_another_run_is_refused(force_field, spins, tmp_path, change, message):
    path = tmp_path / "C.h5"
    with pytest.raises(Interrupted):
        quench(Faulty(force_field, 9), spins, **ARGUMENTS, checkpoint=at_each_step(path))
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=message) as caught:
        quench(force_field, spins, **{**ARGUMENTS, **change}, checkpoint=path)
    assert str(path) in str(caught.value)
    assert "delete" in str(caught.value)
    assert path.read_bytes() == before


def test_checkpoint_of_other_spins_structure_or_force_field_is_refused(force_field, spins, tmp_path):
    run = {**ARGUMENTS, "checkpoint": at_each_step(tmp_path / "C.h5")}
    with pytest.raises(Interrupted):
        quench(Faulty(force_field, 9), spins, **run)
    with pytest.raises(InputError, match="initial_spins = "):
        quench(force_field, spins[::-1], **run)
    with pytest.raises(InputError, match="structure = "):
        quench(heisenberg(square_lattice(9, 1), 1.0, 1.01), spins, **run)
    with pytest.raises(InputError, match="the force field's energy"):
        quench(heisenberg(square_lattice(3), 1.001, 1.01), spins, **run)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_step": 10.0}, "duration = 5.0 is 0.5 steps.*time_step = 5.0$"),
        ({"time_step": 0.3}, "whole number of steps, as with time_step = 0.29411764705882354"),
        ({"realization": 0.5}, r"realization = 0\.5; expected an integer"),
        ({"replicas": [0, 1]}, "replicas names 2 replicas, but spins holds 5"),
        ({"replicas": [0, 1, 2, 3, 3]}, "distinct"),
        ({"snapshot_times": [0.0, 0.05]}, r"snapshot_times\[1\] = 0\.05"),
        ({"snapshot_times": [0.0, 1.0, 1.0]}, r"snapshot_times\[2\] = 1\.0; expected increasing"),
        ({"snapshot_times": [0.0, 5.1]}, r"snapshot_times\[1\] = 5\.1"),
        ({"snapshot_times": []}, "at least one"),
        ({"metadata": {"array": np.zeros(3)}}, "metadata: "),
    ],
)
def test_bad_arguments_are_refused(force_field, spins, change, message):
    with pytest.raises(InputError, match=message):
        quench(force_field, spins, **{**ARGUMENTS, **change})


def test_bad_spins_are_refused(force_field, spins):
    scaled = spins.copy()
    scaled[1, 2] *= 2
    with pytest.raises(InputError, match=r"spins\[1, 2\].*length 2"):
        quench(force_field, scaled, **ARGUMENTS)
    with pytest.raises(InputError, match="spins has shape"):
        quench(force_field, spins[:, :4], **ARGUMENTS)


@pytest.mark.parametrize(
    "change", [{"first": 0.0}, {"first": 2000.0}, {"per_decade": 0}, {"per_decade": -1}, {"duration": 0.7}]
)
def test_bad_log_times_are_refused(change):
    with pytest.raises(InputError):
        log_times(**{"duration": 1000.0, "time_step": 0.5, "per_decade": 10, **change})


def test_nan_from_the_force_field_names_time_and_replica(force_field, spins):
    faulty = Faulty(force_field, 21, nan_at=(1, 4, 2))  # evaluation 21 is the first of step 10
    with pytest.raises(InputError, match=r"field = nan for replica 8, site 4 in the step from t = 1;"):
        quench(faulty, spins[:2], **ARGUMENTS, replicas=[6, 8])


def test_wrong_shape_from_the_force_field(spins):
    class Wrong:
        structure = square_lattice(3)

        def evaluate(self, spins):
            return Evaluation(np.zeros(len(spins)), np.zeros((9, 3)))

    with pytest.raises(InputError, match=r"field of shape \(9, 3\); expected \(5, 9, 3\)"):
        quench(Wrong(), spins, **ARGUMENTS)
