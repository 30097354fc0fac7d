"""What to see in the figures on method, electrons and force fields; each function returns sentences."""

import numpy as np

from sdglass_study.figures.fig2 import empty_energies
from sdglass_study.figures.locator_ablation import ingredient_words, is_locator
from sdglass_study.figures.locator_errors import STAGES
from sdglass_study.figures.style import label, set_words
from sdglass_study.report.cells import cell, rounded, scientific


def _fig1(config, sites):
    others = sites[~sites.is_centre.astype(bool)]
    centre = sites[sites.is_centre.astype(bool)][["sx", "sy", "sz"]].to_numpy(dtype=float)
    if len(centre) != 1 or others.empty:
        return []
    bonds = others[["sx", "sy", "sz"]].to_numpy(dtype=float) @ centre[0]
    nearest = others.distance.to_numpy().argmin()
    return [
        f"This spin has {len(others)} others inside its sphere; the bond variable of "
        f"{np.count_nonzero(bonds < 0)} of "
        "them with it is negative.",
        f"The nearest is {others.distance.min():.2f} ell away, its bond variable is {bonds[nearest]:+.2f}.",
    ]


def _descriptor(config, table, sites):
    radial = table[table.function == "G2"]
    strongest = radial.loc[radial.value.abs().idxmax()]
    return [
        f"The neighbourhood becomes {len(table)} numbers, {len(radial)} of them radial.",
        f"The largest radial one is {strongest.value:+.2f}, of the shell at {strongest.shell:.2f} ell.",
        f"Within one width, {strongest.width:g} ell, of the radius of a shell there are "
        f"{_neighbours_per_shell(radial, sites):.1f} neighbours on average.",
    ]


def _neighbours_per_shell(radial, sites):
    distances = sites.distance[~sites.is_centre.astype(bool)].to_numpy()
    apart = np.abs(distances[:, None] - radial.shell.to_numpy())
    return (apart <= radial.width.to_numpy()).sum(axis=0).mean()


def _fig2(config, electrons, density):
    words = []
    for _, free in electrons[electrons.coupling == 0].groupby("system", sort=False):
        peak, at_fermi = (_value(free, name) for name in ("peak_position", "dos_at_fermi_level"))
        if peak is not None and at_fermi is not None:
            one = free.iloc[0]
            top = _value(free, "dos_maximum")
            height = "" if top is None else f" and {top:.2f} / t0 high"
            words.append(
                f"(a) N = {one.n_sites:g}, L = {one.box_length:.3g} ell: the peak is at {peak:+.2f} t0{height}, "
                "the "
                f"density at the Fermi level {at_fermi:.2f} / t0."
            )
    coupled = electrons[electrons.coupling > 0]
    gap = _value(coupled, "gap")
    if gap is not None:
        text = f"(b) At J = {coupled.coupling.iloc[0]:g} t0 the gap of a configuration is {gap:.2f} t0 on average"
        ends = empty_energies(density[density.coupling > 0])
        shaded = 0.0 if ends is None else ends[1] - ends[0]
        if 0 < shaded < gap:
            text += f"; shaded are the {shaded:.2f} t0 in which no configuration has a state"
        words.append(f"{text}.")
    return words


def _rkky(config, table):
    coupling = config.get("electrons", {}).get("coupling")
    some = table[np.isclose(table.coupling, coupling)] if coupling is not None else table.head(0)
    errors = some.groupby("model", sort=False).relative_torque_error.first()
    if errors.empty:
        return []
    listed = "; ".join(f"{_words(name)}: {_percent(value)}" for name, value in errors.items())
    return [f"(a) At J = {coupling:g} t0, the coupling of the study, is missed of the torque: {listed}."]


def _couplings(config, table):
    words = []
    for model, curve in table.groupby("model", sort=False):
        curve = curve[np.isfinite(curve.coupling)].sort_values("distance")
        if len(curve):
            near, far = curve.iloc[0], curve.iloc[(curve.distance - 1.5).abs().argmin()]
            values = [_coupling(point) for point in (near, far)]
            words.append(
                f"{_first_upper(_words(model))}: {values[0]} t0 at {near.distance:.2f} ell, {values[1]} t0 at "
                f"{far.distance:.2f} ell."
            )
    return words


def _coupling(point):
    """Return a coupling and the spread of the pairs around it, rounded to two digits of the spread."""
    if not np.isfinite([point.low, point.high]).all():
        return cell(float(f"{point.coupling:.3g}"))
    value, low, high = rounded(point.coupling, point.low, point.high)
    return f"{value} ({low} to {high})"


def _learning_curves(config, table):
    last = table[table.epoch == table.groupby(["variant", "fold"]).epoch.transform("max")]
    best = last.groupby("variant").validation_torque_rmse.mean()
    if best.empty:
        return []
    return [
        f"{len(best)} variants; the validation torque error of the last epoch lies between "
        f"{scientific(best.min())} t0 ({_words(best.idxmin())}) and {scientific(best.max())} t0 "
        f"({_words(best.idxmax())}).",
    ]


def _fig3(config, histogram):
    words = []
    for model, some in histogram.groupby("model", sort=False):
        sigma = some.groupby("set").sigma.first()
        if {"training", "unseen"} <= set(sigma.index):
            words.append(
                f"{_first_upper(_words(model))}: sigma is {scientific(sigma.training)} t0 on training and "
                f"{scientific(sigma.unseen)} t0 on unseen realizations, {sigma.unseen / sigma.training:.2f} "
                f"times as much."
            )
        words += _tails(_words(model), some[some.set == "unseen"])
    return words


def _tails(model, bins):
    """Return how the distribution of the errors differs from the Gaussian of the same width, if it does."""
    sigma = bins.sigma.iloc[0] if len(bins) else 0.0
    if not sigma > 0:
        return []
    share = bins.density / bins.density.sum()
    spread = (share * bins.error**2).sum()
    kurtosis = (share * bins.error**4).sum() / spread**2 if spread > 0 else np.nan
    peak = bins.density.max() * sigma * np.sqrt(2 * np.pi)
    if not (kurtosis > 3 and peak > 1):
        return []
    return [
        f"{_first_upper(model)}, unseen realizations: the errors are more peaked than the Gaussian of the same "
        "width, "
        f"{peak:.2f} times as high in the middle, and have longer tails: their kurtosis is {kurtosis:.1f}, a "
        "Gaussian's 3."
    ]


def _torque_errors(config, table):
    words = []
    some = table[(table.set == "unseen") & np.isfinite(table.relative)]
    for stage in ("random", "frozen"):
        rows = some[(some.stage == stage) & ~some.member.str.isdigit() & (some.member != "single")]
        rows = rows.sort_values("relative")
        if len(rows) > 1:
            best, worst = rows.iloc[0], rows.iloc[-1]
            pair = rows[rows.model == "pair"]
            words.append(
                f"Unseen structures, {stage} states: from {_percent(best.relative)} of the torque "
                f"({_words(best.model)}) to {_percent(worst.relative)} ({_words(worst.model)})"
                + (
                    "."
                    if {best.model, worst.model} & {"pair"} or pair.empty
                    else f"; pair model {_percent(pair.relative.iloc[0])}."
                )
            )
    return words


def _committee(config, table):
    ratio = (table.spread / table.rmse)[table.rmse > 0]
    if ratio.empty:
        return []
    where = table.loc[ratio.idxmin()]
    honest = np.count_nonzero(ratio >= 1)
    return [
        f"The spread is between {ratio.min():.2f} and {ratio.max():.2f} of the error; least for "
        f"{_words(where.model)} "
        f"on {where.stage} states ({set_words(where.set, where.n_sites)}). It reaches the error in "
        f"{honest or 'none'} of {len(ratio)} cases."
    ]


def _network_size(config, table):
    words = []
    networks = table[(table.parameters > 0) & ~table.model.isin(["pair", "linear"])]
    for stage in ("random", "frozen"):
        rows = networks[(networks.set == "unseen") & (networks.stage == stage)].sort_values("parameters")
        if len(rows) > 1:
            small, large = rows.iloc[0], rows.iloc[-1]
            words.append(
                f"{_first_upper(stage)} states of unseen structures: {_percent(small.relative)} of the torque "
                f"with "
                f"{small.parameters:,.0f} parameters, {_percent(large.relative)} with {large.parameters:,.0f}."
            )
    return words


def _training_size(config, table):
    words = []
    networks = table[~table.model.isin(["pair", "linear"])]
    # Realizations times configurations on each; the table holds all configurations.
    for stage in ("random", "frozen"):
        rows = networks[(networks.set == "unseen") & (networks.stage == stage)].sort_values("configurations")
        if len(rows) > 1:
            few, many = rows.iloc[0], rows.iloc[-1]
            words.append(
                f"{_first_upper(stage)} states of unseen structures: {scientific(few.rmse)} t0 after "
                f"{few.configurations:g} configurations of {few.realizations:g} realizations, "
                f"{scientific(many.rmse)} "
                f"after {many.configurations:g} of {many.realizations:g}."
            )
    return words


def _locator_errors(config, table):
    words = []
    for stage in [stage for stage in STAGES if (table.stage == stage).any()]:
        some = table[table.stage == stage]
        size = some.n_sites.max()
        rows = some[some.n_sites == size].set_index("model").relative
        rivals = rows.drop("locator", errors="ignore")
        if "locator" in rows and len(rivals):
            words.append(
                f"{_first_upper(STAGES[stage])}, N = {size:g}: {_percent(rows.locator)} of the torque, "
                f"{rivals.min() / rows.locator:.0f} times less than the best other model "
                f"({_words(rivals.idxmin())}, {_percent(rivals.min())})."
            )
    return words


def _locator_ablation(config, ablation, learning):
    words, size = [], ablation.n_sites.max()
    for stage in ("random", "frozen"):
        rows = ablation[(ablation.stage == stage) & (ablation.n_sites == size)]
        rows = rows.set_index("ingredient").relative
        without = rows[[name for name in rows.index if name != "all" and is_locator(name)]]
        if "all" in rows and len(without):
            worst = without.idxmax()
            words.append(
                f"(a) {_first_upper(STAGES[stage])}, N = {size:g}: {_percent(rows['all'])} of the torque with "
                f"everything, {_percent(without[worst])} at worst (“{ingredient_words(worst)}”)."
            )
        words += _labels_needed(stage, learning)
    return words


def _labels_needed(stage, learning):
    """Return from how many labelled configurations on the mean error is within a quarter of that with all."""
    some = learning[(learning.stage == stage) & (learning.n_sites == learning.n_sites.max()) & (learning.rmse > 0)]
    mean = np.exp(np.log(some.rmse).groupby(some.configurations).mean()).sort_index()
    if len(mean) < 2:
        return []
    off = mean.index[mean > 1.25 * mean.iloc[-1]]
    enough = mean.index[0] if off.empty else mean.index[mean.index > off.max()].min()
    return [
        f"(b) {_first_upper(STAGES[stage])}, N = {some.n_sites.iloc[0]:g}: from {enough:g} configurations on the "
        "mean "
        f"error is within a quarter of that with all {mean.index[-1]:g}."
    ]


def _words(name):
    """Return the label of a model without the marks of mathtext."""
    return label(name).replace("$", "")


def _value(frame, quantity):
    rows = frame[frame.quantity == quantity]
    return None if rows.empty else float(rows.value.iloc[0])


def _percent(share):
    if share >= 2:
        return f"{float(f'{share:.3g}'):,g} times"
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"


def _first_upper(text):
    return text[:1].upper() + text[1:]


READINGS = {
    "fig1": (("fig1_neighbourhood",), _fig1),
    "descriptor": (("descriptor", "fig1_neighbourhood"), _descriptor),
    "fig2": (("electrons", "fig2_density_of_states"), _fig2),
    "rkky": (("rkky",), _rkky),
    "couplings": (("couplings",), _couplings),
    "learning_curves": (("learning_curves",), _learning_curves),
    "fig3": (("fig3_histogram",), _fig3),
    "torque_errors": (("torque_errors",), _torque_errors),
    "committee": (("committee",), _committee),
    "network_size": (("network_size",), _network_size),
    "training_size": (("training_size",), _training_size),
    "locator_errors": (("locator_errors",), _locator_errors),
    "locator_ablation": (("locator_ablation", "locator_learning"), _locator_ablation),
}
