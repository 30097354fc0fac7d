"""What is in force in each step of a run: its protocol on the grid of its time steps."""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from sdglass.dynamics.llg import LLG, thermal_field
from sdglass.dynamics.protocol import Protocol, Stage, named
from sdglass.dynamics.trajectory import SNAPSHOTS_PER_DECADE, log_times, snapshot_steps, whole_steps
from sdglass.errors import InputError


class Span:
    """The steps of a stage, from `start` until before `stop`.

    Within a step temperature and field are constant, as they are in its middle: of second order in the step, like
    the integrators.
    """

    def __init__(self, start, stop, dynamics, temperature, field):
        self.start, self.stop, self.dynamics = start, stop, dynamics
        self.temperature, self.field = temperature, field  # what they begin and end with
        self._first, self._last = (np.array(end) if np.any(field) else None for end in field)

    @property
    def noisy(self):
        """Whether its steps draw noise."""
        return self.dynamics.damping > 0 and max(self.temperature) > 0

    def temperature_at(self, step):
        """Return the temperature [t0] at a step, or between two."""
        first, last = self.temperature
        return first + (step - self.start) / (self.stop - self.start) * (last - first)

    def field_at(self, step):
        """Return the field (3,) [t0] at a step, or between two; None if there is none in the whole span."""
        if self.field[0] == self.field[1]:
            return self._first
        return self._first + (step - self.start) / (self.stop - self.start) * (self._last - self._first)

    def noise_at(self, step):
        """Return the standard deviation [t0] of the thermal field in a step."""
        if not self.noisy:
            return 0.0
        temperature = self.temperature_at(step + 0.5)
        return float(thermal_field(self.dynamics.time_step, self.dynamics.damping, temperature))


class Schedule:
    """A protocol in steps.

    Parameters
    ----------
    protocol : Protocol or float
        A float is the duration of a single stage.
    dynamics : LLG
        Its time step, and what is in force where the first stage does not say.

    Raises
    ------
    InputError
        If a stage, which is named, is no whole number of steps.
    """

    def __init__(self, protocol, dynamics):
        self.dynamics = dynamics
        self.plain = not isinstance(protocol, Protocol)  # a single stage that has no name
        self.stages = [Stage(protocol)] if self.plain else protocol.stages
        self.duration = protocol if self.plain else protocol.duration
        self.spans = []
        temperature, field, stop = dynamics.temperature, (0.0, 0.0, 0.0), 0
        for k, stage in enumerate(self.stages, 1):
            with named(None if self.plain else f"stage {k}"):
                steps = whole_steps(stage.duration, dynamics.time_step)
            if stage.damping is not None:
                dynamics = replace(dynamics, damping=stage.damping)
            temperatures, fields = stage.temperature or (temperature,) * 2, stage.field or (field,) * 2
            self.spans.append(Span(stop, stop + steps, dynamics, temperatures, fields))
            temperature, field, stop = temperatures[1], fields[1], stop + steps
        self.n_steps = stop
        self._stops = [span.stop for span in self.spans]

    @classmethod
    def of(cls, attributes):
        """Return that of a run, of which these are the attributes of the trajectory."""
        try:
            names = ("damping", "temperature", "time_step", "integrator")
            dynamics = LLG(**{name: attributes[name] for name in names})
            told = attributes.get("protocol")
            return cls(attributes["duration"] if told is None else Protocol(told), dynamics)
        except KeyError as error:
            raise InputError(f"the trajectory does not say its {error}; expected one that quench made") from None

    def span(self, step):
        """Return the `Span` that a step lies in."""
        return self.spans[bisect_right(self._stops, step)]

    def ending(self, step):
        """Return the `Span` that a configuration belongs to, before a step: where two meet, the one that ends."""
        return self.spans[bisect_left(self._stops, step)]

    def draws(self, step):
        """Return how many steps before this one have drawn noise."""
        return sum(min(span.stop, step) - span.start for span in self.spans if span.noisy and span.start < step)

    def snapshot_times(self, per_decade=SNAPSHOTS_PER_DECADE):
        """Return the times of snapshots; stages that do not say have as many `per_decade`."""
        dt, found = self.dynamics.time_step, [np.array([], int)]
        for k, (stage, span) in enumerate(zip(self.stages, self.spans, strict=True), 1):
            ((key, value),) = (stage.snapshots or {"per_decade": per_decade}).items()
            steps = span.stop - span.start
            with named(None if self.plain else f"stage {k}: snapshots: {key}"):
                if key == "per_decade":
                    times = log_times(stage.duration, dt, value)
                elif key == "every":
                    times = value * np.arange(steps // whole_steps(value, dt) + 1)
                else:
                    times = value
                found.append(span.start + snapshot_steps(times, stage.duration, dt, steps))
            found.append([span.stop])
        return dt * np.unique(np.concatenate(found))

    def require_beginning(self, earlier):
        """Raise `InputError` unless everything is as in an earlier run until its end."""
        pieces = (schedule._until(earlier.n_steps) for schedule in (self, earlier))
        for now, then in zip_longest(*pieces):
            if now != then:
                start = (then or now)[0] * self.dynamics.time_step
                raise InputError(
                    f"the protocol is another one than the trajectory's, in what begins at t = {start:g}; "
                    "expected the same stages, and more"
                )

    def _until(self, step):
        """Return the spans until a step as data, in which it does not matter how constant ones are divided."""
        pieces = []
        for span in self.spans:
            if span.start >= step:
                break
            constant = len({*span.temperature}) == 1 and len({*span.field}) == 1
            stop = min(span.stop, step) if constant else span.stop
            told = (replace(span.dynamics, temperature=0.0), span.temperature, span.field)
            if constant and pieces and pieces[-1][2] == told:
                pieces[-1] = (pieces[-1][0], stop, told)
            else:
                pieces.append((span.start, stop, told))
        return pieces


def conditions(trajectory):
    """Return the temperature and the field of the spins at the snapshots of a trajectory.

    Where two stages meet they are those at the end of the first one, as for its energy.

    Parameters
    ----------
    trajectory : Trajectory
        Of `quench`, with a protocol or without.

    Returns
    -------
    temperature : numpy.ndarray, shape (K,)
        [t0]
    field : numpy.ndarray, shape (K, 3)
        That of the protocol [t0]; the force field may have one of its own.

    Examples
    --------
    >>> import sdglass
    >>> free = sdglass.Zeeman((0, 0, 0)).on(sdglass.square_lattice(2))
    >>> cooling = sdglass.Protocol([{"duration": 4.0, "temperature": (0.5, 0.1), "snapshots": {"every": 1.0}}])
    >>> start = [[0.0, 0.0, 1.0]] * 4
    >>> run = sdglass.quench(free, start, sdglass.LLG(0.5, 0.5, 0.25), cooling, seed=1)
    >>> sdglass.conditions(run)[0].round(3)
    array([0.5, 0.4, 0.3, 0.2, 0.1])
    """
    schedule = Schedule.of(trajectory.attributes)
    steps = np.rint(np.asarray(trajectory.times) / schedule.dynamics.time_step)
    spans = [(schedule.ending(step), step) for step in steps]
    fields = [span.field_at(step) for span, step in spans]
    field = np.array([np.zeros(3) if found is None else found for found in fields]).reshape(-1, 3)
    return np.array([span.temperature_at(step) for span, step in spans]), field
