"""The map of torque errors over coupling and filling, from `coupling_filling.csv`.

python -m sdglass_study.benchmarks.coupling_filling_figure --tables results/benchmarks --png MAP.png
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from sdglass_study.benchmarks.summary import options
from sdglass_study.figures import _style as style

TITLES = {
    "local": "pair couplings, or locator expansion",
    "kernel-64": "learned kernel, order 64",
    "poles-6": "six learned poles",
}
LEAST, MOST = 0.002, 1.0  # of the colours


def errors(frame, model, state):
    """Return the torque errors, a frame by coupling and filling; ``local`` is the better local model."""
    names = ["pair", "locator"] if model == "local" else [model]
    part = frame[frame.model.isin(names) & (frame.state == state)]
    return part.pivot_table(index="coupling", columns="filling", values="value", aggfunc="min").sort_index()


def draw(frame):
    """Return the figure: random spins above, late ones below."""
    figure = style.new_figure(4.6)
    panels = figure.subplots(2, len(TITLES), sharex=True, sharey=True)
    norm = LogNorm(LEAST, MOST)
    for row, state in zip(panels, ("random", "late"), strict=True):
        for axes, (model, title) in zip(row, TITLES.items(), strict=True):
            found = errors(frame, model, state)
            image = axes.imshow(found, origin="lower", aspect="auto", norm=norm, cmap="cividis")
            axes.set_xticks(range(found.shape[1]), [f"{f:g}" for f in found.columns])
            axes.set_yticks(range(found.shape[0]), [f"{j:g}" for j in found.index])
            for (y, x), value in np.ndenumerate(found.to_numpy()):
                dark = norm(np.clip(value, LEAST, MOST)) < 0.5
                words = f"{100 * value:.2g}" if value < 0.1 else f"{100 * value:.0f}" if value < 9.995 else ">999"
                axes.text(x, y, words, ha="center", va="center", fontsize=6, color="white" if dark else "black")
            axes.set_title(f"{title}, {state}", fontsize=7)
            axes.tick_params(length=0)
        row[0].set_ylabel("coupling $J$ [$t_0$]")
    for axes in panels[-1]:
        axes.set_xlabel("filling $f$")
    bar = figure.colorbar(image, ax=panels, label="torque error / rms torque (numbers: %)", shrink=0.8)
    bar.ax.minorticks_off()
    return figure


def main():
    """Draw the figure."""
    args = options(__doc__)
    frame = pd.read_csv(f"{args.tables}/coupling_filling.csv")
    with style.journal():
        figure = draw(frame)
        style.save(figure, args.png, args.pdf)
        plt.close(figure)


if __name__ == "__main__":
    main()
