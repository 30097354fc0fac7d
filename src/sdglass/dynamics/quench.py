"""Quenches: many replicas driven through the LLG equation at once, with snapshots and restarts.

The noise of a replica is a function of (seed, realization, replica) alone, so it is bitwise the same
whichever replicas share its batch; its trajectory then differs by the engine's rounding at most.
"""

import hashlib
import json
import math
import time
from pathlib import Path

import numpy as np

from sdglass.dynamics.checkpoint import other_run, read_checkpoint, write_checkpoint
from sdglass.dynamics.llg import INTEGRATORS, thermal_field
from sdglass.dynamics.trajectory import Trajectory, log_times, snapshot_steps, whole_steps
from sdglass.errors import CheckpointError, InputError
from sdglass.forcefields.base import Evaluation
from sdglass.io import discard
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass.spins import UNIT_TOLERANCE, check_spins, normalize, random_spins, torque

__all__ = ["Trajectory", "log_times", "quench", "random_initial_spins"]


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
    spins = np.empty((len(replicas), n_sites, 3))  # first of all, so that too many fail at once
    for one, replica in zip(spins, replicas, strict=True):
        one[:] = random_spins(n_sites, generator(seed, "initial spins", realization, replica))
    return spins


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
    identity=None,
    progress=False,
    metadata=None,
    out=None,
):
    """Integrate the LLG equation (Eq. 3) for R replicas at constant temperature.

    Parameters
    ----------
    engine : ForceField
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
        A key of `sdglass.dynamics.llg.INTEGRATORS`.
    snapshot_times : array_like, optional
        Increasing multiples of dt in [0, duration]; `log_times` with ten per decade if None.
    checkpoint : path, optional
        File that holds the state of the run. If it exists the run goes on from there, bitwise as if it
        had never stopped (as far as the engine itself is reproducible). It is deleted once `out` is
        written; without `out` it stays, and deleting it is up to whoever saves the trajectory.
    checkpoint_interval : float
        Seconds of wall time between two writes of the checkpoint.
    identity : dict, optional
        What, besides the arguments here and the engine's answer for the initial spins, a checkpoint must
        have been made with to be continued, such as digests of the code and of input files. JSON data.
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
        If an argument makes no sense, or the engine returns something that is not a finite field.
    CheckpointError
        If the checkpoint is damaged or belongs to a different run. It is left as it is.
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
    attributes = _as_json("metadata", {**(metadata or {}), **run.attributes})
    run.identity = _as_json("identity", {**(identity or {}), **run.identity})
    if checkpoint is not None and Path(checkpoint).exists():
        run.restore(checkpoint)

    last_write = time.monotonic()
    with progress_bar(run.n_steps, "quench", "step", initial=run.step, disable=not progress) as bar:
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
            discard(checkpoint)
    return trajectory


class _Run:
    """The state of a quench between two steps, which is what a checkpoint holds."""

    _SNAPSHOTS = ("spins_taken", "energy", "torque_rms")

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
        self.n_steps = whole_steps(duration, dt)
        self.dt, self.damping = float(dt), float(damping)
        self.step_function = INTEGRATORS[integrator]
        self.spins = normalize(check_spins(spins, engine.structure.n_sites, "initial_spins"))
        replicas = _check_replicas(replicas, len(self.spins))
        self.engine = _FiniteEngine(engine, replicas, self.dt, self.damping)
        if snapshot_times is None:
            snapshot_times = log_times(duration, dt)
        self.snapshot_steps = snapshot_steps(snapshot_times, duration, dt, self.n_steps)

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
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what comes of it is refused
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
        """Write the state to `path`."""
        state = {"step": self.step, "streams": [stream.bit_generator.state for stream in self.streams]}
        arrays = {name: getattr(self, name)[: self.taken] for name in self._SNAPSHOTS}
        arrays |= {"initial_energy": self.initial_energy, "current": self.spins}
        write_checkpoint(path, self.identity, state, arrays)

    def restore(self, path):
        """Take over the state that `write_checkpoint` left, if it is of this very run."""
        names = (*self._SNAPSHOTS, "initial_energy", "current")
        state, arrays = read_checkpoint(path, self.identity, names)
        stored, new = arrays["initial_energy"], self.engine.evaluate(self.spins)
        # Allows for another number of threads and for float32, whose rounding is relative to the sum of the
        # sites' energies rather than to their total; two models differ by far more.
        tolerance = 1e-6 * np.abs(new.field).sum(axis=(1, 2))
        if not (np.abs(stored - new.energy) <= tolerance).all():
            name = "the engine's energy of the initial spins"
            raise other_run(path, name, stored.tolist(), new.energy.tolist())
        try:
            self.initial_energy, self.step = stored, int(state["step"])
            self.spins = arrays["current"].reshape(self.spins.shape)
            self.taken = len(arrays["energy"])
            for name in self._SNAPSHOTS:
                getattr(self, name)[: self.taken] = arrays[name]
            for stream, stream_state in zip(self.streams, state["streams"], strict=True):
                stream.bit_generator.state = stream_state
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointError(path, f"not a readable checkpoint ({error})") from None


class _FiniteEngine:
    """The caller's engine, with everything it returns checked for shape and for NaN, and the spins it gets."""

    def __init__(self, engine, replicas, dt, damping):
        self.engine, self.replicas, self.time = engine, replicas, 0.0
        self.dt, self.damping = dt, damping

    def evaluate(self, spins):
        # A step renormalises its spins: any other length is that of numbers too large for it.
        astray = ~(np.abs(np.einsum("rna,rna->rn", spins, spins) - 1.0) < UNIT_TOLERANCE)
        if astray.any():
            replica, site = np.argwhere(astray)[0]
            raise InputError(
                f"the integration diverged for replica {self.replicas[replica]}, site {site}, in the step from "
                f"t = {self.time:.10g}; lower dt = {self.dt:g} or damping = {self.damping:g}"
            )
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


def _check_replicas(replicas, n_replicas):
    numbers = list(range(n_replicas)) if replicas is None else [int(replica) for replica in replicas]
    if len(numbers) != n_replicas:
        raise InputError(f"replicas names {len(numbers)} replicas, but initial_spins holds {n_replicas}")
    if len(set(numbers)) != n_replicas or min(numbers, default=0) < 0:
        raise InputError(f"replicas = {numbers}; expected distinct numbers >= 0 (each keys its own noise)")
    return numbers


def _as_json(name, data):
    """Return `data` as JSON gives it back, so that what is stored can be compared with what is asked."""
    try:
        return json.loads(json.dumps(data))
    except TypeError as error:
        raise InputError(f"{name}: {error}; expected only what JSON can hold") from None
