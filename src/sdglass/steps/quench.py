"""What the two quench steps share: an ensemble of replicas on one realization (paper Eq. 3, Figs. 4, 5)."""

from sdglass.provenance import provenance
from sdglass.quench import log_times, quench, random_initial_spins
from sdglass.steps.arguments import add_electrons, step_parser

SNAPSHOTS_PER_DECADE = 10


def quench_parser(module_doc):
    """Return the parser of the quench steps."""
    parser = step_parser(module_doc)
    parser.add_argument("--engine-name", required=True, help="what the tables call the engine")
    parser.add_argument("--ensemble", required=True, help="what the tables call the ensemble")
    parser.add_argument("--structure", required=True)
    add_electrons(parser)
    parser.add_argument("--replicas", type=int, required=True)
    parser.add_argument("--duration", type=float, required=True, help="[1/(gamma t0)]")
    parser.add_argument("--damping", type=float, required=True, help="[gamma]")
    parser.add_argument("--temperature", type=float, required=True, help="of the spins [t0]")
    parser.add_argument("--time-step", type=float, required=True)
    parser.add_argument("--integrator", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--realization", type=int, required=True)
    parser.add_argument("--out", required=True, help="trajectory .h5")
    return parser


def run_quench(args, engine, inputs):
    """Integrate all replicas and write the trajectory; an interrupted run goes on from its checkpoint."""
    quench(
        engine,
        random_initial_spins(engine.structure.n_sites, args.seed, args.realization, range(args.replicas)),
        duration=args.duration,
        dt=args.time_step,
        damping=args.damping,
        temperature=args.temperature,
        seed=args.seed,
        realization=args.realization,
        integrator=args.integrator,
        snapshot_times=log_times(args.duration, args.time_step, SNAPSHOTS_PER_DECADE),
        checkpoint=f"{args.out}.checkpoint",
        progress=True,
        metadata={
            "ensemble": args.ensemble,
            "engine": args.engine_name,
            "n_sites": engine.structure.n_sites,
            "provenance": provenance(inputs),
        },
        out=args.out,
    )
