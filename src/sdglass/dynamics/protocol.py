"""Protocols: temperature, field and damping against time, stage by stage, of one run with one noise."""

import difflib
from dataclasses import asdict, dataclass, fields

import numpy as np

from sdglass.errors import InputError
from sdglass.io import require_file
from sdglass.yaml_file import load_yaml

_SNAPSHOTS = ("every", "per_decade", "times")


@dataclass(frozen=True)
class Stage:
    """A piece of a protocol, in which temperature and field are constant or change linearly with time.

    What is not said stays as it was at the end of the stage before; in the first stage it is that of the dynamics,
    with no field.

    Parameters
    ----------
    duration : float
        [1 / (gamma t0)].
    temperature : float or (float, float), optional
        Of the spins [t0], or what it begins and ends with. The electrons keep theirs.
    field : array_like, shape (3,) or (2, 3), optional
        Magnetic field [t0] (see `sdglass.forcefields.terms.Zeeman`), or what it begins and ends with; also
        ``{"from": (3,), "to": (3,)}``. It comes on top of one that the force field has already.
    damping : float, optional
        Dimensionless.
    snapshots : dict, optional
        When they are taken, from the beginning of the stage: ``{"every": time}``, ``{"per_decade": number}`` or
        ``{"times": [...]}``, and at its end; ten per decade by default. At its end they belong to this stage.

    Raises
    ------
    InputError
        If one of them makes no sense.
    """

    duration: float
    temperature: tuple | None = None
    field: tuple | None = None
    damping: float | None = None
    snapshots: dict | None = None

    def __post_init__(self):
        told = {"duration": _positive("duration", self.duration)}
        if self.temperature is not None:
            told["temperature"] = _ends("temperature", self.temperature, ())
            if min(told["temperature"]) < 0:
                raise InputError(f"temperature = {self.temperature}; expected numbers >= 0")
        if self.field is not None:
            told["field"] = tuple(map(tuple, _ends("field", self.field, (3,))))
        if self.damping is not None:
            told["damping"] = _numbers("damping", self.damping)
            if told["damping"].shape != () or not told["damping"] >= 0:
                raise InputError(f"damping = {self.damping}; expected a number >= 0")
            told["damping"] = float(told["damping"])
        if self.snapshots is not None:
            told["snapshots"] = _snapshots(self.snapshots)
        for name, value in told.items():
            object.__setattr__(self, name, value)


class Protocol:
    """Stages, one after the other, for `quench`.

    Parameters
    ----------
    stages : sequence of Stage or dict
        A dict has the parameters of `Stage` as keys.

    Raises
    ------
    InputError
        If there is no stage, or the key or value of one makes no sense; the line names both.

    Examples
    --------
    Free spins follow the field while it turns:

    >>> import numpy as np, sdglass
    >>> free = sdglass.Zeeman((0, 0, 0)).on(sdglass.square_lattice(2))
    >>> protocol = sdglass.Protocol([
    ...     {"duration": 50.0, "field": (0, 0, 1)},
    ...     {"duration": 50.0, "field": {"from": (0, 0, 1), "to": (1, 0, 0)}, "snapshots": {"every": 25.0}},
    ... ])
    >>> start = sdglass.random_spins(4, np.random.default_rng(0))
    >>> dynamics = sdglass.LLG(damping=1.0, temperature=0.0, time_step=0.1)
    >>> run = sdglass.quench(free, start, dynamics, protocol)
    >>> run.times[-2:]
    array([ 75., 100.])
    >>> run.spins[-1, 0, 0].round(1)
    array([1., 0., 0.])
    """

    def __init__(self, stages):
        self.stages = [_stage(stage, f"stage {k}") for k, stage in enumerate(stages, 1)]
        if not self.stages:
            raise InputError("no stage; expected at least one")

    @property
    def duration(self):
        """Of all stages together [1 / (gamma t0)]."""
        return sum(stage.duration for stage in self.stages)

    @classmethod
    def load(cls, path):
        """Read a file in YAML: a list of stages, whose keys are the parameters of `Stage`."""
        require_file(path, "a protocol, a list of stages in YAML")
        try:
            return cls(load_yaml(path, top=list))
        except InputError as error:
            raise InputError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None

    def to_list(self):
        """Return the stages as JSON data, with what they say."""
        told = [asdict(stage).items() for stage in self.stages]
        return [{name: value for name, value in stage if value is not None} for stage in told]


def _stage(stage, name):
    if isinstance(stage, Stage):
        return stage
    known = [field.name for field in fields(Stage)]
    if not isinstance(stage, dict):
        raise InputError(f"{name} is {stage!r}; expected keys and values, of {', '.join(known)}")
    for key in stage:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            guess = f" (did you mean {near[0]}?)" if near else ""
            raise InputError(f"{name}: key {key!r} is unknown{guess}; expected some of {', '.join(known)}")
    if "duration" not in stage:
        raise InputError(f"{name}: duration is missing; expected a time")
    with named(name):
        return Stage(**stage)


class named:
    """A block whose input errors begin with a name, such as that of a stage, unless it is None."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is InputError and self.name is not None:
            raise InputError(f"{self.name}: {error}") from None


def _numbers(key, value):
    try:
        array = np.asarray(value, dtype=float)  # YAML reads 1e-3 as text
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if not np.isfinite(array).all() or isinstance(value, bool):
        raise InputError(f"{key} = {value}; expected finite numbers")
    return array


def _positive(key, value):
    number = _numbers(key, value)
    if number.shape != () or not number > 0:
        raise InputError(f"{key} = {value}; expected a number > 0")
    return float(number)


def _ends(key, value, shape):
    """Return what a quantity of this shape begins and ends with, as a tuple."""
    given = value
    if isinstance(value, dict):
        if set(value) != {"from", "to"}:
            raise InputError(f"{key} = {value}; expected the keys from and to")
        given = [value["from"], value["to"]]
    array = _numbers(key, given)
    if array.shape == shape:
        array = np.array([array, array])
    if array.shape != (2, *shape):
        what = "a number, or two" if shape == () else "three numbers, or two times three"
        raise InputError(f"{key} = {value}; expected {what} for its beginning and its end")
    return tuple(array.tolist())


def _snapshots(told):
    if not isinstance(told, dict) or len(told) != 1 or (key := next(iter(told))) not in _SNAPSHOTS:
        raise InputError(f"snapshots = {told}; expected one of every, per_decade, times, and its value")
    if key == "times":
        times = _numbers("snapshots: times", told[key])
        if times.ndim != 1 or not len(times):
            raise InputError(f"snapshots: times = {told[key]}; expected a list of times")
        return {key: times.tolist()}
    return {key: _positive(f"snapshots: {key}", told[key])}
