"""What the ingredients of the locator force field buy, and its learning curve."""

import re

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._labels import STAGE_WORDS

_SYMMETRY_FUNCTIONS = {
    "coupling J(R), symmetry functions": "pair model",
    "with three-site functions": "linear model",
}


def ingredient_words(name):
    """Return the words for an ingredient of the table."""
    if name in _SYMMETRY_FUNCTIONS:
        return f"{_SYMMETRY_FUNCTIONS[name]} of the symmetry functions"
    return re.sub(r"(cutoff [\d.]+)$", r"\1 ell", name)


@figure(
    tables={
        "locator_ablation": "ingredient:str parameters set:str stage:str n_sites rmse low high relative",
        "locator_learning": "configurations set:str stage:str n_sites rmse",
    },
    title="What each ingredient of the locator force field buys, and how few labels it needs",
    caption=(
        "(a) Torque error relative to the rms torque when something is left out or cut shorter, all fitted to "
        "the same labels (where not said otherwise), and of the symmetry functions fitted to these. In "
        "brackets: how many numbers are fitted to the torques; the force field has one more, a constant "
        "energy per site, which turns no spin. (b) Error against the number of labelled configurations that "
        "the fit was given, chosen at random; lines are geometric means over choices, bands run from the best "
        "to the worst."
    ),
    chapter="models",
    order=9,
)
def draw(tables, look):
    """Draw errors of fits that leave something out, and errors against the number of labels."""
    ablation, learning = tables["locator_ablation"], tables["locator_learning"]
    page, (left, right) = style.panels(4.2, 1, 2, width_ratios=(1.0, 0.9))
    largest = ablation.n_sites.max()
    names = list(dict.fromkeys(ablation.ingredient))
    for stage, marker, color in (("random", "o", style.CYCLE[0]), ("minimised", "s", style.CYCLE[1])):
        some = ablation[(ablation.stage == stage) & (ablation.n_sites == largest)].set_index("ingredient")
        some = some.reindex(names)
        scale = some.relative / some.rmse
        bars = style.error_bars(some.relative, some.low * scale, some.high * scale)
        left.errorbar(some.relative, np.arange(len(names))[::-1], xerr=bars, linestyle="", marker=marker,
                      color=color, markersize=4, elinewidth=0.8, label=STAGE_WORDS[stage])  # fmt: skip
    counts = ablation.drop_duplicates("ingredient").set_index("ingredient").parameters
    words = [f"{ingredient_words(name)} ({counts[name]})".replace(" ell ", r" $\ell$ ") for name in names]
    left.set_yticks(np.arange(len(names))[::-1], words, fontsize=7)
    left.set_xscale("log")
    left.set_xlabel(f"torque error / rms torque, $N = {largest}$")
    left.legend(loc="lower left")
    sizes = sorted(learning.n_sites.unique())
    for stage, dashes in (("random", "-"), ("minimised", "--")):
        for number, size in enumerate(sizes):
            some = learning[(learning.stage == stage) & (learning.n_sites == size)].groupby("configurations").rmse
            x = np.array(sorted(some.groups))
            mean = np.exp(some.apply(lambda v: np.log(v).mean()).loc[x])
            line = {"color": style.CYCLE[number], "linestyle": dashes}
            words = f"$N = {size}$, {STAGE_WORDS[stage]}"
            style.curve(right, x, mean, some.min().loc[x], some.max().loc[x], 0.12, label=words, **line)
    right.set_xscale("log", base=2)
    right.set_yscale("log")
    right.set_xlabel("labelled configurations")
    right.set_ylabel("torque error [$t_0$]")
    right.legend(fontsize=7)
    return page
