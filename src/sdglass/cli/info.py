"""``sdglass info``: what a trained model says about itself."""

from sdglass.cli.accuracy import measured_errors
from sdglass.forcefields.training_domain import training_structures

USAGE = "MODEL.safetensors"
SUMMARY = "What a trained model is, and what it was trained on"
DETAILS = (
    "Prints the electrons it may be used for, its descriptor, its training data and its errors: those of its\n"
    "own validation, and, of a model inside a study (results/STUDY/models/), those on unseen structures."
)
EXAMPLE = """\
example:
  sdglass info results/paper/models/locator.safetensors"""


def add_options(parser):
    """Add the options of the command."""
    parser.add_argument("model", metavar="MODEL.safetensors", help="trained model")


def run(args):
    """Print what the model says about itself."""
    from sdglass.forcefields.loading import load_model

    model = load_model(args.model)
    rows = _describe_locator(model) if model.kind == "locator" else _describe(model)
    rows += measured_errors(args.model, model.info.get("name"))
    made = model.info.get("provenance", {}).get("code")
    rows += [("made by code", made)] if made else []
    width = max(len(label) for label, _ in rows)
    print("\n".join(f"{label:<{width}}  {text}" for label, text in rows))
    return 0


def _describe(model):
    """Return (label, text) rows about a `TrainedModel`."""
    info = model.info
    members = info.get("members", [info])
    functions = model.functions
    rows = [
        ("kind", _kind(model)),
        ("name", info.get("name")),
        *_electrons(model.sd_model),
        (
            "descriptor",
            f"{'G2, G3, G3-chi' if functions.chirality else 'G2, G3'}: {functions.n_features} features, "
            f"cutoff {functions.cutoff:g} ell, {functions.shells} shells from {functions.shell_start:g} "
            f"to {functions.shell_stop:g} ell",
        ),
        ("parameters", _parameters(model)),
        ("training structures", _training_structures(info)),
        ("configurations", _span(m["configurations"] for m in members if "configurations" in m)),
        ("protocol", _protocol(info)),
    ]
    for number, member in enumerate(members):
        label = f"fold {member.get('fold', number)}" if model.networks else "validation"
        if "best" in member:
            rows.append((label, _best(member["best"])))
    return [(label, text) for label, text in rows if text]


def _describe_locator(model):
    """Return (label, text) rows about a `LocatorModel`."""
    settings, (floor, slope, loop_slope, rms_slope) = model.settings, model.error_model
    rows = [
        ("kind", "locator expansion: pair couplings and four-spin loops"),
        ("name", model.info.get("name")),
        *_electrons(model.sd_model),
        ("cutoffs", f"pairs {settings.pair_cutoff:g} ell, one hop of a loop {settings.loop_cutoff:g} ell"),
        ("parameters", str(model.n_parameters)),
        ("training structures", _training_structures(model.info)),
        ("configurations", str(model.info.get("configurations", ""))),
        (
            "error estimate",
            f"{floor:.1e} t0, {100 * slope:.2g} % of the torque, {100 * loop_slope:.2g} % of the loops' part and "
            f"{100 * rms_slope:.2g} % of the rms torque, added in squares, per component",
        ),
    ]
    return [(label, text) for label, text in rows if text]


def _electrons(sd_model):
    """Return the rows about the electrons that a model may be used for."""
    electrons = sd_model.to_dict()
    hopping = electrons["hopping"]
    return [
        (
            "electrons",
            f"coupling {electrons['coupling']:g} t0, filling {electrons['filling']:g}, "
            f"temperature {electrons['temperature']:g} t0",
        ),
        ("hopping", ", ".join([hopping.pop("law"), *(f"{name} {value}" for name, value in hopping.items())])),
    ]


def _kind(model):
    if model.kind == "linear":
        return "pair model, linear in G2" if model.linear.is_pair_model else "linear model of G2 and G3"
    return "network" if len(model.networks) == 1 else f"committee of {len(model.networks)} networks"


def _parameters(model):
    if model.kind == "linear":
        return f"{len(model.coefficients)} coefficients"
    network = model.networks[0]
    layers = "-".join(map(str, network.settings["layers"]))
    linear = ", with a linear term" if network.settings["linear_term"] else ""
    each = " each" if len(model.networks) > 1 else ""
    return f"{network.n_parameters}{each}: layers {layers}, {network.settings['activation']}{linear}"


def _training_structures(info):
    parts = training_structures(info)
    if not parts:
        return None
    count = len({digest for part in parts for digest in part["digests"]})
    sites = ", ".join(map(str, sorted({n for part in parts for n in part["n_sites"]})))
    close = [part["least_distance"] for part in parts if "least_distance" in part]
    apart = f", no two closer than {min(close):.4g} ell" if close else ""
    return (
        f"{count}, of {sites} sites, density {_span(x for part in parts for x in part['density'])} ell^-3{apart}"
    )


def _protocol(info):
    if "protocol" not in info:
        return None
    return f"{info.get('folds', '?')} folds, held out by {info['protocol']}"


def _best(row):
    return (
        f"validation torque RMSE {row['validation_torque_rmse']:.3g} t0, "
        f"energy RMSE {row['validation_energy_rmse']:.3g} t0 per configuration (epoch {row['epoch']})"
    )


def _span(values):
    values = sorted(values)
    ends = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values[:1] + values[-1:]]
    return " to ".join(dict.fromkeys(ends))
