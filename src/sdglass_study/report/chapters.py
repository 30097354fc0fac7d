"""The figures in the order of the story, each with what to see in it and how it was made."""

import base64
from pathlib import Path

from sdglass.errors import InputError
from sdglass_study.figures.registry import FIGURES
from sdglass_study.report.made import command, rule_of
from sdglass_study.report.readings import what_to_see

# The template writes the words between them. A figure that is not named here comes in the chapter "more", such as
# that of a sweep, which belongs to several studies.
CHAPTERS = {
    "method": ("fig1", "descriptor", "spins3d"),
    "data": ("fig2", "rkky"),
    "models": (
        "couplings",
        "learning_curves",
        "fig3",
        "torque_errors",
        "committee",
        "network_size",
        "training_size",
        "locator_errors",
        "locator_ablation",
    ),
    "dynamics": ("time_step", "error_along_quench", "fig4", "freezing", "disconnected"),
    "growth": ("large_correlation", "fig5", "fig5_control", "locator_quench", "psi_multiverse"),
}


def chapters(results, claims, rules, config, study, options=""):
    """Return {chapter: [figure entry]}, all figures of the registry; "more" holds those without a chapter.

    A figure of a comparison that the study does not make is left out.

    Parameters
    ----------
    results : sdglass_study.report.page.Results
    claims : list of dict
        As from `claim_rows`; those that rest on a figure stand beside it.
    rules : list of dict
        As from `sdglass_study.report.made.record`.
    config : dict
    study, options : str
        As in `sdglass_study.report.made.command`.
    """
    placed = {name for names in CHAPTERS.values() for name in names}
    order = CHAPTERS | {"more": tuple(name for name in FIGURES if name not in placed)}
    result = {}
    for chapter, names in order.items():
        entries = [_entry(name, results, claims, rules, config, study, options) for name in names]
        result[chapter] = [one for one in entries if one["image"] or not FIGURES[one["name"]].comparison]
    return result


def _entry(name, results, claims, rules, config, study, options):
    """Return one figure as a dictionary for the template."""
    figure, image = FIGURES[name], Path(results.figures) / f"{name}.png"
    tables = [*figure.tables, *figure.optional]
    return {
        "name": name,
        "title": figure.title,
        "caption": figure.caption,
        "see": what_to_see(name, results.tables, config),
        "tables": [(table, rule_of(f"tables/{table}", rules)) for table in tables],
        "rule": rule_of(f"figures/{name}.png", rules),
        "command": command(name, study, options),
        "image": _data_url(image) if image.is_file() else None,
        "claims": [row for row in claims if _supports(figure, name, row["target"])],
    }


def _supports(figure, name, target):
    """Whether the target of a claim is the figure or one of its tables."""
    return Path(target).name in {name, f"{name}.png", f"{name}.pdf", *figure.tables, *figure.optional}


def _data_url(path):
    data = path.read_bytes()
    if not data.startswith(b"\x89PNG"):
        raise InputError(f"{path}: not a PNG image; draw the figure again")
    return "data:image/png;base64," + base64.b64encode(data).decode()
