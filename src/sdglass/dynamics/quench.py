"""Quenches: many replicas driven through the LLG equation at once, with snapshots and restarts.

The noise of a replica is a function of (seed, realization, replica) alone, so it is bitwise the same
whichever replicas share its batch; its trajectory then differs by the force field's rounding at most.
"""

import hashlib
from dataclasses import asdict

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dynamics.checkpoint import Checkpoint, as_json
from sdglass.dynamics.trajectory import Trajectory, log_times, snapshot_steps, whole_steps
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass.spins import UNIT_TOLERANCE, check_spins, normalize, random_spins, torque


def random_initial_spins(n_sites, seed, realization, replicas):
    """Return uniformly random spins, shape (R, N, 3), each replica from its own stream.

    What it starts from depends on seed, realization and its own number, not on the others in `replicas`.
    """
    spins = np.empty((len(replicas), n_sites, 3))  # first of all, so that too many fail at once
    for configuration, replica in zip(spins, replicas, strict=True):
        configuration[:] = random_spins(n_sites, generator(seed, "initial spins", realization, replica))
    return spins


@own_arithmetic
def quench(
    force_field,
    spins,
    dynamics,
    duration,
    *,
    seed,
    realization=0,
    replicas=None,
    snapshot_times=None,
    checkpoint=None,
    progress=False,
    metadata=None,
    out=None,
):
    """Integrate the LLG equation (Eq. 3) for R replicas at constant temperature.

    Parameters
    ----------
    force_field : ForceField
        Gives energies and local fields.
    spins : array_like, shape (R, N, 3) or (N, 3)
        Unit vectors at t = 0; renormalised to float64 precision.
    dynamics : LLG
        Damping, temperature, time step, integrator.
    duration : float
        Time to integrate [1 / (gamma t0)], a whole number of steps.
    seed, realization : int
        Study seed and number of the atomic realization, which key the noise.
    replicas : sequence of int, optional
        Number of each replica, which keys its noise; 0, 1, ... R - 1 if None.
    snapshot_times : array_like, optional
        Increasing multiples of the time step in [0, duration]; `log_times` with ten per decade if None.
    checkpoint : path-like or Checkpoint, optional
        File that holds the state of the run. If it exists the run goes on from there, bitwise as if it
        had never stopped (as far as the force field itself is reproducible). It is deleted once `out` is
        written; without `out` it stays, and deleting it is up to whoever saves the trajectory. It belongs to
        these arguments, to the force field's energy of the initial spins, and to the identity that a
        `Checkpoint` has from the caller, such as digests of the code and of input files.
    progress : bool, optional
        Show steps, rate and time left on stderr.
    metadata : dict, optional
        Added to the trajectory's attributes; JSON data. Not part of a checkpoint's identity.
    out : path-like, optional
        HDF5 file to save the trajectory to.

    Returns
    -------
    Trajectory

    Raises
    ------
    InputError
        If an argument makes no sense, the force field returns something that is not a finite field, or the
        integration diverges.
    CheckpointError
        If the checkpoint is damaged or belongs to a different run. It is left as it is.

    Examples
    --------
    >>> from sdglass.dynamics.llg import LLG
    >>> from sdglass.forcefields.pair import heisenberg
    >>> from sdglass.structures.lattices import square_lattice
    >>> magnet = heisenberg(square_lattice(4), exchange=1.0, cutoff=1.01)
    >>> spins = random_initial_spins(16, seed=1, realization=0, replicas=range(3))
    >>> trajectory = quench(magnet, spins, LLG(damping=0.5, temperature=0.1, time_step=0.1), 2.0, seed=1)
    >>> trajectory.spins.shape
    (12, 3, 16, 3)
    """
    structure = force_field.structure
    spins = normalize(check_spins(spins, structure.n_spins))
    replicas = _replica_numbers(replicas, len(spins))
    n_steps = whole_steps(duration, dynamics.time_step)
    if snapshot_times is None:
        snapshot_times = log_times(duration, dynamics.time_step)
    steps = snapshot_steps(snapshot_times, duration, dynamics.time_step, n_steps)
    times = dynamics.time_step * steps
    arguments = {
        **asdict(dynamics),
        "duration": float(duration),
        "seed": _whole("seed", seed),
        "realization": _whole("realization", realization),
        "replicas": replicas,
        "structure": structure.digest(),
    }
    checkpoint = Checkpoint.of_run(
        checkpoint,
        {
            **arguments,
            "initial_spins": hashlib.sha256(spins.tobytes()).hexdigest(),
            "snapshot_times": times.tolist(),
        },
    )
    trajectory = Trajectory(
        times,
        np.empty((len(times), *spins.shape)),
        np.empty((len(times), len(spins))),
        np.empty((len(times), len(spins))),
        {**as_json("metadata", metadata or {}), **arguments},
        structure.moments.positions,
        structure.cell,
    )
    streams = [generator(seed, "thermal noise", realization, replica) for replica in replicas]
    run = _Run(_Watched(force_field, dynamics, replicas), dynamics, spins, streams, steps, trajectory)
    if checkpoint is not None and checkpoint.exists:
        run.restore(checkpoint)

    with progress_bar(n_steps, "quench", "step", initial=run.step, disable=not progress) as bar:
        while run.step < n_steps:
            run.advance()
            bar.update()
            if checkpoint is not None and checkpoint.due():
                run.save(checkpoint)
    run.finish()
    if out is not None:
        trajectory.save(out)
    if checkpoint is not None:
        run.save(checkpoint) if out is None else checkpoint.discard()
    return trajectory


class _Run:
    """A quench between two of its steps: how to go on, and all that a checkpoint holds."""

    _SNAPSHOTS = ("spins", "energy", "torque_rms")

    def __init__(self, force_field, dynamics, spins, streams, snapshot_steps, trajectory):
        self.force_field, self.dynamics, self.spins, self.streams = force_field, dynamics, spins, streams
        self.snapshot_steps, self.trajectory = snapshot_steps, trajectory
        self.step, self.taken = 0, 0
        self.noise = np.empty(spins.shape) if dynamics.thermal_field > 0 else None
        # A force field has no name to compare; its answer for the first configuration tells it from another.
        self.initial_energy = None

    def advance(self):
        """Make one step, and take the snapshot of the spins it starts from if one is due."""
        if self.noise is not None:
            for stream, noise in zip(self.streams, self.noise, strict=True):
                stream.standard_normal(out=noise)
            self.noise *= self.dynamics.thermal_field
        self.force_field.time = self.step * self.dynamics.time_step
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what comes of it is refused
            spins, evaluation = self.dynamics.step(self.spins, self.force_field, self.noise)
        if self.step == 0:
            self.initial_energy = evaluation.energy
        self._record(evaluation)
        self.spins = spins
        self.step += 1

    def finish(self):
        """Take the snapshot of the last configuration, which no step starts from."""
        if self.taken < len(self.snapshot_steps):
            self.force_field.time = self.step * self.dynamics.time_step
            self._record(self.force_field.evaluate(self.spins))

    def _record(self, evaluation):
        k = self.taken
        if k == len(self.snapshot_steps) or self.snapshot_steps[k] != self.step:
            return
        self.trajectory.spins[k] = self.spins
        self.trajectory.energy[k] = evaluation.energy
        self.trajectory.torque_rms[k] = np.sqrt(np.mean(torque(self.spins, evaluation.field) ** 2, axis=(1, 2)))
        self.taken += 1

    def save(self, checkpoint):
        """Write the state."""
        state = {"step": self.step, "streams": [stream.bit_generator.state for stream in self.streams]}
        arrays = {name: getattr(self.trajectory, name)[: self.taken] for name in self._SNAPSHOTS}
        checkpoint.write(state, arrays | {"initial_energy": self.initial_energy, "current": self.spins})

    def restore(self, checkpoint):
        """Take over the state that `save` has left, if it is of this very run."""
        state, arrays = checkpoint.read((*self._SNAPSHOTS, "initial_energy", "current"))
        stored, now = arrays["initial_energy"], self.force_field.evaluate(self.spins)
        # Allows for another number of threads and for float32, whose rounding is relative to the sum of the
        # sites' energies rather than to their total; two models differ by far more.
        if not (np.abs(stored - now.energy) <= 1e-6 * np.abs(now.field).sum(axis=(1, 2))).all():
            name = "the force field's energy of the initial spins"
            raise checkpoint.of_another(name, stored.tolist(), now.energy.tolist())
        try:
            self.initial_energy, self.step, self.taken = stored, int(state["step"]), len(arrays["energy"])
            self.spins = arrays["current"].reshape(self.spins.shape)
            for name in self._SNAPSHOTS:
                getattr(self.trajectory, name)[: self.taken] = arrays[name]
            for stream, stream_state in zip(self.streams, state["streams"], strict=True):
                stream.bit_generator.state = stream_state
        except (KeyError, ValueError, TypeError) as error:
            raise checkpoint.unreadable(error) from None


class _Watched:
    """The caller's force field, with the spins that it gets and all that it returns watched for divergence."""

    def __init__(self, force_field, dynamics, replicas):
        self.force_field, self.dynamics, self.replicas, self.time = force_field, dynamics, replicas, 0.0

    def evaluate(self, spins):
        # A step renormalises its spins: any other length is that of numbers too large for it.
        astray = ~(np.abs(np.einsum("rna,rna->rn", spins, spins) - 1.0) < UNIT_TOLERANCE)
        if astray.any():
            replica, site = np.argwhere(astray)[0]
            raise InputError(
                f"the integration diverged for replica {self.replicas[replica]}, site {site}, {self._when}; lower "
                f"time_step = {self.dynamics.time_step:g} or damping = {self.dynamics.damping:g}"
            )
        evaluation = self.force_field.evaluate(spins)
        energy, field = (np.asarray(array, dtype=float) for array in (evaluation.energy, evaluation.field))
        for name, array, shape in (("energy", energy, spins.shape[:1]), ("field", field, spins.shape)):
            if array.shape != shape:
                raise InputError(f"the force field returned a {name} of shape {array.shape}; expected {shape}")
            if not np.isfinite(array).all():
                place = np.argwhere(~np.isfinite(array))[0]
                where = f"replica {self.replicas[place[0]]}" + (f", site {place[1]}" if name == "field" else "")
                raise InputError(
                    f"the force field returned {name} = {array[tuple(place)]} for {where} {self._when}; "
                    "expected finite numbers"
                )
        return Evaluation(energy, field)

    @property
    def _when(self):
        return f"in the step from t = {self.time:.10g}"


def _replica_numbers(replicas, n_replicas):
    numbers = list(range(n_replicas)) if replicas is None else [int(replica) for replica in replicas]
    if len(numbers) != n_replicas:
        raise InputError(f"replicas names {len(numbers)} replicas, but spins holds {n_replicas}")
    if len(set(numbers)) != n_replicas or min(numbers, default=0) < 0:
        raise InputError(f"replicas = {numbers}; expected distinct numbers >= 0 (each keys its own noise)")
    return numbers


def _whole(name, number):
    if int(number) != number or number < 0:
        raise InputError(f"{name} = {number}; expected an integer >= 0")
    return int(number)
