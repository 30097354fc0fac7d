"""Plain text of the field as HTML."""

import re

from markupsafe import Markup, escape

_SYMBOLS = {
    **{"alpha": "α", "gamma": "γ", "zeta": "ζ", "theta": "θ", "lambda": "λ", "mu": "μ", "xi": "ξ", "rho": "ρ"},
    **{"sigma": "σ", "Delta": "Δ", "chi": "χ", "psi": "ψ", "ell": "ℓ", "t0": "t<sub>0</sub>"},
}
# Spaces around them, so that nothing inside a word or a name changes.
_OPERATORS = {" . ": " · ", " - ": " − ", " &lt;= ": " ≤ ", " &gt;= ": " ≥ ", " -&gt; ": " → ", " +- ": " ± "}


def typeset(text):
    """Return plain text as HTML: t0, ell, psi, S_i, 10^-3, 6e-4, S x H, <= and - as they are printed.

    Names with more than three letters after an underscore, such as those of tables, stay as they are.
    """
    html = str(escape(text))
    html = re.sub(r"\b(\d+(?:\.\d+)?)e([+-]?)0*(\d+)\b", _power_of_ten, html)
    html = re.sub(r"\^\(([^()]+)\)", r"<sup>\1</sup>", html)
    html = re.sub(r"\^(-?\d+(?:\.\d+)?)", r"<sup>\1</sup>", html)
    html = re.sub(r"\b([A-Za-z]|mu|xi)_([A-Za-z]{1,3}|0)\b", r"\1<sub>\2</sub>", html)
    for plain_text, symbol in _OPERATORS.items():
        html = html.replace(plain_text, symbol)
    html = re.sub(r"(?<=[\w)>]) x (?=[\w(])", " × ", html)
    html = re.sub(r"(?<![\w\-.])-(?=\d)", "−", html)
    return Markup(re.sub(rf"\b({'|'.join(_SYMBOLS)})\b", lambda m: _SYMBOLS[m[1]], html))


def _power_of_ten(match):
    sign = "−" if match[2] == "-" else ""
    return f"{match[1]} × 10<sup>{sign}{match[3]}</sup>"
