"""All spins of a box in perspective: solid arrows, the edges of the box, paler where it is farther away."""

from itertools import combinations, product

import matplotlib as mpl
import numpy as np
from matplotlib.collections import PolyCollection

from sdglass.plotting.arrows import COLOURS, LENGTH, arrow_mesh, fade, lit, rotation

_VIEW = rotation(28.0, 18.0)
_DISTANCE = 3.2  # of the eye from the middle of the box, in its edges
_LENGTH = 1.15 * LENGTH  # of an arrow [ell]
_HAZE = 0.6  # of the farthest corner
_CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))  # of the box, in its edges


class Scene:
    """A box of spins on matplotlib axes; `show` paints the spins, again for every frame of a film.

    `positions` (N, 3) and the edges of the `box` (3,) are in ell; the axes lose their ticks and frame.
    """

    def __init__(self, axes, positions, box):
        self.box = np.asarray(box, dtype=float)
        self.eye = _DISTANCE * self.box.max()
        self.sites = (np.asarray(positions, dtype=float) - self.box / 2) @ _VIEW.T
        # From the nearest corner of the box, 1, to the farthest, 0.
        reach = np.abs((_CORNERS * self.box) @ _VIEW.T)[:, 2].max()
        self.haze = _HAZE * np.clip(0.5 - 0.5 * self.sites[:, 2] / reach, 0, 1)
        self.order = np.argsort(self.sites[:, 2], kind="stable")
        self.painted = PolyCollection([], linewidths=0.15, zorder=10)
        axes.add_collection(self.painted, autolim=False)
        self._edges(axes)
        axes.set_aspect("equal")
        axes.set_axis_off()

    def show(self, spins, colours):
        """Paint `spins` (N, 3) in `colours` (N, 3)."""
        directions = np.asarray(spins, dtype=float) @ _VIEW.T
        polygons, paints = [], []
        for site in self.order:
            facets, normals = arrow_mesh(directions[site], _LENGTH)
            facets = facets + self.sites[site]
            middle = facets.mean(axis=1)
            facing = np.einsum("fa,fa->f", normals, np.array([0, 0, self.eye]) - middle) > 0
            nearest_last = np.argsort(middle[facing, 2])
            polygons.append(self._project(facets[facing][nearest_last]))
            paints.append(fade(lit(colours[site], normals[facing][nearest_last]), self.haze[site]))
        paints = np.concatenate(paints)
        # The same colour on the edges closes the seams between the facets.
        self.painted.set(verts=np.concatenate(polygons), facecolors=paints, edgecolors=0.9 * paints)

    def _project(self, points):
        """Return the places (..., 2) in the picture of `points` (..., 3) as the eye sees them."""
        return points[..., :2] * (self.eye / (self.eye - points[..., 2]))[..., None]

    def _edges(self, axes):
        """Draw the box: edges behind the spins dashed, those in front thin."""
        seen = (_CORNERS * self.box) @ _VIEW.T
        places = self._project(seen)
        nearest, farthest = np.argmax(seen[:, 2]), np.argmin(seen[:, 2])
        for a, b in combinations(range(len(_CORNERS)), 2):
            if np.count_nonzero(_CORNERS[a] != _CORNERS[b]) == 1:
                behind = farthest in (a, b)
                look = {"linewidth": 0.6, "linestyle": (0, (3, 3))} if behind else {"linewidth": 0.7}
                axes.plot(*places[[a, b]].T, color="#AAAAAA" if behind else "#666666", zorder=2 if behind else 20,
                          alpha=0.6 if nearest in (a, b) else 1.0, **look)  # fmt: skip
        self._length(axes, places)
        margin = 0.04 * np.ptp(places, axis=0).max()
        (left, bottom), (right, top) = places.min(axis=0) - 2 * margin, places.max(axis=0) + margin
        axes.set(xlim=(left, right), ylim=(bottom, top))

    def _length(self, axes, places):
        """Write the length of the box along the lowest of its edges in x, which lies in front."""
        pairs = combinations(range(len(_CORNERS)), 2)
        along_x = [(a, b) for a, b in pairs if np.flatnonzero(_CORNERS[a] != _CORNERS[b]).tolist() == [0]]
        a, b = min(along_x, key=lambda pair: places[list(pair), 1].sum())
        (x0, y0), (x1, y1) = sorted((places[a].tolist(), places[b].tolist()))
        angle = np.degrees(np.arctan2(y1 - y0, x1 - x0))
        below = 0.02 * np.ptp(places[:, 1]) * np.array([np.sin(np.radians(angle)), -np.cos(np.radians(angle))])
        axes.text(0.5 * (x0 + x1) + below[0], 0.5 * (y0 + y1) + below[1], rf"${self.box[0]:.3g}\,\ell$",
                  rotation=angle, rotation_mode="anchor", ha="center", va="top")  # fmt: skip


def energy_scale(energies):
    """Return a matplotlib `ScalarMappable` for local energies [t0]: white at zero, satisfied spins purple."""
    limit = np.quantile(np.abs(energies), 0.98)
    return mpl.cm.ScalarMappable(mpl.colors.Normalize(-limit, limit), f"{COLOURS}_r")
