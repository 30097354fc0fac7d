"""C(r, t) of the small quenches and what the paper reads off it (Eq. 20, Fig. 4)."""

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass.observables.correlation import bootstrap_average
from sdglass.observables.curve_features import ferromagnetic_peak, first_zero_crossing, value_at_contact
from sdglass.random_streams import generator
from sdglass.statistics import centred_interval
from sdglass_study.jobs.arguments import run
from sdglass_study.jobs.ensembles import ensemble_parser, load_ensembles

# What the paper reads off Fig. 4: C(r_min) = -0.4 by t = 30, zero near 1.4 ell, a peak near 1.5 ell.
CONTACT = -0.4
EARLY = 30.0
BANDS = {"band_contact": (0.5, 1.2), "band_peak": (1.4, 1.8), "band_far": (1.9, 2.5)}
PEAK_WINDOW = (1.2, 2.2)
# Times, distances and deviations: intervals end at zero.
POSITIVE = ("contact_time", "zero_crossing", "peak_position", "difference")


def main():
    """Write C(r, t) with confidence bands, and the events with theirs."""
    parser = ensemble_parser(__doc__, resampled=True)
    parser.add_argument("--out-correlation", required=True)
    parser.add_argument("--out-difference", required=True)
    parser.add_argument("--out-events", required=True)
    args = parser.parse_args()
    curves, differences, events, averages = [], [], [], {}
    for ensemble in load_ensembles(args.observables):
        # The same stream for every engine: all resample the same realizations, so differences are paired.
        average = bootstrap_average(
            ensemble.histograms, ensemble.counts, generator(args.seed, "bootstrap"), args.bootstrap
        )
        run_name = ensemble.name.removeprefix("small-")
        labels = {"run": run_name, "damping": ensemble.damping, "engine": ensemble.engine}
        averages[run_name, ensemble.engine] = (ensemble, average, labels)
        low, high = average.interval(args.confidence)
        values = {"correlation": average.mean, "low": low, "high": high}
        curves.append(_frame(labels, ensemble.times, ensemble.centres, values))
        events += _events(labels, ensemble.times, ensemble.centres, average, args.confidence)
    for (run_name, engine), (ensemble, average, labels) in averages.items():
        if engine != "exact" and (run_name, "exact") in averages:
            reference, exact, _ = averages[run_name, "exact"]
            _require_pairs(ensemble, reference)
            events += _differences(labels, ensemble.times, average, exact, args.confidence)
            difference = average.mean - exact.mean
            low, high = centred_interval(
                difference, average.samples - exact.samples, args.confidence, average.n_units
            )
            values = {"difference": difference, "low": low, "high": high}
            differences.append(_frame(labels, ensemble.times, ensemble.centres, values))
    write_csv(args.out_correlation, pd.concat(curves, ignore_index=True))
    write_csv(args.out_difference, pd.concat(differences, ignore_index=True))
    write_csv(args.out_events, pd.DataFrame(events))


def _require_pairs(ensemble, reference):
    """Raise `InputError` unless realization n of both ensembles is on the same sites at the same times."""
    if ensemble.structures != reference.structures or not np.array_equal(ensemble.times, reference.times):
        raise InputError(
            f"{ensemble.name}: realizations or times of {ensemble.engine}, {reference.engine} differ; "
            "expected the same ones in the same order, since differences are taken realization by realization"
        )


def _frame(labels, times, r, values):
    """Return a long table of arrays (K, B) over times and distances."""
    grid_t, grid_r = np.meshgrid(times, r, indexing="ij")
    columns = {"time": grid_t, "distance": grid_r, **values}
    return pd.DataFrame({**labels, **{name: array.ravel() for name, array in columns.items()}})


def _events(labels, times, r, average, confidence):
    """Return one row per thing read off C(r, t); central values from the mean, intervals from the resamples."""

    def measured(mean, samples):
        everything = {}
        contact, contacts = value_at_contact(mean), value_at_contact(samples)
        first = _first_time(times, contact, CONTACT)
        firsts = np.array([_first_time(times, row, CONTACT) for row in contacts])
        everything["contact_time"] = first, firsts
        everything["zero_crossing_contact"] = (
            _zero_crossing_at(times, r, mean, first),
            [_zero_crossing_at(times, r, *pair) for pair in zip(samples, firsts, strict=True)],
        )
        for name, index in (("early", int(np.argmin(np.abs(times - EARLY)))), ("late", len(times) - 1)):
            everything[f"contact_{name}"] = contact[index], contacts[:, index]
            everything[f"zero_crossing_{name}"] = (
                first_zero_crossing(r, mean[index]),
                first_zero_crossing(r, samples[:, index]),
            )
            peak, peaks = (
                ferromagnetic_peak(r, mean[index], PEAK_WINDOW),
                ferromagnetic_peak(r, samples[:, index], PEAK_WINDOW),
            )
            everything[f"peak_position_{name}"] = peak[0], peaks[0]
            everything[f"peak_height_{name}"] = peak[1], peaks[1]
            for band, (start, stop) in BANDS.items():
                inside = (r > start) & (r < stop)
                everything[f"{band}_{name}"] = (
                    np.nanmean(mean[index, inside]),
                    np.nanmean(samples[:, index][:, inside], axis=1),
                )
        return everything

    rows = []
    for quantity, (value, samples) in measured(average.mean, average.samples).items():
        rows.append({**labels, "quantity": quantity, "value": float(value)})
        rows[-1] |= _interval(quantity, value, samples, confidence, average.n_units)
    # The peak has appeared when its band is positive beyond its confidence interval, and stays so.
    start, stop = BANDS["band_peak"]
    inside = (r > start) & (r < stop)
    band, bands = (np.nanmean(values[..., inside], axis=-1) for values in (average.mean, average.samples))
    low, _ = centred_interval(band, bands, confidence, average.n_units)
    positive = low > 0
    lasting = np.logical_and.accumulate(positive[::-1])[::-1]
    appeared = float(times[np.argmax(lasting)]) if lasting.any() else np.nan
    rows.append({**labels, "quantity": "peak_time", "value": appeared, "low": np.nan, "high": np.nan})
    return rows


def _differences(labels, times, average, exact, confidence):
    """Return how far an engine's C(r, t) is from the exact one, from paired resamples."""
    difference, samples = average.mean - exact.mean, average.samples - exact.samples
    # Resamples of n units scatter less than the mean of n by sqrt((n - 1) / n).
    error = np.nanstd(samples, axis=0) * np.sqrt(average.n_units / (average.n_units - 1))
    later = times > 0
    scatters = error[later] > 0
    measured = {
        "difference_max": (np.nanmax(np.abs(difference[later])), None),
        "difference_rms": (_rms(difference[later]), [_rms(sample[later]) for sample in samples]),
        "difference_noise": (_rms(error[later]), None),
        "difference_late_rms": (_rms(difference[-1]), [_rms(sample[-1]) for sample in samples]),
        "difference_late_noise": (_rms(error[-1]), None),
        "difference_chi2": (_rms(difference[later][scatters] / error[later][scatters]) ** 2, None),
        "difference_within_two_sigma": (np.mean(np.abs(difference[later]) <= 2 * error[later]), None),
    }
    return [
        {**labels, "quantity": quantity, "value": value}
        | _interval(quantity, value, resampled, confidence, average.n_units)
        for quantity, (value, resampled) in measured.items()
    ]


def _rms(values):
    """Return the root mean square of the values that are not nan; nan if there are none."""
    values = values[~np.isnan(values)]
    return float(np.sqrt(np.mean(values**2))) if values.size else np.nan


def _interval(quantity, value, samples, confidence, n_units):
    """Return the columns low and high; nan for a quantity that was not resampled."""
    if samples is None:
        return {"low": np.nan, "high": np.nan}
    low, high = centred_interval(value, samples, confidence, n_units)
    if quantity.startswith(POSITIVE):
        low = np.maximum(low, 0.0)
    return {"low": float(low), "high": float(high)}


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


if __name__ == "__main__":
    run(main)
