"""Quench one realization with a trained model (ML-LLG, paper Figs. 4 and 5)."""

from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import run, threads_from_environment, use_threads
from sdglass_study.jobs.model_engine import add_model, how_it_computes, model_engine
from sdglass_study.jobs.quench import quench_parser, run_quench


def main():
    """Write the trajectories of one realization."""
    parser = quench_parser(__doc__)
    add_model(parser)
    args = parser.parse_args()
    use_threads(threads_from_environment())
    engine = model_engine(args, Structure.load(args.structure))
    run_quench("quench_model", args, engine, [args.structure, args.model], **how_it_computes(args))


if __name__ == "__main__":
    run(main)
