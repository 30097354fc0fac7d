"""Time of a training step of the paper's network against its matrix products alone.

    python benchmarks/training_step.py --out results/benchmarks/training_step.csv

A step is what `sdglass.forcefields.behler_parrinello.training` does: loss on energies and torques (Eq. 19), backward, Adam; eight configurations
of N = 100, drawn from ten realizations. Its matrix products, per layer: one forward, one for the gradient with
respect to the features, and four for the derivative of both (with respect to the weights twice, the activations,
the gradient); three in the first layer, whose activations are the features. The bound is their time at the float32
rate of the faster of torch's two libraries, measured in alternation on square products. The descriptor, the
activations and the optimiser are all extra.
"""

import numpy as np
import torch
from measuring import against_products, network, parser, products, profile, structure, use_threads, write_rows

from sdglass.dataset import LabelledConfigurations
from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.forcefields.behler_parrinello.training import TrainingSettings
from sdglass.forcefields.behler_parrinello.training_set import TrainingSet
from sdglass.random_streams import generator
from sdglass.spins import random_spins

TARGET = 2.0
N_SITES, REALIZATIONS, CONFIGURATIONS = 100, 10, 16


def training_set(n_sites, realizations, configurations, seed):
    """Return a `TrainingSet` and its samples; the labels are random, no time depends on them."""
    functions, data = SymmetryFunctions(), []
    for realization in range(realizations):
        rng = generator(seed, "training benchmark", realization)
        data.append(
            LabelledConfigurations(
                structure(n_sites, seed + realization),
                SDModel(),
                random_spins(n_sites, rng, configurations),
                rng.standard_normal(configurations),
                0.01 * rng.standard_normal((configurations, n_sites, 3)),
                np.full(configurations, np.nan),
                {},
            )
        )
    maps = [build_feature_maps(one.structure, functions) for one in data]
    samples = np.array([(r, c) for r in range(realizations) for c in range(configurations)])
    return TrainingSet(data, maps, EnergyReference(0.0, 0.0), samples), samples


def operations(net, sites):
    """Return the floating-point operations of the matrix products of a step."""
    first, *others = products(net)
    return 2 * sites * (5 * first + 6 * sum(others))


def steps(prepared, samples, net, settings, seed):
    """Return a function that makes one training step on the next batch, as an epoch of `sdglass.forcefields.behler_parrinello.training` does."""
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
    """Measure and write the table and the profile beside it."""
    args = parser(__doc__, repeats=40).parse_args()
    n_sites = 12 if args.quick else N_SITES
    prepared, samples = training_set(n_sites, 2 if args.quick else REALIZATIONS, CONFIGURATIONS, args.seed)
    settings = TrainingSettings()
    rows, profiles = [], []
    for threads in sorted({1, args.threads}):
        use_threads(threads)
        net = network(prepared.functions.n_features, "paper", args.seed)
        step = steps(prepared, samples, net, settings, args.seed)
        measured = against_products(
            step, operations(net, n_sites * settings.batch), 2 if args.quick else args.repeats
        )
        rows.append(
            {"network": "paper", "n_sites": n_sites, "batch": settings.batch, "threads": threads} | measured
        )
        profiles += [{**row, "threads": threads} for row in profile(step, "training step")]
    write_rows(args.out, [{**row, "target": TARGET} for row in rows])
    write_rows(args.out.replace(".csv", "_profile.csv"), profiles)


if __name__ == "__main__":
    main()
