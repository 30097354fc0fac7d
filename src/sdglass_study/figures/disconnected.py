"""The disconnected part of the correlation, which Eq. 20 subtracts."""

import re

from sdglass_study.figures import _style as style
from sdglass_study.figures import figure

# More columns than this are too narrow for their titles: they go on below.
_COLUMNS = 4


@figure(
    tables={
        "disconnected": ("ensemble:str model:str damping time distance disconnected standard_error correlation")
    },
    title="The disconnected part of the correlation",
    caption=(
        "Paper Eq. 20 subtracts the product of the mean spins. Top: the correlation of every ensemble at its "
        "latest time. Below, on its own scale: the subtracted product, with standard errors over "
        "realizations. It is zero where initial states are isotropic and no moment freezes in. Standard "
        "errors of quenches with a few realizations are themselves uncertain."
    ),
    chapter="dynamics",
    order=5,
)
def draw(tables, look):
    """Draw the latest time of every ensemble: correlation and, below it, disconnected part, a column each."""
    frame = tables["disconnected"]
    ensembles = list(dict.fromkeys(frame.ensemble))
    rows = -(-len(ensembles) // _COLUMNS)
    columns = -(-len(ensembles) // rows)
    page = style.new_figure(0.5 + 2.7 * rows)
    grid = page.subplots(2 * rows, columns, sharex=True, squeeze=False)
    shown = {}
    pairs = grid.reshape(rows, 2, columns).swapaxes(1, 2).reshape(-1, 2)  # correlation and disconnected part
    for same in pairs.T:  # one scale for all correlations, one for all disconnected parts
        for axes in same[1:]:
            axes.sharey(same[0])
    style.letters(pairs[: len(ensembles), 0])
    for (top, bottom), ensemble in zip(pairs, ensembles, strict=False):
        some = frame[frame.ensemble == ensemble]
        latest = some[some.time == some.time.max()]
        for axes in (top, bottom):
            axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
        for model in look.order(latest.model):
            curve = latest[latest.model == model].sort_values("distance")
            error = curve.standard_error.to_numpy()
            top.plot(curve.distance, curve.correlation, color=look.color(model))
            bars = style.error_bars(0, -error, error)
            line = {"color": look.color(model), "fmt": look.marker(model), "markersize": 2, "elinewidth": 0.6}
            shown[model] = bottom.errorbar(curve.distance, curve.disconnected, bars, **line)
        top.set_title(_words(ensemble, some), pad=3, fontsize=8)
    for place, (top, bottom) in enumerate(pairs):
        if place >= len(ensembles):
            top.remove()
            bottom.remove()
            continue
        if place % columns == 0:
            top.set_ylabel(r"$C(r, t)$")
            bottom.set_ylabel("disconnected part")
        else:
            top.tick_params(labelleft=False)
            bottom.tick_params(labelleft=False)
        if place + columns >= len(ensembles):  # nothing below
            bottom.set_xlabel(r"$r$ [$\ell$]")
            bottom.tick_params(labelbottom=True)
    models = look.order(shown)
    style.legend_below(page, [shown[model] for model in models], [look.label(model) for model in models])
    return page


def _words(ensemble, some):
    """Return figure, damping and latest time of an ensemble; its model is in the legend."""
    name = re.sub(r"^fig(\d).*", r"quenches of Fig. \1", ensemble)
    end = style.clock(some.time.max())
    return name + "\n" + rf"$\alpha = {some.damping.iloc[0]:g}\,\gamma$, $t = {end}$"
