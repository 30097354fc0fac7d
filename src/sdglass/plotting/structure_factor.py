"""The structure factor: a map of the zone, or a line along a path between special points."""

import numpy as np
from scipy.spatial import Voronoi

from sdglass.plotting.axes import (
    COLOURS,
    clock,
    given_or_new,
    line_with_errors,
    observable,
    snapshot_numbers,
    with_unit,
)


def plot_structure_factor(measured, snapshot="last", ax=None, name="structure-factor"):
    """Draw S(q) of one snapshot: along its path if it was measured on one, else as a map.

    Parameters
    ----------
    measured : MeasuredSeries
    snapshot : int or "last"
        Which snapshot, counted from 0.
    ax : matplotlib.axes.Axes, optional
    name : str
        Of the observable.

    Returns
    -------
    matplotlib.axes.Axes
        Of a map one cell for each wave vector in the plane q_z = 0; of a chain, a line.

    Raises
    ------
    InputError
        If it was not measured, or there is no such snapshot.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> from matplotlib.figure import Figure
    >>> magnet = sdglass.lattice("triangular", cells=(6, 6))
    >>> spins = np.tile([0.0, 0.0, 1.0], (1, 2, 36, 1))
    >>> sites = magnet.positions, magnet.cell, magnet.pbc
    >>> run = sdglass.Trajectory(np.zeros(1), spins, np.ones((1, 2)), np.zeros((1, 2)), {}, *sites)
    >>> measured = sdglass.measure_series([run], ["structure-factor:path=G,K,M,G"])
    >>> drawn = sdglass.plot_structure_factor(measured, ax=Figure().subplots())
    >>> [label.get_text() for label in drawn.get_xticklabels()]
    ['Γ', 'K', 'M', 'Γ']
    """
    _, values, errors, said = observable(measured, name)
    (k,) = snapshot_numbers(measured["time"], snapshot)
    ax = given_or_new(ax)
    ax.set_title(clock(measured["time"][k]))
    waves = np.stack([measured[f"q_{axis}"] for axis in "xyz"], axis=1)
    if "path" in measured.coordinates:
        labels, path = measured["point"], measured["path"]
        line_with_errors(ax, path, values[k], errors[k], color=COLOURS[0])
        special = np.flatnonzero(labels != "")
        ax.set_xticks(path[special], ["Γ" if label == "G" else label for label in labels[special]])
        for place in path[special]:
            ax.axvline(place, color="#777777", linewidth=0.6, zorder=0)
        ax.set(xlim=(path[0], path[-1]), ylim=(0, None), xlabel="wave vector q", ylabel=said)
    elif np.linalg.matrix_rank(waves, tol=1e-6) < 2:
        along = waves @ waves[np.linalg.norm(waves, axis=1).argmax()]
        along /= np.linalg.norm(waves, axis=1).max() or 1.0
        order = np.argsort(along)
        line_with_errors(ax, along[order], values[k][order], errors[k][order], color=COLOURS[0])
        ax.set(ylim=(0, None), xlabel=with_unit("q", "1/ell"), ylabel=said)
    else:
        plane = np.abs(waves[:, 2]) < 1e-6
        _map(ax, waves[plane, :2], values[k][plane], said)
    return ax


def _map(ax, waves, values, said):
    """Fill the cell of points next to each wave vector with a colour."""
    from matplotlib.collections import PolyCollection

    cell = _cell(waves)
    painted = PolyCollection(
        waves[:, None] + cell, array=values, cmap="viridis", edgecolors="face", linewidths=0.2
    )
    painted.set_clim(0, None)
    ax.add_collection(painted)
    ax.autoscale_view()
    ax.set(aspect="equal", xlabel=with_unit("$q_x$", "1/ell"), ylabel=with_unit("$q_y$", "1/ell"))
    ax.figure.colorbar(painted, ax=ax, label=said)


def _cell(waves):
    """Return the corners (C, 2) of what is closer to zero than to any other wave vector of the lattice."""
    order = waves[np.argsort(np.linalg.norm(waves, axis=1), kind="stable")]
    order = order[np.linalg.norm(order, axis=1) > 1e-9]
    first = order[0]
    across = np.abs(first[0] * order[:, 1] - first[1] * order[:, 0])
    second = order[across > 1e-6 * np.linalg.norm(first) * np.linalg.norm(order, axis=1)][0]
    steps = np.arange(-2, 3)
    points = (steps[:, None, None] * first + steps[None, :, None] * second).reshape(-1, 2)
    tiling = Voronoi(points)
    corners = tiling.vertices[tiling.regions[tiling.point_region[12]]]  # of the point in the middle
    return corners[np.argsort(np.arctan2(corners[:, 1], corners[:, 0]))]
