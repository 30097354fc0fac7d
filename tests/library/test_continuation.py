"""Going on with a run: the same noise at the same step, the same numbers as one run, nothing overwritten."""

import shutil
import warnings

import numpy as np
import pytest
from test_cli import refused, run

import sdglass
from sdglass.dynamics.llg import LLG
from sdglass.dynamics.quench import continue_quench, quench, random_initial_spins
from sdglass.dynamics.run import TimeStepWarning
from sdglass.dynamics.trajectory import Trajectory
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.pair import heisenberg
from sdglass.spins import random_spins
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure


@pytest.mark.parametrize("integrator", ["heun", "semi_implicit"])
@pytest.mark.parametrize("temperature", [0.0, 0.2])
def test_a_continued_run_is_bitwise_one_run(integrator, temperature, tmp_path):
    magnet = heisenberg(square_lattice(4), 1.0, 1.01)
    spins = random_initial_spins(16, 3, 1, range(2))
    dynamics = LLG(0.3, temperature, 0.05, integrator)
    whole = quench(magnet, spins, dynamics, 6.0, seed=3, realization=1, replicas=[4, 2], out=tmp_path / "W.h5")
    part = quench(magnet, spins, dynamics, 0.7, seed=3, realization=1, replicas=[4, 2], out=tmp_path / "T.h5")
    more = continue_quench(magnet, part, 1.35)
    again = continue_quench(magnet, more, 6.0, out=tmp_path / "T.h5")
    read = continue_quench(magnet, Trajectory.load(tmp_path / "W.h5"), 6.05)
    for name in ("times", "spins", "energy", "torque_rms"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
        np.testing.assert_array_equal(getattr(read, name)[:-1], getattr(whole, name)[:-1])
    assert again.attributes == whole.attributes
    assert (tmp_path / "T.h5").read_bytes() == (tmp_path / "W.h5").read_bytes()


def test_what_cannot_be_continued_is_refused():
    magnet = heisenberg(square_lattice(4), 1.0, 1.01)
    part = quench(magnet, random_initial_spins(16, 0, 0, range(1)), LLG(0.3, 0.1, 0.05), 1.0, seed=0)
    with pytest.raises(InputError, match="duration = 1; expected more than the 1 that"):
        continue_quench(magnet, part, 1.0)
    with pytest.raises(InputError, match="no snapshot there"):
        continue_quench(magnet, part, 2.0, snapshot_times=[0.0, 0.85, 2.0])
    with pytest.raises(InputError, match="expected the force field that made it"):
        continue_quench(heisenberg(square_lattice(4), 1.1, 1.01), part, 2.0)
    with pytest.raises(InputError, match="another structure"):
        continue_quench(heisenberg(square_lattice(5), 1.0, 1.01), part, 2.0)
    early = quench(magnet, part.spins[0], LLG(0.3, 0.1, 0.05), 1.0, seed=0, snapshot_times=[0.5])
    with pytest.raises(InputError, match=r"last snapshot is at t = 0\.5, before its end at 1"):
        continue_quench(magnet, early, 2.0)


def test_pieces_with_seeds_of_their_own_thermalize():
    # <S1 . S2> of a pair with energy J S1 . S2 is 1 / x - coth x with x = J / T: -0.95 at x = 20.
    pair = heisenberg(Structure([[0, 0, 0], [1, 0, 0]], 20.0), 1.0, 1.01)
    rng = np.random.default_rng(0)
    spins, found = random_spins(2, rng, 400), []
    for piece in range(30):
        trajectory = quench(pair, spins, LLG(0.5, 0.05, 0.02), 1.0, snapshot_times=[1.0])
        spins = trajectory.spins[-1]
        if piece >= 15:
            found.append(np.einsum("ra,ra->r", spins[:, 0], spins[:, 1]).mean())
    assert np.mean(found) == pytest.approx(1 / 20 - 1 / np.tanh(20), abs=5 * 0.05 / np.sqrt(400 * 5))
    assert trajectory.attributes["seed"] > 0


@pytest.mark.parametrize(("integrator", "bias"), [("heun", -0.037), ("semi_implicit", -0.075)])
def test_the_bias_of_a_step_is_what_its_docstring_says(integrator, bias):
    pair = heisenberg(Structure([[0, 0, 0], [1, 0, 0]], 20.0), 1.0, 1.01)
    spins = random_spins(2, np.random.default_rng(1), 4000)
    times = np.arange(6.0, 21.0)
    trajectory = quench(pair, spins, LLG(1.0, 1.0, 0.2, integrator), 20.0, seed=2, snapshot_times=times)
    found = np.einsum("kra,kra->kr", trajectory.spins[:, :, 0], trajectory.spins[:, :, 1]).mean()
    assert found - (1 - 1 / np.tanh(1)) == pytest.approx(bias, abs=0.01)


def test_a_step_that_is_too_large_is_said(small_structure):
    magnet = heisenberg(square_lattice(6), 1.0, 1.01)
    spins = random_initial_spins(36, 0, 0, range(1))
    with pytest.warns(TimeStepWarning, match=r"at temperature 0.* time_step = 1 is too large; try 0\.25"):
        wrong = quench(magnet, spins, LLG(0.5, 0.0, 1.0), 60.0, seed=0)
    assert wrong.attributes["rising_energy"] > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right = quench(magnet, spins, LLG(0.5, 0.0, 0.05), 60.0, seed=0)
        quench(magnet, spins, LLG(0.5, 0.05, 1.0), 20.0, seed=0)  # with noise the energy may rise
        quench(magnet, spins, LLG(0.0, 0.0, 1.0), 5.0, seed=0)  # without damping nothing makes it fall
        exact = ExactForceField(small_structure, SDModel())
        frozen = random_spins(small_structure.n_sites, np.random.default_rng(1))
        quench(exact, frozen, LLG(0.05, 0.0, 1.0), 20.0, seed=0)  # the paper's step
    assert "rising_energy" not in right.attributes
    assert right.energy[-1, 0] < wrong.energy[-1, 0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("structure --lattice square --cells 3 3 --out S.npz") == 0
    return tmp_path


QUENCH = "quench --engine exact --structure S.npz --damping 0.5 --temperature 0.01 --dt 0.5 --replicas 2"


def same(one, other):
    one, other = Trajectory.load(one), Trajectory.load(other)
    for name in ("times", "spins", "energy", "torque_rms"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_the_command_goes_on(folder, capsys):
    hopping = '--hopping \'{"law": "shells"}\' --seed 5'
    assert run(f"{QUENCH} {hopping} --duration 20 --out WHOLE.h5") == 0
    assert run(f"{QUENCH} {hopping} --duration 4 --out T.h5") == 0
    shutil.copy("T.h5", "U.h5")
    assert run("quench --continue T.h5 --duration 20") == 0
    same("T.h5", "WHOLE.h5")
    assert run(f"{QUENCH} {hopping} --duration 20 --out U.h5") == 0  # the same command, longer
    same("U.h5", "WHOLE.h5")
    assert run("quench --continue U.h5 --duration 30 --out V.h5") == 0
    same("U.h5", "WHOLE.h5")
    capsys.readouterr()
    refused("quench --continue U.h5 --duration 20", "its run is 20 long, and --duration 20 is the total", capsys)
    refused("quench --continue U.h5 --duration 40 --damping 0.1", "has damping = 0.5, not 0.1", capsys)
    refused(
        "quench --continue U.h5 --duration 40 --out S.npz", r"S\.npz: (is there already|would overwrite)", capsys
    )
    refused(f"{QUENCH} {hopping} --duration 10 --out T.h5", "its run is 20 long", capsys)
    refused(f"{QUENCH} {hopping} --dtype float32 --duration 40 --out T.h5", "has dtype = float64", capsys)
    refused("quench --duration 40 --out W.h5", "--engine is missing", capsys)
    refused("quench --continue absent.h5 --duration 40", r"absent\.h5: no such file", capsys)
    before = (folder / "T.h5").stat().st_mtime_ns
    assert run(f"{QUENCH} {hopping} --duration 20 --out T.h5") == 0  # the same command: nothing is left to do
    assert (folder / "T.h5").stat().st_mtime_ns == before
    assert run(f"{QUENCH} {hopping} --duration 4 --out T.h5 --overwrite") == 0
    assert Trajectory.load("T.h5").attributes["duration"] == 4


def test_nothing_else_is_overwritten(folder, capsys):
    (folder / "T.h5").write_text("my notes")
    capsys.readouterr()
    refused(f'{QUENCH} --hopping \'{{"law": "shells"}}\' --duration 2 --out T.h5', "no trajectory", capsys)
    assert (folder / "T.h5").read_text() == "my notes"


def test_the_last_spins_of_a_trajectory_are_taken(folder):
    hopping = '--hopping \'{"law": "shells"}\''
    assert run(f"{QUENCH} {hopping} --duration 2 --out T.h5") == 0
    assert run(f"{QUENCH} {hopping} --duration 2 --seed 9 --spins T.h5 --out U.h5") == 0
    np.testing.assert_allclose(Trajectory.load("U.h5").spins[0], Trajectory.load("T.h5").spins[-1], atol=1e-15)


def test_a_structure_of_another_program_is_quenched(folder):
    ase = pytest.importorskip("ase")
    pytest.importorskip("ase.io")
    lattice = sdglass.lattice("square", (3, 3))
    ase.io.write("S.xyz", ase.Atoms("Mn9", lattice.positions, cell=lattice.cell, pbc=lattice.pbc), format="extxyz")
    command = QUENCH + ' --hopping \'{"law": "shells"}\' --duration 2'
    assert run(f"{command} --out T.h5") == 0
    assert run(f"{command.replace('S.npz', 'S.xyz')} --out U.h5") == 0
    np.testing.assert_allclose(Trajectory.load("U.h5").spins, Trajectory.load("T.h5").spins, atol=1e-12)
