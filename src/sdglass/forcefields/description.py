"""What models say about themselves, as rows (label, text)."""

from sdglass.forcefields.training_domain import dimensions, training_structures


def describe_model(model, kind, shape, parameters):
    """Return the rows that all models have, and between them the `shape` row (label, text) of this kind.

    `kind` says what it is and `parameters` how many numbers were fitted.
    """
    electrons = model.electrons.to_dict()
    hopping = electrons.pop("hopping")
    law = hopping.pop("law")
    return [
        ("kind", kind),
        *([("name", model.info["name"])] if model.info.get("name") else []),
        (
            "electrons",
            "coupling {coupling:g} t0, filling {filling:g}, temperature {temperature:g} t0".format(**electrons),
        ),
        ("hopping", ", ".join([law, *(f"{name} {value}" for name, value in hopping.items())])),
        shape,
        ("parameters", parameters),
        *_training(model.info),
    ]


def describe_descriptor(functions):
    """Return the row about symmetry functions."""
    return (
        "descriptor",
        f"{'G2, G3, G3-chi' if functions.chirality else 'G2, G3'}: {functions.n_features} features, "
        f"cutoff {functions.cutoff:g} ell, {functions.shells} shells from {functions.shell_start:g} "
        f"to {functions.shell_stop:g} ell",
    )


def _training(info):
    """Return the rows about the data that a model, or the members of a committee, were fitted to."""
    rows, parts = [], training_structures(info)
    if parts:
        count = len({digest for part in parts for digest in part["digests"]})
        sites = ", ".join(map(str, sorted({n for part in parts for n in part["n_sites"]})))
        densities = _span(x for part in parts for x in part["density"])
        axes = _span(x for part in parts for x in dimensions(part))
        close = [part["least_distance"] for part in parts if "least_distance" in part]
        bonds = _span(x for part in parts for x in part.get("coordination", []))
        around = f", {bonds} neighbours" if bonds else ""
        apart = f", no two closer than {min(close):.4g} ell" if close else ""
        rows.append(
            ("training structures", f"{count}, of {sites} sites, density {densities} ell^-{axes}{around}{apart}")
        )
    counts = _span(part["configurations"] for part in info.get("members", [info]) if "configurations" in part)
    return [*rows, ("configurations", counts)] if counts else rows


def describe_errors(errors):
    """Return the rows about torque errors on structures that a model was not fitted to."""
    rows = []
    for name, stages in errors.items():
        words = [
            f"{stage} {error['rmse']:.1e} t0 ({percent(error['relative'])})" for stage, error in stages.items()
        ]
        rows.append((f"errors, {name}", ", ".join(words)))
    heading = "rms (share of the rms torque) on structures that it was not fitted to:"
    return [("torque errors", heading), *rows] if rows else []


def percent(share):
    """Return a share in words, 0.5 %, 12 % or 210 %."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _span(values):
    """Return the least and the largest of numbers in words; nothing of none."""
    values = sorted(values)
    ends = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values[:1] + values[-1:]]
    return " to ".join(dict.fromkeys(ends))
