"""Model files: they carry what is needed, and damaged or foreign ones are refused by name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_study import BONDS, CHIRAL, MODEL, REFERENCE, random_network, sites

from sdglass.electrons.hopping import Shells, Yukawa
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.composite import CommitteeForceField
from sdglass.forcefields.model_file import read_tensors, write_tensors
from sdglass.forcefields.registry import load_force_field, load_model
from sdglass.spins import random_spins, torque

ROOT = Path(__file__).resolve().parents[2]
REFERENCES = [EnergyReference(-6.0 - 0.01 * m, -0.08) for m in range(3)]


def committee(functions=CHIRAL):
    networks = [random_network(functions, seed).float() for seed in range(3)]
    return NetworkModel(MODEL, functions, REFERENCES, networks, {"name": "test", "folds": 3})


def linear():
    coefficients = np.random.default_rng(0).standard_normal(BONDS.n_bond)
    return LinearModel(MODEL, BONDS, coefficients, REFERENCE, {"name": "linear"})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    committee().save(path)
    return path


@pytest.fixture(scope="module")
def spins():
    return random_spins(20, np.random.default_rng(1), 2)


@pytest.mark.parametrize("hopping", [Yukawa(1.0, 0.8), Shells((1.0,), (-1.0,))])
def test_the_electrons_are_carried_along(tmp_path, hopping):
    electrons = SDModel(5.0, 0.45, 0.01, hopping)
    NetworkModel(electrons, BONDS, [REFERENCE], [random_network(BONDS)]).save(tmp_path / "m.safetensors")
    assert NetworkModel.load(tmp_path / "m.safetensors").electrons == electrons


def test_equal_models_are_equal_bytes(tmp_path):
    contents = set()
    for attempt in range(8):
        committee().save(tmp_path / f"{attempt}.safetensors")
        contents.add((tmp_path / f"{attempt}.safetensors").read_bytes())
    assert len(contents) == 1


def test_committee_engine_from_a_file(path, spins):
    structure = sites()
    engine = load_force_field(path, structure)
    assert isinstance(engine, CommitteeForceField)
    members = [load_force_field(path, structure, members=[m]) for m in range(3)]
    assert all(isinstance(member, NetworkForceField) for member in members)
    parts = [member.evaluate(spins) for member in members]
    for part, network, reference in zip(parts, committee().networks, REFERENCES, strict=True):
        alone = NetworkForceField(structure, network, CHIRAL, reference.energy(structure, MODEL.hopping)).evaluate(
            spins
        )
        np.testing.assert_allclose(part.energy, alone.energy, rtol=1e-13)
        np.testing.assert_allclose(part.field, alone.field, atol=1e-13)
    mine = engine.evaluate(spins)
    fields, energies = np.array([p.field for p in parts]), np.array([p.energy for p in parts])
    torques = np.array([torque(spins, field) for field in fields])
    np.testing.assert_allclose(mine.energy, energies.mean(0), rtol=1e-13)
    np.testing.assert_allclose(mine.field, fields.mean(0), atol=1e-13)
    np.testing.assert_allclose(mine.field_spread, fields.std(0, ddof=1), atol=1e-12)
    np.testing.assert_allclose(mine.energy_spread, energies.std(0, ddof=1), atol=1e-10)
    np.testing.assert_allclose(mine.torque_spread, torques.std(0, ddof=1), atol=1e-12)
    assert mine.torque_spread.min() > 0
    pair = load_force_field(path, structure, members=[2, 0]).evaluate(spins)
    np.testing.assert_allclose(pair.field, fields[[0, 2]].mean(0), atol=1e-13)


# What is refused


@pytest.mark.parametrize(
    ("asked", "difference"),
    [
        (SDModel(coupling=5.0), "coupling: 6.0 against 5.0"),
        (SDModel(hopping=Shells()), "hopping: .*yukawa.* against .*shells"),
    ],
)
def test_other_electrons_are_refused(path, asked, difference):
    with pytest.raises(InputError, match=rf"model\.safetensors was trained for other electrons .*{difference}"):
        load_force_field(path, sites(), asked)
    load_force_field(path, sites(), SDModel())


def test_settings_that_cannot_be_met_are_refused(path):
    with pytest.raises(InputError, match="dtype = 'float16'; expected one of float64, float32"):
        load_force_field(path, sites(), dtype="float16")
    with pytest.raises(InputError, match=r"member 3 is not in the committee: it holds networks 0 to 2"):
        load_force_field(path, sites(), members=[0, 3])
    with pytest.raises(InputError, match="no force fields given"):
        load_force_field(path, sites(), members=[])
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="device = 'cuda', but no GPU is available"):
            load_force_field(path, sites(), device="cuda")


def test_foreign_file_is_named(path):
    save_file(load_file(path), path, {"format": "pt"})
    with pytest.raises(InputError, match=r"model\.safetensors: safetensors file without 'sdglass' metadata"):
        NetworkModel.load(path)
    save_file(load_file(path), path, {"sdglass": "[1, 2]"})
    with pytest.raises(InputError, match=r"model\.safetensors: damaged, its 'sdglass' metadata"):
        NetworkModel.load(path)
    path.write_text("not safetensors at all")
    with pytest.raises(InputError, match=r"model\.safetensors: damaged, or not a safetensors file"):
        NetworkModel.load(path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda tensors, header: tensors.pop("member1.output.weight"), "Missing key.*output.weight"),
        (
            lambda tensors, header: tensors.update({"member0.mean": np.zeros(3, np.float32)}),
            "size mismatch for mean",
        ),
        (lambda tensors, header: header.pop("functions"), "functions"),
        (lambda tensors, header: header["functions"].update(shells=7), "network model of 30 features"),
        (lambda tensors, header: header["references"].pop(), "2 energy references for 3 networks"),
        (lambda tensors, header: header["sd_model"]["hopping"].update(law="lattice"), "hopping law 'lattice'"),
        (
            lambda tensors, header: header.update(format=NetworkModel.format + 1),
            f"format {NetworkModel.format + 1}; this version reads",
        ),
        (lambda tensors, header: header.pop("format"), "format None; this version reads"),
        (lambda tensors, header: header.update(info=3), "expected info and errors"),
    ],
)
def test_inconsistent_file_is_named(path, edit, message):
    tensors, header = read_tensors(path)
    edit(tensors, header)
    write_tensors(path, tensors, header)
    with pytest.raises(InputError, match=rf"model\.safetensors: (model file is inconsistent .*)?{message}"):
        NetworkModel.load(path)


def test_linear_model_of_a_wrong_length_is_refused(tmp_path):
    model = linear()
    path = tmp_path / "linear.safetensors"
    model.save(path)
    tensors, header = read_tensors(path)
    write_tensors(path, {"coefficients": tensors["coefficients"][:-1]}, header)
    with pytest.raises(InputError, match="a linear model of 17 features; its symmetry functions make 6 or 18"):
        LinearModel.load(path)


def test_errors_on_held_out_structures_are_kept(tmp_path):
    errors = {"test": {"random": {"rmse": 1e-3, "relative": 0.05}}}
    replace(linear(), errors=errors).save(tmp_path / "m.safetensors")
    assert load_model(tmp_path / "m.safetensors").errors == errors
    tensors, header = read_tensors(tmp_path / "m.safetensors")
    del header["errors"]  # as files of before
    write_tensors(tmp_path / "m.safetensors", tensors, header)
    assert load_model(tmp_path / "m.safetensors").errors == {}


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (linear(), {"dtype": "float32"}, "dtype = float32 means nothing to a linear model; expected float64"),
        (linear(), {"device": "cuda"}, "device = cuda means nothing to a linear model; expected cpu"),
        (linear(), {"members": [0]}, r"members = \[0\] means nothing to a linear model; expected none"),
        (committee(), {"threads": 2}, "threads = 2 means nothing to a network; expected none"),
    ],
)
def test_options_that_mean_nothing_are_refused(model, options, message):
    with pytest.raises(InputError, match=message):
        model.on(sites(), **options)


def test_cached_descriptors_are_used_and_others_refused():
    structure = sites()
    for model in (linear(), committee(BONDS)):
        spins = random_spins(20, np.random.default_rng(1), 2)
        cached = model.on(structure, descriptor=build_feature_maps(structure, BONDS)).evaluate(spins)
        np.testing.assert_array_equal(cached.field, model.on(structure).evaluate(spins).field)
        with pytest.raises(InputError, match="maps of 14 sites"):
            model.on(structure, descriptor=build_feature_maps(sites(14), BONDS))
    with pytest.raises(InputError, match="descriptor = given means nothing to exact electrons"):
        load_force_field("exact", structure, descriptor=build_feature_maps(structure, BONDS))


def test_unknown_kinds_are_named(path):
    tensors, header = read_tensors(path)
    for kind in ("transformer", None, ["network"]):
        write_tensors(path, tensors, header | {"kind": kind})
        with pytest.raises(InputError, match=r"model\.safetensors: a model of kind .*; expected one of .*network"):
            load_model(path)


@pytest.mark.parametrize("name", ["pair", "linear", "locator", "small"])
def test_files_of_the_first_study_are_read(name):
    model = load_model(ROOT / "results" / "paper" / "models" / f"{name}.safetensors")
    assert dict(model.describe())["name"] == name
    assert model.errors == {} or "test" in model.errors
