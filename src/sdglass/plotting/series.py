"""Observables against time, and profiles such as C(r) at some times."""

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.series_file import UNITS
from sdglass.plotting.axes import (
    COLOURS,
    given_or_new,
    line_with_errors,
    observable,
    snapshot_numbers,
    time_axis,
    with_unit,
)


def plot_series(measured, name, ax=None, label=None):
    """Draw an observable against time, with its standard errors.

    Parameters
    ----------
    measured : MeasuredSeries
        Of `measure_series` or `load_series`.
    name : str
        Observable with one value at each time, or few: components, waiting times.
    ax : matplotlib.axes.Axes, optional
    label : str, optional
        Name of the line in a legend, to compare several measurements in the same axes.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If it was not measured, or has more values than lines can be told apart.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> from matplotlib.figure import Figure
    >>> magnet = sdglass.lattice("square", cells=(2, 2))
    >>> spins = np.tile([0.0, 0.0, 1.0], (3, 2, 4, 1))
    >>> sites = magnet.positions, magnet.cell, magnet.pbc
    >>> run = sdglass.Trajectory(np.arange(3.0), spins, np.ones((3, 2)), np.zeros((3, 2)), {}, *sites)
    >>> measured = sdglass.measure_series([run], ["energy"])
    >>> sdglass.plot_series(measured, "energy", Figure().subplots()).get_ylabel()
    'energy per spin [$t_0$]'
    """
    axes, values, errors, said = observable(measured, name)
    names = [label]
    if len(axes) == 2:
        at = measured.coordinates.get(axes[1], (axes[1], np.arange(values.shape[1])))[1]
        if len(at) > len(COLOURS):
            raise InputError(
                f"{name}: {len(at)} values at every time; expected at most {len(COLOURS)} lines, or a profile"
            )
        names = list("xyz") if axes[1] == "component" else [_of(axes[1], x) for x in at]
        names = names if label is None else [f"{label}, {one}" for one in names]
    ax, times = given_or_new(ax), measured["time"]
    start = len(ax.containers)  # lines that are there already have colours
    for column, one in enumerate(names):
        line = values.reshape(len(times), -1)[:, column], errors.reshape(len(times), -1)[:, column]
        line_with_errors(ax, times, *line, color=COLOURS[(start + column) % len(COLOURS)], label=one)
    time_axis(ax, times)
    ax.set_ylabel(said)
    if names != [None]:
        ax.legend(frameon=False)
    return ax


def _of(dimension, value):
    return rf"$t_w = {value:g}$" if dimension == "waiting_time" else f"{dimension} {value:g}"


def plot_profiles(measured, name, snapshots=None, ax=None):
    """Draw a profile such as C(r) at some times, from dark to bright.

    Parameters
    ----------
    measured : MeasuredSeries
    name : str
        Observable with a second axis, against which it is drawn.
    snapshots : int, "last" or sequence of them, optional
        Which snapshots, counted from 0; by default five, evenly spread over log t, and t = 0.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If it was not measured, has one value at each time, or there is no such snapshot.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> from matplotlib.figure import Figure
    >>> magnet = sdglass.lattice("square", cells=(4, 4))
    >>> spins = np.tile([0.0, 0.0, 1.0], (3, 2, 16, 1))
    >>> sites = magnet.positions, magnet.cell, magnet.pbc
    >>> run = sdglass.Trajectory(np.arange(3.0), spins, np.ones((3, 2)), np.zeros((3, 2)), {}, *sites)
    >>> measured = sdglass.measure_series([run], ["correlation"])
    >>> sdglass.plot_profiles(measured, "correlation", [0, "last"], Figure().subplots()).get_xlabel()
    'distance [$\\\\ell$]'
    """
    import matplotlib as mpl

    axes, values, errors, said = observable(measured, name)
    if len(axes) != 2:
        raise InputError(f"{name} has one value at each time; expected a profile such as correlation")
    times = measured["time"]
    chosen = snapshot_numbers(times, snapshots)
    at = measured.coordinates.get(axes[1], (axes[1], np.arange(values.shape[1])))[1]
    ax = given_or_new(ax)
    ax.axhline(0.0, color="#777777", linewidth=0.6)
    for colour, k in zip(mpl.colormaps["viridis"](np.linspace(0, 0.88, len(chosen))), chosen, strict=True):
        full = np.isfinite(values[k])
        line_with_errors(ax, at[full], values[k][full], errors[k][full], color=colour, label=f"{times[k]:g}")
    ax.set(xlabel=with_unit(axes[1].replace("_", " "), UNITS.get(axes[1], "")), ylabel=said)
    beside = {"loc": "upper left", "bbox_to_anchor": (1, 1), "fontsize": "small", "title_fontsize": "small"}
    ax.legend(frameon=False, title=with_unit("t", UNITS["time"]), **beside)
    return ax
