"""xi(t) of the large quenches, with and without the bias of |C|, and its growth laws (Fig. 5)."""

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass.observables.correlation import bootstrap_average
from sdglass.observables.correlation_length import correlation_length, split_correlation_length
from sdglass.observables.domain_growth import window_table
from sdglass.random_streams import generator
from sdglass.statistics import centred_interval
from sdglass_study.jobs.arguments import run
from sdglass_study.jobs.ensembles import add_growth, ensemble_parser, load_ensembles


def main():
    """Write C(r, t), xi(t) and the table of fits."""
    parser = ensemble_parser(__doc__, resampled=True)
    add_growth(parser)
    parser.add_argument("--out-length", required=True)
    parser.add_argument("--out-fits", required=True)
    parser.add_argument("--out-correlation", required=True)
    args = parser.parse_args()
    lengths, fits, curves = [], [], []
    for ensemble in load_ensembles(args.observables):
        edges, counts, histograms = ensemble.edges, ensemble.counts, ensemble.histograms
        average = bootstrap_average(histograms, counts, generator(args.seed, "bootstrap"), args.bootstrap)
        split = split_correlation_length(
            histograms,
            counts,
            edges,
            generator(args.seed, "replica halves"),
            n_splits=args.splits,
            weights=average.weights,
        )
        estimates = {
            "naive": (correlation_length(edges, average.mean), correlation_length(edges, average.samples)),
            "split": (split.length, split.samples),
        }
        low, high = average.interval(args.confidence)
        times, r = np.meshgrid(ensemble.times, ensemble.centres, indexing="ij")
        curve = {"time": times, "distance": r, "correlation": average.mean, "low": low, "high": high}
        curves.append(pd.DataFrame({**ensemble.labels, **{k: v.ravel() for k, v in curve.items()}}))
        for estimator, (xi, samples) in estimates.items():
            low, high = centred_interval(xi, samples, args.confidence, average.n_units)
            low = np.maximum(low, 0.0)  # a length
            lengths.append(
                pd.DataFrame(
                    {
                        **ensemble.labels,
                        "time": ensemble.times,
                        "estimator": estimator,
                        "xi": xi,
                        "low": low,
                        "high": high,
                        "realizations": len(ensemble.members),
                        "replicas": ensemble.replicas,
                    }
                )
            )
            table = window_table(
                ensemble.times,
                xi,
                samples,
                args.fit_start,
                args.fit_stop,
                args.time_units,
                args.confidence,
                n_units=average.n_units,
            ).rename(columns={"law": "model"})
            for name, value in reversed({**ensemble.labels, "estimator": estimator}.items()):
                table.insert(0, name, value)
            fits.append(table)
    write_csv(args.out_correlation, pd.concat(curves, ignore_index=True))
    write_csv(args.out_length, pd.concat(lengths, ignore_index=True))
    write_csv(args.out_fits, pd.concat(fits, ignore_index=True))


if __name__ == "__main__":
    run(main)
