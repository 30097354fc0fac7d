"""What the ingredients of the locator force field buy, and its learning curve."""

import re

import numpy as np

from sdglass_study.figures import style
from sdglass_study.figures.locator_errors import STAGES

_SYMMETRY_FUNCTIONS = {
    "coupling J(R), symmetry functions": "pair model",
    "with three-site functions": "linear model",
}


def ingredient_words(name):
    """Return the words for an ingredient of the table."""
    if name in _SYMMETRY_FUNCTIONS:
        return f"{_SYMMETRY_FUNCTIONS[name]} of the symmetry functions"
    words = name.replace("trained on frozen states", f"trained on {STAGES['frozen']}")
    return re.sub(r"(cutoff [\d.]+)$", r"\1 ell", words)


def is_locator(name):
    """Whether an ingredient of the table is a fit of the locator expansion, not of the symmetry functions."""
    return name not in _SYMMETRY_FUNCTIONS


def draw(tables):
    """Draw errors of fits that leave something out, and errors against the number of labels."""
    ablation, learning = tables["locator_ablation"], tables["locator_learning"]
    figure = style.new_figure(4.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 0.9))
    largest = ablation.n_sites.max()
    names = list(dict.fromkeys(ablation.ingredient))
    for stage, marker, color in (("random", "o", style.CYCLE[0]), ("frozen", "s", style.CYCLE[1])):
        some = ablation[(ablation.stage == stage) & (ablation.n_sites == largest)].set_index("ingredient")
        some = some.reindex(names)
        scale = some.relative / some.rmse
        bars = style.error_bars(some.relative, some.low * scale, some.high * scale)
        left.errorbar(some.relative, np.arange(len(names))[::-1], xerr=bars, linestyle="", marker=marker,
                      color=color, markersize=4, elinewidth=0.8, label=STAGES[stage])  # fmt: skip
    counts = ablation.drop_duplicates("ingredient").set_index("ingredient").parameters
    words = [f"{ingredient_words(name)} ({counts[name]})".replace(" ell ", r" $\ell$ ") for name in names]
    left.set_yticks(np.arange(len(names))[::-1], words, fontsize=7)
    left.set_xscale("log")
    left.set_xlabel(f"torque error / rms torque, $N = {largest}$")
    left.legend(loc="lower left")
    style.letter(left, "a")
    sizes = sorted(learning.n_sites.unique())
    for stage, line in (("random", "-"), ("frozen", "--")):
        for number, size in enumerate(sizes):
            some = learning[(learning.stage == stage) & (learning.n_sites == size)].groupby("configurations").rmse
            x = np.array(sorted(some.groups))
            mean = np.exp(some.apply(lambda v: np.log(v).mean()).loc[x])
            right.plot(x, mean, line, color=style.CYCLE[number], label=f"$N = {size}$, {STAGES[stage]}")
            right.fill_between(
                x, some.min().loc[x], some.max().loc[x], color=style.CYCLE[number], alpha=0.12, lw=0
            )
    right.set_xscale("log", base=2)
    right.set_yscale("log")
    right.set_xlabel("labelled configurations")
    right.set_ylabel("torque error [$t_0$]")
    right.legend(fontsize=7)
    style.letter(right, "b")
    return figure
