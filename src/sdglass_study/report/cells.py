"""Values as short text for the page."""

import json
import math
import re

import numpy as np
from markupsafe import Markup, escape

_SYMBOLS = {
    **{"alpha": "α", "gamma": "γ", "zeta": "ζ", "theta": "θ", "lambda": "λ", "mu": "μ", "xi": "ξ", "rho": "ρ"},
    **{"sigma": "σ", "Delta": "Δ", "chi": "χ", "psi": "ψ", "ell": "ℓ", "t0": "t<sub>0</sub>"},
}


# Spaces around them, so that nothing inside a word or a name changes.
_OPERATORS = {" . ": " · ", " - ": " − ", " &lt;= ": " ≤ ", " &gt;= ": " ≥ ", " -&gt; ": " → ", " +- ": " ± "}


def cell(value):
    """Return a value as short text: numbers with four digits, nothing for NaN, JSON for nested data."""
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | float | np.number):
        return "" if value != value else plain(f"{value:.4g}" if abs(value) < 1e4 else f"{value:.6g}")
    if isinstance(value, dict | list):
        return json.dumps(value)
    return "" if value is None else str(value)


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
    return tuple(_fixed(one, digits, signed) for one in (value, *ends))


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


def scientific(value):
    """Return a number as 6.66e-4; a dash for what is not finite."""
    return plain(f"{value:.2e}") if np.isfinite(value) else "–"


def plain(text):
    """Write the exponent of a number as people do: 6.6e-04 as 6.6e-4."""
    return re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", text)


def duration(seconds):
    """Return a time as text, in seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def typeset(text):
    """Return plain text of the field as HTML: t0, ell, psi, S_i, 10^-3, 6e-4, S x H, <= and - as they are printed.

    Names with more than three letters after an underscore, such as those of tables, stay as they are.
    """
    html = str(escape(text))
    html = re.sub(r"\b(\d+(?:\.\d+)?)e([+-]?)0*(\d+)\b", _power_of_ten, html)
    html = re.sub(r"\^\(([^()]+)\)", r"<sup>\1</sup>", html)
    html = re.sub(r"\^(-?\d+(?:\.\d+)?)", r"<sup>\1</sup>", html)
    html = re.sub(r"\b([A-Za-z]|mu)_([A-Za-z]{1,3})\b", r"\1<sub>\2</sub>", html)
    for plain_text, symbol in _OPERATORS.items():
        html = html.replace(plain_text, symbol)
    html = re.sub(r"(?<=[\w)>]) x (?=[\w(])", " × ", html)
    html = re.sub(r"(?<![\w\-.])-(?=\d)", "−", html)
    return Markup(re.sub(rf"\b({'|'.join(_SYMBOLS)})\b", lambda m: _SYMBOLS[m[1]], html))


def _power_of_ten(match):
    sign = "−" if match[2] == "-" else ""
    return f"{match[1]} × 10<sup>{sign}{match[3]}</sup>"
