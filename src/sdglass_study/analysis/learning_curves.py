"""Learning curves of networks, fold by fold, and how much their last third has still gained."""

from dataclasses import dataclass

from sdglass_study.analysis import analysis, data_frame, joined, labelled, of, read_table


@dataclass(frozen=True)
class LearningCurves:
    """Networks whose curves are gathered."""

    models: tuple[str, ...] = of("models")


def _histories(study, settings):
    return {"histories": [path for model in settings.models for path in study.fit_files(model, "csv")]}


def _fits(study, settings):
    return {"fits": [[model, fold] for model in settings.models for fold in study.models[model].settings.folds]}


@analysis(
    "learning_curves", LearningCurves, inputs=_histories, parameters=_fits, tables=("learning_curves", "training")
)
def learning_curves(settings, inputs, fits):
    """Return the curves and a summary of them; `fits` are model and fold of each history."""
    curves, rows = [], []
    for (model, fold), path in zip(fits, inputs["histories"], strict=True):
        curve = read_table(path)
        which = {"model": model, "fold": fold}
        curves.append(labelled(curve.drop(columns=list(which)), which))
        rows.append(which | summary(curve))
    return {"learning_curves": joined(curves), "training": data_frame(rows)}


def summary(curve):
    """Return what a learning curve says of its end.

    Parameters
    ----------
    curve : pandas.DataFrame
        Epochs of one training, with validation_loss and validation_torque_rmse [t0].

    Returns
    -------
    dict
        Epochs run, the best epoch (of the smallest validation loss, whose weights are kept) and its torque
        error, and ``last_third``: the part of the best validation torque error of the first two thirds by
        which the last third has made it smaller; 0 if it has brought no better epoch.
    """
    curve = curve.sort_values("epoch").reset_index(drop=True)
    best = curve.validation_loss.idxmin()
    before = curve.loc[curve.validation_loss[: max(1, -(-2 * len(curve) // 3))].idxmin()]
    end = curve.loc[best]
    return {
        "epochs": len(curve),
        "best_epoch": int(end.epoch),
        "validation_torque_rmse": end.validation_torque_rmse,
        "last_third": 1.0 - end.validation_torque_rmse / before.validation_torque_rmse,
        "loss_ratio": end.validation_loss / end.train_loss,
    }
