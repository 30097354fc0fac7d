"""Fit the pair model J(R) or its three-site extension by least squares on exact torques."""

from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.provenance import provenance
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.jobs.descriptors import add_descriptor, descriptor, load_realizations


def main():
    """Write one linear model."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--features", nargs="+", required=True)
    parser.add_argument("--kind", choices=("pair", "linear"), required=True, help="G2 alone, or G2 and G3")
    parser.add_argument("--ridge", type=float, required=True)
    add_descriptor(parser)
    parser.add_argument("--recipe", default="", help="digest of what the result depends on, kept with it")
    parser.add_argument("--out", required=True, help="model .safetensors")
    args = parser.parse_args()
    functions = descriptor(args, chirality=False)
    data, maps = load_realizations(args.data, args.features, functions)
    settings = LinearModel.Settings(functions, args.kind == "linear", args.ridge)
    model, _ = LinearModel.fit(data, settings, descriptors=maps)
    model.info.update(name=args.kind, provenance=provenance(args.data, ridge=args.ridge), recipe=args.recipe)
    model.save(args.out)


if __name__ == "__main__":
    run(main)
