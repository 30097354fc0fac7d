"""The Behler-Parrinello network and its engine."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_study import BONDS, CHIRAL, MODEL, REFERENCE, random_network, sites

from sdglass.electrons.hopping import Yukawa
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.settings import PAPER_LAYERS
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.forcefields.testing.check import check_engine
from sdglass.spins import random_spins

# The engine reaches 2 x 1.2 ell, so a box of 5 ell has pairs beyond it.
NEAR = {"cutoff": 1.2, "shells": 5, "shell_start": 0.5, "shell_stop": 1.1, "width": 0.2, "pair_distances": (0.8,)}


def status(results):
    return {result.name: "skipped" if result.skipped else result.passed for result in results}


def factory(functions, dtype=torch.float64, **kwargs):
    network = random_network(functions, **kwargs)
    return lambda structure: NetworkForceField(structure, network, functions, -3.0, dtype=dtype)


def test_the_paper_s_network_has_two_and_a_quarter_million_parameters():
    assert PAPER_LAYERS == (1024, 1024, 512, 256, 128, 128, 128, 128)
    widths = [450, *PAPER_LAYERS, 1]
    weights_and_biases = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    network = SiteEnergy(SymmetryFunctions(chirality=True).n_features)
    assert network.n_parameters == weights_and_biases
    assert network.n_parameters == pytest.approx(2.25e6, rel=0.01)


@pytest.mark.parametrize(
    ("activation", "at_minus_one"),
    [("relu", 0.0), ("celu", np.exp(-1.0) - 1.0), ("silu", -1.0 / (1.0 + np.exp(1.0)))],
)
def test_activation_is_a_setting(activation, at_minus_one):
    network = SiteEnergy(1, (1,), activation).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0 if parameter.ndim == 2 else 0.0)
    assert network(torch.tensor([[-1.0]], dtype=torch.float64)).item() == pytest.approx(at_minus_one, abs=1e-15)


@pytest.mark.parametrize("linear_term", [False, True])
@pytest.mark.parametrize("activation", ["relu", "celu", "silu"])
def test_the_gradient_by_hand_is_that_of_automatic_differentiation(activation, linear_term):
    network = random_network(BONDS, activation=activation, linear_term=linear_term)
    z = torch.as_tensor(np.random.default_rng(0).standard_normal((2, 5, BONDS.n_features)))
    before = z.clone()
    energy, gradient = network.energy_and_gradient(z)
    assert not energy.requires_grad
    assert not gradient.requires_grad
    expected_energy, expected = network.energy_and_gradient(z, create_graph=True)
    assert energy.shape == (2, 5)
    assert gradient.shape == z.shape
    torch.testing.assert_close(energy, expected_energy.detach(), rtol=0, atol=1e-13)
    torch.testing.assert_close(gradient, expected.detach(), rtol=0, atol=1e-13)
    assert torch.equal(z, before)
    # What the engine hands over: another order of the axes in memory.
    permuted = z.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert torch.equal(network.energy_and_gradient(permuted)[1], gradient)


def test_linear_start_is_the_linear_model():
    """The linear term takes over the coefficients, and standardisation leaves no trace of itself."""
    structure = sites()
    maps = build_feature_maps(structure, BONDS)
    coefficients = np.random.default_rng(1).standard_normal(BONDS.n_bond)
    model = LinearModel(MODEL, BONDS, coefficients, REFERENCE)
    network = random_network(BONDS, linear_term=True)
    network.start_from_linear(coefficients)
    engine = NetworkForceField(structure, network, BONDS, REFERENCE.energy(structure, Yukawa()), maps)
    spins = random_spins(structure.n_sites, np.random.default_rng(2), 2)
    mine, linear = engine.evaluate(spins), model.on(structure, descriptor=maps).evaluate(spins)
    np.testing.assert_allclose(mine.field, linear.field, atol=1e-12)
    np.testing.assert_allclose(mine.energy, linear.energy, atol=1e-11)
    values, first, second = engine.pair_couplings(spins)
    np.testing.assert_allclose(values, np.tile(model.couplings(maps), (2, 1)), atol=1e-12)
    assert (first < second).all()
    # Fewer coefficients than features: the rest starts at zero.
    network.start_from_linear(coefficients[: BONDS.n_g2])
    pair = replace(model, coefficients=coefficients[: BONDS.n_g2]).on(structure, descriptor=maps)
    field = NetworkForceField(structure, network, BONDS, maps=maps).evaluate(spins).field
    np.testing.assert_allclose(field, pair.evaluate(spins).field, atol=1e-12)


def test_linear_start_needs_a_linear_term():
    with pytest.raises(InputError, match="linear_term = False"):
        random_network(BONDS).start_from_linear(np.ones(3))
    with pytest.raises(InputError, match="cannot start from 99 linear coefficients"):
        random_network(BONDS, linear_term=True).start_from_linear(np.ones(99))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("chirality", [False, True])
def test_engine_keeps_its_contract(dtype, chirality):
    functions = SymmetryFunctions(**NEAR, chirality=chirality)
    make = factory(functions, getattr(torch, dtype), linear_term=chirality)
    outcome = status(check_engine(make, sites(100), dtype=dtype))
    assert set(outcome.values()) == {True}
    assert ("time_reversal" in make(sites(5)).symmetries) == (not chirality)


@pytest.mark.parametrize(("chirality", "activation"), [(False, "celu"), (True, "silu")])
def test_engine_on_a_box_smaller_than_its_reach(chirality, activation):
    functions = CHIRAL if chirality else BONDS
    outcome = status(check_engine(factory(functions, activation=activation), sites(14)))
    assert outcome.pop("cutoff") == "skipped"
    assert set(outcome.values()) == {True}


def test_energy_is_the_sum_of_site_energies_and_the_reference():
    structure = sites()
    network = random_network(CHIRAL)
    spins = random_spins(structure.n_sites, np.random.default_rng(3), 2)
    z = (build_feature_maps(structure, CHIRAL).features(spins) - network.mean.numpy()) / network.scale.numpy()
    expected = network(torch.as_tensor(z)).sum(1).detach().numpy() - 3.0
    np.testing.assert_allclose(factory(CHIRAL)(structure).evaluate(spins).energy, expected, atol=1e-11)


def test_engine_does_not_follow_later_training():
    """The engine holds its own copy: training on does not change it, and it changes no gradients there."""
    structure = sites()
    network = random_network(BONDS)
    engine = NetworkForceField(structure, network, BONDS)
    spins = random_spins(structure.n_sites, np.random.default_rng(5), 1)
    before = engine.evaluate(spins)
    with torch.no_grad():
        network.output.weight.add_(1.0)
    np.testing.assert_array_equal(engine.evaluate(spins).field, before.field)
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_pair_couplings_are_derivatives_with_respect_to_bonds():
    """Bond variables taken as independent: dE/db by finite differences."""
    structure = sites()
    maps = build_feature_maps(structure, BONDS)
    network = random_network(BONDS)
    spins = random_spins(structure.n_sites, np.random.default_rng(6), 1)
    values, first, second = NetworkForceField(structure, network, BONDS, maps=maps).pair_couplings(spins)
    bonds = np.einsum("pa,pa->p", spins[0, first], spins[0, second])

    def energy(b):
        z = ((maps.bonds @ b).reshape(structure.n_sites, -1) - network.mean.numpy()) / network.scale.numpy()
        return network(torch.as_tensor(z)).sum().item()

    assert values.shape == (1, len(first))
    for p in np.random.default_rng(7).choice(len(first), 8, replace=False):
        step = np.zeros(len(first))
        step[p] = 1e-4
        slope = (energy(bonds + step) - energy(bonds - step)) / 2e-4
        assert values[0, p] == pytest.approx(slope, abs=1e-6)  # the step's error is h^2 E''' / 6, about 1e-8


def test_maps_of_another_descriptor_or_structure_are_refused():
    structure = sites()
    network = random_network(BONDS)
    with pytest.raises(InputError, match=r"maps of 20 sites .* expected 20 sites"):
        NetworkForceField(structure, network, BONDS, maps=build_feature_maps(structure, CHIRAL))
    with pytest.raises(InputError, match="maps of 14 sites"):
        NetworkForceField(structure, network, BONDS, maps=build_feature_maps(sites(14), BONDS))
