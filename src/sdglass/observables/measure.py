"""What is measured on the trajectories of one realization: all that the analysis needs, in a small file.

Spins of thousands of snapshots are hundreds of megabytes; their correlations, energies and overlaps are a few
hundred kilobytes, which are kept with the results of a study: every table and figure can be made again from them.
"""

import json
from dataclasses import dataclass

import numpy as np

from sdglass.dynamics.trajectory import read_attributes, write_array
from sdglass.errors import InputError
from sdglass.io import attribute_text, new_hdf5, open_hdf5
from sdglass.observables.correlation import bin_centres, correlation_histogram, disconnected_histogram, pair_bins

_ARRAYS = ("times", "edges", "counts", "correlation", "disconnected", "energy", "torque_rms", "step_overlap")


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
    correlation : numpy.ndarray, shape (K, R, B)
        Mean of S_i . S_j over the pairs of each bin, the first term of Eq. 20, to single precision.
    disconnected : numpy.ndarray, shape (K, B)
        The second term of Eq. 20, from different replicas; nan for a single one.
    energy : numpy.ndarray, shape (K, R)
        Energies [t0].
    torque_rms : numpy.ndarray, shape (K, R)
        Root mean square of the components of S x H [t0].
    step_overlap : numpy.ndarray, shape (K, R)
        (1/N) sum_i S_i(t_k) . S_i(t_k-1); nan for the first snapshot.
    magnetization : numpy.ndarray, shape (K, R, 3)
        Mean spin.
    attributes : dict
        Those of the trajectory, and ``n_sites``.
    """

    times: np.ndarray
    edges: np.ndarray
    counts: np.ndarray
    correlation: np.ndarray
    disconnected: np.ndarray
    energy: np.ndarray
    torque_rms: np.ndarray
    step_overlap: np.ndarray
    magnetization: np.ndarray
    attributes: dict

    @property
    def centres(self):
        """Middle of each bin [ell], shape (B,)."""
        return bin_centres(self.edges)

    def save(self, path):
        """Write every array, and `attributes` as JSON, to an HDF5 file; complete or not at all."""
        with new_hdf5(path) as handle:
            handle.attrs["attributes"] = attribute_text(json.dumps(self.attributes, sort_keys=True))
            for name in (*_ARRAYS, "magnetization"):
                array = getattr(self, name)
                write_array(handle, name, _rounded(array) if name == "correlation" else array, packed=True)

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file is missing, truncated, damaged, or holds something else.
        """
        names = (*_ARRAYS, "magnetization")
        with open_hdf5(path, required=names) as handle:
            attributes = read_attributes(handle, path, "readable observables")
            arrays = {name: handle[name][...] for name in names}
        arrays["correlation"] = arrays["correlation"].astype(float)
        return cls(**arrays, attributes=attributes)


def _rounded(correlation):
    """Return C(r) in multiples of 2^-15, far below the noise of one replica: what is left can be packed."""
    return (np.round(correlation * 2.0**15) / 2.0**15).astype(np.float32)


def distance_bins(structure, r_min, bin_width):
    """Return bin edges from r_min to half the shortest box edge, where minimum images are isotropic.

    Parameters
    ----------
    structure : Structure
    r_min, bin_width : float
        [ell]

    Returns
    -------
    numpy.ndarray, shape (B + 1,)
    """
    reach = structure.box.min() / 2
    return r_min + bin_width * np.arange(int((reach - r_min) / bin_width + 1e-9) + 1)


def measure(structure, trajectory, edges):
    """Return the `Observables` of a trajectory on its structure.

    Parameters
    ----------
    structure : Structure
    trajectory : Trajectory
    edges : array_like, shape (B + 1,)
        Bins of distance [ell].

    Raises
    ------
    InputError
        If the trajectory is not on this structure, or the edges are not ascending distances.
    """
    if trajectory.attributes["structure"] != structure.digest():
        raise InputError("the trajectory was made on another structure; expected the one it belongs to")
    bins = pair_bins(structure, edges)
    correlation = correlation_histogram(trajectory.spins, bins)
    disconnected = np.full(correlation[:, 0].shape, np.nan)
    if correlation.shape[1] > 1:
        disconnected = disconnected_histogram(trajectory.spins, bins, correlation)
    return Observables(
        trajectory.times,
        bins.edges,
        bins.counts,
        correlation,
        disconnected,
        trajectory.energy,
        trajectory.torque_rms,
        trajectory.step_overlap,
        trajectory.magnetization,
        trajectory.attributes | {"n_sites": structure.n_sites},
    )
