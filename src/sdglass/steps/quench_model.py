"""Quench one realization with a trained model (ML-LLG, paper Figs. 4 and 5)."""

from sdglass.engines.load import load_engine, load_model
from sdglass.feature_cache import load_feature_maps
from sdglass.steps.arguments import electrons, run, threads_from_environment, use_threads
from sdglass.steps.quench import quench_parser, run_quench
from sdglass.structure import Structure


def main():
    """Write the trajectories of one realization."""
    parser = quench_parser(__doc__)
    parser.add_argument("--model", required=True, help="model .safetensors")
    parser.add_argument("--features", help="cached descriptor of the structure, for models that have one")
    parser.add_argument("--members", type=int, nargs="+", help="networks of a committee to use; all by default")
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    use_threads(threads_from_environment())
    structure = Structure.load(args.structure)
    maps = args.features and load_feature_maps(args.features, structure, load_model(args.model).functions)
    options = {"dtype": args.dtype, "device": args.device, "members": args.members}
    engine = load_engine(args.model, structure, electrons(args), maps=maps, **options)
    run_quench("quench_model", args, engine, [args.structure, args.model], **options)


if __name__ == "__main__":
    run(main)
