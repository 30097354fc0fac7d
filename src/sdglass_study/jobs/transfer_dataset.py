"""Label a large realization exactly, its relaxed states driven by a fitted model.

Relaxing hundreds of spins exactly is what the force field is meant to spare; the states of the fitted
pair model are close to the exact ones, and their labels are exact.
"""

from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.registry import load_force_field
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import electrons, run, threads_from_environment, use_threads
from sdglass_study.jobs.dataset import dataset_parser, make_dataset


def main():
    """Write one dataset of a large structure."""
    parser = dataset_parser(__doc__)
    parser.add_argument("--model", required=True, help="model .safetensors that drives the relaxations")
    args = parser.parse_args()
    use_threads(threads_from_environment())
    structure = Structure.load(args.structure)
    model = electrons(args)
    relaxing = load_force_field(args.model, structure, model)
    with ExactForceField(structure, model, workers=threads_from_environment()) as exact:
        make_dataset("transfer_dataset", args, structure, exact, relaxing, [args.structure, args.model])


if __name__ == "__main__":
    run(main)
