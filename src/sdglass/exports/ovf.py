"""OVF 2.0, text, which Spirit and OOMMF read."""

import warnings

import numpy as np

from sdglass.exports import FORMATS
from sdglass.io import write_text


@FORMATS.register("ovf")
def write(trajectory, path):
    """Write a segment for every snapshot, spins with 17 digits.

    OVF knows regular rectangular meshes, x fastest. Sites on any other lattice, or on none, are written in their
    order as a row of N nodes, and a warning says so: the spins are right, the places are not. Spirit, which takes
    the places from its own input, needs the sites in its order: basis fastest, then the vectors of the cell, as
    `lattice` has them. Source: https://math.nist.gov/oommf/doc/userguide20a3/userguide/OVF_2.0_format.html
    """
    structure = trajectory.structure
    mesh = _mesh(structure.positions)
    if mesh is None:
        warnings.warn(
            f"{path}: the sites are on no rectangular mesh, which is all that OVF knows: they are a row of "
            f"{structure.n_sites} nodes in their order, right spins at wrong places",
            stacklevel=3,
        )
        places = f"a row of {structure.n_sites} sites in their order, places are not those of the structure"
        mesh = np.array([structure.n_sites, 1, 1]), np.ones(3), np.zeros(3), np.arange(structure.n_sites)
    else:
        places = "a site at every node"
    (nodes, step, base, order), axes = mesh, "xyz"
    common = ["meshunit: ell", "valuedim: 3", "valuelabels: spin_x spin_y spin_z", "valueunits: 1 1 1"]
    for a, axis in enumerate(axes):
        low = base[a] - step[a] / 2
        common += [
            f"{axis}nodes: {nodes[a]}",
            f"{axis}stepsize: {step[a]:.17g}",
            f"{axis}base: {base[a]:.17g}",
            f"{axis}min: {low:.17g}",
            f"{axis}max: {low + nodes[a] * step[a]:.17g}",
        ]
    lines = ["# OOMMF OVF 2.0", "#", f"# Segment count: {len(trajectory.times)}"]
    for time, (spins,), (energy,) in zip(trajectory.times, trajectory.spins, trajectory.energy, strict=True):
        told = f"time {time:.17g} 1/(gamma t0), energy {energy:.17g} t0; {places}"
        head = ["Begin: Segment", "Begin: Header", "Title: spins", f"Desc: {told}", "meshtype: rectangular"]
        lines += ["#", *(f"# {line}" for line in [*head, *common, "End: Header", "Begin: Data Text"])]
        lines += [" ".join(f"{x:.17g}" for x in spin) for spin in spins[order]]
        lines += ["# End: Data Text", "# End: Segment"]
    write_text(path, "\n".join(lines) + "\n")


def _mesh(positions):
    """Return nodes, steps and first places (3,) along x, y, z and the sites (N,) in order; None without a mesh."""
    nodes, step, base, index = [], [], [], []
    for along in positions.T:
        order = np.sort(along)
        levels = order[np.concatenate([[True], np.diff(order) > 1e-6 * max(1.0, np.ptp(order))])]
        gaps = np.diff(levels)
        size = gaps.mean() if len(gaps) else 1.0
        if not np.allclose(gaps, size, rtol=1e-6):
            return None
        nodes.append(len(levels))
        step.append(size)
        base.append(levels[0])
        index.append(np.rint((along - levels[0]) / size).astype(int))
    place = index[0] + nodes[0] * (index[1] + nodes[1] * index[2])
    if len(np.unique(place)) != len(place) or np.prod(nodes) != len(place):
        return None
    return np.array(nodes), np.array(step), np.array(base), np.argsort(place)
