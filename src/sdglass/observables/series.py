"""Observables against time, read from trajectories one piece after another, with errors."""

import inspect
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.hdf5 import open_hdf5, read_attribute
from sdglass.observables import SERIES
from sdglass.observables.series_file import MeasuredSeries
from sdglass.structures.structure import Structure

_PIECE = 2**22  # bytes of spins that are read together at most
_SITES = ("positions", "cell", "species", "pbc")


class Snapshot(NamedTuple):
    """One time of a trajectory: its number, spins (R, M, 3), and energies (R,) [t0]."""

    number: int
    spins: np.ndarray
    energy: np.ndarray


@dataclass(frozen=True)
class Series:
    """What is measured of each snapshot.

    Attributes
    ----------
    of : callable
        Of a `Snapshot`, an array (R, ...): one value, or values along `dimension`, for each replica.
    dimension : str, optional
        Name of the second axis.
    coordinates : dict of numpy.ndarray
        Arrays along `dimension`, by name; that of `dimension` itself counts from 0 if it is not among them.
    label, unit : str
        What it is and in which unit, for axes of pictures.
    """

    of: Callable
    dimension: str | None = None
    coordinates: dict = field(default_factory=dict)
    label: str = ""
    unit: str = ""


def measure_series(trajectories, names):
    """Return means and standard errors of observables of trajectories, each one realization.

    One piece of a file is in memory at a time. The error is that of the mean over realizations; over the replicas
    if there is one; nan if there is one replica too.

    Parameters
    ----------
    trajectories : sequence of Trajectory or path-like
        With the same times; files are those of `Trajectory.save`.
    names : sequence of str
        Observables, see docs/observables.md; options follow a colon each: ``"autocorrelation:tw=10,100"``,
        ``"correlation:width=0.1:r_max=3"``.

    Returns
    -------
    MeasuredSeries

    Raises
    ------
    InputError
        If a file is no trajectory or lacks its positions, times or coordinates differ, an observable is unknown or
        named twice, or an option is unknown or not one of this structure.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> magnet = sdglass.lattice("triangular", cells=(4, 4))
    >>> spins = np.tile([0.0, 0.0, 1.0], (1, 2, 16, 1))  # 1 snapshot, 2 replicas
    >>> sites = magnet.positions, magnet.cell, magnet.pbc
    >>> run = sdglass.Trajectory(np.zeros(1), spins, np.zeros((1, 2)), np.zeros((1, 2)), {}, *sites)
    >>> measured = sdglass.measure_series([run], ["magnetization-length", "correlation"])
    >>> measured["magnetization_length"], measured["distance"].round(3)
    (array([1.]), array([1.   , 1.732]))
    """
    keys = [name.partition(":")[0].replace("-", "_") for name in names]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"observable {key} stands twice; expected each once")
    coordinates, dimensions, labels, means = {}, {}, {}, {key: [] for key in keys}
    for given in trajectories:
        with _opened(given) as (structure, times, snapshots):
            series = {key: _series(name, structure, times) for key, name in zip(keys, names, strict=True)}
            found = {"time": ("time", times)}
            for key, one in series.items():
                dimensions[key] = ("time",) if one.dimension is None else ("time", one.dimension)
                labels[key] = one.label, one.unit
                found |= {name: (one.dimension, values) for name, values in one.coordinates.items()}
            for name, (_, values) in found.items():
                if name in coordinates and not _same(coordinates[name][1], values):
                    raise InputError(
                        f"{_called(given)}: its {name} differs from that of the first trajectory; "
                        "expected the same"
                    )
            coordinates |= found
            measured = {}
            for snapshot in snapshots:
                for key, one in series.items():
                    pair = np.array(_mean_error(one.of(snapshot)))
                    measured.setdefault(key, np.empty((len(times), *pair.shape)))[snapshot.number] = pair
        for key in keys:
            means[key].append((measured[key][:, 0], measured[key][:, 1]))
    arrays = {}
    for key, files in means.items():
        mean, error = files[0] if len(files) == 1 else _mean_error(np.array([mean for mean, _ in files]))
        arrays |= {key: (dimensions[key], mean), f"{key}_error": (dimensions[key], error)}
    attributes = {"trajectories": [_called(given) for given in trajectories], "observables": list(names)}
    return MeasuredSeries(coordinates, arrays, labels, attributes)


def numbers(values, what, count=None):
    """Return the values of an option as floats; `InputError` unless they are (`count` of them)."""
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError):
        found = []
    if not found or not np.isfinite(found).all() or (count or len(found)) != len(found):
        expected = (
            "numbers such as 10,100" if count is None else "one number" if count == 1 else f"{count} numbers"
        )
        raise InputError(f"{what} = {','.join(map(str, values))}; expected {expected}")
    return found


def _series(text, structure, times):
    """Return the `Series` of a name with its options, ``NAME:key=value,value:key=value``."""
    name, *options = text.split(":")
    make = SERIES[name]
    _, _, *known = inspect.signature(make).parameters.values()
    takes = ", ".join(option.name for option in known) or "none"
    given = {}
    for option in options:
        key, equals, values = option.partition("=")
        if not (equals and key in [option.name for option in known]):
            raise InputError(f"observable {text!r}: option {option!r}; expected NAME=VALUE of {takes}")
        given[key] = values.split(",")
    for option in known:
        if option.default is option.empty and option.name not in given:
            raise InputError(f"observable {text!r}: {option.name} is missing; expected {name}:{option.name}=VALUE")
    return make(structure, times, **given)


@contextmanager
def _opened(given):
    """Yield structure, times (K,) and an iterator of every `Snapshot` of a trajectory or its file."""
    if isinstance(given, Trajectory):
        pairs = zip(given.spins, given.energy, strict=True)
        yield given.structure, given.times, (Snapshot(k, *pair) for k, pair in enumerate(pairs))
        return
    with open_hdf5(given, required=("time", "spins", "energy", "positions", "cell")) as handle:
        read_attribute(handle, given, "a readable trajectory")
        structure = Structure(**{name: handle[name][...] for name in _SITES if name in handle})
        yield structure, handle["time"][...], _snapshots(handle)


def _snapshots(handle):
    """Yield every `Snapshot`; as many are read together as the file stores together, within `_PIECE`."""
    spins, energy = handle["spins"], handle["energy"][...]
    rows = spins.chunks[0] if spins.chunks else 1
    rows = max(1, min(rows, _PIECE // max(1, spins[:1].nbytes)))
    for start in range(0, len(spins), rows):
        for k, piece in enumerate(spins[start : start + rows], start):
            yield Snapshot(k, piece, energy[k])


def _mean_error(values):
    """Return the mean over the first axis and its standard error, nan for one value."""
    n = len(values)
    if n < 2:
        return values[0], np.full_like(values[0], np.nan, dtype=float)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(n)


def _same(one, other):
    if one.dtype.kind == "U":
        return np.array_equal(one, other)
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-12, atol=0)


def _called(given):
    return "a trajectory in memory" if isinstance(given, Trajectory) else str(given)
