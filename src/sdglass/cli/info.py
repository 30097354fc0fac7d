"""``sdglass info``: what a model says about itself."""

USAGE = "MODEL.safetensors"
SUMMARY = "What a trained model is, and what it was trained on"
DETAILS = (
    "Prints the electrons it may be used for, its descriptor, its training data and its errors: those of its\n"
    "own validation, and those on structures that it was not fitted to, if the file holds them."
)
EXAMPLE = """\
example:
  sdglass info results/paper/models/locator.safetensors"""


def add_options(parser):
    """Add the options of the command."""
    parser.add_argument("model", metavar="MODEL.safetensors", help="trained model")


def run(args):
    """Print what the model says about itself."""
    from sdglass.forcefields.description import describe_errors
    from sdglass.forcefields.registry import load_model

    model = load_model(args.model)
    rows = [*model.describe(), *describe_errors(model.errors)]
    made = model.info.get("provenance", {}).get("code")
    rows += [("made by code", made)] if made else []
    width = max(len(label) for label, _ in rows)
    print("\n".join(f"{label:<{width}}  {text}" for label, text in rows))
    return 0
