"""What to see in the figures on dynamics and growth; each function returns sentences."""

import numpy as np

from sdglass.observables.domain_growth import main_ensembles
from sdglass_study.claims.dynamics import FROZEN_OVERLAP, SYMBOL_SIZE
from sdglass_study.figures import engines
from sdglass_study.figures.fig5 import best_window
from sdglass_study.figures.freezing import on_grid
from sdglass_study.figures.locator_quench import best_reference
from sdglass_study.figures.style import clock, label
from sdglass_study.psi_specifications import holds_paper
from sdglass_study.report.cells import cell, estimate, scientific

# Realizations from which a standard error is itself uncertain by a third or more: 1 / sqrt(2 (n - 1)).
_FEW = 5


def _spins3d(config, table):
    before, after = (table[table.time == time].local_energy for time in (table.time.min(), table.time.max()))
    frustrated = [np.count_nonzero(energies > 0) for energies in (before, after)]
    return [
        f"Fields: {engines.words(table.engine.iloc[0])}; alpha = {table.damping.iloc[0]:g}.",
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
    for damping, some in curves[curves.engine == "exact"].groupby("damping", sort=False):
        last = some[some.time == some.time.max()].sort_values("distance")
        contact, peak = last.iloc[0], last.loc[last.correlation.idxmax()]
        words.append(
            f"At alpha = {damping:g}, t = {clock(contact.time)}, exact: C({contact.distance:.2f} ell) = "
            f"{contact.correlation:.2f}, the peak of {peak.correlation:+.2f} is at {peak.distance:.2f} ell."
        )
    dampings = dict(curves[["run", "damping"]].drop_duplicates().itertuples(index=False, name=None))
    for (run, engine), some in difference.groupby(["run", "engine"], sort=False):
        last = some[some.time == some.time.max()].dropna(subset="difference")
        outside = ((last.low > 0) | (last.high < 0)).mean()
        rms, most = np.sqrt((last.difference**2).mean()), last.difference.abs().max()
        words.append(
            f"{_engine(engine)} minus exact, alpha = {dampings[run]:g}, at the last time: {rms:.4f} (rms), at "
            f"most {most:.4f}, {'below' if most < SYMBOL_SIZE else 'not below'} the {SYMBOL_SIZE:g} that a symbol "
            f"hides; {100 * outside:.0f} % of the bands exclude zero."
        )
    return words


def _freezing(config, table):
    words = []
    for (n_sites, damping), some in table[table.engine == "exact"].groupby(["n_sites", "damping"], sort=False):
        some = some.sort_values("time")
        first, last, grid = some.iloc[0], some.iloc[-1], some[on_grid(some)].dropna(subset="step_overlap")
        sentence = (
            f"N = {n_sites:g}, alpha = {damping:g}, exact: at t = {clock(last.time)} the torque is "
            f"{100 * last.torque_rms / first.torque_rms:.0f} % of what it was, and "
            f"{first.energy_per_site - last.energy_per_site:.4f} t0 per site have been gained"
        )
        if len(grid):
            step = grid.iloc[-1]
            sentence += (
                f"; the overlap of the spins at t = {clock(step.time)} with those at t / {step.ratio:.2f} is "
                f"{step.step_overlap:.2f}" + (": they go on turning" if step.step_overlap < FROZEN_OVERLAP else "")
            )
        words.append(f"{sentence}.")
    return words


def _disconnected(config, table, lengths):
    table = table[np.isfinite(table.disconnected) & (table.standard_error > 0)]
    if table.empty:
        return []
    latest = table[table.time == table.groupby("ensemble").time.transform("max")]
    ratio = latest.disconnected.abs() / latest.standard_error
    rms = np.sqrt((latest.disconnected**2).mean())
    words = [
        f"At the latest times the subtracted product is {rms:.4f} (rms), against up to "
        f"{latest.correlation.abs().max():.2f} of the correlation; {100 * (ratio <= 2).mean():.0f} % of the "
        f"points are within two standard errors of zero."
    ]
    realizations = lengths.drop_duplicates("ensemble").set_index("ensemble").realizations
    few, far = realizations[realizations <= _FEW], latest[ratio > 3]
    of_few = np.count_nonzero(far.ensemble.isin(few.index))
    if of_few:
        words.append(
            f"{len(far)} of {len(latest)} points are farther than three, {of_few} of them in quenches of at most "
            f"{few.max():.0f} realizations: a standard error from so few is often too small."
        )
    return words


def _large_correlation(config, table):
    words = []
    for _, some in table.groupby("ensemble", sort=False):
        last = some[some.time == some.time.max()].sort_values("distance")
        contact, peak = last.iloc[0], last.loc[last.correlation.idxmax()]
        words.append(
            f"{_ensemble(some)}, t = {clock(contact.time)}: {contact.correlation:.2f} at contact, "
            f"{peak.correlation:+.2f} at {peak.distance:.2f} ell."
        )
    return words


def _fig5(config, lengths, fits):
    words = []
    for ensemble, some in main_ensembles(lengths).groupby("ensemble", sort=False):
        some = some[some.estimator == "naive"].sort_values("time")
        last = some.iloc[-1]
        mine = fits[(fits.ensemble == ensemble) & (fits.estimator == "naive")]
        fit = best_window(mine, "barrier", 1.0)
        words.append(
            f"{_ensemble(some)}: xi = {estimate(last.xi, last.low, last.high)} ell at t = {clock(last.time)}; "
            + ("significant growth in no window." if fit is None else _fit_words(some, fit))
        )
    return words


def _fit_words(some, fit):
    """Return psi of one fit, by how much the lengths leave its line, and when they cease to grow."""
    some = some[(some.time >= fit.start) & (some.time <= fit.stop)]
    line = fit.amplitude * np.log(some.time) ** (1 / fit.exponent)
    off = (some.xi / line - 1).abs()
    errors = ((some.xi - line).abs() / (0.5 * (some.high - some.low))).max()
    text = (
        f"psi = {estimate(fit.exponent, fit.exponent_low, fit.exponent_high)} for {clock(fit.start)} <= t <= "
        f"{clock(fit.stop)}. The points leave this line by {_percent(np.sqrt((off**2).mean()))} of xi (rms), at "
        f"most {_percent(off.max())}, {errors:.1f} times the half width of their interval"
        + (": it does not describe them." if errors > 1 else ".")
    )
    reached, expected = (_time_of_rise(some.time, curve) for curve in (some.xi, line))
    if 2 * reached < expected:
        text += (
            f" Nine tenths of the growth in this window are over at t = {clock(reached)}, on the line at t = "
            f"{clock(expected)}."
        )
    return text


def _time_of_rise(times, values, part=0.9):
    """Return the first time at which `part` of the rise from the first to the largest value is over."""
    times, values = np.asarray(times), np.asarray(values)
    return times[np.argmax(values >= values[0] + part * (values.max() - values[0]))]


def _percent(value):
    return f"{100 * value:.2g} %"


def _fig5_control(config, table):
    words = []
    some = table[(table.quantity == "xi_naive") & np.isfinite(table.difference)]
    for _, curve in some.groupby(["reference_ensemble", "ensemble"], sort=False):
        curve = curve.sort_values("time")
        last, excluded = curve.iloc[-1], ((curve.low > 0) | (curve.high < 0)).to_numpy()
        band = ""
        if excluded[-1]:
            since = 0 if excluded.all() else len(excluded) - np.argmin(excluded[::-1])
            band = f"; the band excludes zero from t = {clock(curve.time.iloc[since])} on"
        words.append(
            f"{_engine(last.engine)} minus {engines.words(last.reference)}, alpha = {last.damping:g}, t = "
            f"{clock(last.time)}, {last.realizations:.0f} × {last.replicas:.0f} quenches: xi differs by "
            f"{_difference(last)} ell{band}."
        )
    return words


# What is compared with the best reference: words, how many units make 1 ell or 1 t0, unit.
_COMPARED = {"xi_naive": ("xi", 1.0, "ell"), "energy": ("the energy per site", 1e3, "10^-3 t0")}


def _locator_quench(config, table):
    words = []
    table = table[np.isfinite(table.difference) & table.quantity.isin(_COMPARED)]
    for damping, mine in table.groupby("damping", sort=False):
        reference = best_reference(mine)
        mine = mine[mine.reference == reference]
        last = max(set.intersection(*(set(some.time) for _, some in mine.groupby("ensemble"))))
        for quantity, (what, units, unit) in _COMPARED.items():
            rows = mine[(mine.quantity == quantity) & (mine.time == last)]
            each = [f"{_difference(row, units)} ({engines.words(row.engine)})" for row in rows.itertuples()]
            if each:
                words.append(
                    f"At alpha = {damping:g}, t = {clock(last)}, {what} against {engines.words(reference)}, in "
                    f"{unit}: {', '.join(each)}."
                )
    return words


def _difference(row, units=1.0):
    """Return a difference with its interval, in `units` to the unit of the table."""
    return estimate(*(units * value for value in (row.difference, row.low, row.high)), signed=True)


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
    """Return the words for a model or a quantity as the beginning of a sentence."""
    return _begin(label(word))


def _engine(name):
    """Return the words for an engine as the beginning of a sentence."""
    return _begin(engines.words(name))


def _ensemble(rows):
    """Return the words for the ensemble that `rows` are of: its engine and its damping."""
    return f"{_engine(rows.engine.iloc[0])}, alpha = {rows.damping.iloc[0]:g}"


def _begin(text):
    return text[:1].upper() + text[1:]


READINGS = {
    "spins3d": (("spins3d",), _spins3d),
    "time_step": (("time_step",), _time_step),
    "error_along_quench": (("error_along_quench",), _error_along_quench),
    "fig4": (("fig4_correlation", "fig4_difference"), _fig4),
    "freezing": (("freezing",), _freezing),
    "disconnected": (("disconnected", "fig5_length"), _disconnected),
    "large_correlation": (("fig5_correlation",), _large_correlation),
    "fig5": (("fig5_length", "fig5_fits"), _fig5),
    "fig5_control": (("large_paired",), _fig5_control),
    "locator_quench": (("locator_quench_difference",), _locator_quench),
    "sweep": (("sweep",), _sweep),
    "psi_multiverse": (("psi_multiverse",), _psi_multiverse),
}
