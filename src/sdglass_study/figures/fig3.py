"""Fig. 3: predicted against exact torques, and the distribution of the error."""

import numpy as np

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure
from sdglass_study.figures._labels import ordered_sets, set_line, set_words

# The rows of the paper's figure; other models in the tables are not part of it.
_ROWS = ("paper-chirality", "paper")


@figure(
    tables={
        "fig3_parity": "model:str set:str exact predicted",
        "fig3_histogram": "model:str set:str error density sigma",
    },
    title="Predicted against exact torques[[ (paper Fig. 3)]]",
    caption=(
        "Components of the torque S x H: network against exact diagonalization, with (a, b) and without (c, "
        "d) the chirality features, every network on its own, for all states, random and relaxed[[ (the "
        "statement on the standard deviation is judged by random spins alone, whose torques are larger)]]. "
        "Training and unseen atomic realizations are kept apart. (b, d) Distribution of the error with its "
        "standard deviation sigma[[ (the paper's 'mean square error' of about 0.001)]], and the Gaussian of the "
        "same width for the unseen realizations (dashed)."
    ),
    chapter="models",
    order=3,
)
def draw(tables, look):
    """Draw one row per model: parity plot and histogram of the error."""
    parity, histogram = tables["fig3_parity"], tables["fig3_histogram"]
    models = [name for name in _ROWS if name in set(parity.model)] or look.order(parity.model)
    page, panels = style.panels(0.3 + 2.6 * len(models), len(models), 2, width_ratios=(1, 1.35))
    # The same scales in all rows, so that the rows can be compared.
    both = parity[["exact", "predicted"]].to_numpy()
    reach = 1.05 * np.nanmax(np.abs(both))
    widest = min(4.5 * np.nanmax(histogram.sigma), np.nanmax(histogram.error))  # no bins beyond the latter
    top = 1.12 * np.nanmax(histogram.density)
    for (left, right), model in zip(panels.reshape(-1, 2), models, strict=True):
        _parity(left, parity[parity.model == model], reach)
        _histogram(right, histogram[histogram.model == model], widest, top)
        for axes in (left, right):
            axes.set_title(look.label(model), fontsize=9, pad=3)
    return page


def _parity(axes, points, reach):
    axes.plot([-reach, reach], [-reach, reach], color=style.BLACK, linewidth=0.7, zorder=6)
    for k, which in enumerate(ordered_sets(points.set)):
        some = points[points.set == which]
        # Thousands of points: pixels inside the vector file. The training points scatter less: small, on top.
        axes.scatter(some.exact, some.predicted, s=2 + 3 * k, linewidth=0, alpha=0.6, rasterized=True,
                     zorder=4 - k, label=set_words(which), color=set_line(which)["color"])  # fmt: skip
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xlabel=r"exact $H_\perp^{\mathrm{ED}}$ [$t_0$]", ylabel=r"predicted $H_\perp^{\mathrm{ML}}$ [$t_0$]")
    axes.locator_params(nbins=5)
    if len(points):
        axes.legend(loc="upper left", markerscale=2, handletextpad=0.1)


def _histogram(axes, bins, widest, top):
    for which in ordered_sets(bins.set):
        some = bins[bins.set == which].sort_values("error")
        color, sigma = set_line(which)["color"], some.sigma.iloc[0]
        words = rf"{set_words(which)}, $\sigma = {style.number(sigma, 2)}\,t_0$"
        x, y = 1e3 * some.error.to_numpy(), 1e-3 * some.density.to_numpy()
        axes.step(x, y, where="mid", color=color, linewidth=1.0, label=words)
        axes.fill_between(x, y, step="mid", color=color, alpha=0.18, linewidth=0)
        if which != "training":
            _gaussian(axes, some, widest)
    axes.set(xlim=(-1e3 * widest, 1e3 * widest), ylim=(0, 1e-3 * top * 1.25))
    axes.set(xlabel=r"error $\delta = H_\perp^{\mathrm{ML}} - H_\perp^{\mathrm{ED}}$ [$10^{-3}\,t_0$]")
    axes.set(ylabel=r"probability density [$10^3/t_0$]")
    axes.legend(loc="upper right")


def _gaussian(axes, bins, widest):
    sigma = bins.sigma.iloc[0]
    if not sigma > 0:
        return
    x = np.linspace(-widest, widest, 400)
    y = np.exp(-0.5 * (x / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    axes.plot(1e3 * x, 1e-3 * y, color=style.BLACK, dashes=(4, 2), linewidth=0.8, label="Gaussian")
