"""Folds of the labelled configurations: what is trained on, and what is held out."""

from dataclasses import replace

import numpy as np

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.settings import PROTOCOLS
from sdglass.random_streams import generator


def fold_splits(protocol, counts, folds, seed):
    """Deal samples to folds; return the training and validation samples (S, 2) of each.

    A sample is (realization, configuration). The validation parts are disjoint and together cover everything once.

    Parameters
    ----------
    protocol : {"realizations", "configurations"}
        Whether whole atomic realizations are held out (what a user of the force field needs) or single
        spin configurations of known realizations (the paper does not say which).
    counts : sequence of int
        Number of configurations of each realization.
    folds : int
        At least 2.
    seed : int
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"protocol = {protocol!r}; expected one of {', '.join(PROTOCOLS)}")
    samples = np.array([(r, c) for r, count in enumerate(counts) for c in range(count)])
    units = len(counts) if protocol == "realizations" else len(samples)
    if not 2 <= folds <= units:
        raise InputError(f"folds = {folds}; expected between 2 and {units}, the number of {protocol}")
    dealt = np.empty(units, int)
    dealt[generator(seed, "folds").permutation(units)] = np.arange(units) % folds
    fold_of = dealt[samples[:, 0]] if protocol == "realizations" else dealt
    return [(samples[fold_of != k], samples[fold_of == k]) for k in range(folds)]


def reduced_samples(samples, realizations=None, configurations=None, seed=0):
    """Return the part of `samples` (S, 2) in the first realizations, and at random in each of these.

    Smaller choices are contained in larger ones of the same seed, so that errors against the amount of data
    compare like with like. `realizations` and `configurations` of each are kept, all by default; `InputError` if
    there are not that many.
    """
    present = np.unique(samples[:, 0])
    if realizations is not None and realizations > len(present):
        raise InputError(f"realizations = {realizations}; expected at most {len(present)}, those of the fold")
    kept = []
    for realization in present[:realizations]:
        own = samples[samples[:, 0] == realization]
        if configurations is not None:
            if configurations > len(own):
                raise InputError(
                    f"configurations = {configurations}; expected at most {len(own)}, those of realization "
                    f"{realization}"
                )
            order = generator(seed, "reduced samples", int(realization)).permutation(len(own))
            own = own[np.sort(order[:configurations])]
        kept.append(own)
    return np.concatenate(kept)


def training_part(data, maps, samples):
    """Return the datasets reduced to `samples` (S, 2), without emptied realizations, and their `FeatureMaps`."""
    parts = []
    for realization in np.unique(samples[:, 0]):
        chosen = samples[samples[:, 0] == realization, 1]
        whole = data[realization]
        arrays = {name: getattr(whole, name)[chosen] for name in ("spins", "energy", "field", "time")}
        parts.append((replace(whole, **arrays), maps[realization]))
    return [list(column) for column in zip(*parts, strict=True)]
