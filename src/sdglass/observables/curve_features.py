"""What the paper reads off a curve C(r): its value at contact, its first zero, its ferromagnetic peak (Fig. 4)."""

import numpy as np

from sdglass.errors import InputError


def value_at_contact(correlation):
    """Return C in the first bin that has pairs, the one at r_min, for `correlation` of shape (..., B)."""
    correlation = np.asarray(correlation, dtype=float)
    first = np.argmax(~np.isnan(correlation), axis=-1)  # 0 if all are nan, where C is nan
    return np.take_along_axis(correlation, first[..., None], axis=-1)[..., 0]


def first_zero_crossing(r, correlation):
    """Return where C(r) first changes sign [ell], by linear interpolation between bins; nan where it never does.

    Noise crosses zero anywhere: look at the interval over the resamples as well. `r` are ascending distances (B,)
    [ell]; bins of `correlation` (..., B) that are nan (without pairs) are passed over.
    """
    r, c = _check_curve(r, correlation)
    index = np.where(np.isnan(c), -1, np.arange(c.shape[-1]))
    # For each bin the last bin before it that is not empty, -1 if there is none.
    before = np.concatenate(
        [np.full_like(index[..., :1], -1), np.maximum.accumulate(index, axis=-1)[..., :-1]], axis=-1
    )
    previous = np.where(before < 0, np.nan, np.take_along_axis(c, np.maximum(before, 0), axis=-1))
    changes = (np.sign(previous) * np.sign(c) <= 0) & (previous != 0)  # False where either is nan
    at = np.argmax(changes, axis=-1)[..., None]
    c1, c2 = (np.take_along_axis(values, at, axis=-1)[..., 0] for values in (previous, c))
    r1, r2 = r[np.maximum(np.take_along_axis(before, at, axis=-1)[..., 0], 0)], r[at[..., 0]]
    found = changes.any(axis=-1)
    return np.where(found, r1 + (r2 - r1) * c1 / np.where(found, c1 - c2, 1.0), np.nan)[()]


def ferromagnetic_peak(r, correlation, window=(1.2, 2.2)):
    """Return position [ell] and height of C(r)'s highest positive maximum in a window (the paper's r ~ 1.5 ell).

    A parabola through the highest bin and its two neighbours is used. The highest of several noisy bins is
    biased upwards by about their error. `r` are ascending distances (B,) [ell], `correlation` is (..., B). Both
    are nan where the highest bin of the window is not positive or not a local maximum (C still rises at its edge).
    """
    r, c = _check_curve(r, correlation)
    inside = np.flatnonzero((r >= window[0]) & (r <= window[1]))
    inside = inside[(inside > 0) & (inside < len(r) - 1)]
    if len(inside) == 0:
        raise InputError(
            f"window = {tuple(window)} holds no bin; expected a part of [{r[0]:.4g}, {r[-1]:.4g}] [ell]"
        )
    at = inside[np.argmax(np.nan_to_num(c[..., inside], nan=-np.inf), axis=-1)][..., None]
    left, top, right = (np.take_along_axis(c, at + step, axis=-1)[..., 0] for step in (-1, 0, 1))
    r1, r2, r3 = (r[at[..., 0] + step] for step in (-1, 0, 1))
    found = (top > 0) & (top > left) & (top >= right)
    # Newton's form of the parabola: C = top + (r - r2) (slope + curvature (r - r1)).
    slope = (top - left) / (r2 - r1)
    curvature = ((right - top) / (r3 - r2) - slope) / (r3 - r1)
    position = 0.5 * (r1 + r2) - 0.5 * slope / np.where(found, curvature, 1.0)
    height = top + (position - r2) * (slope + curvature * (position - r1))
    return np.where(found, position, np.nan)[()], np.where(found, height, np.nan)[()]


def _check_curve(r, correlation):
    r, c = np.asarray(r, dtype=float), np.asarray(correlation, dtype=float)
    if r.ndim != 1 or c.shape[-1:] != r.shape:
        raise InputError(f"correlation has shape {c.shape}; expected (..., {len(np.ravel(r))}) for the distances")
    return r, c
