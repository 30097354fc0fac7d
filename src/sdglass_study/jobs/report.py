"""Write the report of a study: one HTML page with its figures inside."""

from sdglass.io import write_text
from sdglass_study.report.page import render


def run(inputs, outputs, settings):
    """Write ``outputs["report"]``.

    Parameters
    ----------
    inputs : dict
        ``template``; ``figures`` and ``tables``, lists of PNG and CSV files; ``claims``, CSV; ``provenance``,
        JSON, optional.
    outputs : dict
    settings : dict
        The other keywords of `sdglass_study.report.page.render`: ``study`` and, optional, ``options``, ``labels``,
        ``confidence``, ``seed``, ``numbers``, ``film``, ``benchmarks``, ``archived_runtimes``.
    """
    write_text(outputs["report"], render(**inputs, **settings))
