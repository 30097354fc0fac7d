"""A study in miniature: a few sites, a short descriptor, exact labels in milliseconds."""

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.forcefields.behler_parrinello.training_set import TrainingSet
from sdglass.forcefields.exact import ExactForceField
from sdglass.spins import random_spins
from sdglass.structures.amorphous import random_sequential_addition
from sdglass.structures.structure import Structure

# Shells one width apart: features that are independent enough to tell coefficients from each other.
SHORT = {
    "cutoff": 1.6,
    "shells": 6,
    "shell_start": 0.5,
    "shell_stop": 1.5,
    "width": 0.2,
    "pair_distances": (1.0,),
}
BONDS = SymmetryFunctions(**SHORT)
CHIRAL = SymmetryFunctions(**SHORT, chirality=True)
MODEL = SDModel()
REFERENCE = EnergyReference(-6.0, -0.08)  # second order: -J per site and -1 / (2 J) per t^2


def sites(n_sites=20, seed=0):
    """Return a structure at the paper's density."""
    return random_sequential_addition(n_sites, (n_sites / 0.8) ** (1 / 3), 0.5, np.random.default_rng(seed))


def triangular_lattice(nx, ny):
    """Return a triangular lattice of unit spacing in a plane, of an even number `ny` of rows."""
    y, x = np.divmod(np.arange(nx * ny), nx)
    positions = np.stack([x + 0.5 * (y % 2), y * 3**0.5 / 2, 0.0 * x], axis=1)
    return Structure(positions, [nx, ny * 3**0.5 / 2, max(nx, ny)])


def labelled(structure, engine, configurations, seed=0, model=MODEL):
    """Return random configurations labelled by an engine."""
    spins = random_spins(structure.n_sites, np.random.default_rng(seed), configurations)
    labels = engine.evaluate(spins)
    return LabelledConfigurations(
        structure, model, spins, labels.energy, labels.field, np.full(configurations, np.nan), {"seed": seed}
    )


def exact_data(realizations=3, configurations=6, n_sites=20):
    """Return exactly labelled random configurations of a few realizations."""
    structures = [sites(n_sites, seed) for seed in range(realizations)]
    return [labelled(s, ExactForceField(s, MODEL), configurations, 100 + k) for k, s in enumerate(structures)]


def training_set(data, functions, train, **kwargs):
    """Return the `TrainingSet` of datasets."""
    return TrainingSet(
        data, [build_feature_maps(d.structure, functions) for d in data], REFERENCE, train, **kwargs
    )


def random_network(functions, seed=0, layers=(12, 9), activation="silu", linear_term=False):
    """Return a double-precision network with random weights, standardisation and energy scale."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SiteEnergy(functions.n_features, layers, activation, linear_term).double()
        network.mean.copy_(0.1 * torch.randn(functions.n_features))
        network.mean[functions.n_bond :] = 0.0
        network.scale.copy_(0.2 + torch.rand(functions.n_features))
        network.energy_scale.fill_(10.0)
    return network
