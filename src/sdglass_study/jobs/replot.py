"""Draw every figure again whose tables exist; say which were skipped and why. Nothing is computed."""

from sdglass_study.figures._make import make_all
from sdglass_study.paper import differences


def settings(study):
    """Return the folders, what figures call the models, and whose magnet it is."""
    return {
        "tables": f"{study.folder}/tables",
        "figures": f"{study.folder}/figures",
        "labels": study.model_labels(),
        "of_paper": not differences(study),
    }


def run(inputs, outputs, settings):
    """Write ``NAME.png`` and ``NAME.pdf`` to a folder.

    Parameters
    ----------
    inputs, outputs : dict
        Not used: what there is, is drawn.
    settings : dict
        ``tables`` and ``figures``, folders; ``labels``, {model: label}, and ``of_paper``, whether it is the
        paper's magnet, optional.
    """
    look = settings.get("labels"), settings.get("of_paper", True)
    outcome = make_all(settings["tables"], settings["figures"], *look)
    for name, reason in outcome.items():
        print(f"{name}: drawn" if reason is None else f"{name}: skipped, {reason}")
