"""What is measured on the trajectories of one realization: all that the analysis needs, in a small file.

Spins of thousands of snapshots are hundreds of megabytes; their correlations, energies and overlaps are a few
hundred kilobytes, which are kept with the results of a study: every table and figure can be made again from them.
"""

from dataclasses import dataclass

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.errors import InputError
from sdglass.hdf5 import new_hdf5, open_hdf5, read_arrays, read_attribute, write_array, write_attributes
from sdglass.observables import OBSERVABLES
from sdglass.observables.correlation import bin_centres, pair_bins

_OWN = ("times", "edges", "counts")
_TAKEN = {*_OWN, "arrays", "attributes", "centres", "save", "load"}


@dataclass(frozen=True, eq=False)
class Observables:
    """Measurements on K snapshots of R replicas on one structure.

    Attributes
    ----------
    times : numpy.ndarray, shape (K,)
        Times of the snapshots [1 / (gamma t0)].
    edges : numpy.ndarray, shape (B + 1,)
        Edges of the bins of distance [ell].
    counts : numpy.ndarray, shape (B,)
        Pairs of sites in each bin.
    arrays : dict of numpy.ndarray
        What the observables gave, by name, in single precision where that is enough. Each is an attribute as well,
        in double precision: ``measured.energy``.
    attributes : dict
        Those of the trajectory, and ``n_sites``.
    """

    times: np.ndarray
    edges: np.ndarray
    counts: np.ndarray
    arrays: dict
    attributes: dict

    def __getattr__(self, name):
        arrays = self.__dict__.get("arrays", {})
        if name in arrays:
            array = arrays[name]
            return array.astype(float) if array.dtype == np.float32 else array
        raise AttributeError(f"{name!r} was not measured; there are {', '.join(arrays)}")

    @property
    def centres(self):
        """Middle of each bin [ell], shape (B,)."""
        return bin_centres(self.edges)

    def save(self, path):
        """Write every array, and `attributes` as JSON, to an HDF5 file; complete or not at all."""
        with new_hdf5(path) as handle:
            write_attributes(handle, attributes=self.attributes)
            for name, array in sorted({**{name: getattr(self, name) for name in _OWN}, **self.arrays}.items()):
                write_array(handle, name, array, packed=True)

    @classmethod
    def load(cls, path):
        """Read what `save` wrote; `InputError` if the file is missing, damaged, or holds something else."""
        with open_hdf5(path, required=_OWN) as handle:
            attributes = read_attribute(handle, path, "readable observables")
            arrays = read_arrays(handle, path)
        return cls(*(arrays.pop(name) for name in _OWN), arrays, attributes)


def distance_bins(structure, r_min, bin_width):
    """Return bin edges (B + 1,) [ell] from r_min to half the shortest box edge: minimum images are isotropic."""
    reach = structure.heights[structure.pbc].min(initial=np.inf) / 2
    return r_min + bin_width * np.arange(int((reach - r_min) / bin_width + 1e-9) + 1)


@own_arithmetic
def measure(structure, trajectory, edges, names=None):
    """Return the `Observables` of a trajectory on its structure.

    Parameters
    ----------
    structure : Structure
    trajectory : Trajectory
    edges : array_like, shape (B + 1,)
        Bins of distance [ell].
    names : sequence of str, optional
        Which observables; all that are registered if None.

    Raises
    ------
    InputError
        If the trajectory is not on this structure, the edges are not ascending distances, there is no such
        observable, or two of them give an array of the same name.

    Examples
    --------
    >>> from sdglass.dynamics.llg import LLG
    >>> from sdglass.dynamics.quench import quench, random_initial_spins
    >>> from sdglass.forcefields.pair import heisenberg
    >>> from sdglass.structures.lattices import square_lattice
    >>> magnet = heisenberg(square_lattice(4), exchange=1.0, cutoff=1.01)
    >>> spins = random_initial_spins(16, seed=1, realization=0, replicas=range(3))
    >>> trajectory = quench(magnet, spins, LLG(damping=0.5, temperature=0.0, time_step=0.1), 2.0, seed=1)
    >>> measured = measure(magnet.structure, trajectory, edges=[0.5, 1.2, 1.6], names=["energy", "correlation"])
    >>> measured.correlation.shape  # snapshots, replicas, bins
    (12, 3, 2)
    """
    if trajectory.attributes["structure"] != structure.digest():
        raise InputError("the trajectory was made on another structure; expected the one it belongs to")
    bins = pair_bins(structure, edges)
    arrays = {}
    for name in OBSERVABLES if names is None else names:
        found = OBSERVABLES[name](structure, trajectory, bins)
        for array in found:
            if array in _TAKEN or array in arrays:
                raise InputError(f"observable {name!r} gives {array!r}, a name that is taken; expected another")
        arrays |= {array: np.asarray(values) for array, values in found.items()}
    attributes = trajectory.attributes | {"n_sites": structure.n_sites}
    return Observables(trajectory.times, bins.edges, bins.counts, arrays, attributes)
