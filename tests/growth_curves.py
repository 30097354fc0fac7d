"""Curves of a growing length that follow a planted law, with their scatter."""

import numpy as np

from sdglass.statistics import bootstrap_weights

TIMES = np.geomspace(5.0, 3000.0, 20)
BARRIER_LAW = 0.5 * np.log(TIMES) ** (1 / 1.02)


def resampled(law, scatter, n_realizations, n_samples, seed):
    """Return mean curve and bootstrap curves of realizations that scatter by a common factor and by points."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n_realizations, 1))
    single = rng.standard_normal((n_realizations, len(law)))
    curves = law * (1 + scatter * (common + single))
    return curves.mean(axis=0), bootstrap_weights(n_realizations, n_samples, rng) @ curves / n_realizations
