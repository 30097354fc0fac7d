"""Bootstrap over independent units (realizations or replicas), and intervals that hold for a few of them."""

import numpy as np
from scipy import stats

from sdglass.errors import InputError


def bootstrap_weights(n_units, n_samples, rng):
    """Return how often each unit is drawn in resamples of the same size with replacement, (n_samples, n_units).

    A mean over the units becomes one matrix product, weights @ values / n_units, for all resamples at once. The
    weights are multinomial counts as floats; every row sums to `n_units`. `InputError` with fewer than two units,
    which say nothing about their scatter.
    """
    if n_units < 2:
        raise InputError(f"{n_units} independent unit to resample; expected at least 2 realizations or replicas")
    return rng.multinomial(n_units, np.full(n_units, 1.0 / n_units), size=n_samples).astype(float)


def centred_interval(estimate, samples, level, n_units):
    """Return the interval (low, high) of an estimate from bootstrap resamples of a few units.

    The percentile interval has two faults here. Resamples of n units scatter by sqrt((n - 1) / n) too little and
    know nothing of Student's t, so that 95 % of two to four units cover the truth in 50 to 80 % of the cases. And
    where the estimate is biased, as |C| is by its noise, resamples carry the bias a second time and may all lie on
    one side of it. Hence the quantiles q of the resamples are taken from their median, and widened:

        estimate + f (q - median),    f = t_{n-1} / z sqrt(n / (n - 1)),

    with the quantiles t_{n-1} of Student's and z of the normal distribution at (1 + level) / 2. For a mean of
    normal units this is close to Student's interval; the estimate is always inside.

    Parameters
    ----------
    estimate : array_like, shape (...)
        Of all units.
    samples : array_like, shape (n_samples, ...)
        The same of every resample; nan are left out.
    level : float
        Probability inside the interval.
    n_units : int
        Units that were resampled (columns of `bootstrap_weights`).

    Returns
    -------
    low, high : numpy.ndarray, shape (...)
        nan where the estimate or more than half of its resamples are nan, and for a single unit.

    Raises
    ------
    InputError
        If the level is no probability or the shapes do not fit.
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"level = {level}; expected a probability between 0 and 1")
    estimate, samples = np.asarray(estimate, dtype=float), np.asarray(samples, dtype=float)
    if samples.shape[1:] != estimate.shape or len(samples) == 0:
        raise InputError(f"samples has shape {samples.shape}; expected (n_samples, *{estimate.shape})")
    upper = 0.5 * (1.0 + level)
    missing = np.isnan(samples).mean(axis=0) > 0.5
    if n_units < 2:
        missing = np.ones_like(missing)
    usable = np.where(missing, 0.0, samples)  # keeps numpy from warning about slices of nan alone
    low, middle, high = np.nanquantile(usable, [1.0 - upper, 0.5, upper], axis=0)
    factor = np.nan
    if n_units > 1:
        factor = stats.t.ppf(upper, n_units - 1) / stats.norm.ppf(upper) * np.sqrt(n_units / (n_units - 1))
    ends = (estimate + factor * (end - middle) for end in (low, high))
    return tuple(np.where(missing, np.nan, end)[()] for end in ends)
