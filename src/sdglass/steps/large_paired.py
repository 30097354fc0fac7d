"""The engines of the large quenches against each other, on the realizations and replicas that they share."""

from itertools import combinations

import numpy as np
import pandas as pd

from sdglass.bootstrap import centred_interval
from sdglass.correlation import bootstrap_average
from sdglass.correlation_features import value_at_contact
from sdglass.correlation_length import correlation_length, split_correlation_length
from sdglass.files import write_csv
from sdglass.seeding import generator
from sdglass.steps.arguments import run
from sdglass.steps.ensembles import ensemble_parser, load_ensembles, shared_part

# The nearer to the electrons first: it is the reference of a pair. Variants of the network come after "exact".
_FIRST, _LAST = ("exact",), ("network", "linear", "pair")


def main():
    """Write the differences of C(r, t), and those of xi(t) and of C at contact."""
    parser = ensemble_parser(__doc__, resampled=True)
    parser.add_argument("--splits", type=int, required=True)
    parser.add_argument("--out-difference", required=True)
    parser.add_argument("--out-paired", required=True)
    args = parser.parse_args()
    ensembles = sorted(load_ensembles(args.observables), key=lambda one: _rank(one.engine))
    differences, paired = [], []
    for reference, other in combinations(ensembles, 2):
        if reference.damping != other.damping or reference.engine == other.engine:
            continue
        shared = shared_part(reference, other)
        if shared is None:
            continue
        labels = {
            **other.labels,
            "reference": reference.engine,
            "reference_ensemble": reference.name,
            "realizations": len(shared[0].members),
            "replicas": shared[0].replicas,
        }
        curves, numbers = _compare(labels, *shared, args)
        differences.append(curves)
        paired.append(numbers)
    if not paired:  # nothing to compare: the tables say so
        empty = [_nothing(ensemble) for ensemble in ensembles]
        differences = [pd.DataFrame(one | dict.fromkeys(_CURVE, np.nan)) for one in empty]
        paired = [pd.DataFrame(one | {"quantity": "none"} | dict.fromkeys(_NUMBERS, np.nan)) for one in empty]
    write_csv(args.out_difference, pd.concat(differences, ignore_index=True))
    write_csv(args.out_paired, pd.concat(paired, ignore_index=True))


_CURVE = ("distance", "correlation", "reference_correlation", "difference", "low", "high", "error")
_NUMBERS = ("value", "reference_value", "difference", "low", "high")


def _rank(engine):
    if engine in _FIRST:
        return 0
    return 2 + _LAST.index(engine) if engine in _LAST else 1


def _nothing(ensemble):
    sizes = {"realizations": len(ensemble.members), "replicas": ensemble.replicas}
    return {**ensemble.labels, "reference": "none", "reference_ensemble": "none", **sizes, "time": [np.nan]}


def _compare(labels, reference, other, args):
    """Return both tables of one pair: the same resamples and the same halves of the replicas for both engines."""
    averages, quantities = [], []
    for ensemble in (reference, other):
        average = bootstrap_average(
            ensemble.histograms, ensemble.counts, generator(args.seed, "bootstrap"), args.bootstrap
        )
        averages.append(average)
        found = {
            "xi_naive": tuple(correlation_length(ensemble.edges, c) for c in (average.mean, average.samples)),
            "contact": (value_at_contact(average.mean), value_at_contact(average.samples)),
        }
        if ensemble.replicas > 1:
            split = split_correlation_length(
                ensemble.histograms,
                ensemble.counts,
                ensemble.edges,
                generator(args.seed, "replica halves"),
                n_splits=args.splits,
                weights=average.weights,
            )
            found["xi_split"] = split.length, split.samples
        quantities.append(found)
    exact, model = averages
    n = exact.n_units
    samples = model.samples - exact.samples
    difference = model.mean - exact.mean
    low, high = centred_interval(difference, samples, args.confidence, n)
    times, r = np.meshgrid(other.times, other.centres, indexing="ij")
    columns = {
        "time": times,
        "distance": r,
        "correlation": model.mean,
        "reference_correlation": exact.mean,
        "difference": difference,
        "low": low,
        "high": high,
        # Resamples of n units scatter less than the mean of n by sqrt((n - 1) / n).
        "error": samples.std(axis=0) * np.sqrt(n / (n - 1)),
    }
    # Six decimals are far below any error, and keep a long table small.
    curves = pd.DataFrame({**labels, **{name: array.ravel().round(6) for name, array in columns.items()}})
    numbers = []
    for quantity, (value, resampled) in quantities[1].items():
        reference_value, reference_samples = quantities[0][quantity]
        low, high = centred_interval(value - reference_value, resampled - reference_samples, args.confidence, n)
        columns = {
            "time": other.times,
            "quantity": quantity,
            "value": value,
            "reference_value": reference_value,
            "difference": value - reference_value,
            "low": low,
            "high": high,
        }
        numbers.append(pd.DataFrame({**labels, **columns}))
    return curves, pd.concat(numbers, ignore_index=True)


if __name__ == "__main__":
    run(main)
