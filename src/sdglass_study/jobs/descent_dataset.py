"""Label one realization exactly: random spins, and the frozen states that they descend to with exact fields."""

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.dynamics.minimize import descend
from sdglass.forcefields.exact import ExactForceField
from sdglass.progress import progress_bar
from sdglass.provenance import provenance
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import add_electrons, electrons, run, step_parser, threads_from_environment


def main():
    """Write one dataset."""
    parser = step_parser(__doc__)
    parser.add_argument("--structure", required=True)
    add_electrons(parser)
    parser.add_argument("--configurations", type=int, required=True, help="random ones, and as many descended")
    parser.add_argument("--steps", type=int, required=True, help="of the descent")
    parser.add_argument("--step", type=float, required=True, help="length of a step [1/t0]")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--realization", type=int, required=True)
    parser.add_argument("--out", required=True, help="dataset .h5")
    args = parser.parse_args()
    structure, model = Structure.load(args.structure), electrons(args)
    rng = generator(args.seed, "descent labels", args.realization)
    spins = random_spins(structure.n_sites, rng, args.configurations)
    with (
        ExactForceField(structure, model, workers=threads_from_environment()) as exact,
        progress_bar(args.steps + 2, "descent", "step") as bar,
    ):
        frozen = descend(exact, spins, args.steps, args.step, bar.update)
        spins = np.concatenate([spins, frozen])
        labels = exact.evaluate(spins)
        bar.update(2)
    # A descended state has no time; the number of steps marks it.
    time = np.repeat([np.nan, float(args.steps)], args.configurations)
    made = provenance([args.structure], seed=args.seed, realization=args.realization)
    LabelledConfigurations(structure, model, spins, labels.energy, labels.field, time, made).save(args.out)


if __name__ == "__main__":
    run(main)
