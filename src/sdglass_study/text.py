"""Numbers and names as short text: what figures, claims and the report share."""

import json
import math
import re

import numpy as np

# What every study calls these; a configuration may give other labels.
MODEL_WORDS = {
    "exact": "exact (ED)",
    "pair": "pair model",
    "linear": "linear model",
    "locator": "locator expansion",
}
BASELINES = ("pair", "linear")  # fitted by least squares: what a network has to beat


def model_words(name, labels=None):
    """Return what a model is called: its label, the usual words, or its name."""
    return {**MODEL_WORDS, **(labels or {})}.get(name, str(name).replace("_", " "))


def learned_model(names):
    """Return the first of `names` that is neither exact nor a baseline, the model of ML-LLG; None without any."""
    return next((name for name in names if name not in ("exact", *BASELINES)), None)


def run_words(model, damping, labels=None):
    """Return the words for a run: its model and its damping."""
    return f"{model_words(model, labels)}, alpha = {damping:g}"


def clock(time):
    """Return a time as text: 0.5, 30, 3000."""
    return f"{time:.0f}" if time >= 100 else f"{time:.3g}"


def cell(value):
    """Return a value as short text: numbers with four digits, nothing for NaN, JSON for nested data."""
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | float | np.number):
        return "" if value != value else plain(f"{value:.4g}" if abs(value) < 1e4 else f"{value:.6g}")
    if isinstance(value, dict | list):
        return json.dumps(value)
    return "" if value is None else str(value)


def plain(text):
    """Write the exponent of a number as people do: 6.6e-04 as 6.6e-4."""
    return re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", text)


def rounded(value, low, high, signed=False):
    """Return a value and the ends of its interval as texts, all to the second digit of half the interval.

    Parameters
    ----------
    value, low, high : float
        An end that is not finite is written as such; the digits then follow from the other one.
    signed : bool
        Write "+" before what is above zero, as for a difference.
    """
    ends = [float(end) for end in (low, high)]
    distances = [abs(end - value) for end in ends if np.isfinite(end)]
    half = 0.5 * (ends[1] - ends[0]) if np.isfinite(ends).all() else max(distances, default=0.0)
    if not np.isfinite(value) or not half > 0:
        return cell(value), *map(cell, ends)
    digits = max(0, 1 - math.floor(math.log10(half)))
    return tuple(_fixed(number, digits, signed) for number in (value, *ends))


def estimate(value, low, high, signed=False):
    """Return a value with its interval, `rounded`: 0.834 [0.829, 0.838]; alone where there is no interval."""
    if np.isnan([low, high]).all():
        return cell(value)
    value, low, high = rounded(value, low, high, signed)
    return f"{value} [{low}, {high}]"


def _fixed(value, digits, signed):
    if not np.isfinite(value):
        return "–" if np.isnan(value) else "∞" if value > 0 else "-∞"
    # Adding zero after rounding: no "-0.00".
    return f"{round(float(value), digits) + 0.0:{'+' if signed else ''}.{digits}f}"


def duration(seconds):
    """Return a time as text, in seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
