"""The same numbers on every device: networks, their training and quenches with them against the CPU's.

On a machine without a GPU the cases of ``cuda`` are skipped; the others see to it that the tests themselves run.
"""

import numpy as np
import pytest
import torch
from small_study import BONDS, CHIRAL, exact_data, random_network, sites, training_set

from sdglass.dynamics.llg import LLG
from sdglass.dynamics.quench import quench
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.settings import TrainingSettings
from sdglass.forcefields.behler_parrinello.training import train_network
from sdglass.spins import random_spins

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is available")),
]
# Single precision, relative: sums in another order.
ROUNDING = 2e-5


def relative_difference(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("functions", [BONDS, CHIRAL], ids=["bonds", "chirality"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, ROUNDING)])
def test_energies_and_fields(device, functions, dtype, tolerance):
    structure = sites(40)
    spins = random_spins(40, np.random.default_rng(1), 5)
    network = random_network(functions, linear_term=True)
    expected = NetworkForceField(structure, network, functions).evaluate(spins)
    found = NetworkForceField(structure, network, functions, dtype=dtype, device=device).evaluate(spins)
    assert relative_difference(found.energy, expected.energy) < tolerance
    assert relative_difference(found.field, expected.field) < tolerance


def trained(device, **options):
    """Return a network trained on `device` with double precision, and its history."""
    data = exact_data(3, 4)
    samples = np.array([(r, c) for r in range(2) for c in range(4)])
    validation = np.array([(2, c) for c in range(4)])
    prepared = training_set(data, CHIRAL, samples, device=device, dtype=torch.float64)
    network = {"layers": (10, 8), "activation": "silu", "linear_term": True}
    settings = TrainingSettings(batch=4, epochs=4, learning_rate=3e-3)
    return train_network(prepared, samples, validation, network, settings, seed=1, **options)


def assert_same_network(one, other):
    for value, expected in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
def test_training(device):
    """The same steps from the same weights."""
    (expected, history), (found, rows) = trained("cpu"), trained(device)
    assert {value.device.type for value in found.state_dict().values()} == {"cpu"}
    losses, others = ([row["validation_loss"] for row in table] for table in (rows, history))
    np.testing.assert_allclose(losses, others, rtol=1e-8)
    assert losses[-1] < losses[0]
    assert_same_network(found, expected)


@pytest.mark.parametrize("device", DEVICES)
def test_quench(device):
    """Without noise of the device: it is drawn on the CPU, so that a trajectory is the same up to rounding."""
    structure, network = sites(30), random_network(BONDS)
    spins = random_spins(30, np.random.default_rng(2), 3)
    dynamics = LLG(damping=0.5, temperature=0.01, time_step=0.1)
    expected = quench(NetworkForceField(structure, network, BONDS), spins, dynamics, 4.0, seed=5)
    found = quench(NetworkForceField(structure, network, BONDS, device=device), spins, dynamics, 4.0, seed=5)
    np.testing.assert_allclose(found.spins, expected.spins, atol=1e-6)  # float32 is what is kept of them
    np.testing.assert_allclose(found.energy, expected.energy, rtol=1e-9)
    assert np.abs(found.spins[-1] - found.spins[0]).max() > 0.1
