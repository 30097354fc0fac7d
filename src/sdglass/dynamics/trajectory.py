"""Trajectories: the snapshots of a quench, when they are taken, and their HDF5 form."""

import json
import math
from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.io import attribute_text, new_hdf5, open_hdf5

SNAPSHOTS_PER_DECADE = 10  # 26 % more time from one to the next
MOST_PER_DECADE = 10_000  # whoever wants every step should say so


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
        The arguments of `quench` (duration, dt, damping, temperature, seed, realization, replicas,
        integrator), the structure's digest, and the caller's metadata.
    """

    times: np.ndarray
    spins: np.ndarray
    energy: np.ndarray
    torque_rms: np.ndarray
    attributes: dict

    @property
    def step_overlap(self):
        """(1/N) sum_i S_i(t_k) . S_i(t_k-1) from one snapshot to the next, shape (K, R); NaN for the first."""
        overlap = np.full(self.energy.shape, np.nan)
        overlap[1:] = np.einsum("krna,krna->kr", self.spins[1:], self.spins[:-1]) / self.spins.shape[2]
        return overlap

    @property
    def magnetization(self):
        """Mean spin of each replica, shape (K, R, 3)."""
        return self.spins.mean(axis=2)

    def save(self, path):
        """Write every array, and `attributes` as JSON, to an HDF5 file; complete or not at all.

        Not compressed (the digits of thermal spins are noise), but checksummed, so that damage is noticed.
        """
        with new_hdf5(path) as handle:
            handle.attrs["attributes"] = attribute_text(json.dumps(self.attributes, sort_keys=True))
            for name in ("times", "spins", "energy", "torque_rms", "step_overlap", "magnetization"):
                write_array(handle, name, getattr(self, name))

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file is missing, truncated, damaged, or not a trajectory.
        """
        names = ("times", "spins", "energy", "torque_rms")
        with open_hdf5(path, required=names) as handle:
            attributes = read_attributes(handle, path, "a readable trajectory")
            return cls(*(handle[name][...] for name in names), attributes)


def log_times(duration, dt, per_decade=SNAPSHOTS_PER_DECADE, first=None):
    """Return increasing times, evenly spaced in log t, for snapshots of a quench.

    Parameters
    ----------
    duration, dt : float
        Of the quench [1 / (gamma t0)].
    per_decade : float, optional
        Snapshots per factor of ten in time; fewer where they would fall into the same step.
    first : float, optional
        First time after 0; dt if None. The grid is first * 10^(k / per_decade), whatever the duration,
        so runs of different length share their snapshots.

    Returns
    -------
    numpy.ndarray
        Multiples of dt, including 0 and `duration`.
    """
    n_steps = whole_steps(duration, dt)
    first = dt if first is None else first
    if not 0 < first <= duration:
        raise InputError(f"first = {first}; expected a time in (0, duration = {duration}]")
    if not 0 < per_decade <= MOST_PER_DECADE:
        raise InputError(
            f"per_decade = {per_decade}; expected a positive number of snapshots per decade, "
            f"at most {MOST_PER_DECADE}"
        )
    k = np.arange(math.floor(per_decade * math.log10(duration / first)) + 1)
    steps = np.rint(first / dt * 10.0 ** (k / per_decade))
    return dt * np.unique(np.concatenate([[0], steps.clip(1, n_steps), [n_steps]]))


def whole_steps(duration, dt):
    """Return how many steps of `dt` make `duration`; `InputError` if that is no whole number."""
    for name, value in (("duration", duration), ("dt", dt)):
        if not 0 < value < math.inf:
            raise InputError(f"{name} = {value}; expected a positive time")
    if not duration / dt < 2**53:  # of a double, beyond which the time stands still
        raise InputError(f"duration = {duration} is more steps of dt = {dt} than can be counted; raise dt")
    n_steps = max(1, round(duration / dt))
    if abs(n_steps * dt - duration) > 1e-9 * duration:
        raise InputError(
            f"duration = {duration} is {duration / dt:.6g} steps of dt = {dt}; expected a whole number of steps, "
            f"as with dt = {duration / n_steps}"
        )
    return n_steps


def snapshot_steps(times, duration, dt, n_steps):
    """Return the steps (K,) of snapshots at `times`; `InputError` unless these are increasing multiples of dt."""
    times = np.asarray(times, dtype=float)
    if times.ndim != 1 or len(times) == 0:
        raise InputError(f"snapshot_times has shape {times.shape}; expected a list of at least one time")
    steps = np.rint(times / dt)
    bad = ~(np.abs(steps * dt - times) <= 1e-9 * duration) | ~((steps >= 0) & (steps <= n_steps))
    bad[1:] |= ~(np.diff(steps) > 0)
    if bad.any():
        k = int(np.argmax(bad))
        raise InputError(
            f"snapshot_times[{k}] = {times[k]}; expected increasing multiples of dt = {dt} "
            f"from 0 to duration = {duration}"
        )
    return steps.astype(int)


def read_attributes(handle, path, expected):
    """Return the JSON attributes of an HDF5 file; `InputError`, which says what was `expected`, without them."""
    try:
        return json.loads(handle.attrs["attributes"])
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not {expected} ({error}); delete it and make it again") from None


def write_array(handle, name, array, packed=False):
    """Write one array with checksums, so that damage is noticed.

    Trajectories are not compressed: thermal digits are noise. `packed`: what is kept with a study, where a fifth
    counts, is.
    """
    # HDF5 can only checksum what is chunked, and only chunk what is not empty.
    options = {"fletcher32": True} if np.size(array) else {}
    if packed and np.size(array):
        options |= {"compression": "gzip", "compression_opts": 9, "shuffle": True, "chunks": np.shape(array)}
    handle.create_dataset(name, data=array, **options)
