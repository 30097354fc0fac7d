"""Gather the learning curves of all variants and folds, and how much their last third has still gained."""

import pandas as pd

from sdglass.io import write_csv
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write the curves and a summary of them."""
    parser = step_parser(__doc__)
    parser.add_argument("--histories", nargs="+", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--out-summary", required=True)
    args = parser.parse_args()
    curves = pd.concat([pd.read_csv(path) for path in args.histories], ignore_index=True)
    write_csv(args.out, curves)
    rows = [
        {"variant": variant, "fold": fold, **summary(curve)}
        for (variant, fold), curve in curves.groupby(["variant", "fold"], sort=False)
    ]
    write_csv(args.out_summary, pd.DataFrame(rows))


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


if __name__ == "__main__":
    run(main)
