"""Quenches: many replicas driven through the LLG equation at once, with snapshots and restarts.

The noise of a replica is a function of (seed, realization, replica) alone, so it is bitwise the same
whichever replicas share its batch; its trajectory then differs by the engine's rounding at most.
"""

import hashlib
import json
import math
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from tqdm import tqdm

from sdglass.engines.contract import Evaluation
from sdglass.errors import InputError
from sdglass.files import atomic_path, open_hdf5
from sdglass.llg import INTEGRATORS, thermal_field
from sdglass.seeding import generator
from sdglass.spins import check_spins, normalize, random_spins, torque

SNAPSHOTS_PER_DECADE = 10


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
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as handle:
            handle.attrs["attributes"] = json.dumps(self.attributes, sort_keys=True)
            for name in ("times", "spins", "energy", "torque_rms", "step_overlap", "magnetization"):
                _write_array(handle, name, getattr(self, name))

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file is missing, truncated, damaged, or not a trajectory.
        """
        names = ("times", "spins", "energy", "torque_rms")
        with open_hdf5(path, required=names) as handle, _described(path, "trajectory"):
            attributes = json.loads(handle.attrs["attributes"])
            return cls(*(handle[name][...] for name in names), attributes)


def random_initial_spins(n_sites, seed, realization, replicas):
    """Return uniformly random spins, shape (R, N, 3), each replica from its own stream.

    Parameters
    ----------
    n_sites : int
    seed, realization : int
        Study seed and number of the atomic realization.
    replicas : sequence of int
        Replica numbers; what a replica starts from does not depend on the others in the list.
    """
    streams = (generator(seed, "initial spins", realization, replica) for replica in replicas)
    return np.array([random_spins(n_sites, stream) for stream in streams]).reshape(-1, n_sites, 3)


def log_times(duration, dt, per_decade, first=None):
    """Return increasing times, evenly spaced in log t, for snapshots of a quench.

    Parameters
    ----------
    duration, dt : float
        Of the quench [1 / (gamma t0)].
    per_decade : float
        Snapshots per factor of ten in time; fewer where they would fall into the same step.
    first : float, optional
        First time after 0; dt if None. The grid is first * 10^(k / per_decade), whatever the duration,
        so runs of different length share their snapshots.

    Returns
    -------
    numpy.ndarray
        Multiples of dt, including 0 and `duration`.
    """
    n_steps = _whole_steps(duration, dt)
    first = dt if first is None else first
    if not 0 < first <= duration:
        raise InputError(f"first = {first}; expected a time in (0, duration = {duration}]")
    if not 0 < per_decade < math.inf:
        raise InputError(f"per_decade = {per_decade}; expected a positive number of snapshots per decade")
    k = np.arange(math.floor(per_decade * math.log10(duration / first)) + 1)
    steps = np.rint(first / dt * 10.0 ** (k / per_decade))
    return dt * np.unique(np.concatenate([[0], steps.clip(1, n_steps), [n_steps]]))


def quench(
    engine,
    initial_spins,
    *,
    duration,
    dt,
    damping,
    temperature,
    seed,
    realization=0,
    replicas=None,
    integrator="heun",
    snapshot_times=None,
    checkpoint=None,
    checkpoint_interval=60.0,
    progress=False,
    metadata=None,
    out=None,
):
    """Integrate the LLG equation (Eq. 3) for R replicas at constant temperature.

    Parameters
    ----------
    engine : Engine
        Gives energies and local fields.
    initial_spins : array_like, shape (R, N, 3) or (N, 3)
        Unit vectors at t = 0; renormalised to float64 precision.
    duration : float
        Time to integrate [1 / (gamma t0)], a whole number of steps.
    dt : float
        Time step [1 / (gamma t0)].
    damping : float
        alpha, dimensionless.
    temperature : float
        Temperature T of the spins [t0].
    seed, realization : int
        Study seed and number of the atomic realization, which key the noise.
    replicas : sequence of int, optional
        Number of each replica, which keys its noise; 0, 1, ... R - 1 if None.
    integrator : str
        A key of `sdglass.llg.INTEGRATORS`.
    snapshot_times : array_like, optional
        Increasing multiples of dt in [0, duration]; `log_times` with ten per decade if None.
    checkpoint : path, optional
        File that holds the state of the run. If it exists the run goes on from there, bitwise as if it
        had never stopped (as far as the engine itself is reproducible). It is deleted once `out` is
        written; without `out` it stays, and deleting it is up to whoever saves the trajectory.
    checkpoint_interval : float
        Seconds of wall time between two writes of the checkpoint.
    progress : bool, optional
        Show steps, rate and time left on stderr.
    metadata : dict, optional
        Added to the trajectory's attributes; must survive JSON. Not part of a checkpoint's identity.
    out : path, optional
        HDF5 file to save the trajectory to.

    Returns
    -------
    Trajectory

    Raises
    ------
    InputError
        If an argument makes no sense, the engine returns something that is not a finite field, or the
        checkpoint is damaged or belongs to a different run.
    """
    run = _Run(
        engine,
        initial_spins,
        duration,
        dt,
        damping,
        temperature,
        seed,
        realization,
        replicas,
        integrator,
        snapshot_times,
    )
    try:
        attributes = json.loads(json.dumps({**(metadata or {}), **run.attributes}))
    except TypeError as error:
        raise InputError(f"metadata: {error}; expected only what JSON can hold") from None
    if checkpoint is not None and Path(checkpoint).exists():
        run.restore(checkpoint)

    last_write = time.monotonic()
    with tqdm(
        total=run.n_steps, initial=run.step, desc="quench", unit="step", file=sys.stderr, disable=not progress
    ) as bar:
        while run.step < run.n_steps:
            run.advance()
            bar.update()
            if checkpoint is not None and time.monotonic() - last_write >= checkpoint_interval:
                run.write_checkpoint(checkpoint)
                last_write = time.monotonic()
    run.finish()
    if checkpoint is not None and out is None:
        run.write_checkpoint(checkpoint)

    trajectory = Trajectory(run.dt * run.snapshot_steps, run.spins_taken, run.energy, run.torque_rms, attributes)
    if out is not None:
        trajectory.save(out)
        if checkpoint is not None:
            Path(checkpoint).unlink(missing_ok=True)
    return trajectory


class _Run:
    """The state of a quench between two steps, which is what a checkpoint holds."""

    def __init__(
        self,
        engine,
        spins,
        duration,
        dt,
        damping,
        temperature,
        seed,
        realization,
        replicas,
        integrator,
        snapshot_times,
    ):
        for name, value in (("damping", damping), ("temperature", temperature)):
            if not 0 <= value < math.inf:
                raise InputError(f"{name} = {value}; expected a finite number >= 0")
        for name, value in (("seed", seed), ("realization", realization)):
            if int(value) != value or value < 0:
                raise InputError(f"{name} = {value}; expected an integer >= 0")
        if integrator not in INTEGRATORS:
            raise InputError(f"integrator = {integrator!r}; expected one of {', '.join(INTEGRATORS)}")
        self.n_steps = _whole_steps(duration, dt)
        self.dt, self.damping = float(dt), float(damping)
        self.step_function = INTEGRATORS[integrator]
        self.spins = normalize(check_spins(spins, engine.structure.n_sites, "initial_spins"))
        replicas = _check_replicas(replicas, len(self.spins))
        self.engine = _FiniteEngine(engine, replicas)
        if snapshot_times is None:
            snapshot_times = log_times(duration, dt, SNAPSHOTS_PER_DECADE)
        self.snapshot_steps = _snapshot_steps(snapshot_times, duration, dt, self.n_steps)

        self.amplitude = thermal_field(self.dt, self.damping, temperature)
        self.streams = [generator(seed, "thermal noise", realization, replica) for replica in replicas]
        self.noise = np.empty(self.spins.shape) if self.amplitude > 0 else None

        self.step, self.taken = 0, 0
        shape = (len(self.snapshot_steps), len(self.spins))
        self.spins_taken = np.empty((*shape, *self.spins.shape[1:]))
        self.energy, self.torque_rms = np.empty(shape), np.empty(shape)

        self.attributes = {
            "duration": float(duration),
            "dt": self.dt,
            "damping": self.damping,
            "temperature": float(temperature),
            "seed": int(seed),
            "realization": int(realization),
            "replicas": replicas,
            "integrator": integrator,
            "structure": engine.structure.digest(),
        }
        self.identity = {
            **self.attributes,
            "initial_spins": hashlib.sha256(self.spins.tobytes()).hexdigest(),
            "snapshot_times": (self.dt * self.snapshot_steps).tolist(),
        }
        # An engine has no name to compare; its answer for the first configuration tells it from another.
        self.initial_energy = None

    def advance(self):
        """Make one step, and take the snapshot of the spins it starts from if one is due."""
        if self.noise is not None:
            for stream, target in zip(self.streams, self.noise, strict=True):
                stream.standard_normal(out=target)
            self.noise *= self.amplitude
        self.engine.time = self.step * self.dt
        spins, evaluation = self.step_function(self.spins, self.engine, self.dt, self.damping, self.noise)
        if self.step == 0:
            self.initial_energy = evaluation.energy
        self._record(evaluation)
        self.spins = spins
        self.step += 1

    def finish(self):
        """Take the snapshot of the last configuration, which no step starts from."""
        if self.taken < len(self.snapshot_steps):
            self.engine.time = self.step * self.dt
            self._record(self.engine.evaluate(self.spins))

    def _record(self, evaluation):
        k = self.taken
        if k == len(self.snapshot_steps) or self.snapshot_steps[k] != self.step:
            return
        self.spins_taken[k] = self.spins
        self.energy[k] = evaluation.energy
        self.torque_rms[k] = np.sqrt(np.mean(torque(self.spins, evaluation.field) ** 2, axis=(1, 2)))
        self.taken += 1

    def write_checkpoint(self, path):
        """Write the state to `path`, replacing the previous one only when complete."""
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as handle:
            handle.attrs["identity"] = json.dumps(self.identity)
            handle.attrs["step"] = self.step
            handle.attrs["streams"] = json.dumps([stream.bit_generator.state for stream in self.streams])
            _write_array(handle, "initial_energy", self.initial_energy)
            _write_array(handle, "current", self.spins)
            for name in ("spins_taken", "energy", "torque_rms"):
                _write_array(handle, name, getattr(self, name)[: self.taken])

    def restore(self, path):
        """Take over the state that `write_checkpoint` left, if it is of this very run."""
        names = ("initial_energy", "current", "spins_taken", "energy", "torque_rms")
        with open_hdf5(path, required=names) as handle, _described(path, "checkpoint"):
            identity = json.loads(handle.attrs["identity"])
            for name, value in self.identity.items():
                if identity[name] != value:
                    raise _other_run(path, name, _short(identity[name]), _short(value))
            stored, new = handle["initial_energy"][...], self.engine.evaluate(self.spins)
            # Allows for another number of threads and for float32, whose rounding is relative to the sum of the
            # sites' energies rather than to their total; two models differ by far more.
            tolerance = 1e-6 * np.abs(new.field).sum(axis=(1, 2))
            if not (np.abs(stored - new.energy) <= tolerance).all():
                raise _other_run(
                    path,
                    "the engine's energy of the initial spins",
                    _short(stored.tolist()),
                    _short(new.energy.tolist()),
                )
            self.initial_energy = stored
            self.spins = handle["current"][...].reshape(self.spins.shape)
            self.step = int(handle.attrs["step"])
            self.taken = len(handle["energy"])
            for name in ("spins_taken", "energy", "torque_rms"):
                getattr(self, name)[: self.taken] = handle[name][...]
            states = json.loads(handle.attrs["streams"])
            for stream, state in zip(self.streams, states, strict=True):
                stream.bit_generator.state = state


class _FiniteEngine:
    """The caller's engine, with everything it returns checked for shape and for NaN."""

    def __init__(self, engine, replicas):
        self.engine, self.replicas, self.time = engine, replicas, 0.0

    def evaluate(self, spins):
        evaluation = self.engine.evaluate(spins)
        energy = np.asarray(evaluation.energy, dtype=float)
        field = np.asarray(evaluation.field, dtype=float)
        for name, array, shape in (("energy", energy, spins.shape[:1]), ("field", field, spins.shape)):
            if array.shape != shape:
                raise InputError(f"the engine returned a {name} of shape {array.shape}; expected {shape}")
            if not np.isfinite(array).all():
                first = np.argwhere(~np.isfinite(array))[0]
                where = f"replica {self.replicas[first[0]]}" + (f", site {first[1]}" if name == "field" else "")
                raise InputError(
                    f"the engine returned {name} = {array[tuple(first)]} for {where} "
                    f"in the step from t = {self.time:.10g}; expected finite numbers"
                )
        return Evaluation(energy, field)


def _whole_steps(duration, dt):
    for name, value in (("duration", duration), ("dt", dt)):
        if not 0 < value < math.inf:
            raise InputError(f"{name} = {value}; expected a positive time")
    n_steps = max(1, round(duration / dt))
    if abs(n_steps * dt - duration) > 1e-9 * duration:
        raise InputError(
            f"duration = {duration} is {duration / dt:.6g} steps of dt = {dt}; expected a whole number of steps, "
            f"as with dt = {duration / n_steps}"
        )
    return n_steps


def _snapshot_steps(times, duration, dt, n_steps):
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


def _check_replicas(replicas, n_replicas):
    numbers = list(range(n_replicas)) if replicas is None else [int(replica) for replica in replicas]
    if len(numbers) != n_replicas:
        raise InputError(f"replicas names {len(numbers)} replicas, but initial_spins holds {n_replicas}")
    if len(set(numbers)) != n_replicas or min(numbers, default=0) < 0:
        raise InputError(f"replicas = {numbers}; expected distinct numbers >= 0 (each keys its own noise)")
    return numbers


def _write_array(handle, name, array):
    # HDF5 can only checksum what is chunked, and only chunk what is not empty.
    handle.create_dataset(name, data=array, fletcher32=np.size(array) > 0 or None)


@contextmanager
def _described(path, kind):
    """Say that `path` is damaged when what it should hold cannot be read from it."""
    try:
        yield
    except InputError:
        raise
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not a readable {kind} ({error}); delete it and make it again") from None


def _other_run(path, name, old, new):
    return InputError(
        f"{path}: this checkpoint is of a run with {name} = {old}, but now it is {new}; "
        f"restore the argument to go on, or delete the file to start afresh"
    )


def _short(value):
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
