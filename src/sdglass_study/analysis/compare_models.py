"""Torque errors of models that differ in one respect: size, amount of training data, activation."""

from dataclasses import asdict, dataclass

from sdglass.errors import InputError
from sdglass_study.analysis import analysis, data_frame, of
from sdglass_study.analysis.torque_errors import FITTED, load_errors, model_row
from sdglass_study.model_errors import STAGES, error_columns, paired_ratio


@dataclass(frozen=True)
class Comparisons:
    """Models that differ in one respect, a table each; the first one is the reference, a network."""

    network_size: tuple[str, ...] = of("models", default=())
    training_size: tuple[str, ...] = of("models", default=())
    activation: tuple[str, ...] = of("models", default=())


def made(settings):
    """Return the names of the comparisons that have models."""
    return [name for name, models in asdict(settings).items() if models]


def _inputs(study, settings):
    return {name: [study.error_file(model) for model in getattr(settings, name)] for name in made(settings)}


@analysis("compare_models", Comparisons, inputs=_inputs, tables=made)
def compare_models(settings, inputs, confidence):
    """Return one table per comparison; ratios are to its first model, on the same realizations and folds."""
    return {
        name: data_frame(compare(load_errors(getattr(settings, name), inputs[name]), confidence))
        for name in made(settings)
    }


def compare(models, confidence):
    """Return rows per model, set and stage: what the model is, its error, and its ratio to the first model's.

    Errors are of single networks, averaged over the folds that all networks have in common, so that none has
    the advantage of a lucky or an easy fold.
    """
    reference = models[0]
    if not reference.is_network:
        raise InputError(f"{reference.name}: is no network; expected one as the first model of a comparison")
    networks = [model for model in models if model.is_network]
    folds = [fold for fold in reference.info["folds"] if all(fold in model.info["folds"] for model in networks)]
    rows = []
    for model in models:
        members = [model.info["folds"].index(fold) for fold in folds] if model.is_network else None
        others = [reference.info["folds"].index(fold) for fold in folds]
        for label in (label for label in model.sets if label not in FITTED and label in reference.sets):
            errors, under = model.sets[label], reference.sets[label]
            for stage in STAGES:
                squares, counts = errors.by_realization(errors.torque_squares("single", members), stage)
                if not counts.any():
                    continue
                bottom, _ = under.by_realization(under.torque_squares("single", others), stage)
                row = {"folds": len(folds), "set": label, "stage": stage, "n_sites": errors.n_sites}
                row |= error_columns(squares, counts, errors.rms(stage), confidence) | {
                    "reference": reference.name
                }
                ratio = paired_ratio(squares, bottom, confidence)[:3]
                row |= dict(zip(("ratio", "ratio_low", "ratio_high"), ratio, strict=True))
                rows.append(model_row(model) | row | {"judged_on": int((counts > 0).sum())})
    return rows
