"""A short film of a quench: the spins, or the sites of a lattice, and beside them C(r) and the energy."""

import io
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from sdglass.errors import InputError
from sdglass.io import atomic_path
from sdglass_study.figures import _style as style
from sdglass_study.figures._domains import chirality_scale, hole_scale, paint_sites
from sdglass_study.figures._scene import Scene, energy_scale

SIZE, DPI = (6.6, 3.5), 100  # inches, dots per inch
SECONDS = 7.0  # of the film, the last picture not counted
LAST = 1500  # how long that stays [ms]
COLOURS = 128  # of the common palette


@dataclass(frozen=True, eq=False)
class Film:
    """What is shown: K snapshots of one replica of N spins, with C(r) in B bins."""

    title: str
    times: np.ndarray  # (K,) [1/(gamma t0)]
    positions: np.ndarray  # (N, 3) [ell]
    box: np.ndarray  # (3,) [ell]
    spins: np.ndarray  # (K, N, 3)
    colours: str  # what the values are
    values: np.ndarray  # (K, N)
    energy: np.ndarray  # (K,), of the whole system [t0]
    distance: np.ndarray  # (B,) [ell]
    correlation: np.ndarray  # (K, B)

    @property
    def per_site(self):
        """Energy per site (K,) [t0]."""
        return np.asarray(self.energy) / len(self.positions)


def write_film(film, path):
    """Write a film of two or more snapshots as an animated GIF; the same film gives the same bytes."""
    if len(film.times) < 2:
        raise InputError(f"a film of {len(film.times)} snapshot; expected at least two")
    with style.journal():
        pictures = [Image.open(io.BytesIO(png)).convert("RGB") for png in _frames(film)]
    # One palette for all, without dithering: what does not move stays the same, which keeps the file small.
    sample = Image.new("RGB", (pictures[0].width, 3 * pictures[0].height))
    for place, picture in enumerate((pictures[0], pictures[len(pictures) // 2], pictures[-1])):
        sample.paste(picture, (0, place * picture.height))
    palette = sample.quantize(COLOURS, dither=Image.Dither.NONE)
    first, *others = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    each = max(20, 10 * round(100 * SECONDS / len(pictures)))  # GIF counts hundredths of a second
    durations = [each] * (len(pictures) - 1) + [LAST]
    with atomic_path(path) as temporary:
        first.save(temporary, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)


def _frames(film):
    """Yield every picture as PNG."""
    figure = Figure(figsize=SIZE, dpi=DPI)
    scale, label = _scale(film)
    axes = figure.add_axes((0.105, 0.07, 0.495, 0.87))
    scene = (Scene if np.ptp(film.positions[:, 2]) else Sites)(axes, film.positions, film.box)
    bar = figure.colorbar(
        scale, cax=figure.add_axes((0.095, 0.2, 0.014, 0.66)), extend="both", ticklocation="left"
    )
    bar.set_label(label, labelpad=0)
    bar.outline.set_linewidth(0.5)
    curve, trace = (figure.add_axes((0.695, bottom, 0.29, 0.3)) for bottom in (0.59, 0.135))
    figure.text(0.5, 0.955, film.title, ha="center", va="center")
    stamp = figure.text(0.02, 0.035, "", ha="left", va="bottom", fontsize=11)
    line, dot, words = _correlation(curve, film)
    passed, here, value = _energy(trace, film)
    for k, time in enumerate(film.times):
        scene.show(film.spins[k], scale.to_rgba(film.values[k])[:, :3])
        stamp.set_text(rf"$t = {style.clock(time)}\;/\,(\gamma t_0)$")
        line.set_data(film.distance, film.correlation[k])
        dot.set_data(film.distance[:1], film.correlation[k][:1])
        words.set_text(rf"$C({film.distance[0]:.3g}\,\ell) = {film.correlation[k][0]:.2f}$")
        passed.set_data(film.times[1 : k + 1], film.per_site[1 : k + 1])
        here.set_data([max(time, film.times[1])], [film.per_site[k]])
        value.set_text(rf"$E/N = {film.per_site[k]:.4f}\,t_0$")
        figure.savefig(buffer := io.BytesIO(), format="png", dpi=DPI)
        yield buffer.getvalue()


class Sites:
    """The sites of a lattice in a plane, seen from above: `show` colours them."""

    def __init__(self, axes, positions, box):
        self.painted = paint_sites(axes, *positions[:, :2].T)

    def show(self, spins, colours):
        """Colour the sites by `colours` (N, 3); arrows would be too small."""
        self.painted.set_facecolor(colours)


def _scale(film):
    """Return the colours of the values, and what is written beside them."""
    if film.colours == "chirality":
        return chirality_scale(), r"chirality $\chi_i$ / perfect"
    if film.colours == "holes":
        return hole_scale(), "holes per site"
    return energy_scale(film.values[[0, -1]]), r"local energy $e_i$ [$t_0$]"


def _correlation(axes, film):
    """Prepare C(r): the last one pale, to see where it goes; return what moves."""
    axes.axhline(0.0, color=style.GREY, linewidth=0.6, zorder=0)
    axes.plot(film.distance, film.correlation[-1], color=style.PALE, linewidth=2.0, zorder=1)
    (line,) = axes.plot([], [], color=style.BLUE)
    (dot,) = axes.plot([], [], "o", color=style.BLUE)
    low, high = np.nanmin(film.correlation), np.nanmax(film.correlation)
    margin = 0.1 * (high - low)
    axes.set(xlim=(0, film.distance[-1]), ylim=(low - margin, high + margin))
    axes.set(xlabel=r"$r$ [$\ell$]", ylabel=r"$C(r, t)$")
    return line, dot, axes.text(0.96, 0.08, "", transform=axes.transAxes, ha="right", va="bottom")


def _energy(axes, film):
    """Prepare the energy per site against log t; return what moves."""
    axes.plot(film.times[1:], film.per_site[1:], color=style.PALE, linewidth=2.0, zorder=1)
    (passed,) = axes.plot([], [], color=style.VERMILLION)
    (here,) = axes.plot([], [], "o", color=style.VERMILLION)
    axes.set(xlabel=r"$t$ [$1/(\gamma t_0)$]", ylabel=r"$E/N$ [$t_0$]")
    style.logarithmic(axes, "x")
    style.plain_log_axis(axes.xaxis)
    return passed, here, axes.text(0.96, 0.9, "", transform=axes.transAxes, ha="right", va="top")
