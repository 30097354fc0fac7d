"""The look of all figures: sizes of a two-column journal, a palette for every eye, files without dates."""

from contextlib import contextmanager
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from sdglass.io import atomic_path
from sdglass_study.figures import networks

WIDTH = 7.0  # inches, both columns of a journal page
DPI = 200

# Okabe and Ito, "Color universal design": told apart with every common colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY, PALE = "#777777", "#DDDDDD"
# Beyond the eight: Tol, "muted", dark enough to be told from them.
WINE, OLIVE, TEAL, INDIGO = "#882255", "#999933", "#44AA99", "#332288"

# The fonts come with matplotlib, so that figures do not depend on the machine.
_RC = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.labelspacing": 0.3,
    "legend.borderaxespad": 0.3,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": mpl.cycler(color=CYCLE),
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "errorbar.capsize": 0,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "pdf.fonttype": 42,
    "axes.formatter.useoffset": False,
}

_NAMES = {
    "exact": ("exact (ED)", BLACK, "o"),
    "network": ("network", BLUE, "s"),
    "pair": ("pair model", VERMILLION, "^"),
    "linear": ("linear model", ORANGE, "v"),
    "locator": ("locator expansion", TEAL, "D"),
    "second-order": ("second order", BLACK, "o"),
    "bond": ("network, bonds", BLUE, "s"),
    "chirality": ("network, bonds + chirality", GREEN, "D"),
    "bond-configurations": ("network, bonds (split by configuration)", SKY, "P"),
    "chirality-configurations": ("network, bonds + chirality (split by configuration)", PURPLE, "X"),
    "small": ("small network, bonds", WINE, "p"),
    "small-chirality": ("small network, bonds + chirality", OLIVE, "*"),
    "bond-long": ("network, bonds, trained longer", BLUE, "*"),
    "tiny": ("tiny network", TEAL, "h"),
    "medium": ("medium network", INDIGO, "d"),
    "small-unstarted": ("small network, from random weights", WINE, "H"),
    "heun": ("Heun", BLUE, "o"),
    "semi_implicit": ("semi-implicit", VERMILLION, "s"),
    "rkky": ("RKKY, free electrons", BLACK, "s"),
    "rkky-fitted-kf": (r"RKKY, fitted $k_F$", BLUE, "D"),
    "rkky-positive": (r"RKKY, fitted $k_F$, sign of Eq. 2", SKY, "v"),
    "second-order-scaled": ("second order, scaled", GREY, "P"),
    "strong-coupling": (r"$t^2/(2J)$", GREEN, "X"),
    "training": ("training", BLUE, "o"),
    "validation": ("validation", GREEN, "^"),
    "unseen": ("unseen", VERMILLION, "s"),
    "large": ("unseen, large", PURPLE, "D"),
}

# Other networks differ from these in one respect, and have figures of their own.
_PRINCIPAL = (
    "pair",
    "linear",
    "bond",
    "chirality",
    "bond-configurations",
    "chirality-configurations",
    "small",
    "small-chirality",
)


@contextmanager
def journal():
    """Apply the style within a block, drawing and saving included; nothing outside changes."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def new_figure(height):
    """Return an empty figure of full page width and `height` [inch], laid out without overlaps."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def save(figure, png=None, pdf=None):
    """Write the figure atomically; the same figure gives the same bytes (no dates, no program names)."""
    if png is not None:
        with atomic_path(png) as temporary, BytesIO() as full:
            figure.savefig(full, format="png", dpi=DPI, metadata={"Software": None})
            # A palette of 256 colours looks the same here and takes a third of the bytes, in reports too.
            colours = Image.open(full).convert("RGB").quantize(256, dither=Image.Dither.NONE)
            colours.save(temporary, format="png", optimize=True, dpi=(DPI, DPI))
    if pdf is not None:
        with atomic_path(pdf) as temporary:
            # Rasterised parts of the file take their resolution from dpi.
            figure.savefig(temporary, format="pdf", dpi=2 * DPI, metadata={"CreationDate": None, "Producer": None})


def label(name):
    """Return the words for a model, engine or set: those of the study (`networks.named`) or the usual ones.

    An unknown name stands for itself.
    """
    name = networks.stands_for(name)
    given = networks.words_of(name)
    if given is not None:
        return given
    return _NAMES[name][0] if name in _NAMES else str(name).replace("_", " ")


def set_words(name, n_sites=None):
    """Return the words for a set of structures: training, validation, or unseen ones of a number of sites."""
    words = name if name in ("training", "validation") else "unseen"
    return words if n_sites is None else f"{words}, N = {n_sites:g}"


def look(name, others=()):
    """Return {color, marker} of a name, the same in every figure; unknown ones go by their place in `others`."""
    others, name = [networks.stands_for(one) for one in others], networks.stands_for(name)
    if name in _NAMES:
        return {"color": _NAMES[name][1], "marker": _NAMES[name][2]}
    place = others.index(name) if name in others else 0
    return {"color": CYCLE[place % len(CYCLE)], "marker": MARKERS[place % len(MARKERS)]}


def in_order(names):
    """Return the different names: known ones first in the order of the palette, then the others as they come."""
    names = list(dict.fromkeys(names))
    return [name for name in _NAMES if name in names] + [name for name in names if name not in _NAMES]


def principal(names):
    """Return the different models `in_order` that belong in every figure; all of them if none does."""
    names = in_order(names)
    return [name for name in names if name in _PRINCIPAL] or names


def letter(axes, text, **where):
    """Write the panel's letter, (a), above its upper left corner."""
    axes.set_title(f"({text})", loc="left", fontweight="bold", **{"pad": 3, **where})


def error_bars(value, low, high):
    """Return the (2, K) lengths that ``errorbar`` wants; nan, hence no bar, where an end is not finite."""
    value, low, high = (np.asarray(array, dtype=float) for array in (value, low, high))
    lengths = np.array([value - low, high - value])
    lengths[~np.isfinite(lengths)] = np.nan
    return np.maximum(lengths, 0.0)


def band(axes, x, low, high, color, **options):
    """Shade between `low` and `high`, with a gap where either is not a number."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    shade = {"alpha": 0.22, "linewidth": 0, **options}
    axes.fill_between(x, low, high, where=np.isfinite(low) & np.isfinite(high), color=color, **shade)


def logarithmic(axes, which="xy"):
    """Make the axes named in `which` logarithmic, but for those on which nothing positive has been drawn."""
    for name in which:
        if np.isfinite(getattr(axes, f"{name}axis").get_minpos()):
            axes.set(**{f"{name}scale": "log"})


def positive(frame, *columns):
    """Return the rows in which all `columns` are above zero: what a logarithmic axis can show."""
    return frame[(frame[list(columns)] > 0).all(axis=1)]


def spread_out(values, count, first=0.0):
    """Return `count` of the sorted different `values`, about equally spaced in their logarithm.

    Parameters
    ----------
    values : array_like
    count : int
    first : float
        Smaller values are left out, unless nothing else is there.
    """
    values = np.unique(np.asarray(values, dtype=float))
    chosen = values[(values > 0) & (values >= first)]
    if len(chosen) == 0:
        return values[-1:]
    targets = np.geomspace(chosen[0], chosen[-1], count)
    return np.unique([chosen[np.argmin(np.abs(np.log(chosen / target)))] for target in targets])


def clock(time):
    """Return a time as text: 0.5, 30, 3000."""
    return f"{time:.0f}" if time >= 100 else f"{time:.3g}"


def time_colours(times):
    """Return {time: colour}, dark to bright in the order of the times (readable in grey, and by every eye)."""
    return dict(zip(times, mpl.colormaps["viridis"](np.linspace(0.0, 0.88, max(len(times), 1))), strict=False))


def number(value, digits=3):
    """Return a number in mathtext: 0.00123 as 1.23 x 10^-3, 12.5 as 12.5."""
    if not np.isfinite(value):
        return r"\infty" if value > 0 else "-"
    if value == 0 or 0.01 <= abs(value) < 1e4:
        return f"{float(f'{value:.{digits}g}'):g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return rf"{mantissa}\times 10^{{{int(exponent)}}}"
