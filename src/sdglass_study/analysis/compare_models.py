"""Compare the torque errors of models that differ in one respect: size, amount of training data, activation."""

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.jobs.torque_errors import TRAINED_ON, model_row
from sdglass_study.model_errors import STAGES, ModelErrors, paired_ratio, root_mean_square


def main():
    """Write one table; ratios are to the first of the models, on the same realizations and folds."""
    parser = step_parser(__doc__)
    parser.add_argument("--errors", nargs="+", required=True, help="of each model, .h5; the reference first")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    models = [ModelErrors.load(path) for path in args.errors]
    write_csv(args.out, pd.DataFrame(compare(models, args.confidence)))


def compare(models, confidence):
    """Return rows per model, set and stage: what the model is, its error, and its ratio to the first model's.

    Errors are of single networks, averaged over the folds that all networks have in common, so that none has
    the advantage of a lucky or an easy fold.
    """
    reference = models[0]
    networks = [model for model in models if model.is_network]
    folds = [fold for fold in reference.info["folds"] if all(fold in one.info["folds"] for one in networks)]
    rows = []
    for model in models:
        members = [model.info["folds"].index(fold) for fold in folds] if model.is_network else None
        others = [reference.info["folds"].index(fold) for fold in folds]
        for label in (label for label in model.sets if label not in TRAINED_ON):
            one, under = model.sets[label], reference.sets[label]
            for stage in STAGES:
                squares, counts = one.by_realization(one.torque_squares("single", members), stage)
                if not counts.any():
                    continue
                bottom, _ = under.by_realization(under.torque_squares("single", others), stage)
                rmse, low, high = root_mean_square(squares, counts, confidence)
                rms = np.sqrt(one.signal[one.stage(stage)].mean())
                ratio, ratio_low, ratio_high, _ = paired_ratio(squares, bottom, confidence)
                rows.append(
                    model_row(model)
                    | {"folds": len(folds), "set": label, "stage": stage, "n_sites": one.n_sites}
                    | {"rmse": rmse, "low": low, "high": high, "rms": rms, "relative": rmse / rms}
                    | {"reference": reference.name}
                    | {"ratio": ratio, "ratio_low": ratio_low, "ratio_high": ratio_high}
                    | {"judged_on": int((counts > 0).sum())}
                )
    return rows


if __name__ == "__main__":
    run(main)
