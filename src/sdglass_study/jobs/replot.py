"""Draw every figure again whose tables exist; say which were skipped and why. Nothing is computed."""

from sdglass_study.figures._make import make_all


def settings(study):
    """Return the folders, and what figures call the models."""
    return {
        "tables": f"{study.folder}/tables",
        "figures": f"{study.folder}/figures",
        "labels": study.model_labels(),
    }


def run(inputs, outputs, settings):
    """Write ``NAME.png`` and ``NAME.pdf`` to a folder.

    Parameters
    ----------
    inputs, outputs : dict
        Not used: what there is, is drawn.
    settings : dict
        ``tables`` and ``figures``, folders; ``labels``, {model: label}, optional.
    """
    outcome = make_all(settings["tables"], settings["figures"], settings.get("labels"))
    for name, reason in outcome.items():
        print(f"{name}: drawn" if reason is None else f"{name}: skipped, {reason}")
