"""What to see in the figures on method, electrons and force fields; each function returns sentences."""

import numpy as np

from sdglass.plotting.style import label
from sdglass.report.cells import cell, scientific


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


def _descriptor(config, table):
    radial = table[table.function == "G2"]
    strongest = radial.loc[radial.value.abs().idxmax()]
    return [
        f"The neighbourhood becomes {len(table)} numbers, {len(radial)} of them radial.",
        f"The largest radial one is {strongest.value:+.2f}, of the shell at {strongest.shell:.2f} ell.",
        f"A shell is {strongest.width:g} ell wide, so that most hold no neighbour or one.",
    ]


def _fig2(config, electrons):
    words = []
    for size in sorted(set(electrons.n_sites)):
        free = electrons[(electrons.coupling == 0) & (electrons.system == f"J=0, N={size:g}")]
        peak, at_fermi = (_value(free, name) for name in ("peak_position", "dos_at_fermi_level"))
        if peak is not None and at_fermi is not None:
            words.append(
                f"(a) N = {size:g}: the peak is at {peak:+.2f} t0, the density at the Fermi level "
                f"{at_fermi:.2f} / t0."
            )
    coupled = electrons[electrons.coupling > 0]
    gap = _value(coupled, "gap")
    if gap is not None:
        words.append(f"(b) The gap is {gap:.2f} t0 wide, at J = {coupled.coupling.iloc[0]:g} t0.")
    return words


def _rkky(config, table):
    coupling = config.get("electrons", {}).get("coupling")
    some = table[np.isclose(table.coupling, coupling)] if coupling is not None else table.head(0)
    errors = some.groupby("model", sort=False).relative_torque_error.first()
    if errors.empty:
        return []
    listed = "; ".join(f"{_words(name)}: {_percent(value)}" for name, value in errors.items())
    return [f"(a) What is missed of the torque at J = {coupling:g} t0, the coupling of the study. {listed}."]


def _couplings(config, table):
    words = []
    for model, curve in table.groupby("model", sort=False):
        curve = curve[np.isfinite(curve.coupling)].sort_values("distance")
        if len(curve):
            near, far = curve.iloc[0], curve.iloc[(curve.distance - 1.5).abs().argmin()]
            words.append(
                f"{_first_upper(_words(model))}: {cell(near.coupling)} t0 at {near.distance:.2f} ell, "
                f"{cell(far.coupling)} at {far.distance:.2f}."
            )
    return words


def _learning_curves(config, table):
    last = table[table.epoch == table.groupby(["variant", "fold"]).epoch.transform("max")]
    best = last.groupby("variant").validation_torque_rmse.mean()
    if best.empty:
        return []
    return [
        f"{len(best)} variants; the validation torque error of the last epoch lies between "
        f"{scientific(best.min())} "
        f"({best.idxmin()}) and {scientific(best.max())} t0 ({best.idxmax()})."
    ]


def _fig3(config, histogram):
    words = []
    for model, some in histogram.groupby("model", sort=False):
        sigma = some.groupby("set").sigma.first()
        if {"training", "unseen"} <= set(sigma.index):
            words.append(
                f"{_first_upper(_words(model))}: sigma is {scientific(sigma.training)} t0 on training and "
                f"{scientific(sigma.unseen)} t0 on unseen realizations, {sigma.unseen / sigma.training:.2f} "
                f"times as "
                "much."
            )
    return words


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
        f"on {where.stage} states of the set “{where.set}”. It is an honest error bar in {honest} of "
        f"{len(ratio)} cases."
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
    for stage in ("random", "frozen"):
        rows = table[(table.stage == stage) & (table.n_sites == table.n_sites.max())].set_index("model").relative
        rivals = rows.drop("locator", errors="ignore")
        if "locator" in rows and len(rivals):
            words.append(
                f"{_first_upper(stage)} states at N = {table.n_sites.max():g}: {_percent(rows.locator)} of the "
                f"torque, "
                f"{rivals.min() / rows.locator:.0f} times less than the best other model "
                f"({_words(rivals.idxmin())}, "
                f"{_percent(rivals.min())})."
            )
    return words


def _locator_ablation(config, ablation, learning):
    words = []
    for stage in ("random", "frozen"):
        rows = ablation[(ablation.stage == stage) & (ablation.n_sites == ablation.n_sites.min())]
        rows = rows.set_index("ingredient").relative
        if "all" in rows and len(rows) > 1:
            worst = rows.drop("all").idxmax()
            words.append(
                f"{_first_upper(stage)} states: {_percent(rows['all'])} with everything, "
                f"{_percent(rows[worst])} with "
                f"“{worst}”."
            )
    return words


def _words(name):
    """Return the label of a model without the marks of mathtext."""
    return label(name).replace("$", "")


def _value(frame, quantity):
    rows = frame[frame.quantity == quantity]
    return None if rows.empty else float(rows.value.iloc[0])


def _percent(share):
    if share >= 2:
        return f"{share:.3g} times"
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"


def _first_upper(text):
    return text[:1].upper() + text[1:]


READINGS = {
    "fig1": (("fig1_neighbourhood",), _fig1),
    "descriptor": (("descriptor",), _descriptor),
    "fig2": (("electrons",), _fig2),
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
