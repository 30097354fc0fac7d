"""Label one realization exactly: random spins, and snapshots of relaxations down to the frozen stage."""

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.forcefields.base import Evaluation
from sdglass.forcefields.exact import ExactForceField
from sdglass.progress import progress_bar
from sdglass.provenance import provenance
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import (
    add_dynamics,
    add_electrons,
    dynamics,
    electrons,
    run,
    step_parser,
    threads_from_environment,
)
from sdglass_study.jobs.checkpoints import continued, run_identity

# Replicas of relaxations are numbered from here, so that they share no random number with the
# quench ensembles on the same realization.
FIRST_REPLICA = 1000


def snapshot_times(count, duration, time_step):
    """Return `count` log-spaced times from two steps to `duration`, multiples of the step, without t = 0."""
    last = round(duration / time_step)
    steps = set(np.round(np.geomspace(min(2, last), last, count)).astype(int))
    spare = (step for step in range(1, last + 1) if step not in steps)
    while len(steps) < min(count, last):
        steps.add(next(spare))
    return np.array(sorted(steps)) * time_step


def dataset_parser(module_doc):
    """Return the parser of the steps that make datasets."""
    parser = step_parser(module_doc)
    parser.add_argument("--structure", required=True)
    add_electrons(parser)
    parser.add_argument("--random", type=int, required=True, help="random configurations")
    parser.add_argument("--relaxations", type=int, required=True, help="quenches from random spins")
    parser.add_argument("--snapshots", type=int, required=True, help="of each relaxation")
    add_dynamics(parser)
    parser.add_argument("--out", required=True, help="dataset .h5")
    return parser


def make_dataset(step, args, structure, exact, relaxing, inputs):
    """Write random and relaxed configurations, the latter driven by the engine `relaxing`, labelled by `exact`.

    `step` is the name of the step that is run, whose code a checkpoint belongs to.
    """
    n_sites = structure.n_sites
    spins = [random_spins(n_sites, generator(args.seed, "random labels", args.realization), args.random)]
    times = [np.full(args.random, np.nan)]
    made = provenance(inputs, seed=args.seed, realization=args.realization)
    checkpoint = Checkpoint(f"{args.out}.checkpoint", run_identity(step, made, exact.model))
    if args.relaxations:
        replicas = range(FIRST_REPLICA, FIRST_REPLICA + args.relaxations)
        trajectory = continued(
            quench,
            relaxing,
            random_initial_spins(n_sites, args.seed, args.realization, replicas),
            **dynamics(args),
            replicas=replicas,
            snapshot_times=snapshot_times(args.snapshots, args.duration, args.time_step),
            checkpoint=checkpoint,
            progress=True,
        )
        spins.append(trajectory.spins.transpose(1, 0, 2, 3).reshape(-1, n_sites, 3))
        times.append(np.tile(trajectory.times, args.relaxations))
    spins = np.concatenate(spins)
    labels = exact_labels(exact, spins)
    LabelledConfigurations(
        structure, exact.model, spins, labels.energy, labels.field, np.concatenate(times), made
    ).save(args.out)
    checkpoint.discard()


def exact_labels(exact, spins):
    """Return the `Evaluation` of all `spins` (C, N, 3), block by block with a live line."""
    block = 8 * threads_from_environment()  # some for every process
    parts = []
    with progress_bar(len(spins), "labels", "configuration") as bar:
        for begin in range(0, len(spins), block):
            parts.append(exact.evaluate(spins[begin : begin + block]))
            bar.update(len(parts[-1].energy))
    energy, field = (np.concatenate([getattr(one, name) for one in parts]) for name in ("energy", "field"))
    return Evaluation(energy, field)


def main():
    """Write one dataset, relaxed by exact diagonalization."""
    args = dataset_parser(__doc__).parse_args()
    structure = Structure.load(args.structure)
    with ExactForceField(structure, electrons(args), workers=threads_from_environment()) as exact:
        make_dataset("dataset", args, structure, exact, exact, [args.structure])


if __name__ == "__main__":
    run(main)
