"""What the pictures share: colours for every eye, names of axes, which snapshots."""

import numpy as np

from sdglass.errors import InputError

# Okabe and Ito, "Color universal design": told apart with every common colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
UP, BETWEEN, DOWN = "#D55E00", "#9A9A9A", "#0072B2"  # of S_z; the middle is seen on white too
_MATH = {"t0": "$t_0$", "ell": r"$\ell$", "1/ell": r"$1/\ell$", "1/(gamma t0)": r"$1/(\gamma t_0)$"}
_MOST_CURVES = 5


def given_or_new(ax, **options):
    """Return the axes to draw into; new ones of pyplot if None."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.figure(layout="constrained").add_subplot(**options)


def with_unit(label, unit):
    """Return the name of an axis, with its unit in brackets where it has one."""
    return f"{label} [{_MATH.get(unit, unit)}]" if unit else label


def observable(measured, name):
    """Return dimensions, values and errors of an observable, whose name may have hyphens, and its axis' name."""
    key = name.partition(":")[0].replace("-", "_")
    values = measured[key]
    label, unit = measured.labels.get(key, ("", ""))
    return measured.arrays[key][0], values, measured[f"{key}_error"], with_unit(label or key, unit)


def snapshot_numbers(times, snapshots):
    """Return numbers of snapshots: those given (one, ``"last"`` or several), or up to five spread over log t."""
    count = len(times)
    if snapshots is None:
        zero, later = np.flatnonzero(times <= 0)[:1], np.flatnonzero(times > 0)
        spread = np.geomspace(times[later[0]], times[later[-1]], _MOST_CURVES) if len(later) else []
        nearest = [later[np.abs(np.log(times[later] / time)).argmin()] for time in spread]
        return sorted({int(k) for k in (*zero, *nearest)})
    found = []
    for k in [snapshots] if isinstance(snapshots, (str, int, np.integer)) else snapshots:
        number = count - 1 if k == "last" else k
        if not (isinstance(number, (int, np.integer)) and 0 <= number < count):
            raise InputError(f"snapshot {k}; expected one from 0 to {count - 1}, or last")
        found.append(int(number))
    return found


def clock(time):
    """Return a time as it stands in legends."""
    return rf"$t = {time:g}/(\gamma t_0)$"


def time_axis(ax, times):
    """Name the axis of the time; logarithmic, but for t = 0, if the times span two decades."""
    ax.set_xlabel(with_unit("time t", "1/(gamma t0)"))
    later = times[times > 0]
    if len(later) > 2 and later[-1] >= 100 * later[0]:
        if len(later) == len(times):
            ax.set_xscale("log")
        else:
            ax.set_xscale("symlog", linthresh=later[0], linscale=0.4)
            ax.set_xlim(left=0)


def line_with_errors(ax, x, values, errors, **line):
    """Draw a line with points and error bars, none where the error is not known."""
    style = {"marker": "o", "markersize": 3, "linewidth": 1.2, "elinewidth": 0.8, "capsize": 0}
    known = np.where(np.isfinite(errors), errors, 0.0)
    ax.errorbar(x, values, known if known.any() else None, **style | line)
