"""Time of a training step of the paper's network against its matrix products alone.

A step is what `sdglass.forcefields.behler_parrinello.training` does: loss on energies and torques (Eq. 19),
backward, Adam; eight configurations of N = 100, drawn from ten realizations. Its matrix products, per layer: one
forward, one for the gradient with respect to the features, and four for the derivative of both (with respect to
the weights twice, the activations, the gradient); three in the first layer, whose activations are the features.
The descriptor, the activations and the optimiser are all extra.
"""

import numpy as np
import torch

from sdglass.dataset import LabelledConfigurations
from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.settings import TrainingSettings
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.behler_parrinello.training_set import TrainingSet
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass_study.benchmarks.measuring import (
    DESCRIPTOR,
    against_products,
    network,
    options,
    products,
    structure,
    use_threads,
    write_rows,
)

TARGET = 2.0
N_SITES, REALIZATIONS, CONFIGURATIONS = 100, 10, 16


def training_set(n_sites, realizations, configurations, seed):
    """Return a `TrainingSet` and its samples; the labels are random, no time depends on them."""
    data = []
    for realization in range(realizations):
        rng = generator(seed, "training benchmark", realization)
        spins = random_spins(n_sites, rng, configurations)
        energy, field = rng.standard_normal(configurations), 0.01 * rng.standard_normal(spins.shape)
        sites, time = structure(n_sites, seed + realization), np.full(configurations, np.nan)
        data.append(LabelledConfigurations(sites, SDModel(), spins, energy, field, time, {}))
    maps = [build_feature_maps(labelled.structure, DESCRIPTOR) for labelled in data]
    samples = np.array([(r, c) for r in range(realizations) for c in range(configurations)])
    return TrainingSet(data, maps, EnergyReference(0.0, 0.0), samples), samples


def operations(net, sites):
    """Return the floating-point operations of the matrix products of a step."""
    first, *others = products(net)
    return 2 * sites * (5 * first + 6 * sum(others))


def steps(prepared, samples, net, settings, seed):
    """Return a function that makes one training step on the next batch, as an epoch does."""
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.learning_rate)
    rng, weights = generator(seed, "training order"), list(net.parameters())

    def step():
        batch = samples[rng.choice(len(samples), settings.batch, replace=False)]
        loss, _, _ = prepared.loss(net, batch, settings, True)
        optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=weights)
        optimizer.step()
        float(loss.detach())

    return step


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=40)
    n_sites, realizations, repeats = (12, 2, 2) if args.quick else (N_SITES, REALIZATIONS, args.repeats)
    prepared, samples = training_set(n_sites, realizations, CONFIGURATIONS, args.seed)
    settings, rows = TrainingSettings(), []
    for threads in sorted({1, args.threads}):
        use_threads(threads)
        net = network("paper", args.seed)
        step = steps(prepared, samples, net, settings, args.seed)
        row = {"network": "paper", "n_sites": n_sites, "batch": settings.batch, "threads": threads}
        row |= against_products(step, operations(net, n_sites * settings.batch), repeats)
        rows.append(row | {"target": TARGET})
    write_rows(args.out, rows)


if __name__ == "__main__":
    main()
