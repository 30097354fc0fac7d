"""How wrong a torque of the locator force field may be: an error bar per site, fitted to errors held out.

The two components of a torque's error across the spin are taken as Gaussian, each of variance

    sigma^2 = sum_k n_k^2 f_k^2,   f = (1, |torque|, |torque of the loops|, rms torque of the configuration),

so that the error's length is below sigma (-2 log 0.05)^(1/2) = 2.45 sigma with 95 % probability.
"""

import numpy as np
from scipy.optimize import minimize


def error_features(torques, loops):
    """Return what the uncertainty of a torque is made of, (4, C, N) [1, t0, t0, t0].

    `torques` and `loops`, (C, N, 3), are torques, and the part that the four-spin loops have in them [t0].
    """
    whole, part = np.linalg.norm(torques, axis=2), np.linalg.norm(loops, axis=2)
    rms = np.sqrt(np.square(whole).mean(axis=1, keepdims=True))
    return np.stack([np.ones_like(whole), whole, part, np.broadcast_to(rms, whole.shape)])


def fit_error_model(torques, loops, errors):
    """Return `LocatorModel.error_model`, the n_k: maximum likelihood, then wide enough for 95 % of the errors.

    The errors have longer tails than Gaussians. They are counted apart in the half of the configurations with
    the larger torques and in the other, of nearly minimised ones, and sigma is widened for the worse half.
    Predictions, their loops' part, and errors are (C, N, 3) [t0], one array per realization. Without any error all
    n_k are zero.
    """
    features = np.concatenate(
        [error_features(*both).reshape(4, -1) for both in zip(torques, loops, strict=True)], axis=1
    )
    sizes = np.concatenate([np.linalg.norm(error, axis=2).ravel() for error in errors])
    scale = np.sqrt(np.square(sizes).mean())
    if scale == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    units = np.sqrt(np.square(features).mean(axis=1))
    units[units == 0.0] = 1.0

    def variance(numbers):
        return np.square(numbers) @ np.square(features)

    def negative_log_likelihood(log):
        expected = variance(scale * np.exp(log) / units)
        return np.mean(np.log(expected) + 0.5 * np.square(sizes) / expected)  # two Gaussian components

    start, bounds = [-1.0] * 4, [(-12.0, 2.0)] * 4
    best = minimize(negative_log_likelihood, start, bounds=bounds, method="L-BFGS-B").x
    numbers = scale * np.exp(best) / units
    ratio = sizes / np.sqrt(variance(numbers))
    lively = features[3] >= np.median(features[3])
    inside = np.sqrt(-2.0 * np.log(0.05))
    widening = max(np.quantile(ratio[half], 0.95) for half in (lively, ~lively) if half.any()) / inside
    return tuple(map(float, widening * numbers))
