"""Quench one realization with exact diagonalization at every step (ED-LLG, paper Fig. 4)."""

from sdglass.forcefields.exact import ExactForceField
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import electrons, run, threads_from_environment
from sdglass_study.jobs.quench import quench_parser, run_quench


def main():
    """Write the trajectories of one realization."""
    args = quench_parser(__doc__).parse_args()
    structure = Structure.load(args.structure)
    with ExactForceField(structure, electrons(args), workers=threads_from_environment()) as engine:
        run_quench("quench_exact", args, engine, [args.structure])


if __name__ == "__main__":
    run(main)
