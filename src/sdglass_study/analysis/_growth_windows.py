"""Growth laws fitted on every window of time: how much the exponent depends on where one looks (Fig. 5)."""

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.domain_growth import BARRIER, POWER_LAW, compare_laws, fit_growth
from sdglass_study.analysis import data_frame

# End over start of a window: where log t hardly changes, xi says nothing about a law in log t.
LEAST_RATIO = 4.0
_NUMBERS = (
    *("exponent", "exponent_low", "exponent_high", "slope", "slope_low", "slope_high"),
    *("amplitude", "residual", "delta_aic", "barrier_fraction"),
)


def window_table(times, xi, samples, starts, stops, time_units=(1.0,), level=0.68, *, n_units):
    """Fit both laws on every window: how much the exponent depends on choices that the data do not make.

    Parameters
    ----------
    times, xi, samples, level, n_units
        As in `fit_growth`.
    starts, stops : sequence of float
        First and last times; `windows_of` says which combinations are windows.
    time_units : sequence of float
        Units of time for the barrier law.

    Returns
    -------
    pandas.DataFrame
        A row per window for the power law and one per window and unit for the barrier law: start, stop, law,
        time_unit, n_points, exponent, exponent_low, exponent_high, slope, slope_low, slope_high, amplitude,
        residual, delta_aic (AIC of the row's law minus that of the power law), barrier_fraction
        and note. A window that cannot be fitted keeps its row, with nan and the reason in note.
    """
    times, rows = np.asarray(times, dtype=float), []
    for window in windows_of(times, starts, stops):
        n_points = int(np.count_nonzero((times >= window[0]) & (times <= window[1])))
        for law, unit in [(POWER_LAW, np.nan), *((BARRIER, unit) for unit in time_units)]:
            row = {"start": window[0], "stop": window[1], "law": law, "time_unit": unit, "n_points": n_points}
            row |= dict.fromkeys(_NUMBERS, np.nan) | {"note": ""}
            try:
                fit = fit_growth(times, xi, window, law, unit, samples=samples, n_units=n_units, level=level)
                ends = (fit.exponent, *fit.exponent_interval, fit.slope, *fit.slope_interval)
                row |= dict(zip(_NUMBERS, (*ends, fit.amplitude, fit.residual, 0.0), strict=False))
                if law == BARRIER:
                    comparison = compare_laws(times, xi, samples, window, unit)
                    # Subtracting from 0 keeps "minus zero" out of the table.
                    row["delta_aic"] = 0.0 - comparison.delta_aic
                    row["barrier_fraction"] = comparison.barrier_fraction
                if not fit.slope_interval[0] > 0:
                    row["note"] = "slope not significantly positive"
            except InputError as error:
                row["note"] = str(error)
            rows.append(row)
    return data_frame(rows)


def windows_of(times, starts, stops):
    """Return the windows (start, stop) that a run allows: they end with it at the latest, and are wide.

    Parameters
    ----------
    times : array_like, shape (K,)
    starts, stops : sequence of float
        [1/(gamma t0)]

    Returns
    -------
    list of tuple
        Sorted; every one with stop / start >= `LEAST_RATIO`, or the widest if there is none.
    """
    end = float(np.max(times))
    windows = sorted({(start, min(stop, end)) for start in starts for stop in stops if start < min(stop, end)})
    wide = [window for window in windows if window[1] / window[0] >= LEAST_RATIO]
    return wide or sorted(windows, key=lambda window: window[1] / window[0])[-1:]
