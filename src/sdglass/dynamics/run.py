"""A quench between two of its steps: what goes on, is watched, and is kept in a checkpoint."""

import warnings

import numpy as np

from sdglass.dynamics.trajectory import whole_steps
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation
from sdglass.spins import UNIT_TOLERANCE, torque

# Rises of the energy in a step that are more than rounding, relative to the sum of all local fields.
RISE = 1e-6


class TimeStepWarning(UserWarning):
    """A time step is so large that the dynamics does what the equation of motion cannot."""


class Run:
    """A quench between two of its steps: how to go on, and all that a checkpoint holds."""

    _SNAPSHOTS = ("spins", "energy", "torque_rms")

    def __init__(self, force_field, schedule, spins, streams, snapshot_steps, trajectory):
        self.force_field, self.schedule, self.spins, self.streams = force_field, schedule, spins, streams
        self.snapshot_steps, self.trajectory = snapshot_steps, trajectory
        self.time_step = schedule.dynamics.time_step
        self.step, self.taken = 0, 0
        self.noise = np.empty(spins.shape) if schedule.draws(schedule.n_steps) else None
        # A force field has no name to compare; its answer for the first configuration tells it from another.
        self.initial_energy = None
        self._energy, self._rises = None, 0

    def advance(self):
        """Make one step, and take the snapshot of the spins it starts from if one is due."""
        span, noise = self.schedule.span(self.step), None
        if strength := span.noise_at(self.step):
            self._draw()
            noise = self.noise
            noise *= strength
        field = span.field_at(self.step + 0.5)
        if self._due and self._field() is not field:  # that of the snapshot is another one
            self._record(self._evaluate())
        changed = self.force_field.field is not field
        self._set(span.dynamics, field)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what comes of it is refused
            spins, evaluation = span.dynamics.step(self.spins, self.force_field, noise)
        if self.initial_energy is None:
            self.initial_energy = evaluation.energy
        self._watch_energy(evaluation, noise is None and span.dynamics.damping > 0, changed)
        self._record(evaluation)
        self.spins = spins
        self.step += 1

    def _draw(self):
        for stream, noise in zip(self.streams, self.noise, strict=True):
            stream.standard_normal(out=noise)

    def _set(self, dynamics, field):
        """Tell the force field what is in force."""
        self.force_field.time, self.force_field.dynamics = self.step * self.time_step, dynamics
        self.force_field.field = field

    def _field(self):
        """Return the field of the present configuration; where two stages meet, that of the one that ends."""
        return self.schedule.ending(self.step).field_at(self.step)

    def _evaluate(self):
        """Return the `Evaluation` of the present configuration, in its field."""
        self._set(self.schedule.ending(self.step).dynamics, self._field())
        return self.force_field.evaluate(self.spins)

    def follow(self, earlier):
        """Start at the end of a trajectory, with its snapshots, and with the noise that comes next."""
        last = whole_steps(earlier.attributes["duration"], self.time_step)
        wanted = self.snapshot_steps[self.snapshot_steps < last]
        known = np.rint(earlier.times / self.time_step).astype(int)
        missing = wanted[~np.isin(wanted, known)]
        if len(missing):
            raise InputError(
                f"snapshot_times: {missing[0] * self.time_step:g} lies in the trajectory, which has no "
                "snapshot there; expected its own times, and later ones"
            )
        self.step = last
        now = self._evaluate()
        if not _same_energy(earlier.energy[-1], now):
            raise InputError(
                f"the force field gives the energies {now.energy.tolist()} for the trajectory's last spins, where "
                f"it holds {earlier.energy[-1].tolist()}; expected the force field that made it"
            )
        rows = np.searchsorted(known, wanted)
        for name in self._SNAPSHOTS:
            getattr(self.trajectory, name)[: len(rows)] = getattr(earlier, name)[rows]
        self.taken = len(rows)
        for _ in range(self.schedule.draws(last)):  # what the steps until now have drawn
            self._draw()

    def _watch_energy(self, evaluation, falling, changed):
        """Remember the largest rise of the energy in a step that should lower it."""
        if not falling:
            self._energy = None
            return
        if self._energy is not None and not changed:
            # Rounding is relative to the sum of the sites' energies.
            scale = np.abs(evaluation.field).sum(axis=(1, 2))
            rise = (evaluation.energy - self._energy) / scale
            self._rises += rise.max(initial=0.0) > RISE
        self._energy = evaluation.energy

    def warn_of_rising_energy(self):
        """Say once that the energy has risen without noise, which a time step that is too large does."""
        if self._rises:
            self.trajectory.attributes["rising_energy"] = int(self._rises)
            warnings.warn(
                f"the energy rose in {self._rises} of {self.step} steps at temperature 0, where it can only fall: "
                f"time_step = {self.time_step:g} is too large; try {self.time_step / 4:.3g} "
                "(and less if this is said again)",
                TimeStepWarning,
                stacklevel=4,
            )

    def finish(self):
        """Take the snapshot of the last configuration, which no step starts from."""
        if self.taken < len(self.snapshot_steps):
            self._record(self._evaluate())

    @property
    def _due(self):
        return self.taken < len(self.snapshot_steps) and self.snapshot_steps[self.taken] == self.step

    def _record(self, evaluation):
        if not self._due:
            return
        k = self.taken
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
        self._set(self.schedule.dynamics, self.schedule.span(0).field_at(0.5))  # as in the first step
        stored, now = arrays["initial_energy"], self.force_field.evaluate(self.spins)
        if not _same_energy(stored, now):
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


def _same_energy(energy, evaluation):
    """Return whether an energy (R,) is that of an evaluation, as far as the same force field repeats itself.

    Allows for another number of threads and for float32, whose rounding is relative to the sum of the sites'
    energies rather than to their total; two models differ by far more.
    """
    return (np.abs(energy - evaluation.energy) <= 1e-6 * np.abs(evaluation.field).sum(axis=(1, 2))).all()


class WatchedForceField:
    """The caller's force field in the field of a protocol, watched for divergence: its spins and its answers.

    A `Run` sets `time`, `dynamics` and `field` [t0], shape (3,) or None.
    """

    def __init__(self, force_field, dynamics, replicas):
        self.force_field, self.dynamics, self.replicas = force_field, dynamics, replicas
        self.time, self.field = 0.0, None

    def evaluate(self, spins):
        """Return the force field's `Evaluation`; `InputError` if spins or answer are not what they should be."""
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
        if self.field is not None:  # a Zeeman energy; of all components at once, which is several times faster
            each = np.tile(self.field, spins.shape[1])
            energy = energy - spins.reshape(len(spins), each.size) @ each
            field = field + each.reshape(spins.shape[1:])
        return Evaluation(energy, field)

    @property
    def _when(self):
        return f"in the step from t = {self.time:.10g}"
