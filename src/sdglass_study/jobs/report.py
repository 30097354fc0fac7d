"""Write the report of a study: one HTML page with its figures inside."""

from pathlib import Path

from sdglass.io import write_text
from sdglass_study.jobs import claims as claims_job
from sdglass_study.paper import differences
from sdglass_study.report.page import render

TEMPLATE = Path(__file__).parents[1] / "report" / "report.html.j2"


def inputs(study, options):
    """Return figures, tables, claims and the record."""
    return {
        "figures": [f"{study.folder}/figures/{name}.png" for name in study.figures()],
        "tables": claims_job.inputs(study)["tables"],
        "claims": f"{study.folder}/claims.csv",
        "provenance": f"{study.folder}/provenance.json",
    }


def settings(study, options):
    """Return what the page says of the study; `options` are those of snakemake in its commands."""
    return {
        "study": study.study,
        "about": study.about,
        "options": options,
        "labels": study.model_labels(),
        "confidence": study.statistics.confidence,
        "seed": study.seed,
        "differences": differences(study),
        "numbers": {} if study.about else study.numbers(),
        "film": study.film.quench in study.quenches,
        "benchmarks": f"{study.folder}/benchmarks",
        "archived_runtimes": f"{study.folder}/runtimes.csv",
    }


def modules(study, options):
    """Return the modules of the figures, whose captions are shown."""
    return sorted({figure.draw.__module__ for figure in study.figures().values()})


def run(inputs, outputs, settings):
    """Write ``outputs["report"]``.

    Parameters
    ----------
    inputs : dict
        ``figures`` and ``tables``, lists of PNG and CSV files; ``claims``, CSV; ``provenance``,
        JSON, optional.
    outputs : dict
    settings : dict
        The other keywords of `sdglass_study.report.page.render`: ``study`` and, optional, ``about``, ``options``,
        ``labels``, ``confidence``, ``seed``, ``differences``, ``numbers``, ``film``, ``benchmarks``,
        ``archived_runtimes``.
    """
    write_text(outputs["report"], render(TEMPLATE, **inputs, **settings))
