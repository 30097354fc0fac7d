"""The temperature by equipartition: of free spins in a field, and of magnets behind a thermostat."""

import numpy as np
import pytest

from sdglass import LLG, lattice, quench
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation
from sdglass.observables.spin_temperature import spin_temperature


class Zeeman:
    """E = -h sum_i S_i . z, whose Laplacian is 2 h sum_i S_i . z."""

    def __init__(self, structure, field):
        self.structure, self.field = structure, field

    def evaluate(self, spins):
        field = np.broadcast_to([0.0, 0.0, self.field], spins.shape)
        return Evaluation(-self.field * spins[..., 2].sum(axis=1), field.copy())


@pytest.mark.parametrize("temperature", [0.3, 3.0])
def test_free_spins_in_a_field(temperature):
    """Drawn from their Boltzmann distribution, in cos theta."""
    n, field, rng = 20000, 1.5, np.random.default_rng(1)
    beta = field / temperature
    z = np.log(np.exp(-beta) + rng.uniform(size=(2, n)) * (np.exp(beta) - np.exp(-beta))) / beta
    azimuth = rng.uniform(0, 2 * np.pi, size=(2, n))
    across = np.sqrt(1 - z**2)
    spins = np.stack([across * np.cos(azimuth), across * np.sin(azimuth), z], axis=2)
    zeeman = Zeeman(lattice("square", (100, 200)), field)
    found = spin_temperature(zeeman, spins)
    np.testing.assert_allclose(found, temperature, rtol=0.04)
    exactly = field * (1 - z**2).sum(axis=1) / (2 * z.sum(axis=1))
    np.testing.assert_allclose(found, exactly, rtol=1e-6)  # a linear energy leaves nothing to the random turns


def test_a_thermostat_keeps_its_temperature():
    """Neighbours that are coupled: the Laplacian of the sum is what random turns are for."""
    sheet = lattice("square", (20, 20))
    square = np.arange(400).reshape(20, 20)
    near = np.stack([np.roll(square, step, axis).ravel() for axis in (0, 1) for step in (1, -1)], axis=1)

    class Heisenberg:
        structure = sheet

        def evaluate(self, spins):
            field = 0.1 * spins[:, near].sum(axis=2)
            return Evaluation(-0.5 * np.einsum("rna,rna->r", spins, field), field)

    up = np.broadcast_to([0.0, 0.0, 1.0], (4, 400, 3)).copy()
    run = quench(Heisenberg(), up, LLG(damping=0.5, temperature=0.02, time_step=0.1), 100.0, seed=3)
    found = [spin_temperature(Heisenberg(), spins, seed=k) for k, spins in enumerate(run.spins[-4:])]
    assert np.mean(found) == pytest.approx(0.02, rel=0.05)
    with pytest.raises(InputError, match="expected"):
        spin_temperature(Heisenberg(), up[:, :300])
