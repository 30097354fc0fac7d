"""Two engines on the realizations and replicas that they share, for the steps that compare quenches."""

import numpy as np
import pandas as pd

from sdglass.observables.correlation import bootstrap_average
from sdglass.observables.correlation_length import correlation_length, split_correlation_length
from sdglass.observables.curve_features import value_at_contact
from sdglass.random_streams import generator
from sdglass.statistics import centred_interval

CURVE = ("distance", "correlation", "reference_correlation", "difference", "low", "high", "error")
NUMBERS = ("value", "reference_value", "difference", "low", "high")


def length_quantities(ensemble, average, args, r_max=np.inf):
    """Return {quantity: (values (K,), resamples)} of an ensemble: both estimates of xi, and C at contact.

    Parameters
    ----------
    ensemble : Ensemble
    average : EnsembleCorrelation
        Of that ensemble.
    args : argparse.Namespace
        ``seed``, ``splits``.
    r_max : float
        Upper end of the integrals of xi [ell].
    """
    means = average.mean, average.samples
    found = {
        "xi_naive": tuple(correlation_length(ensemble.edges, c, r_max=r_max) for c in means),
        "contact": tuple(value_at_contact(c) for c in means),
    }
    if ensemble.replicas > 1:
        split = split_correlation_length(
            ensemble.histograms,
            ensemble.counts,
            ensemble.edges,
            generator(args.seed, "replica halves"),
            n_splits=args.splits,
            weights=average.weights,
            r_max=r_max,
        )
        found["xi_split"] = split.length, split.samples
    return found


def pair_labels(reference, other):
    """Return the columns that name two ensembles as made by `shared_part`, and count the quenches they share."""
    return {
        **other.labels,
        "reference": reference.engine,
        "reference_ensemble": reference.name,
        "realizations": len(reference.members),
        "replicas": reference.replicas,
    }


def compare_shared(labels, reference, other, args):
    """Return C(r, t), and xi(t) with C at contact, of two ensembles as made by `shared_part`, and differences.

    The same resamples of the realizations and the same halves of the replicas are taken for both.

    Parameters
    ----------
    labels : dict
        Columns of every row.
    reference, other : Ensemble
    args : argparse.Namespace
        ``seed``, ``bootstrap``, ``splits``, ``confidence``.

    Returns
    -------
    curves, numbers : pandas.DataFrame
    """
    averages, quantities = [], []
    for ensemble in (reference, other):
        average = bootstrap_average(
            ensemble.histograms, ensemble.counts, generator(args.seed, "bootstrap"), args.bootstrap
        )
        averages.append(average)
        quantities.append(length_quantities(ensemble, average, args))
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
