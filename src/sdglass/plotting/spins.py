"""Spins of a snapshot: arrows in the plane, or in a box."""

from itertools import product

import numpy as np

from sdglass.errors import InputError
from sdglass.plotting.arrows import arrow_mesh, lit, rotation
from sdglass.plotting.axes import BETWEEN, DOWN, UP, clock, given_or_new, with_unit

_LENGTH = 0.8  # of an arrow, in the shortest distance of two sites of a plane
_VIEW = rotation(30.0, 30.0)  # from where matplotlib looks at a box at first


def plot_spins(trajectory, snapshot="last", replica=0, ax=None):
    """Draw the spins of one snapshot of a trajectory, coloured by S_z: orange up, grey in the plane, blue down.

    Parameters
    ----------
    trajectory : Trajectory
    snapshot : int or "last"
        Which snapshot, counted from 0.
    replica : int
        Which replica, counted from 0.
    ax : matplotlib.axes.Axes, optional
        Of a structure that is no plane across z, three-dimensional ones (``projection="3d"``).

    Returns
    -------
    matplotlib.axes.Axes
        Of a plane arrows are the components S_x, S_y, and dots the sites.

    Raises
    ------
    InputError
        If there is no such snapshot or replica, the trajectory holds no positions, or the axes are flat and the
        structure is not.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> from matplotlib.figure import Figure
    >>> magnet = sdglass.lattice("square", cells=(2, 2))
    >>> spins = np.tile([0.0, 0.6, 0.8], (1, 1, 4, 1))
    >>> sites = magnet.positions, magnet.cell, magnet.pbc
    >>> run = sdglass.Trajectory(np.zeros(1), spins, np.ones((1, 1)), np.zeros((1, 1)), {}, *sites)
    >>> sdglass.plot_spins(run, ax=Figure().subplots()).get_xlabel()
    'x [$\\\\ell$]'
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    one = trajectory.of_replica(replica).of_snapshot(snapshot)
    structure, spins = trajectory.structure, one.spins[0, 0]
    flat = np.ptp(structure.positions[:, 2]) < 1e-9
    ax = given_or_new(ax, **{} if flat else {"projection": "3d"})
    if not flat and ax.name != "3d":
        raise InputError("the structure is no plane, and ax is; expected axes with projection='3d'")
    scale = ScalarMappable(Normalize(-1, 1), LinearSegmentedColormap.from_list("S_z", [DOWN, BETWEEN, UP]))
    draw = _plane if flat else _box
    draw(ax, structure, spins, scale.to_rgba(spins[:, 2]))
    ax.figure.colorbar(scale, ax=ax, label="$S_z$", shrink=0.8, **{} if flat else {"pad": 0.12})
    ax.set_title(clock(one.times[0]))
    ax.set(aspect="equal", xlabel=with_unit("x", "ell"), ylabel=with_unit("y", "ell"))
    return ax


def _plane(ax, structure, spins, colours):
    length = _LENGTH * min(structure.least_distance, np.linalg.norm(structure.cell, axis=1).min())
    x, y = structure.positions[:, :2].T
    ax.scatter(x, y, s=10, color=colours, linewidths=0)
    arrows = {"angles": "xy", "units": "xy", "scale_units": "xy", "scale": 1.0, "width": 0.12 * length}
    ax.quiver(x, y, *(length * spins[:, :2].T), color=colours, pivot="mid", **arrows)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) @ structure.cell[:2, :2]
    ax.plot(*corners.T, color="#777777", linewidth=0.6)


def _box(ax, structure, spins, colours):
    length = 0.6 * (structure.volume / structure.n_sites) ** (1 / 3)  # sites of a glass can be very close
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    facets, paints = [], []
    for place, spin, colour in zip(structure.positions, spins, colours[:, :3], strict=True):
        mesh, normals = arrow_mesh(spin, length, n_facets=8)
        facets.append(mesh + place)
        paints.append(lit(colour, normals @ _VIEW.T))
    paints = np.concatenate(paints)
    ax.add_collection3d(
        Poly3DCollection(np.concatenate(facets), facecolors=paints, edgecolors=paints, linewidths=0.1)
    )
    for start, end in product(product((0, 1), repeat=3), repeat=2):
        if sum(end) == sum(start) + 1 and all(a <= b for a, b in zip(start, end, strict=True)):
            ax.plot(*(np.array([start, end]) @ structure.cell).T, color="#777777", linewidth=0.6)
    ax.set_zlabel(with_unit("z", "ell"))
