"""C(r, t) of the small quenches and what the paper reads off it (Eq. 20, Fig. 4)."""

import numpy as np
import pandas as pd

from sdglass.correlation import (
    bootstrap_average,
    correlation_histogram,
    ferromagnetic_peak,
    first_zero_crossing,
    percentile_interval,
)
from sdglass.files import write_csv
from sdglass.seeding import generator
from sdglass.steps.arguments import run, step_parser
from sdglass.steps.ensembles import bin_edges, binned, load_ensembles

# What the paper reads off Fig. 4: C(r_min) = -0.4 by t = 30, zero near 1.4 ell, a peak near 1.5 ell.
CONTACT = -0.4
EARLY = 30.0
BANDS = {"band_contact": (0.5, 1.2), "band_peak": (1.4, 1.8), "band_far": (1.9, 2.5)}
PEAK_WINDOW = (1.2, 2.2)


def main():
    """Write C(r, t) with confidence bands, and the events with theirs."""
    parser = step_parser(__doc__)
    parser.add_argument("--trajectories", nargs="+", required=True)
    parser.add_argument("--structures", nargs="+", required=True)
    parser.add_argument("--r-min", type=float, required=True)
    parser.add_argument("--bin-width", type=float, required=True)
    parser.add_argument("--bootstrap", type=int, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out-correlation", required=True)
    parser.add_argument("--out-difference", required=True)
    parser.add_argument("--out-events", required=True)
    args = parser.parse_args()
    curves, differences, events, averages, distances = [], [], [], {}, {}
    for ensemble in load_ensembles(args.trajectories, args.structures):
        edges = bin_edges(ensemble, args.r_min, args.bin_width)
        bins = binned(ensemble, edges)
        histograms = [correlation_histogram(t.spins, b) for (_, t), b in zip(ensemble.members, bins, strict=True)]
        # The same stream for every engine: all resample the same realizations, so differences are paired.
        average = bootstrap_average(
            histograms, np.array([b.counts for b in bins]), generator(args.seed, "bootstrap"), args.bootstrap
        )
        run_name = ensemble.name.removeprefix("small-")
        labels = {"run": run_name, "damping": ensemble.damping, "engine": ensemble.engine}
        averages[run_name, ensemble.engine] = (ensemble, average, labels)
        distances[run_name] = bins[0].centres
        low, high = average.interval(args.confidence)
        values = {"correlation": average.mean, "low": low, "high": high}
        curves.append(_frame(labels, ensemble.times, bins[0].centres, values))
        events += _events(labels, ensemble.times, bins[0].centres, average, args.confidence)
    for (run_name, engine), (ensemble, average, labels) in averages.items():
        if engine != "exact" and (run_name, "exact") in averages:
            exact = averages[run_name, "exact"][1]
            events += _differences(labels, ensemble.times, average, exact, args.confidence)
            low, high = percentile_interval(average.samples - exact.samples, args.confidence)
            values = {"difference": average.mean - exact.mean, "low": low, "high": high}
            differences.append(_frame(labels, ensemble.times, distances[run_name], values))
    write_csv(args.out_correlation, pd.concat(curves, ignore_index=True))
    write_csv(args.out_difference, pd.concat(differences, ignore_index=True))
    write_csv(args.out_events, pd.DataFrame(events))


def _frame(labels, times, r, values):
    """Return a long table of arrays (K, B) over times and distances."""
    grid_t, grid_r = np.meshgrid(times, r, indexing="ij")
    columns = {"time": grid_t, "distance": grid_r, **values}
    return pd.DataFrame({**labels, **{name: array.ravel() for name, array in columns.items()}})


def _events(labels, times, r, average, confidence):
    """Return one row per thing read off C(r, t); central values from the mean, intervals from the resamples."""

    def measured(mean, samples):
        everything = {}
        contact = samples[:, :, 0]
        everything["contact_time"] = (
            _first_time(times, mean[:, 0], CONTACT),
            [_first_time(times, row, CONTACT) for row in contact],
        )
        for name, index in (("early", int(np.argmin(np.abs(times - EARLY)))), ("late", len(times) - 1)):
            everything[f"contact_{name}"] = mean[index, 0], samples[:, index, 0]
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
        rows.append({**labels, "quantity": quantity, "value": float(value), **_interval(samples, confidence)})
    # The peak has appeared when its band is positive beyond its confidence interval, and stays so.
    start, stop = BANDS["band_peak"]
    inside = (r > start) & (r < stop)
    low, _ = percentile_interval(np.nanmean(average.samples[:, :, inside], axis=2), confidence)
    positive = low > 0
    lasting = np.logical_and.accumulate(positive[::-1])[::-1]
    appeared = float(times[np.argmax(lasting)]) if lasting.any() else np.nan
    rows.append({**labels, "quantity": "peak_time", "value": appeared, "low": np.nan, "high": np.nan})
    return rows


def _differences(labels, times, average, exact, confidence):
    """Return how far an engine's C(r, t) is from the exact one, from paired resamples."""
    difference = average.mean - exact.mean
    error = np.nanstd(average.samples - exact.samples, axis=0)
    later = times > 0
    worst = np.nanmax(np.abs(difference[later]))
    rms = np.sqrt(np.nanmean(difference[later] ** 2))
    chi2 = np.nanmean((difference[later] / error[later])[error[later] > 0] ** 2)
    inside = np.mean(np.abs(difference[later]) <= 2 * error[later])
    nothing = {"low": np.nan, "high": np.nan}
    samples = average.samples[:, later] - exact.samples[:, later]
    return [
        {**labels, "quantity": "difference_max", "value": worst, **nothing},
        {
            **labels,
            "quantity": "difference_rms",
            "value": rms,
            **_interval(np.sqrt(np.nanmean(samples**2, axis=(1, 2))), confidence),
        },
        {**labels, "quantity": "difference_noise", "value": np.sqrt(np.nanmean(error[later] ** 2)), **nothing},
        {**labels, "quantity": "difference_chi2", "value": chi2, **nothing},
        {**labels, "quantity": "difference_within_two_sigma", "value": inside, **nothing},
    ]


def _interval(samples, confidence):
    samples = np.asarray(samples, dtype=float)
    if not np.isfinite(samples).any():
        return {"low": np.nan, "high": np.nan}
    low, high = percentile_interval(samples, confidence)
    return {"low": float(low), "high": float(high)}


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
