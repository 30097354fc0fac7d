"""Join the networks of all folds to one model file, a committee."""

from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write the committee."""
    parser = step_parser(__doc__)
    parser.add_argument("--members", nargs="+", required=True)
    parser.add_argument("--recipe", default="", help="digest of what the result depends on, kept with it")
    parser.add_argument("--out", required=True, help="model .safetensors")
    args = parser.parse_args()
    model = NetworkModel.join([NetworkModel.load(path) for path in args.members])
    model.info["recipe"] = args.recipe
    model.save(args.out)


if __name__ == "__main__":
    run(main)
