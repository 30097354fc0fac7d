"""Join the networks of all folds to one model file, a committee."""

from sdglass.errors import InputError
from sdglass.forcefields.model_file import TrainedModel
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write the committee."""
    parser = step_parser(__doc__)
    parser.add_argument("--members", nargs="+", required=True)
    parser.add_argument("--recipe", default="", help="digest of what the result depends on, kept with it")
    parser.add_argument("--out", required=True, help="model .safetensors")
    args = parser.parse_args()
    members = [TrainedModel.load(path) for path in args.members]
    first = members[0]
    for path, member in zip(args.members, members, strict=True):
        if member.functions != first.functions or member.sd_model != first.sd_model:
            raise InputError(f"{path}: another descriptor or other electrons than {args.members[0]}")
    info = {key: first.info[key] for key in ("name", "protocol", "folds", "parameters", "settings")}
    info["recipe"] = args.recipe
    info["members"] = [member.info for member in members]
    TrainedModel(
        first.sd_model,
        first.functions,
        [member.references[0] for member in members],
        [member.networks[0] for member in members],
        None,
        info,
    ).save(args.out)


if __name__ == "__main__":
    run(main)
