"""Draw one figure of the study from its tables."""

from sdglass_study.figures._make import make_figure
from sdglass_study.paper import differences


def inputs(study, figure):
    """Return the tables that the figure is drawn from."""
    drawn = study.figures()[figure]
    made = {table for tables in study.tables().values() for table in tables}
    return {"tables": study.table_files(*drawn.tables, *(name for name in drawn.optional if name in made))}


def settings(study, figure):
    """Return the figure's name, what it calls the models, and whose magnet it shows."""
    return {"name": figure, "labels": study.model_labels(), "of_paper": not differences(study)}


def modules(study, figure):
    """Return the module of the figure."""
    return [study.figures()[figure].draw.__module__]


def run(inputs, outputs, settings):
    """Write ``outputs["png"]`` and ``outputs["pdf"]``, either of which may be left out.

    Parameters
    ----------
    inputs : dict
        ``tables``: CSV files, among them those of the figure.
    outputs : dict
    settings : dict
        ``name`` of the figure; ``labels``, {model: label}, and ``of_paper``, whether the magnet is the paper's,
        optional.
    """
    look = settings.get("labels"), settings.get("of_paper", True)
    make_figure(settings["name"], inputs["tables"], outputs.get("png"), outputs.get("pdf"), *look)
