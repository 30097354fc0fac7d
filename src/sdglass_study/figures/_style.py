"""The style of all figures: sizes of a two-column journal, a palette for every eye, files without dates.

matplotlib is loaded when something is drawn, so that figures may import this module at no cost.
"""

from contextlib import contextmanager
from io import BytesIO
from string import ascii_lowercase

import numpy as np

from sdglass.io import atomic_path
from sdglass_study.text import clock  # noqa: F401  (figures write times as the report does)

WIDTH = 7.0  # inches, both columns of a journal page
DPI = 200

# Okabe and Ito, "Color universal design": told apart with every common colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY, PALE = "#777777", "#DDDDDD"
# Beyond the eight: Tol, "muted", dark enough to be told from them.
WINE, OLIVE, TEAL, INDIGO, BROWN = "#882255", "#999933", "#44AA99", "#332288", "#661100"

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


@contextmanager
def journal():
    """Apply the style within a block, drawing and saving included; nothing outside changes."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC | {"axes.prop_cycle": mpl.cycler(color=CYCLE)})
        yield


def new_figure(height):
    """Return an empty figure of full page width and `height` [inch], laid out without overlaps."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def panels(height, rows=1, columns=1, lettered=True, **options):
    """Return a page and its panels (rows, columns), or (columns,) of a single row, lettered in reading order."""
    page = new_figure(height)
    grid = page.subplots(rows, columns, squeeze=False, **options)
    if lettered:
        letters(grid.flat)
    return page, grid[0] if rows == 1 else grid


def line(**options):
    """Return a line without points, for a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], **options)


def save(figure, png=None, pdf=None):
    """Write the figure atomically; the same figure gives the same bytes (no dates, no program names)."""
    from PIL import Image

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


def letter(axes, text, **where):
    """Write the panel's letter, (a), above its upper left corner."""
    axes.set_title(f"({text})", loc="left", fontweight="bold", **{"pad": 3, **where})


def letters(panels):
    """Write (a), (b), .. above some panels."""
    for axes, text in zip(panels, ascii_lowercase, strict=False):
        letter(axes, text)


def curve(axes, x, value, low, high, strength=0.22, **line):
    """Draw a line with the band of its intervals in the same colour."""
    axes.plot(x, value, **line)
    band(axes, x, low, high, line["color"], alpha=strength)


def time_axis(axes, which="x"):
    """Name the axis of the time; those in `which` are logarithmic."""
    axes.set_xlabel(r"time $t$ [$1/(\gamma t_0)$]")
    logarithmic(axes, which)


def legend_below(page, handles, words=None, ncols=4):
    """Put one legend of all panels below them."""
    words = [handle.get_label() for handle in handles] if words is None else words
    page.legend(handles, words, loc="outside lower center", ncols=ncols)


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
    """Return `count` of the sorted different `values` from `first` on, about equally spaced in their logarithm."""
    values = np.unique(np.asarray(values, dtype=float))
    chosen = values[(values > 0) & (values >= first)]
    if len(chosen) == 0:
        return values[-1:]
    targets = np.geomspace(chosen[0], chosen[-1], count)
    return np.unique([chosen[np.argmin(np.abs(np.log(chosen / target)))] for target in targets])


def time_colours(times):
    """Return {time: colour}, dark to bright in the order of the times (readable in grey, and by every eye)."""
    import matplotlib as mpl

    return dict(zip(times, mpl.colormaps["viridis"](np.linspace(0.0, 0.88, max(len(times), 1))), strict=False))


def number(value, digits=3):
    """Return a number in mathtext: 0.00123 as 1.23 x 10^-3, 12.5 as 12.5."""
    if not np.isfinite(value):
        return r"\infty" if value > 0 else "-"
    if value == 0 or 0.01 <= abs(value) < 1e4:
        return f"{float(f'{value:.{digits}g}'):g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return rf"{mantissa}\times 10^{{{int(exponent)}}}"


def plain_log_axis(axis):
    """Label a logarithmic axis of less than three decades by 1, 2, 5, 10, and a longer one by its decades."""
    from matplotlib.ticker import NullFormatter

    low, high = axis.get_view_interval()
    axis.set_minor_formatter(NullFormatter())
    if 0 < low < high < 1e3 * low:
        decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.floor(np.log10(high)) + 1)
        plain = [digit * decade for decade in decades for digit in (1, 2, 5)]
        shown = [value for value in plain if low <= value <= high]
        axis.set_ticks(shown, [f"{value:g}" for value in shown])
