"""Spins of the double-exchange magnet after a quench: alternation, its length, and models against exact forces."""

from dataclasses import dataclass

import numpy as np

from sdglass.observables.domains import Sheet, correlation, spectrum
from sdglass_study.analysis import analysis, data_frame
from sdglass_study.analysis._coarsening import box_edge, length_rows, lengths_of, slope_rows
from sdglass_study.analysis._lattice_runs import Quenches, couplings, load_runs, mean_and_interval, trajectories
from sdglass_study.config.entries import EXACT

TABLES = (
    "double_exchange_order",
    "double_exchange_length",
    "double_exchange_slopes",
    "double_exchange_correlation",
    "double_exchange_difference",
)
REACH = 4.0  # distances at which correlations are compared [ell]


@dataclass(frozen=True)
class DoubleExchangeOrder(Quenches):
    """In which windows the growth of the staggered order is fitted, all in [1/(gamma t0)]."""

    windows: tuple[tuple[float, ...], ...]


@analysis("double_exchange_order", DoubleExchangeOrder, inputs=trajectories, parameters=couplings, tables=TABLES)
def double_exchange_order(settings, inputs, resampling, couplings):
    """Return energies, correlations of neighbours, the staggered structure factor and length, and C(r, t)."""
    tables = {name: [] for name in TABLES}
    references = {}
    for runs in load_runs(inputs["trajectories"], couplings):
        sheet = Sheet(runs.structure)
        y, x = np.divmod(np.arange(runs.structure.n_sites), sheet.shape[1])
        staggered = runs.spins * np.where((x + y) % 2, -1.0, 1.0)[:, None]
        r, curve = correlation(sheet, runs.spins)  # (K, U, B)
        distances = {"first": 1.0, "second": 2**0.5, "third": 2.0}
        at = {name: int(np.argmin(np.abs(r - distance))) for name, distance in distances.items()}
        measured = {
            "energy_per_site": runs.energy.T / runs.structure.n_sites,
            "torque_rms": runs.torque_rms.T,
            "staggered": spectrum(sheet, staggered)[..., 0, 0].T / runs.structure.n_sites,
        } | {f"{name}_neighbours": curve[..., k].T for name, k in at.items()}
        for name, values in measured.items():
            mean, low, high, _ = mean_and_interval(values, resampling)
            tables["double_exchange_order"] += [
                runs.labels
                | {"quantity": name, "time": time, "value": mean[k], "low": low[k], "high": high[k]}
                | {"runs": runs.count}
                for k, time in enumerate(runs.times)
            ]
        lengths = lengths_of(sheet, staggered, ("structure factor", "correlation"))
        tables["double_exchange_length"] += length_rows(runs.labels, runs.times, lengths, resampling)
        tables["double_exchange_slopes"] += slope_rows(
            runs.labels, runs.times, lengths, box_edge(sheet), settings.windows, 4.0, resampling
        )
        near = (r > 0) & (r <= REACH)
        mean, low, high, _ = mean_and_interval(np.moveaxis(curve[..., near], 1, 0), resampling)
        tables["double_exchange_correlation"] += [
            runs.labels
            | {"time": time, "distance": distance, "correlation": mean[k, b], "low": low[k, b], "high": high[k, b]}
            for k, time in enumerate(runs.times)
            for b, distance in enumerate(r[near])
        ]
        key = runs.labels["ensemble"]
        if runs.labels["model"] == EXACT:
            references[key] = curve[..., near]
        elif key in references:
            # Of the means over runs, and run by run from the same initial state; the scatter of exact runs.
            exact, mine = references[key], curve[..., near]
            scatter = np.full_like(exact[:, 0], np.nan)
            if runs.count > 1:
                scatter = exact.std(axis=1, ddof=1) * np.sqrt(2 / runs.count)
            tables["double_exchange_difference"] += [
                runs.labels
                | {"time": time, "difference": _rms(mine[k].mean(axis=0) - exact[k].mean(axis=0))}
                | {"paired": _rms(mine[k] - exact[k]), "scatter": _rms(scatter[k]), "runs": runs.count}
                for k, time in enumerate(runs.times)
            ]
    columns = {"double_exchange_difference": [*runs.labels, "time", "difference", "paired", "scatter", "runs"]}
    return {name: data_frame(rows, columns.get(name)) for name, rows in tables.items()}


def _rms(values):
    return float(np.sqrt(np.mean(np.square(values))))
