"""Irreducible representations of bonds and chiralities on lattices, and networks of them."""

from collections import Counter

import numpy as np
import pytest
import torch

import sdglass
from sdglass import labelling
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.lattice_irreps import Environment, point_group, representations
from sdglass.forcefields.behler_parrinello.lattice_model import LatticeNetworkModel, LatticeNetworkSettings
from sdglass.forcefields.behler_parrinello.lattice_network import Descriptor
from sdglass.spins import random_spins, torque
from sdglass.structures.lattices import lattice

METAL = SDModel(3.0, 0.25, hopping=Shells())
SMALL = {"cutoff": 1.5, "bond_length": 1.0, "layers": (8,), "epochs": 4}


@pytest.fixture(scope="module")
def data():
    return [labelling.label(lattice("square", (6, 6)), METAL, 6, ("random", "quenched"), seed=1)]


@pytest.fixture(scope="module", params=["irreps", "raw"])
def model(request, data):
    settings = LatticeNetworkSettings(symmetry=request.param, **SMALL)
    return LatticeNetworkModel.fit(data, settings, seed=3)[0]


@pytest.mark.parametrize("target", ["torque", "field"])
@pytest.mark.parametrize("activation", ["silu", "relu"])
def test_what_the_loss_is_of_is_what_becomes_small(data, target, activation):
    told = {"layers": (32, 16), "epochs": 120, "weight_exponent": 0.0, "symmetry": "raw"}
    settings = LatticeNetworkSettings(**SMALL | told | {"target": target, "activation": activation})
    fitted, history = LatticeNetworkModel.fit(data, settings, seed=3)
    found = fitted.on(data[0].structure).evaluate(data[0].spins).field
    exact = data[0].field
    if target == "torque":
        found, exact = (torque(data[0].spins, field) for field in (found, exact))
    share = np.mean((found - exact) ** 2) / np.mean(exact**2)
    assert share < 1
    assert share == pytest.approx(history[-1]["train_loss"], rel=0.1)


@pytest.mark.parametrize("order", [4, 6])
def test_representations_multiply_as_the_group_does_and_are_orthogonal(order):
    group, irreps = point_group(order), representations(order)
    matrices = [g.matrix for g in group]
    for gamma in irreps.values():
        for a, one in enumerate(matrices):
            for b, other in enumerate(matrices):
                (c,) = [k for k, third in enumerate(matrices) if np.allclose(third, one @ other)]
                np.testing.assert_allclose(gamma[a] @ gamma[b], gamma[c], atol=1e-12)
    characters = np.array([np.trace(gamma, axis1=1, axis2=2) for gamma in irreps.values()])
    np.testing.assert_allclose(characters @ characters.T / len(group), np.eye(len(irreps)), atol=1e-12)
    assert sum(gamma.shape[1] ** 2 for gamma in irreps.values()) == len(group)


@pytest.mark.parametrize(
    ("name", "cutoff", "bonds", "chiralities"),
    [
        ("square", 1.0, {"A1": 1, "B1": 1, "E1": 1}, {"A2": 1, "B1": 1, "E1": 1}),
        ("square", 1.5, {"A1": 2, "B1": 1, "B2": 1, "E1": 2}, None),
        ("triangular", 1.0, {"A1": 1, "B1": 1, "E1": 1, "E2": 1}, {"A2": 1, "B1": 1, "E1": 1, "E2": 1}),
        ("triangular", 1.8, {"A1": 2, "B1": 1, "B2": 1, "E1": 2, "E2": 2}, None),
    ],
)
def test_orbits_hold_the_representations_of_group_theory(name, cutoff, bonds, chiralities):
    """4 bonds of C4v: A1 + B1 + E. 6 of C6v: A1 + B1 + E1 + E2. Chiralities: A2 instead of A1."""
    environment = Environment.of(lattice(name, (8, 8)), cutoff, 0.5, True)
    found = environment.components()
    assert Counter(gamma for gamma, _, _ in found[0]) == bonds
    if chiralities:
        assert Counter(gamma for gamma, _, _ in found[1]) == chiralities
    for components in found:
        rows = np.concatenate([rows for _, _, rows in components])
        np.testing.assert_allclose(rows @ rows.T, np.eye(rows.shape[1]), atol=1e-12)  # complete, orthonormal


def turned(structure, matrix):
    """Return where every site goes under a matrix about site 0."""
    positions = structure.positions - structure.positions[0]
    moved = positions.copy()
    moved[:, :2] = positions[:, :2] @ matrix.T
    away = structure.minimum_image((moved[:, None] - positions[None]).reshape(-1, 3)).reshape(*2 * [len(moved)], 3)
    return np.linalg.norm(away, axis=2).argmin(axis=1)


@pytest.mark.parametrize("name", ["square", "triangular"])
def test_features_have_every_symmetry_and_tell_mirror_images_of_spins_apart(name):
    structure = lattice(name, (6, 6))
    environment = Environment.of(structure, 1.8, 1.0, True)
    descriptor = Descriptor.of(environment, "irreps").double()
    table = torch.as_tensor(environment.table(structure))
    spins = random_spins(36, np.random.default_rng(0))

    def features(spins):
        return descriptor(torch.as_tensor(spins), table).numpy()

    plain = features(spins)
    np.testing.assert_allclose(features(-spins), plain, atol=1e-12)
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    np.testing.assert_allclose(features(spins @ rotation.T), plain, atol=1e-12)
    for element in point_group(environment.order):
        where = turned(structure, element.matrix)
        moved = np.empty_like(spins)
        moved[where] = spins
        np.testing.assert_allclose(features(moved)[where], plain, atol=1e-11)
    # The variables themselves are not even.
    raw = Descriptor.of(environment, "raw").double()
    wrong = raw(torch.as_tensor(-spins), table).numpy() - raw(torch.as_tensor(spins), table).numpy()
    assert np.abs(wrong).max() > 0.1


def test_the_field_is_the_gradient_of_the_energy_in_order_and_in_disorder(model):
    structure = lattice("square", (6, 6))
    force_field = model.on(structure)
    up = np.tile([0.0, 0.0, 1.0], (36, 1))
    sign = np.where(structure.positions.sum(axis=1).round() % 2, 1.0, -1.0)[:, None]
    rng = np.random.default_rng(2)
    for spins in (random_spins(36, rng), up, sign * up):
        evaluation = force_field.evaluate(spins)
        assert np.isfinite(evaluation.field).all()
        direction = np.cross(spins, rng.standard_normal(spins.shape))
        values = []
        for step in (1e-4, -1e-4):
            moved = spins + step * direction
            values.append(force_field.evaluate(moved / np.linalg.norm(moved, axis=1)[:, None]).energy[0])
        slope = -np.sum(evaluation.field[0] * direction)
        assert (values[0] - values[1]) / 2e-4 == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_training_lowers_the_loss_and_the_model_goes_through_its_file(data, model, tmp_path):
    _, history = LatticeNetworkModel.fit(data, LatticeNetworkSettings(**SMALL | {"epochs": 30}), seed=3)
    assert history[-1]["train_loss"] < 0.7 * history[0]["train_loss"]
    model.save(tmp_path / "M.safetensors")
    again = sdglass.load_model(tmp_path / "M.safetensors")
    structure, spins = lattice("square", (8, 6)), random_spins(48, np.random.default_rng(1))
    both = [one.on(structure).evaluate(np.stack([spins, -spins])) for one in (model, again)]
    np.testing.assert_array_equal(both[0].field, both[1].field)
    np.testing.assert_array_equal(both[0].energy, both[1].energy)
    assert "Behler-Parrinello network on a lattice" in dict(again.describe()).values()


def test_other_structures_are_refused(data, model):
    with pytest.raises(InputError, match="expected a square or triangular lattice with one along x"):
        Environment.of(lattice("honeycomb", (4, 4)), 1.5, 1.0, True)
    with pytest.raises(InputError, match="moments on all sites"):
        Environment.of(lattice("cubic", (4, 4, 4)), 1.5, 1.0, True)
    with pytest.raises(InputError, match=r"site \d+ has no neighbour at \(.*\) ell; expected the lattice"):
        model.on(lattice("triangular", (6, 6)))
    with pytest.raises(InputError, match="symmetry = 'C4v'; expected irreps or raw"):
        LatticeNetworkSettings(symmetry="C4v")
    with pytest.raises(InputError, match="target = 'energy'; expected torque or field"):
        LatticeNetworkSettings(target="energy")
