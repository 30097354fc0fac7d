"""Protocols: stages are one run, whatever interrupts it; what is asked for is what happens."""

import numpy as np
import pytest
from test_cli import refused, run
from test_continuation import folder, same  # noqa: F401 (a fixture)
from test_quench import Faulty, Interrupted, assert_same, at_each_step

from sdglass.dynamics.llg import LLG
from sdglass.dynamics.protocol import Protocol, Stage
from sdglass.dynamics.quench import continue_quench, quench, random_initial_spins
from sdglass.dynamics.schedule import Schedule, conditions
from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.forcefields.pair import heisenberg
from sdglass.forcefields.terms import UniaxialAnisotropy, Zeeman
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure

DYNAMICS = LLG(damping=0.3, temperature=0.2, time_step=0.1)
# A stage with noise, one without, a ramp of everything, another damping.
STAGES = [
    {"duration": 1.0, "snapshots": {"every": 0.5}},
    {"duration": 0.5, "temperature": 0.0, "field": (0, 0, 0.5), "snapshots": {"every": 0.1}},
    {"duration": 1.5, "temperature": (0.0, 0.3), "field": {"from": (0, 0, 0.5), "to": (0.4, 0, -0.2)}},
    {"duration": 1.0, "damping": 1.0, "snapshots": {"times": [0.2, 0.3]}},
]


@pytest.fixture(scope="module")
def magnet():
    return heisenberg(square_lattice(3), exchange=1.0, cutoff=1.01)


@pytest.fixture(scope="module")
def spins():
    return random_initial_spins(9, seed=7, realization=2, replicas=range(3))


def test_equal_stages_are_one_quench(magnet, spins):
    options = {"seed": 4, "snapshot_times": [0.0, 0.3, 1.0, 1.1, 2.0]}
    whole = quench(magnet, spins, DYNAMICS, 2.0, **options)
    stages = quench(magnet, spins, DYNAMICS, Protocol([{"duration": 1.0}, {"duration": 1.0}]), **options)
    for name in ("times", "spins", "energy", "torque_rms"):
        np.testing.assert_array_equal(getattr(stages, name), getattr(whole, name))


@pytest.mark.parametrize("integrator", ["heun", "semi_implicit"])
@pytest.mark.parametrize("n", [5, 21, 25, 40, 78])  # evaluations until a fault: in each of the stages
def test_a_restart_anywhere_is_bitwise(magnet, spins, tmp_path, integrator, n):
    dynamics = LLG(0.3, 0.2, 0.1, integrator)
    whole = quench(magnet, spins, dynamics, Protocol(STAGES), seed=3)
    checkpoint = tmp_path / "C.h5"
    with pytest.raises(Interrupted):
        quench(Faulty(magnet, n), spins, dynamics, Protocol(STAGES), seed=3, checkpoint=at_each_step(checkpoint))
    assert_same(quench(magnet, spins, dynamics, Protocol(STAGES), seed=3, checkpoint=checkpoint), whole)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_stages_that_are_added_are_bitwise_one_run(magnet, spins, tmp_path, stages):
    whole = quench(magnet, spins, DYNAMICS, Protocol(STAGES), seed=3)
    part = quench(magnet, spins, DYNAMICS, Protocol(STAGES[:stages]), seed=3, out=tmp_path / "T.h5")
    assert_same(continue_quench(magnet, part, Protocol(STAGES)), whole)
    assert_same(continue_quench(magnet, Trajectory.load(tmp_path / "T.h5"), Protocol(STAGES)), whole)


def test_a_constant_run_goes_on_as_a_protocol_and_no_other(magnet, spins):
    part = quench(magnet, spins, DYNAMICS, 1.0, seed=3, snapshot_times=[0.5, 1.0])
    times = [0.5, 1.0, 2.0, 3.0]
    later = [{"duration": 1.5}, {"duration": 1.5, "temperature": (0.2, 0.0)}]  # a constant stage may be longer
    more = continue_quench(magnet, part, Protocol(later), snapshot_times=times)
    assert_same(more, quench(magnet, spins, DYNAMICS, Protocol(later), seed=3, snapshot_times=times))
    for wrong in ([{"duration": 3.0, "temperature": 0.1}], [{"duration": 0.5}, {"duration": 2.5, "damping": 1.0}]):
        with pytest.raises(InputError, match="another one than the trajectory's, in what begins at t = 0"):
            continue_quench(magnet, part, Protocol(wrong))
    with pytest.raises(InputError, match="in what begins at t = 0"):
        continue_quench(magnet, more, 4.0)


def test_snapshots_are_those_of_the_stages_with_the_field_of_their_time(magnet, spins):
    trajectory = quench(magnet, spins, DYNAMICS, Protocol(STAGES), seed=3)
    expected = [0, 0.5, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 3.0, 3.2, 3.3, 4.0]
    assert np.isin(expected, trajectory.times.round(10)).all()
    temperature, field = conditions(trajectory)
    at = {round(time, 10): k for k, time in enumerate(trajectory.times)}
    # Where two stages meet the snapshot is of the one that ends.
    assert [temperature[at[time]] for time in (0.0, 1.0, 1.1, 1.5, 3.0, 4.0)] == [0.2, 0.2, 0.0, 0.0, 0.3, 0.3]
    np.testing.assert_array_equal(field[at[1.0]], [0, 0, 0])
    np.testing.assert_array_equal(field[[at[1.1], at[1.5]]], [[0, 0, 0.5]] * 2)
    np.testing.assert_allclose(field[[at[3.0], at[4.0]]], [[0.4, 0, -0.2]] * 2, atol=1e-15)
    for k, configuration in enumerate(trajectory.spins):
        energy = (magnet + Zeeman(field[k])).evaluate(configuration).energy
        np.testing.assert_allclose(trajectory.energy[k], energy, rtol=0, atol=1e-12)


def test_stages_have_their_temperature_and_damping():
    free = Zeeman((0, 0, 0)).on(square_lattice(20))
    start = np.tile([0.0, 0.0, 1.0], (400, 1))
    stages = [Stage(1.0, temperature=0.0), Stage(0.5, temperature=0.02), Stage(0.5, temperature=(0.02, 0.0))]
    trajectory = quench(free, start, LLG(0.5, 9.0, 0.05), Protocol(stages), seed=1)
    at = {round(time, 10): spins[0] for time, spins in zip(trajectory.times, trajectory.spins, strict=True)}
    np.testing.assert_array_equal(at[1.0], start)
    # A free spin diffuses: <S_z> = exp(-2 alpha int T dt).
    assert at[1.5][:, 2].mean() == pytest.approx(np.exp(-2 * 0.5 * 0.01), abs=0.002)
    assert at[2.0][:, 2].mean() == pytest.approx(np.exp(-2 * 0.5 * 0.015), abs=0.003)


@pytest.mark.parametrize("integrator", ["heun", "semi_implicit"])
def test_a_ramp_of_the_field_is_of_second_order(integrator):
    """In a field that grows as a t the phase is a t^2 / 2."""
    start = [[[1.0, 0.0, 0.0]]]
    free = Zeeman((0, 0, 0)).on(Structure([[0.0, 0.0, 0.0]], 10.0))
    ramp = Protocol([{"duration": 4.0, "field": ((0, 0, 0), (0, 0, 1))}])
    errors = []
    for step in (0.2, 0.1):
        x, y, _ = quench(free, start, LLG(0.0, 0.0, step, integrator), ramp).spins[-1, 0, 0]
        errors.append(abs(np.arctan2(y, x) + 2.0))
    assert errors[1] < 0.01
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.3)


def test_the_coercive_field_is_that_of_stoner_and_wohlfarth():
    grain = UniaxialAnisotropy(0.5, (0.02, 0.0, 1.0)).on(Structure([[0.0, 0.0, 0.0]], 10.0))
    switching = (np.cos(np.arctan(0.02)) ** (2 / 3) + np.sin(np.arctan(0.02)) ** (2 / 3)) ** -1.5
    loop = Protocol([
        {"duration": 50.0, "field": (0, 0, 1), "snapshots": {"every": 10.0}},
        {"duration": 1500.0, "field": ((0, 0, -0.8), (0, 0, -1.0)), "snapshots": {"every": 10.0}},
    ])  # fmt: skip
    trajectory = quench(grain, [[[0.0, 0.0, 1.0]]], LLG(1.0, 0.0, 0.25), loop)
    moment, field = trajectory.spins[:, 0, 0, 2], conditions(trajectory)[1][:, 2]
    assert field[np.argmax(moment < 0)] == pytest.approx(-switching, abs=0.02)  # somewhat late, in finite time


BAD = {
    "- {duration: -1}": "stage 1: duration = -1; expected a number > 0",
    "- {duration: 1}\n- {temperature: 1}": "stage 2: duration is missing",
    "- {duration: 1, temprature: 1}": r"stage 1: key 'temprature' is unknown \(did you mean temperature\?\)",
    "- {duration: 1, start: 5}": "stage 1: key 'start' is unknown; expected some of duration, temperature",
    "- {duration: 1, temperature: [0.1, -1]}": r"stage 1: temperature = \[0\.1, -1\]; expected numbers >= 0",
    "- {duration: 1, temperature: warm}": "stage 1: temperature = warm; expected finite numbers",
    "- {duration: 1, temperature: [1, 2, 3]}": r"stage 1: temperature = \[1, 2, 3\]; expected a number, or two",
    "- {duration: 1, field: 0.1}": r"stage 1: field = 0\.1; expected three numbers, or two times three",
    "- {duration: 1, field: {from: [0, 0, 1]}}": "stage 1: field = .*; expected the keys from and to",
    "- {duration: 1, field: [0, 0, .nan]}": r"stage 1: field = \[0, 0, nan\]; expected finite numbers",
    "- {duration: 1, damping: -1}": "stage 1: damping = -1; expected a number >= 0",
    "- {duration: 1, snapshots: 5}": "stage 1: snapshots = 5; expected one of every, per_decade, times",
    "- {duration: 1, snapshots: {every: 0}}": "stage 1: snapshots: every = 0; expected a number > 0",
    "- {duration: 1}\n- {duration: 0.75}": r"stage 2: duration = 0\.75 is 1\.5 steps of time_step = 0\.5",
    "- {duration: 1, snapshots: {every: 0.7}}": r"stage 1: snapshots: every: duration = 0\.7 is 1\.4 steps",
    "- {duration: 1, snapshots: {times: [2]}}": r"stage 1: snapshots: times: snapshot_times\[0\] = 2\.0",
    "- 5": "stage 1 is 5; expected keys and values",
    "[]": "no stage; expected at least one",
    "duration: 1": "holds no list at the top",
    "": "holds nothing at the top",
    "- {duration: 1, duration: 2}": "'duration' stands twice",
}


@pytest.mark.parametrize("text", BAD)
def test_bad_protocols_name_file_stage_and_key(folder, capsys, text):  # noqa: F811
    (folder / "P.yaml").write_text(text)
    capsys.readouterr()
    refused(f"{QUENCH} --protocol P.yaml --out T.h5", BAD[text], capsys)
    with pytest.raises(InputError, match=r"^P\.yaml: |^stage"):
        Schedule(Protocol.load("P.yaml"), LLG(0.5, 0.01, 0.5)).snapshot_times()


QUENCH = (
    "quench --engine exact --structure S.npz --damping 0.5 --temperature 0.01 --dt 0.5 "
    """--hopping '{"law": "shells"}' --seed 5"""
)


def test_the_command_runs_a_protocol_and_goes_on(folder, capsys):  # noqa: F811
    first = "- {duration: 2, temperature: 0.1, field: [0, 0, 0.1]}\n"
    (folder / "P.yaml").write_text(first)
    (folder / "LONGER.yaml").write_text(first + "- {duration: 3, temperature: [1e-1, 0], snapshots: {every: 1}}\n")
    assert run(f"{QUENCH} --protocol LONGER.yaml --out WHOLE.h5") == 0
    assert run(f"{QUENCH} --protocol P.yaml --out T.h5") == 0
    assert run("quench --continue T.h5 --protocol LONGER.yaml") == 0
    same("T.h5", "WHOLE.h5")
    before = (folder / "T.h5").stat().st_mtime_ns
    assert run(f"{QUENCH} --protocol LONGER.yaml --out T.h5") == 0  # nothing is left to do
    assert (folder / "T.h5").stat().st_mtime_ns == before
    loaded = Trajectory.load("T.h5")
    later = conditions(loaded)[0][loaded.times >= 2]
    np.testing.assert_allclose(later, [0.1, 0.1 * 2 / 3, 0.1 / 3, 0], atol=1e-15)
    assert "LONGER.yaml" in str(loaded.attributes["provenance"])
    capsys.readouterr()
    refused("quench --continue T.h5 --duration 9", "in what begins at t = 0; expected the same stages", capsys)
    refused(f"{QUENCH} --protocol P.yaml --field 0 0 1 --out U.h5", "both give a field", capsys)
    refused(f"{QUENCH} --protocol P.yaml --out P.yaml", "P.yaml: (is there|would overwrite)", capsys)
