"""C(r, t) of quenches with several models, and what the paper reads off it (Eq. 20, Fig. 4)."""

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.curve_features import ferromagnetic_peak, first_zero_crossing, value_at_contact
from sdglass_study.analysis import analysis, data_frame, joined
from sdglass_study.analysis._ensembles import Quenches, load_ensembles, observables

# What the paper reads off Fig. 4: C(r_min) = -0.4 by t = 30, zero near 1.4 ell, a peak near 1.5 ell.
CONTACT = -0.4
EARLY = 30.0
BANDS = {"band_contact": (0.5, 1.2), "band_peak": (1.4, 1.8), "band_far": (1.9, 2.5)}
PEAK_WINDOW = (1.2, 2.2)
# Times, distances and deviations: intervals end at zero.
POSITIVE = ("contact_time", "zero_crossing", "peak_position", "difference")


@analysis(
    "correlation", Quenches, inputs=observables, tables=("fig4_correlation", "fig4_difference", "fig4_events")
)
def correlation(settings, inputs, resampling):
    """Return C(r, t) with confidence bands, differences to the first model of each quench, and events."""
    curves, differences, events, quenches = [], [], [], {}
    for ensemble in load_ensembles(inputs["observables"]):
        average = resampling.average(ensemble)
        labels = {"run": ensemble.name, "damping": ensemble.damping, "model": ensemble.model}
        quenches.setdefault(ensemble.name, []).append((ensemble, average, labels))
        curves.append(resampling.curve(ensemble, average, labels))
        events += event_rows(labels, ensemble.times, ensemble.centres, average, resampling)
    for (reference, exact, _), *others in quenches.values():
        for ensemble, average, labels in others:
            _require_pairs(ensemble, reference)
            events += difference_rows(labels, ensemble.times, average, exact, resampling)
            difference, samples = average.mean - exact.mean, average.samples - exact.samples
            band = resampling.interval(difference, samples, average.n_units)
            differences.append(ensemble.frame(labels, {"difference": difference, **band}))
    if not differences:  # nothing to compare: a row says so
        none = {"difference": np.nan, "low": np.nan, "high": np.nan}
        differences = [curve.head(1).drop(columns="correlation").assign(**none) for curve in curves]
    return {
        "fig4_correlation": joined(curves),
        "fig4_difference": joined(differences),
        "fig4_events": data_frame(events),
    }


def _require_pairs(ensemble, reference):
    """Raise `InputError` unless realization n of both ensembles is on the same sites at the same times."""
    if ensemble.structures != reference.structures or not np.array_equal(ensemble.times, reference.times):
        raise InputError(
            f"{ensemble.name}: realizations or times of {ensemble.model}, {reference.model} differ; "
            "expected the same ones in the same order, since differences are taken realization by realization"
        )


def event_rows(labels, times, r, average, resampling):
    """Return one row per thing read off C(r, t); central values from the mean, intervals from the resamples."""

    def both(function, *arguments):
        """Return a function of C(r) for the mean and for all resamples."""
        return [function(*arguments, values) for values in (average.mean, average.samples)]

    contact, contacts = both(value_at_contact)
    first = _first_time(times, contact, CONTACT)
    firsts = np.array([_first_time(times, row, CONTACT) for row in contacts])
    found = {
        "contact_time": (first, firsts),
        "zero_crossing_contact": (
            _zero_crossing_at(times, r, average.mean, first),
            [_zero_crossing_at(times, r, *pair) for pair in zip(average.samples, firsts, strict=True)],
        ),
    }
    for name, k in (("early", int(np.argmin(np.abs(times - EARLY)))), ("late", len(times) - 1)):
        found[f"contact_{name}"] = contact[k], contacts[:, k]
        found[f"zero_crossing_{name}"] = both(lambda c, k=k: first_zero_crossing(r, c[..., k, :]))
        peak, peaks = both(lambda c, k=k: ferromagnetic_peak(r, c[..., k, :], PEAK_WINDOW))
        found[f"peak_position_{name}"] = peak[0], peaks[0]
        found[f"peak_height_{name}"] = peak[1], peaks[1]
        for band, (start, stop) in BANDS.items():
            inside = (r > start) & (r < stop)
            found[f"{band}_{name}"] = both(lambda c, k=k, inside=inside: np.nanmean(c[..., k, inside], axis=-1))
    rows = _rows(labels, found, resampling, average.n_units)
    # The peak has appeared when its band is positive beyond its confidence interval, and stays so.
    inside = (r > BANDS["band_peak"][0]) & (r < BANDS["band_peak"][1])
    band, bands = both(lambda c: np.nanmean(c[..., inside], axis=-1))
    positive = resampling.interval(band, bands, average.n_units)["low"] > 0
    lasting = np.logical_and.accumulate(positive[::-1])[::-1]
    appeared = float(times[np.argmax(lasting)]) if lasting.any() else np.nan
    return [*rows, {**labels, "quantity": "peak_time", "value": appeared, "low": np.nan, "high": np.nan}]


def difference_rows(labels, times, average, exact, resampling):
    """Return how far a model's C(r, t) is from that of the reference, from paired resamples."""
    difference, samples = average.mean - exact.mean, average.samples - exact.samples
    # Resamples of n units scatter less than the mean of n by sqrt((n - 1) / n).
    error = np.nanstd(samples, axis=0) * np.sqrt(average.n_units / (average.n_units - 1))
    later = times > 0
    scatters = error[later] > 0
    found = {
        "difference_max": (np.nanmax(np.abs(difference[later])), None),
        "difference_rms": (_rms(difference[later]), [_rms(sample[later]) for sample in samples]),
        "difference_noise": (_rms(error[later]), None),
        "difference_late_rms": (_rms(difference[-1]), [_rms(sample[-1]) for sample in samples]),
        "difference_late_noise": (_rms(error[-1]), None),
        "difference_chi2": (_rms(difference[later][scatters] / error[later][scatters]) ** 2, None),
        "difference_within_two_sigma": (np.mean(np.abs(difference[later]) <= 2 * error[later]), None),
    }
    return _rows(labels, found, resampling, average.n_units)


def _rms(values):
    """Return the root mean square of the values that are not nan; nan if there are none."""
    values = values[~np.isnan(values)]
    return float(np.sqrt(np.mean(values**2))) if values.size else np.nan


def _rows(labels, found, resampling, n_units):
    """Return a row per {quantity: (value, resamples)}; no interval for a quantity that was not resampled."""
    rows = []
    for quantity, (value, samples) in found.items():
        ends = {"low": np.nan, "high": np.nan} if samples is None else resampling.interval(value, samples, n_units)
        if quantity.startswith(POSITIVE):
            ends["low"] = np.maximum(ends["low"], 0.0)
        ends = {name: float(end) for name, end in ends.items()}
        rows.append({**labels, "quantity": quantity, "value": float(value), **ends})
    return rows


def _zero_crossing_at(times, r, correlation, time):
    """Return the first zero of C(r) at the snapshot nearest to `time`; nan if that is nan."""
    if np.isnan(time):
        return np.nan
    return float(first_zero_crossing(r, correlation[np.argmin(np.abs(times - time))]))


def _first_time(times, values, level):
    """Return when `values` first falls to `level`, interpolated in log t between snapshots; nan if never."""
    reached = np.asarray(values) <= level
    if not reached.any():
        return np.nan
    k = int(np.argmax(reached))
    if k < 2:  # the snapshot before is t = 0, which has no logarithm
        return float(times[k])
    share = (values[k - 1] - level) / (values[k - 1] - values[k])
    return float(times[k - 1] * (times[k] / times[k - 1]) ** share)
