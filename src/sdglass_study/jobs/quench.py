"""What the two quench steps share: an ensemble of replicas on one realization (paper Eq. 3, Figs. 4, 5)."""

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.dynamics.trajectory import SNAPSHOTS_PER_DECADE, log_times
from sdglass.provenance import provenance
from sdglass_study.jobs.arguments import add_dynamics, add_electrons, dynamics, electrons, step_parser
from sdglass_study.jobs.checkpoints import continued, run_identity


def quench_parser(module_doc):
    """Return the parser of the quench steps."""
    parser = step_parser(module_doc)
    parser.add_argument("--engine-name", required=True, help="what the tables call the engine")
    parser.add_argument("--ensemble", required=True, help="what the tables call the ensemble")
    parser.add_argument("--structure", required=True)
    add_electrons(parser)
    parser.add_argument("--replicas", type=int, required=True)
    add_dynamics(parser)
    parser.add_argument("--first-snapshot", type=float, help="time after 0 [1/(gamma t0)]; one step by default")
    parser.add_argument("--snapshots-per-decade", type=float, default=SNAPSHOTS_PER_DECADE)
    parser.add_argument("--out", required=True, help="trajectory .h5")
    return parser


def run_quench(step, args, engine, inputs, **options):
    """Integrate all replicas and write the trajectory; an interrupted run goes on from its checkpoint.

    `step` is the name of the step that is run and `options` say how the engine computes: a checkpoint of
    other code or options is discarded.
    """
    made = provenance(inputs)
    continued(
        quench,
        engine,
        random_initial_spins(engine.structure.n_sites, args.seed, args.realization, range(args.replicas)),
        **dynamics(args),
        snapshot_times=log_times(args.duration, args.time_step, args.snapshots_per_decade, args.first_snapshot),
        checkpoint=Checkpoint(f"{args.out}.checkpoint", run_identity(step, made, electrons(args), **options)),
        progress=True,
        metadata={
            "ensemble": args.ensemble,
            "engine": args.engine_name,
            "n_sites": engine.structure.n_sites,
            "provenance": made,
        },
        out=args.out,
    )
