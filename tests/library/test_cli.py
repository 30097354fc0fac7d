"""The command line: the library's own numbers, restarts, and one clear line for every kind of bad input."""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from workflow_runs import assert_ends_silently

from sdglass.cli.program import COMMANDS, build_parser, main
from sdglass.dynamics.llg import LLG
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.dynamics.trajectory import Trajectory, log_times
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions
from sdglass.forcefields.composite import SumForceField
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.pair import BilinearForceField, heisenberg
from sdglass.forcefields.pair_terms import DzyaloshinskiiMoriya, Heisenberg
from sdglass.forcefields.registry import load_force_field
from sdglass.forcefields.terms import UniaxialAnisotropy, Zeeman
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = SymmetryFunctions(cutoff=1.5, shells=4, shell_stop=1.4, width=0.3)
# What a committee of two folds writes about itself, see `NetworkModel.fit` and `NetworkModel.join`.
FOLDS = [
    {
        "fold": fold,
        "configurations": configurations,
        "structures": {"realizations": 2, "n_sites": [14], "density": [0.79, 0.81], "digests": ["a", f"b{fold}"]},
        "best": {"epoch": 7, "validation_torque_rmse": error, "validation_energy_rmse": 0.125},
    }
    for fold, configurations, error in ((0, 20, 6.5e-4), (1, 24, 7.5e-4))
]
INFO = {"name": "bond", "protocol": "realizations", "folds": 2}
ERRORS = {
    "test": {"random": {"rmse": 6e-4, "relative": 0.05}, "late": {"rmse": 2e-4, "relative": 0.125}},
    "test-500": {"random": {"rmse": 7e-4, "relative": 0.06}},
}


def network(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SiteEnergy(FUNCTIONS.n_features, [5, 4])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a structure, spins, and a committee, a network and a linear model."""
    folder = tmp_path_factory.mktemp("cli")
    random_sequential_addition(14, 2.6, 0.5, np.random.default_rng(7)).save(folder / "S.npz")
    np.save(folder / "SPINS.npy", random_spins(14, np.random.default_rng(1), 3))
    np.save(folder / "ONE.npy", np.load(folder / "SPINS.npy")[0])
    reference, electrons = EnergyReference(-6.0, -0.1), SDModel()
    networks = [network(1), network(2)]
    committee = NetworkModel(
        electrons, FUNCTIONS, [reference] * 2, networks, {**INFO, "parameters": 1, "members": FOLDS}, ERRORS
    )
    committee.save(folder / "committee.safetensors")
    NetworkModel(electrons, FUNCTIONS, [reference], networks[:1], {**INFO, **FOLDS[0]}).save(
        folder / "network.safetensors"
    )
    coefficients = np.random.default_rng(2).normal(size=FUNCTIONS.n_g2) * 0.01
    good = {"test": {"random": {"rmse": 6e-4, "relative": 0.05}}}
    pair = LinearModel(SDModel(filling=0.25), FUNCTIONS, coefficients, reference, errors=good)
    pair.save(folder / "pair.safetensors")
    (folder / "J.csv").write_text("i,j,J\n0,1,0.2\n2,3,-0.1\n")
    (folder / "D.csv").write_text("i,j,Dx,Dy,Dz\n0,1,0,0,0.1\n")
    return folder


@pytest.fixture
def folder(files, tmp_path, monkeypatch):
    """The same files in a folder of the test's own, which is the current one."""
    for path in files.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command):
    """Run `sdglass COMMAND`, given as it is typed, in this process."""
    return main(shlex.split(command))


def evaluate(engine, options=""):
    assert run(f"evaluate --engine {engine} --structure S.npz --spins SPINS.npy --out OUT.npz {options}") == 0
    with np.load("OUT.npz") as data:
        return dict(data)


# --- evaluate


def loaded(name, **options):
    return lambda structure: load_force_field(name, structure, **options)


def added(*makers):
    return lambda structure: SumForceField([make(structure) for make in makers])


@pytest.mark.parametrize(
    ("engine", "options", "made"),
    [
        ("exact", "", lambda structure: ExactForceField(structure, SDModel())),
        (
            "exact",
            "--coupling 2 --filling 0.25 --temperature 0.05",
            lambda structure: ExactForceField(structure, SDModel(2.0, 0.25, 0.05)),
        ),
        ("network.safetensors", "", loaded("network.safetensors")),
        ("committee.safetensors", "--dtype float32", loaded("committee.safetensors", dtype="float32")),
        ("committee.safetensors", "--members 1", loaded("committee.safetensors", members=[1])),
        (
            "pair.safetensors",
            """--filling 0.25 --coupling 6 --hopping '{"law": "yukawa"}'""",
            loaded("pair.safetensors"),
        ),
        (
            "exact",
            "--exchange 0.3 --exchange-cutoff 1.1",
            added(loaded("exact"), lambda structure: heisenberg(structure, 0.3, 1.1)),
        ),
        (
            "committee.safetensors",
            "--exchange 0.3 --exchange-cutoff 1.1",
            added(loaded("committee.safetensors"), lambda structure: heisenberg(structure, 0.3, 1.1)),
        ),
        (
            "committee.safetensors",
            "--field 0.1 0 -2e-2 --anisotropy 0.3 0 0 1 --exchange-table J.csv --dm-table D.csv",
            lambda structure: (
                load_force_field("committee.safetensors", structure)
                + Zeeman((0.1, 0, -0.02))
                + UniaxialAnisotropy(0.3, (0, 0, 1))
                + Heisenberg([0, 2], [1, 3], [0.2, -0.1])
                + DzyaloshinskiiMoriya([0], [1], (0, 0, 0.1))
            ),
        ),
    ],
)
def test_energies_and_fields_are_the_librarys(folder, engine, options, made):
    expected = vars(made(Structure.load("S.npz")).evaluate(np.load("SPINS.npy")))
    found = evaluate(engine, options)
    assert found["energy"].shape == (3,)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        # The same code on the same machine: only threads may change the order of sums.
        np.testing.assert_allclose(found[name], array, rtol=1e-13, atol=1e-13, err_msg=name)


def test_exact_lattice_with_another_hopping_law(folder):
    square_lattice(4, 3).save("S.npz")
    np.save("SPINS.npy", random_spins(12, np.random.default_rng(3), 3))
    law = {"law": "shells", "distances": [1], "amplitudes": [-1]}
    found = evaluate("exact", f"--hopping {shlex.quote(json.dumps(law))}")
    force_field = ExactForceField(square_lattice(4, 3), SDModel(hopping=Shells((1.0,), (-1.0,))))
    np.testing.assert_allclose(found["field"], force_field.evaluate(np.load("SPINS.npy")).field, atol=1e-13)


def test_the_coordination_is_printed(folder, capsys):
    run("structure --lattice square --cells 6 4 --out LATTICE.npz")
    np.save("UP.npy", np.tile([0.0, 0.0, 1.0], (24, 1)))
    law = shlex.quote(json.dumps({"law": "shells", "distances": [1, 2**0.5], "amplitudes": [-1, 0.1]}))
    command = "evaluate --engine exact --structure LATTICE.npz --spins UP.npy --out OUT.npz"
    assert run(f"{command} --hopping {law} --exchange=-1 --exchange-cutoff 1") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[-4:-1] == [
        "hopping: 4 neighbours at 1 ell, 4 neighbours at 1.41421 ell",
        "exchange: 4 neighbours up to 1 ell",
        "exact: by diagonalization",
    ]
    assert run(f"{command} --exchange-table J.csv") == 0
    assert "exchange of 2 pairs: -0.00416667 t0 per spin where all are parallel" in capsys.readouterr().out
    assert run(f"{command} --exchange=-1 --exchange-cutoff 0.9") == 2
    assert "no two sites are that near" in capsys.readouterr().err


def test_a_single_configuration_is_one_replica(folder):
    all_three = evaluate("exact")
    assert run("evaluate --engine exact --structure S.npz --spins ONE.npy --out OUT.npz") == 0
    with np.load("OUT.npz") as one:
        np.testing.assert_allclose(one["field"], all_three["field"][:1], rtol=0, atol=1e-13)


# --- quench

QUENCH = "--structure S.npz --out T.h5 --duration 6 --dt 0.5 --damping 0.5 --temperature 0.1 --seed 3"


@pytest.mark.parametrize("name", ["exact", "pair.safetensors"])
def test_quench_is_the_librarys(folder, name, capsys):
    options = "--replicas 2 --realization 4 --integrator semi_implicit --snapshots-per-decade 3"
    assert run(f"quench --engine {name} {QUENCH} {options}") == 0
    found = Trajectory.load("T.h5")
    expected = quench(
        load_force_field(name, Structure.load("S.npz")),
        random_initial_spins(14, 3, 4, range(2)),
        LLG(0.5, 0.1, 0.5, "semi_implicit"),
        6.0,
        seed=3,
        realization=4,
        snapshot_times=log_times(6.0, 0.5, 3),
    )
    np.testing.assert_array_equal(found.times, expected.times)
    np.testing.assert_allclose(found.spins, expected.spins, rtol=0, atol=1e-12)
    assert found.attributes["engine"] == name
    recorded = found.attributes["provenance"]
    assert recorded["parameters"]["electrons"]["filling"] == (0.5 if name == "exact" else 0.25)
    assert set(recorded["inputs"]) == {"S.npz", name} - {"exact"}
    assert not list(folder.glob("*checkpoint*"))
    assert capsys.readouterr().err == ""  # not a terminal


def test_initial_spins_from_a_file(folder):
    start = np.load("SPINS.npy")
    assert run(f"quench --engine pair.safetensors {QUENCH} --spins SPINS.npy") == 0
    np.testing.assert_allclose(Trajectory.load("T.h5").spins[0], start, rtol=0, atol=1e-15)
    assert run(f"quench --engine pair.safetensors {QUENCH} --spins ONE.npy --replicas 2 --overwrite") == 0
    trajectory = Trajectory.load("T.h5")
    np.testing.assert_allclose(trajectory.spins[0], [start[0]] * 2, rtol=0, atol=1e-15)
    assert np.abs(trajectory.spins[-1, 0] - trajectory.spins[-1, 1]).max() > 0.1  # each has noise of its own


class Interruption:
    """Raises KeyboardInterrupt in place of the n-th evaluation of the engine."""

    def __init__(self, monkeypatch, n):
        self.calls, self.n, self.evaluate = 0, n, BilinearForceField.evaluate
        monkeypatch.setattr(BilinearForceField, "evaluate", lambda engine, spins: self(engine, spins))

    def __call__(self, engine, spins):
        self.calls += 1
        if self.calls == self.n:
            raise KeyboardInterrupt
        return self.evaluate(engine, spins)


@pytest.mark.parametrize("place", ["", "--checkpoint elsewhere/state.h5"])
def test_an_interrupted_quench_goes_on(folder, monkeypatch, capsys, place):
    command = f"quench --engine pair.safetensors {QUENCH} --replicas 2 --checkpoint-interval 0 {place}"
    checkpoint = folder / (place.partition(" ")[2] or "T.h5.checkpoint")
    assert run(command) == 0
    whole = Trajectory.load("T.h5")
    os.unlink("T.h5")
    counter = Interruption(monkeypatch, 16)
    assert run(command) == 130
    assert "interrupted" in capsys.readouterr().err
    assert checkpoint.is_file()
    assert not os.path.exists("T.h5")
    assert run(command) == 0
    # 12 steps of 2 evaluations and the last snapshot are 25. The interruption, in step 8, cost the first
    # evaluation of that step and the one it replaced; another one recognises the engine.
    assert counter.calls == 25 + 2 + 1
    np.testing.assert_array_equal(Trajectory.load("T.h5").spins, whole.spins)
    assert not checkpoint.exists()


# --- structure, info, check


@pytest.mark.parametrize(
    ("options", "made"),
    [
        (
            "--n-sites 20 --box-length 3 --r-min 0.6 --seed 5 --realization 2",
            lambda: random_sequential_addition(20, 3.0, 0.6, generator(5, "structure", 2)),
        ),
        ("", lambda: random_sequential_addition(100, 5.0, 0.5, generator(0, "structure", 0))),  # the paper's
        ("--lattice square --cells 4 4", lambda: square_lattice(4)),
        ("--lattice square --cells 4 3 --spacing 1.5", lambda: square_lattice(4, 3, 1.5)),
        ("""--kind '{"kind": "lattice", "lattice": "square", "cells": [4, 3]}'""", lambda: square_lattice(4, 3)),
    ],
)
def test_structures_are_the_librarys(folder, options, made):
    assert run(f"structure {options} --out A.npz") == 0
    assert Structure.load("A.npz").digest() == made().digest()


def test_density_and_box_exclude_each_other(folder, capsys):
    assert run("structure --n-sites 50 --density 0.8 --out C.npz") == 0
    assert Structure.load("C.npz").density == pytest.approx(0.8, rel=1e-12)
    capsys.readouterr()
    refused("structure --density 0.8 --box-length 3 --out D.npz", "expected one of them", capsys)
    refused(
        "structure --lattice square --cells 4 4 --density 0.8 --out D.npz",
        "--density is of --amorphous, not of --lattice",
        capsys,
    )


def info(name, capsys):
    assert run(f"info {name}.safetensors") == 0
    return dict(re.split(r"  +", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())


def test_info_about_a_committee(folder, capsys):
    # G2 and G3: 4 (1 + 2 x 2) = 20 features; (20 + 1) 5 + (5 + 1) 4 + 4 + 1 parameters.
    assert info("committee", capsys) == {
        "kind": "committee of 2 networks",
        "name": "bond",
        "electrons": "coupling 6 t0, filling 0.5, temperature 0.001 t0",
        "hopping": "yukawa, amplitude 1.0, decay_length 1.0",
        "descriptor": "G2, G3: 20 features, cutoff 1.5 ell, 4 shells from 0.5 to 1.4 ell",
        "parameters": "134 each: layers 5-4, celu",
        "training structures": "3, of 14 sites, density 0.79 to 0.81 ell^-3",
        "configurations": "20 to 24",
        "protocol": "2 folds, held out by realizations",
        "fold 0": "validation torque RMSE 0.00065 t0, energy RMSE 0.125 t0 per configuration (epoch 7)",
        "fold 1": "validation torque RMSE 0.00075 t0, energy RMSE 0.125 t0 per configuration (epoch 7)",
        "torque errors": "rms (share of the rms torque) on structures that it was not fitted to:",
        "errors, test": "random 6.0e-04 t0 (5 %), late 2.0e-04 t0 (12 %)",
        "errors, test-500": "random 7.0e-04 t0 (6 %)",
    }


def test_check_of_a_bad_engine(folder, capsys, monkeypatch):
    right = BilinearForceField.evaluate

    def wrong(engine, spins):
        evaluation = right(engine, spins)
        return type(evaluation)(evaluation.energy, 2 * evaluation.field)

    monkeypatch.setattr(BilinearForceField, "evaluate", wrong)
    assert run("check --engine pair.safetensors --structure S.npz") == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if "FAILED" in line]
    assert [line.partition(":")[0] for line in failed] == ["finite_differences"]


# --- bad input

EVALUATE = "evaluate --engine exact --structure S.npz --spins SPINS.npy --out OUT.npz"
LAW = '\'{"law": "shells"}\''


def refused(command, message, capsys):
    """Assert one line on standard error, status 2, and nothing written."""
    before = {name: os.stat(name).st_mtime_ns for name in os.listdir()}
    assert run(command) == 2
    out, err = capsys.readouterr()
    assert re.fullmatch(r"(\S+: torque error up to .*\n)?", out)  # of a model that is used
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert re.search(message, err), err
    assert {name: os.stat(name).st_mtime_ns for name in os.listdir()} == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("--spins absent.npy", r"absent\.npy: no such file; expected an \.npy of shape \(14, 3\)"),
        ("--engine absent.safetensors", r"absent\.safetensors: no such file; expected 'exact' or a model"),
        ("--engine S.npz", r"S\.npz: .*safetensors file"),
        ("--structure SPINS.npy", r"SPINS\.npy: holds a single array"),
        ("--spins S.npz", r"S\.npz: an archive of several arrays"),
        ("--filling 1.5", r"filling = 1\.5; expected a number strictly between 0 and 1"),
        ("--filling 0.001", "14 sites means 0 electrons"),
        ("--coupling nan", "argument --coupling: nan; expected a finite number"),
        ("--temperature -1", r"-1; expected a finite number >= 0"),
        ("--hopping '{law: yukawa}'", "argument --hopping: {law: yukawa}; expected a JSON object"),
        (f"--hopping {LAW} --engine network.safetensors", "trained for other electrons .*yukawa.*against.*shells"),
        (
            "--engine pair.safetensors --filling 0.5",
            r"pair\.safetensors was trained for other electrons .*filling: 0\.25 against 0\.5",
        ),
        ("--exchange 0.1", "--exchange and --exchange-cutoff belong together"),
        ("--exchange 0.1 --exchange-cutoff -1", "--exchange-cutoff: -1; expected a finite number > 0"),
        (
            "--members 0 --engine pair.safetensors",
            r"members = \[0\] means nothing to a linear model; expected none",
        ),
        ("--field 0 0", "argument --field: expected 3 arguments"),
        ("--field 0 0 nan", "argument --field: nan; expected a finite number"),
        ("--anisotropy 1 0 0 0", r"axis = \[0\.0, 0\.0, 0\.0\]; expected a vector of a length > 0"),
        ("--exchange-table no.csv", r"no\.csv: no such file; expected a table with the columns i, j, J"),
        ("--dm-table J.csv", r"J\.csv: column 'Dx' is missing; it has i, j, J"),
        ("--exchange-table J.csv --out J.csv", r"J\.csv: would overwrite an input"),
        ("--dtype float32", "dtype = float32 means nothing to exact electrons; expected float64"),
        ("--dtype float16", r"argument --dtype: invalid choice: 'float16'"),
        ("--device cuda --engine network.safetensors", "device = 'cuda', but no GPU is available"),
        ("--workers 0", "argument --workers: 0; expected an integer >= 1"),
        ("--out S.npz", r"S\.npz: would overwrite an input"),
        ("--out .", "is a folder; expected the name of a regular file"),
        ("--out ONE.npy/OUT.npz", r"ONE\.npy is not a folder that can be written to"),
        ("--nonsense", r"unrecognized arguments: --nonsense \(see 'sdglass --help'\)"),
    ],
)
def test_bad_input_of_evaluate(folder, capsys, monkeypatch, change, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused(f"{EVALUATE} {change}", message, capsys)


def spoiled(what):
    """Return the bytes of a damaged SPINS.npy."""
    spins = np.load("SPINS.npy")
    if what == "not unit":
        spins[1, 4] *= 1.1
    elif what == "nan":
        spins[2, 13, 1] = np.nan
    elif what == "too many sites":
        spins = spins[:, [*range(14), 0]]
    elif what == "no replica":
        spins = spins[:0]
    elif what == "complex":
        spins = spins.astype(complex)
    elif what == "text":
        spins = np.full(spins.shape, "up")
    elif what == "pickle":
        spins = np.array([{"spins": 1}, None], dtype=object)
    np.save("BAD.npy", spins, allow_pickle=True)
    data = open("BAD.npy", "rb").read()
    if what == "truncated":
        return data[:-100]
    return b"PK\x03\x04junk" if what == "damaged archive" else data


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("not unit", r"BAD\.npy\[1, 4\] = .* has length 1\.1; expected unit vectors"),
        ("nan", r"BAD\.npy\[2, 13\] = .*nan.* is not finite"),
        ("too many sites", r"BAD\.npy has shape \(3, 15, 3\); expected \(14, 3\) or \(replicas, 14, 3\)"),
        ("no replica", r"BAD\.npy: has shape \(0, 14, 3\); expected at least one configuration"),
        ("complex", r"BAD\.npy: holds complex128; expected real numbers"),
        ("text", r"BAD\.npy: holds <U2; expected real numbers"),
        *((what, r"BAD\.npy: not a readable \.npy file") for what in ("pickle", "truncated", "damaged archive")),
    ],
)
def test_bad_spins(folder, capsys, what, message):
    data = spoiled(what)
    (folder / "BAD.npy").write_bytes(data)
    refused(f"{EVALUATE} --spins BAD.npy", message, capsys)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("--replicas 0", "argument --replicas: 0; expected an integer >= 1"),
        ("--replicas 2 --spins SPINS.npy", r"SPINS\.npy: 3 configurations for --replicas 2"),
        ("--duration 6.2", r"duration = 6\.2 is 12\.4 steps of time_step = 0\.5"),
        ("--seed -1", "argument --seed: -1; expected an integer >= 0"),
        ("--electron-temperature 0.01", "temperature: 0.001 against 0.01"),
        ("--integrator euler", "integrator 'euler' is unknown; expected one of heun, semi_implicit"),
        ("--checkpoint T.h5", r"T\.h5: would overwrite an input or another output"),
        ("--checkpoint X --no-checkpoint", "not allowed with argument"),
        ("--checkpoint SPINS.npy", r"SPINS\.npy: truncated or not HDF5"),
        ("--snapshots-per-decade 1e300", r"per_decade = 1e\+300; expected .* at most 10000"),
        ("--duration 1e300 --dt 1e-20", r"duration = 1e\+300 is more steps of time_step = 1e-20 than can be"),
        ("--replicas 1000000000000", "--replicas: 1000000000000; expected an integer >= 1 and <= 1000000000"),
        ("--workers 4", r"workers = 4 means nothing to pair\.safetensors; expected 1"),
        ("--damping 1e200", r"the integration diverged .* from t = 0; lower time_step = 0\.5.*damping = 1e\+200"),
    ],
)
def test_bad_input_of_quench(folder, capsys, change, message):
    refused(f"quench --engine pair.safetensors {QUENCH} {change}", message, capsys)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("nonsense", "invalid choice: 'nonsense'"),
        ("quench", "expected either --duration or --protocol"),
        ("quench --duration 1 --protocol P.yaml", "expected either --duration or --protocol"),
        ("info absent.safetensors", r"absent\.safetensors: no such file"),
        ("check --engine exact --structure S.npz --replicas 1", "--replicas: 1; expected an integer >= 2"),
        ("structure --r-min 2 --out A.npz", "random sequential addition jams"),
        ("structure --box-length nan --out A.npz", "--box-length: nan; expected a finite number > 0"),
        (
            "structure --lattice square --cells 2 2 2 --out A.npz",
            r"square lattice: cells = \[2, 2, 2\]; expected 2 pos",
        ),
        (
            "structure --lattice square --cells 2 2 --r-min 1 --out A.npz",
            "--r-min is of --amorphous, not of --lattice",
        ),
        (
            "structure --kind '{}' --out A.npz",
            r"structure kind None is unknown; expected one of amorphous, lattice",
        ),
        ("structure --kind square --out A.npz", "argument --kind: square; expected a JSON object"),
        ('structure --kind \'{"kind": "lattice", "n": 2}\' --out A.npz', "structure kind 'lattice': .*'n'"),
        (
            'structure --kind \'{"kind": "amorphous"}\' --r-min 1 --out A.npz',
            "--r-min is of --amorphous, not of --kind",
        ),
        (
            "structure --lattice squared --cells 2 2 --out A.npz",
            "lattice 'squared' is unknown; did you mean square",
        ),
        ("structure --lattice square --out A.npz", "--lattice needs --cells"),
        ("structure --lattice square --amorphous --cells 2 2 --out A.npz", "--lattice and --amorphous both"),
        (
            "structure --lattice square --cells 2 2 --occupancy 0.01 --out A.npz",
            "occupancy = 0.01 of 4 magnetic sites",
        ),
        ("structure --lattice square --cells 2 2 --seed 1 --out A.npz", "--seed is of random structures"),
        ("structure --from absent.cif --out A.npz", r"absent\.cif: no such file; expected a structure"),
        ("structure --from SPINS.npy --out A.npz", r"SPINS\.npy: not a structure that ASE can read"),
        ("structure --from S.npz --magnetic Mn --out A.npz", "the file names no species"),
        ("structure --plugin absent.py --out A.npz", r"plugin .*absent\.py: no such file"),
        ("structure --spacing 2 --out A.npz", "--spacing is of --lattice; expected"),
        ("structure --lattice square --cells 100000 100000 --out A.npz", "10000000000 sites; expected at most"),
        ("structure --n-sites 30000000 --r-min 0 --out A.npz", "30000000 sites .*more than the 20000000"),
        ("info .", r"error: \.: is a folder; expected a model"),
        ("evaluate --engine . --structure S.npz --spins SPINS.npy --out A.npz", r"--engine \.: is a folder"),
        ("evaluate --engine exact --structure S.npz --spins . --out A.npz", r"\.: is a folder; expected an .npy"),
    ],
)
def test_bad_input_of_other_commands(folder, capsys, command, message):
    refused(command, message, capsys)


def test_a_link_to_an_input_is_no_output(folder, capsys):
    os.symlink("SPINS.npy", "LINK.npz")
    refused(f"{EVALUATE} --out LINK.npz", r"LINK\.npz: would overwrite an input", capsys)


def limited(command, gigabytes=6):
    """Run `sdglass COMMAND` in a process of its own with so much memory."""
    size = gigabytes * 2**30
    return subprocess.run(
        [sys.executable, "-m", "sdglass.cli", *shlex.split(command)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size)),
    )


def test_what_does_not_fit_into_memory_is_one_line(folder):
    before = sorted(os.listdir())
    done = limited(
        "quench --engine pair.safetensors --structure S.npz --duration 1 --replicas 100000000 --out T.h5"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        r"error: not enough memory \(Unable to allocate .* with shape .*\); ask for fewer .*\n", done.stderr
    ), done.stderr
    assert sorted(os.listdir()) == before


# --- help, and the program itself


def test_every_example_in_the_help_is_understood(capsys):
    pages = {name: [name, "--help"] for name in COMMANDS} | {"": ["--help"]}
    for name, arguments in pages.items():
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        assert exit_.value.code == 0
        page = capsys.readouterr().out
        examples = re.findall(r"^  sdglass (.*)", page, re.MULTILINE)
        assert any(example.startswith(name) for example in examples)
        for example in examples:
            assert build_parser().parse_args(shlex.split(example)).run


@pytest.mark.slow
def test_every_example_in_the_help_runs_as_it_is_printed(folder, capsys):
    """Pasted into a shell, in a folder with the files that the examples name."""
    shutil.copy("pair.safetensors", "MODEL.safetensors")
    Path("results/paper").mkdir(parents=True)
    Path("results/paper/models").symlink_to(ROOT / "results" / "paper" / "models")
    small = Path("S.npz").read_bytes()
    program = shlex.join([sys.executable, "-m", "sdglass.cli"])
    for arguments in (["--help"], *([name, "--help"] for name in COMMANDS)):
        Path("S.npz").write_bytes(small)
        with pytest.raises(SystemExit):
            main(arguments)
        (example,) = re.findall(r"^example:.*\n((?:  .*\n)+)", capsys.readouterr().out, re.MULTILINE)
        python = shlex.quote(sys.executable)
        script = f'sdglass() {{ {program} "$@"; }}\npython() {{ {python} "$@"; }}\n{example}'
        done = subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), f"{example}{done.stderr}"


def test_the_program(folder):
    program = [sys.executable, "-m", "sdglass.cli"]
    options = "--workers 2 --spins SPINS.npy --out OUT.npz"
    command = [*program, *f"evaluate --engine exact --structure S.npz {options}".split()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "exact: by diagonalization\nOUT.npz: energy (3,), field (3, 14, 3)\n"
    with np.load("OUT.npz") as found:
        expected = ExactForceField(Structure.load("S.npz"), SDModel()).evaluate(np.load("SPINS.npy"))
        np.testing.assert_allclose(found["field"], expected.field, rtol=0, atol=1e-12)
    done = subprocess.run([*command, "--filling", "2"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: filling = 2.0; expected a number strictly between 0 and 1\n"


def test_a_reader_may_leave_early(folder):
    assert_ends_silently([sys.executable, "-m", "sdglass.cli", "info", "committee.safetensors"])


def test_ctrl_c_is_one_line_also_with_workers(folder):
    options = "--duration 100000 --workers 2 --checkpoint-interval 0 --no-progress --out T.h5"
    command = f"{sys.executable} -m sdglass.cli quench --engine exact --structure S.npz {options}"
    # A session of its own, so that the signal reaches all its processes, as from a terminal, and no others. Where
    # the tests run in the background of a shell they inherit that interrupts are ignored.
    process = subprocess.Popen(
        command.split(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        deadline = time.monotonic() + 60
        while not os.path.exists("T.h5.checkpoint"):  # by then the workers have worked
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=60)[1] == "error: interrupted\n"
        assert process.returncode == 130
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
