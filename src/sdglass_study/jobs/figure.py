"""Draw one figure of the study from its tables."""

from sdglass_study.figures._make import make_figure


def run(inputs, outputs, settings):
    """Write ``outputs["png"]`` and ``outputs["pdf"]``, either of which may be left out.

    Parameters
    ----------
    inputs : dict
        ``tables``: CSV files, among them those of the figure.
    outputs : dict
    settings : dict
        ``name`` of the figure; ``labels``, {model: label}, optional.
    """
    make_figure(settings["name"], inputs["tables"], outputs.get("png"), outputs.get("pdf"), settings.get("labels"))
