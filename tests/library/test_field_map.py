"""Fields and torques of the sparse maps against automatic differentiation through the whole descriptor."""

import numpy as np
import pytest
import torch
from small_study import BONDS, CHIRAL, random_network, sites

from sdglass.forcefields.behler_parrinello.operators import FieldMap
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.spins import random_spins, torque
from sdglass.structures.lattices import square_lattice


def tensors(functions, standardised=True, dtype=torch.float64):
    """Return a structure's maps, their operator, a network and three spin configurations."""
    structure = sites()
    maps = build_feature_maps(structure, functions)
    network = random_network(functions)
    standard = (network.mean.numpy(), network.scale.numpy()) if standardised else ()
    operator = FieldMap(maps, dtype, "cpu", *standard)
    spins = torch.as_tensor(random_spins(structure.n_sites, np.random.default_rng(1), 3), dtype=dtype)
    return maps, operator, network.to(dtype), spins


def by_autograd(operator, network, spins, create_graph=False):
    """Return -dE/dS by differentiating energy(features(spins)), the descriptor included."""
    spins = spins.clone().requires_grad_(True)
    energy = network(operator.features(spins)).sum()
    return -torch.autograd.grad(energy, spins, create_graph=create_graph)[0]


@pytest.mark.parametrize("functions", [BONDS, CHIRAL], ids=["bonds", "chirality"])
@pytest.mark.parametrize("standardised", [True, False])
def test_features_are_those_of_the_numpy_maps(functions, standardised):
    maps, operator, network, spins = tensors(functions, standardised)
    expected = maps.features(spins.numpy())
    if standardised:
        expected = (expected - network.mean.numpy()) / network.scale.numpy()
    assert operator.features(spins).shape == (3, 20, functions.n_features)
    np.testing.assert_allclose(operator.features(spins).numpy(), expected, atol=1e-13)


@pytest.mark.parametrize("functions", [BONDS, CHIRAL], ids=["bonds", "chirality"])
@pytest.mark.parametrize("standardised", [True, False])
def test_field_and_torque_are_the_derivative_of_the_energy(functions, standardised):
    _, operator, network, spins = tensors(functions, standardised)
    _, gradient = network.energy_and_gradient(operator.features(spins))
    expected = by_autograd(operator, network, spins)
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(operator.field(gradient, spins), expected, rtol=0, atol=1e-10)
    torch.testing.assert_close(
        operator.torque(gradient, spins),
        torch.as_tensor(torque(spins.numpy(), expected.numpy())),
        rtol=0,
        atol=1e-10,
    )


@pytest.mark.parametrize("lattice", [None, square_lattice(3, 2)], ids=["amorphous", "lattice"])
@pytest.mark.parametrize("functions", [BONDS, CHIRAL], ids=["bonds", "chirality"])
def test_the_torque_is_differentiable_in_the_gradient(functions, lattice):
    """`_Torque` has its transpose written by hand; gradcheck compares it with finite differences."""
    structure = sites(6) if lattice is None else lattice
    operator = FieldMap(build_feature_maps(structure, functions))
    rng = np.random.default_rng(2)
    spins = torch.as_tensor(random_spins(6, rng, 2))
    gradient = torch.as_tensor(rng.standard_normal((2, 6, functions.n_features))).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda g: operator.torque(g, spins), (gradient,), atol=1e-8)


@pytest.mark.parametrize("functions", [BONDS, CHIRAL], ids=["bonds", "chirality"])
@pytest.mark.parametrize("activation", ["celu", "silu"])
def test_weights_feel_the_torque_through_the_whole_network(functions, activation):
    """The double backward: d(torque loss)/d(weights) by the sparse map and by full automatic differentiation."""
    maps, _, _, spins = tensors(functions)
    network = random_network(functions, activation=activation)
    operator = FieldMap(maps, torch.float64, "cpu", network.mean.numpy(), network.scale.numpy())
    target = torch.as_tensor(np.random.default_rng(3).standard_normal(spins.shape))
    weights = list(network.parameters())

    _, gradient = network.energy_and_gradient(operator.features(spins), create_graph=True)
    loss = ((operator.torque(gradient, spins) - target) ** 2).sum()
    mine = torch.autograd.grad(loss, weights, allow_unused=True)
    field = by_autograd(operator, network, spins, create_graph=True)
    loss_of_autograd = ((torch.linalg.cross(spins, field) - target) ** 2).sum()
    expected = torch.autograd.grad(loss_of_autograd, weights, allow_unused=True)
    assert loss.item() == pytest.approx(loss_of_autograd.item(), rel=1e-12)
    for one, other in zip(mine, expected, strict=True):
        if other is None:  # the output's bias moves no torque
            assert one is None
        else:
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
    assert sum(value is None for value in mine) == 1
