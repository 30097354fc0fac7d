"""xi(t) of quenches, with and without the bias of |C|, and its growth laws (below Eq. 20, Fig. 5)."""

from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.correlation_length import correlation_length as length_of
from sdglass_study.analysis import analysis, joined, labelled
from sdglass_study.analysis._ensembles import Quenches, load_ensembles, observables
from sdglass_study.analysis._growth_windows import window_table


@dataclass(frozen=True)
class Growth(Quenches):
    """In which windows the growth of xi(t) is fitted; all in [1/(gamma t0)]."""

    fit_start: tuple[float, ...]
    fit_stop: tuple[float, ...]  # a window ends with its run at the latest
    time_units: tuple[float, ...]  # of log(t / unit)

    def __post_init__(self):
        for name in ("fit_start", "fit_stop", "time_units"):
            times = getattr(self, name)
            if not times or not min(times) > 0:
                raise InputError(f"{name} = {list(times)}; expected positive times [1/(gamma t0)]")


@analysis(
    "correlation_length", Growth, inputs=observables, tables=("fig5_length", "fig5_fits", "fig5_correlation")
)
def correlation_length(settings, inputs, resampling):
    """Return xi(t), the fits of its growth, and C(r, t)."""
    lengths, fits, curves = [], [], []
    for ensemble in load_ensembles(inputs["observables"]):
        average = resampling.average(ensemble)
        split = resampling.split(ensemble, average)
        n = average.n_units
        curves.append(resampling.curve(ensemble, average, ensemble.labels))
        estimates = {
            "naive": [length_of(ensemble.edges, values) for values in (average.mean, average.samples)],
            "split": [split.length, split.samples],
        }
        for estimator, (xi, samples) in estimates.items():
            ends = resampling.interval(xi, samples, n)
            ends["low"] = np.maximum(ends["low"], 0.0)  # a length
            columns = {"estimator": estimator, "xi": xi, **ends}
            columns |= {"realizations": len(ensemble.members), "replicas": ensemble.replicas}
            lengths.append(ensemble.frame(ensemble.labels, columns))
            windows = settings.fit_start, settings.fit_stop, settings.time_units
            table = window_table(ensemble.times, xi, samples, *windows, resampling.confidence, n_units=n)
            labels = ensemble.labels | {"estimator": estimator}
            fits.append(labelled(table.rename(columns={"model": "law"}), labels))
    tables = {"fig5_length": lengths, "fig5_fits": fits, "fig5_correlation": curves}
    return {name: joined(frames) for name, frames in tables.items()}
