"""The Fermi function as a sum of a dozen poles, and its primitive, the grand potential of a level.

A Fermi function at temperature T over a band of width W needs of the order of log(W / T) poles when these are free
to move off the imaginary axis, where Matsubara's series would need W / T of them: L. Lin, J. Lu, L. Ying, W. E,
Chin. Ann. Math. B 30, 729 (2009), doi:10.1007/s11401-009-0201-7. Here they are found by the AAA algorithm:
Y. Nakatsukasa, O. Sete, L. N. Trefethen, SIAM J. Sci. Comput. 40, A1494 (2018), doi:10.1137/16M1106122.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import AAA
from scipy.special import expit

from sdglass.errors import InputError

MOST_POLES = 60


@dataclass(frozen=True, eq=False)
class PoleExpansion:
    """f(x) = constant + Re sum_p weights_p / (poles_p - x) for the Fermi function 1 / (1 + exp(x)).

    Its primitive, g(x) = offset + constant x - Re sum_p weights_p log(poles_p - x), stands for -log(1 +
    exp(-x)). Both
    are of the same poles, so that a field made of f is the exact gradient of an energy made of g, however few
    there are.

    Attributes
    ----------
    poles : numpy.ndarray, shape (P,)
        In the upper half plane, in units of the temperature.
    weights : numpy.ndarray, shape (P,)
    constant, offset : float
    error : float
        Largest error of f over the range.
    """

    poles: np.ndarray
    weights: np.ndarray
    constant: float
    offset: float
    error: float


def fermi_poles(span, tolerance):
    """Return the `PoleExpansion` of the Fermi function over |x| <= span (in units of the temperature).

    Parameters
    ----------
    span : float
        Range; it is rounded up to a power of two.
    tolerance : float
        Largest error wanted of f, between 1e-12 and 0.1.

    Raises
    ------
    InputError
        If the tolerance is out of reach.
    """
    if not 1e-12 <= tolerance <= 0.1:
        raise InputError(f"tolerance = {tolerance}; expected a number between 1e-12 and 0.1")
    return _fermi_poles(2.0 ** np.ceil(np.log2(max(span, 64.0))), tolerance)


@lru_cache(maxsize=64)
def _fermi_poles(span, tolerance):
    x, f = _samples(span)
    best = None
    for count in range(2, MOST_POLES):
        found = _fit(_aaa_poles(x, f, count), x, f)
        if best is None or found.error < best.error:
            best = found
        if best.error <= tolerance:
            return best
    raise InputError(
        f"tolerance = {tolerance:g}: the best sum of poles over {span:.3g} temperatures has an error of "
        f"{best.error:.1e}; expected a larger tolerance, or a higher electronic temperature"
    )


def counted_poles(span, count):
    """Return the `PoleExpansion` of the Fermi function over |x| <= span with about `count` poles."""
    x, f = _samples(span)
    return _fit(_aaa_poles(x, f, count), x, f)


def _samples(span):
    half = np.geomspace(1e-2, span, 500)
    x = np.concatenate([-half[::-1], half])
    return x, expit(-x)


def _aaa_poles(x, f, count):
    with warnings.catch_warnings():  # that it has not converged is what the fit says, with a number
        warnings.simplefilter("ignore", RuntimeWarning)
        # An odd number of terms: the poles then come in conjugate pairs, and none lies on the real axis.
        poles = AAA(x, f, rtol=0.0, max_terms=2 * count + 1, clean_up=False).poles()
    return poles[poles.imag > 1e-3]


def _fit(poles, x, f):
    """Return the expansion on given poles whose weights are least squares."""
    resolvents = 1.0 / (poles - x[:, None])
    basis = np.concatenate([resolvents.real, -resolvents.imag, np.ones((len(x), 1))], axis=1)
    scale = np.linalg.norm(basis, axis=0)
    solution = np.linalg.lstsq(basis / scale, f, rcond=1e-15)[0] / scale
    count = len(poles)
    weights, constant = solution[:count] + 1j * solution[count : 2 * count], float(solution[-1])
    error = np.abs(basis @ solution - f).max()
    return PoleExpansion(poles, weights, constant, _offset(poles, weights, constant, x), float(error))


def _offset(poles, weights, constant, x):
    """Return what makes the largest error of the primitive least."""
    primitive = constant * x - (weights * np.log(poles - x[:, None])).real.sum(axis=1)
    difference = np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x))) - primitive
    return float(0.5 * (difference.max() + difference.min()))
