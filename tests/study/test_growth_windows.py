"""Growth laws on every window of time: the table has all of them, and says why one cannot be fitted."""

import numpy as np
from growth_curves import BARRIER_LAW, TIMES, resampled

from sdglass.observables.domain_growth import fit_growth
from sdglass_study.analysis._growth_windows import window_table, windows_of


def test_window_table_has_every_window_and_both_laws():
    xi, samples = resampled(BARRIER_LAW, 0.02, 20, 200, 8)
    table = window_table(TIMES, xi, samples, [5.0, 50.0, 2000.0], [500.0, 3000.0], [1.0, 10.0], n_units=20)
    assert len(table) == 4 * 3  # four wide windows, three rows each
    barrier = table[(table.law == "barrier") & (table.time_unit == 1.0)].set_index(["start", "stop"])
    power = table[table.law == "power_law"].set_index(["start", "stop"])
    direct = fit_growth(TIMES, xi, (50.0, 3000.0), samples=samples, n_units=20)
    row = barrier.loc[(50.0, 3000.0)]
    assert (row.exponent, row.exponent_low) == (direct.exponent, direct.exponent_interval[0])
    assert row.n_points == direct.n_points
    assert barrier.delta_aic[(5.0, 3000.0)] < -10
    assert (power.delta_aic.dropna() == 0).all()
    early = table[(table.time_unit == 10.0) & (table.start == 5.0)]
    assert early.note.str.contains("time_unit").all()
    assert early.exponent.isna().all()
    # A window that cannot be fitted stays, with the reason.
    (narrow,) = window_table(TIMES, xi, samples, [2000.0], [3000.0], (), n_units=20).itertuples()
    assert "points" in narrow.note
    assert np.isnan(narrow.exponent)


def test_windows_are_wide_if_there_is_a_wide_one():
    assert windows_of(TIMES, [10.0, 1000.0], [100.0, 3000.0]) == [(10.0, 100.0), (10.0, 3000.0)]
    assert windows_of(TIMES[TIMES < 300], [10.0], [3000.0])[0][1] == TIMES[TIMES < 300].max()
    assert windows_of(TIMES, [1000.0], [1500.0, 3000.0]) == [(1000.0, 3000.0)]
