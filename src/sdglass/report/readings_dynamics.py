"""What to see in the figures on dynamics and growth; each function returns sentences."""

import numpy as np

from sdglass.multiverse import holds_paper
from sdglass.plotting.fig5 import best_window
from sdglass.plotting.style import clock, label
from sdglass.report.cells import cell, scientific


def _spins3d(config, table):
    before, after = (table[table.time == time].local_energy for time in (table.time.min(), table.time.max()))
    frustrated = [np.count_nonzero(energies > 0) for energies in (before, after)]
    return [
        f"Fields: {label(table.engine.iloc[0])}; alpha = {table.damping.iloc[0]:g}.",
        f"The mean local energy falls from {before.mean():+.4f} to {after.mean():+.4f} t0.",
        f"Of {len(after)} spins {frustrated[0]} are frustrated (e_i above zero) before and {frustrated[1]} "
        f"after the "
        f"quench; the least satisfied one is then at {after.max():+.4f} t0, the most at {after.min():+.4f}.",
    ]


def _time_step(config, table):
    words = []
    used = sorted(
        {
            (run["damping"], run["time_step"])
            for section in ("quench_small", "quench_large")
            for run in config.get(section, {}).get("runs", {}).values()
        }
    )
    for damping, step in used:
        row = table[
            (table.integrator == config.get("integrator"))
            & np.isclose(table.damping, damping)
            & np.isclose(table.time_step, step)
            & np.isfinite(table.error)
        ]
        if len(row):
            words.append(
                f"(a) With the time step {step:g} of the study's runs at alpha = {damping:g} the spins are off by "
                f"{scientific(row.error.iloc[0])} per component after t = {row.duration.iloc[0]:g}."
            )
    return words


def _error_along_quench(config, table):
    words = []
    for model, curve in table[np.isfinite(table.relative)].groupby("model", sort=False):
        if model in ("pair", "linear", config.get("force_field", {}).get("variant")):
            first, last, worst = curve.iloc[0], curve.iloc[-1], curve.loc[curve.relative.idxmax()]
            words.append(
                f"{_name(model)}: {100 * first.relative:.1f} % of the torque at the start, "
                f"{100 * last.relative:.1f} % "
                f"at t = {clock(last.time)}, at most {100 * worst.relative:.1f} % (t = {clock(worst.time)})."
            )
    return words


def _fig4(config, curves, difference):
    words = []
    for run, some in curves[curves.engine == "exact"].groupby("run", sort=False):
        last = some[some.time == some.time.max()].sort_values("distance")
        contact, peak = last.iloc[0], last.loc[last.correlation.idxmax()]
        words.append(
            f"{_name(run)} run, t = {clock(last.time.iloc[0])}, exact: C({contact.distance:.2f} ell) = "
            f"{contact.correlation:.2f}, the peak of {peak.correlation:+.2f} is at {peak.distance:.2f} ell."
        )
    for (run, engine), some in difference.groupby(["run", "engine"], sort=False):
        last = some[some.time == some.time.max()]
        zero = ((last.low <= 0) & (last.high >= 0)).mean()
        words.append(
            f"{_name(engine)} minus exact, {run} run, at the last time: at most "
            f"{last.difference.abs().max():.4f}, "
            f"zero is in {100 * zero:.0f} % of the bands."
        )
    return words


def _freezing(config, table):
    words = []
    for ensemble, some in table[table.engine == "exact"].groupby("ensemble", sort=False):
        some = some.sort_values("time")
        first, last = some.iloc[0], some.iloc[-1]
        words.append(
            f"{ensemble}, exact: at t = {clock(last.time)} the torque is "
            f"{100 * last.torque_rms / first.torque_rms:.0f} % of "
            f"what it was, and {-last.energy_per_site:.4f} t0 per site have been gained; |m| = "
            f"{last.magnetization:.3f}."
        )
    return words


def _disconnected(config, table):
    table = table[np.isfinite(table.disconnected) & (table.standard_error > 0)]
    if table.empty:
        return []
    latest = table[table.time == table.groupby("ensemble").time.transform("max")]
    inside = (latest.disconnected.abs() <= 2 * latest.standard_error).mean()
    rms = np.sqrt((latest.disconnected**2).mean())
    return [
        f"At the latest times the subtracted product is {rms:.4f} (rms), against up to "
        f"{latest.correlation.abs().max():.2f} of the correlation; {100 * inside:.0f} % of the points are "
        f"within two "
        "standard errors of zero."
    ]


def _large_correlation(config, table):
    words = []
    for ensemble, some in table.groupby("ensemble", sort=False):
        last = some[some.time == some.time.max()].sort_values("distance")
        contact, peak = last.iloc[0], last.loc[last.correlation.idxmax()]
        words.append(
            f"{ensemble}, t = {clock(last.time.iloc[0])}: {contact.correlation:.2f} at contact, "
            f"{peak.correlation:+.2f} "
            f"at {peak.distance:.2f} ell."
        )
    return words


def _fig5(config, lengths, fits):
    words = []
    for ensemble, some in lengths[lengths.estimator == "naive"].groupby("ensemble", sort=False):
        last = some.sort_values("time").iloc[-1]
        mine = fits[(fits.ensemble == ensemble) & (fits.estimator == "naive")]
        row = best_window(mine, "barrier", 1.0)
        psi = (
            "significant growth in no window"
            if row is None
            else f"psi = {row.exponent:.2g} ({row.exponent_low:.2g} to {row.exponent_high:.2g}) from t = "
            f"{clock(row.start)} on"
        )
        words.append(f"{ensemble}: xi = {last.xi:.2f} ell at t = {clock(last.time)}, {psi}.")
    return words


def _fig5_control(config, table):
    words = []
    lengths = table[table.quantity == "xi_naive"]
    for (reference, ensemble), some in lengths.groupby(["reference", "ensemble"], sort=False):
        last = some.sort_values("time").iloc[-1]
        words.append(
            f"{ensemble} minus {label(reference)} at t = {clock(last.time)}: xi differs by "
            f"{last.difference:+.4f} ell "
            f"({cell(last.low)} to {cell(last.high)})."
        )
    return words


def _locator_quench(config, table):
    words = []
    some = table[np.isfinite(table.difference)]
    for (reference, ensemble, quantity), curve in some.groupby(["reference", "ensemble", "quantity"], sort=False):
        last = curve.sort_values("time").iloc[-1]
        words.append(
            f"{ensemble} minus {label(reference)} at t = {clock(last.time)}: {quantity.replace('_', ' ')} "
            f"differs by "
            f"{cell(last.difference)} ({cell(last.low)} to {cell(last.high)})."
        )
    return words


def _sweep(config, table):
    words = []
    for (quantity, run, engine), some in table.groupby(["quantity", "run", "engine"], sort=False):
        some = some[np.isfinite(some.result)].sort_values("value")
        if len(some) > 1 and engine in ("exact", "network"):
            first, last = some.iloc[0], some.iloc[-1]
            words.append(
                f"{_name(quantity.replace('_', ' '))} ({run}, {label(engine)}): {cell(first.result)} at "
                f"{first.parameter} = {first.value:g}, {cell(last.result)} at {last.value:g}."
            )
    return words


def _psi_multiverse(config, table):
    barrier = table[table.law == "barrier"]
    good = barrier[barrier.identified.astype(bool)]
    if good.empty:
        return [f"None of {len(barrier)} combinations determines psi."] if len(barrier) else []
    low, middle, high = np.quantile(good.exponent, [0.05, 0.5, 0.95])
    return [
        f"{len(good)} of {len(barrier)} combinations determine psi: median {middle:.2g}, 90 % of them between "
        f"{low:.2g} "
        f"and {high:.2g}; {100 * holds_paper(good).mean():.0f} % of their intervals hold the paper's value."
    ]


def _name(word):
    text = label(word)
    return text[:1].upper() + text[1:]


READINGS = {
    "spins3d": (("spins3d",), _spins3d),
    "time_step": (("time_step",), _time_step),
    "error_along_quench": (("error_along_quench",), _error_along_quench),
    "fig4": (("fig4_correlation", "fig4_difference"), _fig4),
    "freezing": (("freezing",), _freezing),
    "disconnected": (("disconnected",), _disconnected),
    "large_correlation": (("fig5_correlation",), _large_correlation),
    "fig5": (("fig5_length", "fig5_fits"), _fig5),
    "fig5_control": (("large_paired",), _fig5_control),
    "locator_quench": (("locator_quench_difference",), _locator_quench),
    "sweep": (("sweep",), _sweep),
    "psi_multiverse": (("psi_multiverse",), _psi_multiverse),
}
