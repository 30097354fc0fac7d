"""The choices behind psi (paper Fig. 5), what readers know them by, and what each of them does to it."""

import numpy as np

PAPER_PSI = 1.02  # of arXiv:2311.16964, Fig. 5

# Columns of psi_specifications.csv that are choices, in their order; everything else in it is a result.
CHOICES = ("run", "estimator", "bin_width", "r_low", "r_max", "start", "stop", "time_unit", "offset", "fit")
# The others are numbers, or runs.
CHOICE_WORDS = {
    "estimator": {"naive": "as it comes", "split": "from halves", "subtracted": "less its noise"},
    "offset": {"none": "none", "r_low": "start of the integral", "free": "fitted"},
    "fit": {"log": "straight line", "weighted": "weighted line", "nonlinear": "weighted curve"},
}


def holds_paper(frame):
    """Return which rows determine psi within an interval that holds the paper's value."""
    return (frame.identified == 1) & (frame.exponent_low <= PAPER_PSI) & (frame.exponent_high >= PAPER_PSI)


def by_choice(frame):
    """Return what every single choice does to psi, over all combinations in psi_specifications.csv that hold it.

    A row per choice, in the order of `CHOICES`: dimension, choice (text), combinations, identified, holds
    (identified combinations whose interval holds the paper's psi), and exponent_low, exponent_median,
    exponent_high, the 5, 50 and 95 % points of psi over the identified combinations.
    """
    import pandas as pd

    frame = frame[frame.law == "barrier"].assign(holds=holds_paper(frame))
    rows = []
    for dimension in CHOICES:
        known = list(CHOICE_WORDS.get(dimension, ()))
        present = sorted(
            frame[dimension].unique(), key=lambda choice: (known.index(choice) if choice in known else 9, choice)
        )
        for choice in present:
            combinations = frame[frame[dimension] == choice]
            psi = combinations.exponent[combinations.identified == 1]
            low, median, high = map(float, np.quantile(psi, [0.05, 0.5, 0.95])) if len(psi) else (np.nan,) * 3
            row = {"dimension": dimension, "choice": choice if isinstance(choice, str) else f"{choice:g}"}
            row |= {"combinations": len(combinations)}
            row |= {name: int(combinations[name].sum()) for name in ("identified", "holds")}
            rows.append(row | {"exponent_low": low, "exponent_median": median, "exponent_high": high})
    return pd.DataFrame(rows)


def main_ensembles(frame):
    """Return the rows of ensembles with at least half as many trajectories as the largest; others are controls.

    |C| of fewer trajectories has another bias by noise, so that their lengths cannot be compared with the rest.

    Parameters
    ----------
    frame : pandas.DataFrame
        With columns realizations and replicas.
    """
    trajectories = frame["realizations"] * frame["replicas"]
    return frame[2 * trajectories >= trajectories.max()]
