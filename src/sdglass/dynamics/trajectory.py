"""Trajectories: the snapshots of a quench, when they are taken, and their HDF5 form."""

import math
from dataclasses import dataclass, replace

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.errors import InputError
from sdglass.hdf5 import (
    new_hdf5,
    open_hdf5,
    read_arrays,
    read_attribute,
    write_array,
    write_attributes,
    write_dimension,
)
from sdglass.structures.structure import Structure

SNAPSHOTS_PER_DECADE = 10  # 26 % more time from one to the next
MOST_PER_DECADE = 10_000  # whoever wants every step should say so

_DIMENSIONS = {
    "spins": ("time", "replica", "site", "component"),
    "energy": ("time", "replica"),
    "torque_rms": ("time", "replica"),
}
_SITES = {
    "positions": ("site", "component"),
    "cell": ("cell_vector", "component"),
    "pbc": ("cell_vector",),
    "species": ("site",),
}


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Snapshots of R replicas on one structure.

    Attributes
    ----------
    times : numpy.ndarray, shape (K,)
        Times of the snapshots [1 / (gamma t0)].
    spins : numpy.ndarray, shape (K, R, N, 3)
        Spin configurations, float64.
    energy : numpy.ndarray, shape (K, R)
        Energies [t0].
    torque_rms : numpy.ndarray, shape (K, R)
        Root mean square over sites and components of S x H [t0].
    attributes : dict
        The arguments of `quench` (duration, damping, temperature, time_step, integrator, seed, realization,
        replicas), the structure's digest, and the caller's metadata.
    positions : numpy.ndarray, shape (N, 3), optional
        Sites [ell]; None where a file does not say.
    cell : numpy.ndarray, shape (3, 3), optional
        Vectors of the periodic cell as rows [ell].
    pbc : numpy.ndarray of bool, shape (3,), optional
        Along which of them the structure repeats; as `Structure` has it by default where a file does not say.
    species : numpy.ndarray of str, shape (N,), optional
        What the sites are; None where the structure has no species.
    """

    times: np.ndarray
    spins: np.ndarray
    energy: np.ndarray
    torque_rms: np.ndarray
    attributes: dict
    positions: np.ndarray | None = None
    cell: np.ndarray | None = None
    pbc: np.ndarray | None = None
    species: np.ndarray | None = None

    @property
    def structure(self):
        """The `Structure` that the spins live on; `InputError` if the trajectory does not say."""
        if self.positions is None:
            raise InputError("the trajectory holds no positions; expected one made since they are kept")
        return Structure(self.positions, self.cell, species=self.species, pbc=self.pbc)

    @property
    def replicas(self):
        """Numbers of the replicas, list of length R."""
        return self.attributes.get("replicas", list(range(self.spins.shape[1])))

    def of_replica(self, k):
        """Return the `Trajectory` of the replica that is k-th in the arrays; `InputError` if there is none.

        Examples
        --------
        >>> import numpy as np, sdglass
        >>> spins = np.tile([0.0, 0.0, 1.0], (1, 3, 4, 1))  # 1 snapshot, 3 replicas, 4 sites
        >>> run = sdglass.Trajectory(np.zeros(1), spins, np.zeros((1, 3)), np.zeros((1, 3)), {})
        >>> run.of_replica(2).spins.shape
        (1, 1, 4, 3)
        """
        if not 0 <= k < self.spins.shape[1]:
            raise InputError(f"replica {k}; expected one from 0 to {self.spins.shape[1] - 1}")
        one = {name: getattr(self, name)[:, k : k + 1] for name in _DIMENSIONS}
        return replace(self, attributes=self.attributes | {"replicas": [self.replicas[k]]}, **one)

    def of_snapshot(self, k):
        """Return the `Trajectory` of snapshot k alone, or of the ``"last"``; `InputError` if there is none."""
        number = len(self.times) - 1 if k == "last" else k
        if not 0 <= number < len(self.times):
            raise InputError(f"snapshot {k}; expected one from 0 to {len(self.times) - 1}, or last")
        one = {name: getattr(self, name)[number : number + 1] for name in ("times", *_DIMENSIONS)}
        return replace(self, **one)

    def save(self, path):
        """Write everything to an HDF5 file; complete or not at all.

        Its dimensions have names and coordinates (time, replica, site, component), so that xarray and netCDF-4
        read it. Not compressed, the digits of thermal spins are noise; checksummed, so that damage is noticed.
        """
        n_sites = self.spins.shape[2]
        coordinates = {"time": self.times, "replica": self.replicas, "site": range(n_sites), "component": range(3)}
        if self.positions is not None:
            coordinates["cell_vector"] = range(3)
        with new_hdf5(path) as handle:
            write_attributes(handle, attributes=self.attributes)
            for name, values in coordinates.items():
                write_dimension(handle, name, np.asarray(values))
            for name, axes in self._dimensions().items():
                array = getattr(self, name)
                if name == "pbc":  # netCDF knows no flags
                    array = array.astype(np.int8)
                write_array(handle, name, np.char.encode(array, "utf-8") if name == "species" else array, axes)

    def _dimensions(self):
        """Return the names of the axes of whatever this trajectory holds."""
        return {name: axes for name, axes in (_DIMENSIONS | _SITES).items() if getattr(self, name) is not None}

    def to_xarray(self):
        """Return an `xarray.Dataset` with the dimensions and coordinates of the file; xarray must be installed."""
        import xarray

        coordinates = {"time": self.times, "replica": list(self.replicas)}
        arrays = {name: (axes, getattr(self, name)) for name, axes in self._dimensions().items()}
        return xarray.Dataset(arrays, coordinates, self.attributes)

    def to_ase(self, replica=0):
        """Return the snapshots of one replica as a list of `ase.Atoms`; ASE must be installed.

        Positions and cell [ell], spins as the array ``spin``, and in ``info`` the ``time`` [1 / (gamma t0)] and
        ``total_energy`` [t0]: not ``energy``, which readers take for eV. Sites are called X where a trajectory has
        no species, or one that is no chemical element. `InputError` without that replica or positions.
        """
        from ase import Atoms
        from ase.data import atomic_numbers

        one, structure = self.of_replica(replica), self.structure
        species = ["X"] * structure.n_sites if structure.species is None else structure.species.tolist()
        numbers = [atomic_numbers.get(name, 0) for name in species]
        frames = []
        for time, (spins,), (energy,) in zip(one.times, one.spins, one.energy, strict=True):
            info = {"time": float(time), "total_energy": float(energy)}
            frame = Atoms(numbers, structure.positions, cell=structure.cell, pbc=structure.pbc, info=info)
            frame.set_array("spin", spins)
            frames.append(frame)
        return frames

    @classmethod
    def load(cls, path):
        """Read what `save` wrote, now or before positions, periods and species were kept.

        `InputError` if the file is missing, truncated, damaged, or not a trajectory.
        """
        with open_hdf5(path, required=tuple(_DIMENSIONS)) as handle:
            attributes = read_attribute(handle, path, "a readable trajectory")
            arrays = read_arrays(handle, path)
        times = arrays.get("time", arrays.get("times"))
        if times is None:
            raise InputError(f"{path}: dataset 'time' is missing; delete it and make it again")
        if "pbc" in arrays:
            arrays["pbc"] = arrays["pbc"].astype(bool)
        if "species" in arrays:
            arrays["species"] = np.char.decode(arrays["species"], "utf-8")
        found = [arrays[name] for name in _DIMENSIONS]
        return cls(times, *found, attributes, *(arrays.get(name) for name in _SITES))


@own_arithmetic
def log_times(duration, time_step, per_decade=SNAPSHOTS_PER_DECADE, first=None):
    """Return times evenly spaced in log t for snapshots: multiples of time_step that include 0 and `duration`.

    Parameters
    ----------
    duration, time_step : float
        Of the quench [1 / (gamma t0)].
    per_decade : float, optional
        Snapshots per factor of ten in time; fewer where they would fall into the same step.
    first : float, optional
        First time after 0; time_step if None. The grid is first * 10^(k / per_decade), whatever the duration,
        so runs of different length share their snapshots.
    """
    n_steps = whole_steps(duration, time_step)
    first = time_step if first is None else first
    if not 0 < first <= duration:
        raise InputError(f"first = {first}; expected a time in (0, duration = {duration}]")
    if not 0 < per_decade <= MOST_PER_DECADE:
        raise InputError(
            f"per_decade = {per_decade}; expected a positive number of snapshots per decade, "
            f"at most {MOST_PER_DECADE}"
        )
    k = np.arange(math.floor(per_decade * math.log10(duration / first)) + 1)
    steps = np.rint(first / time_step * 10.0 ** (k / per_decade))
    return time_step * np.unique(np.concatenate([[0], steps.clip(1, n_steps), [n_steps]]))


def whole_steps(duration, time_step):
    """Return how many steps of `time_step` make `duration`; `InputError` if that is no whole number."""
    for name, value in (("duration", duration), ("time_step", time_step)):
        if not 0 < value < math.inf:
            raise InputError(f"{name} = {value}; expected a positive time")
    if not duration / time_step < 2**53:  # of a double, beyond which the time stands still
        raise InputError(
            f"duration = {duration} is more steps of time_step = {time_step} than can be counted; "
            "expected a longer time_step"
        )
    n_steps = max(1, round(duration / time_step))
    if abs(n_steps * time_step - duration) > 1e-9 * duration:
        raise InputError(
            f"duration = {duration} is {duration / time_step:.6g} steps of time_step = {time_step}; "
            f"expected a whole number of steps, as with time_step = {duration / n_steps}"
        )
    return n_steps


def snapshot_steps(times, duration, time_step, n_steps):
    """Return the steps (K,) of snapshots at `times`; `InputError` unless they are increasing whole steps."""
    times = np.asarray(times, dtype=float)
    if times.ndim != 1 or len(times) == 0:
        raise InputError(f"snapshot_times has shape {times.shape}; expected a list of at least one time")
    steps = np.rint(times / time_step)
    bad = ~(np.abs(steps * time_step - times) <= 1e-9 * duration) | ~((steps >= 0) & (steps <= n_steps))
    bad[1:] |= ~(np.diff(steps) > 0)
    if bad.any():
        k = int(np.argmax(bad))
        raise InputError(
            f"snapshot_times[{k}] = {times[k]}; expected increasing multiples of time_step = {time_step} "
            f"from 0 to duration = {duration}"
        )
    return steps.astype(int)
