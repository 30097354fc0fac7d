"""Quenches with two models on the realizations, initial spins and noise that they share."""

from itertools import combinations

import numpy as np

from sdglass.observables.correlation_length import correlation_length
from sdglass.observables.curve_features import value_at_contact
from sdglass_study.analysis import data_frame, joined
from sdglass_study.analysis._ensembles import shared_part

CURVE = ("distance", "correlation", "reference_correlation", "difference", "low", "high", "error")
NUMBERS = ("value", "reference_value", "difference", "low", "high")


def pairs(ensembles, references):
    """Yield (labels, reference, other): the parts that two ensembles share, and the columns that name them.

    Each of the models `references`, the nearest to the electrons first, is the reference of those after it, and of
    all that are not named.
    """

    def rank(ensemble):
        return references.index(ensemble.model) if ensemble.model in references else len(references)

    for reference, other in combinations(sorted(ensembles, key=rank), 2):
        if rank(reference) == rank(other) or reference.damping != other.damping:
            continue
        shared = shared_part(reference, other)
        if shared is not None:
            yield pair_labels(*shared), *shared


def pair_labels(reference, other):
    """Return the columns that name two ensembles, and count the quenches they share."""
    names = {"reference": reference.model, "reference_ensemble": reference.name}
    return {**other.labels, **names, "realizations": len(reference.members), "replicas": reference.replicas}


def gathered(frames, ensembles, quantities):
    """Return frames as one table; without any, a row per ensemble that says so, with nan as its `quantities`."""
    if not frames:
        none = {"reference": "none", "reference_ensemble": "none"}
        nan = dict.fromkeys(quantities, np.nan)
        for ensemble in ensembles:
            sizes = {"realizations": len(ensemble.members), "replicas": ensemble.replicas, "time": np.nan}
            what = {} if "distance" in quantities else {"quantity": "none"}
            frames.append(data_frame([{**ensemble.labels, **none, **sizes, **what, **nan}]))
    return joined(frames)


def length_quantities(ensemble, average, resampling, r_max=np.inf):
    """Return {quantity: (values (K,), resamples)} of an ensemble: both estimates of xi, and C at contact.

    `average` is that of the ensemble, `r_max` the upper end of the integrals of xi [ell].
    """
    both = average.mean, average.samples
    found = {
        "xi_naive": tuple(correlation_length(ensemble.edges, c, r_max=r_max) for c in both),
        "contact": tuple(value_at_contact(c) for c in both),
    }
    if ensemble.replicas > 1:
        split = resampling.split(ensemble, average, r_max)
        found["xi_split"] = split.length, split.samples
    return found


def compare(labels, reference, other, resampling):
    """Return C(r, t), and xi(t) with C at contact, of two ensembles as made by `pairs`, and the differences.

    The same resamples of the realizations and the same halves of the replicas are taken for both.

    Returns
    -------
    curves, numbers : pandas.DataFrame
    """
    exact, model = (resampling.average(ensemble) for ensemble in (reference, other))
    n, samples, difference = exact.n_units, model.samples - exact.samples, model.mean - exact.mean
    columns = {
        "correlation": model.mean,
        "reference_correlation": exact.mean,
        "difference": difference,
        **resampling.interval(difference, samples, n),
        # Resamples of n units scatter less than the mean of n by sqrt((n - 1) / n).
        "error": samples.std(axis=0) * np.sqrt(n / (n - 1)),
    }
    curves = other.frame(labels, columns)
    # Six decimals are far below any error, and keep a long table small.
    curves[["time", *CURVE]] = curves[["time", *CURVE]].round(6)
    under = length_quantities(reference, exact, resampling)
    numbers = []
    for quantity, (value, resampled) in length_quantities(other, model, resampling).items():
        reference_value, reference_samples = under[quantity]
        difference = value - reference_value
        columns = {"quantity": quantity, "value": value, "reference_value": reference_value}
        columns |= {"difference": difference, **resampling.interval(difference, resampled - reference_samples, n)}
        numbers.append(other.frame(labels, columns))
    return curves, joined(numbers)
