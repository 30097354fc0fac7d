"""What models say about themselves: the rows that their descriptions have in common."""

from sdglass.forcefields.training_domain import training_structures


def describe_electrons(electrons):
    """Return the rows about the electrons that a model may be used for."""
    values = electrons.to_dict()
    hopping = values["hopping"]
    return [
        (
            "electrons",
            f"coupling {values['coupling']:g} t0, filling {values['filling']:g}, "
            f"temperature {values['temperature']:g} t0",
        ),
        ("hopping", ", ".join([hopping.pop("law"), *(f"{name} {value}" for name, value in hopping.items())])),
    ]


def describe_descriptor(functions):
    """Return the row about symmetry functions."""
    return (
        "descriptor",
        f"{'G2, G3, G3-chi' if functions.chirality else 'G2, G3'}: {functions.n_features} features, "
        f"cutoff {functions.cutoff:g} ell, {functions.shells} shells from {functions.shell_start:g} "
        f"to {functions.shell_stop:g} ell",
    )


def describe_training(info):
    """Return the rows about the data that a model, or the members of a committee, were fitted to."""
    rows, parts = [], training_structures(info)
    if parts:
        count = len({digest for part in parts for digest in part["digests"]})
        sites = ", ".join(map(str, sorted({n for part in parts for n in part["n_sites"]})))
        densities = span(x for part in parts for x in part["density"])
        close = [part["least_distance"] for part in parts if "least_distance" in part]
        apart = f", no two closer than {min(close):.4g} ell" if close else ""
        rows.append(("training structures", f"{count}, of {sites} sites, density {densities} ell^-3{apart}"))
    counts = span(part["configurations"] for part in info.get("members", [info]) if "configurations" in part)
    return [*rows, ("configurations", counts)] if counts else rows


def describe_errors(errors):
    """Return the rows about torque errors on structures that a model was not fitted to."""
    rows = []
    for name, stages in errors.items():
        words = [
            f"{stage} {error['rmse']:.1e} t0 ({100 * error['relative']:.2g} %)" for stage, error in stages.items()
        ]
        rows.append((f"errors, {name}", ", ".join(words)))
    heading = "rms (share of the rms torque) on structures that it was not fitted to:"
    return [("torque errors", heading), *rows] if rows else []


def span(values):
    """Return the least and the largest of numbers in words; nothing of none."""
    values = sorted(values)
    ends = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values[:1] + values[-1:]]
    return " to ".join(dict.fromkeys(ends))
