"""Observables against time, read from trajectory files one piece after another, with errors."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sdglass.errors import InputError
from sdglass.hdf5 import new_hdf5, open_hdf5, read_attribute, write_array, write_attributes, write_dimension
from sdglass.observables import SERIES
from sdglass.structures.structure import Structure

_PIECE = 2**22  # bytes of spins that are read together at most


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
    """

    of: Callable
    dimension: str | None = None
    coordinates: dict = field(default_factory=dict)


def measure_files(paths, names):
    """Return means and standard errors of observables of trajectory files, each file one realization.

    One piece of a file is in memory at a time. The error is that of the mean over realizations; over the replicas
    if there is one file; nan if there is one replica too.

    Parameters
    ----------
    paths : sequence of str
        Trajectories (`Trajectory.save`) with the same times.
    names : sequence of str
        Observables; parameters follow a colon: ``"autocorrelation:tw=10,100"`` (times [1 / (gamma t0)]).

    Returns
    -------
    coordinates : dict of (str, numpy.ndarray)
        Dimension and values of each coordinate, by name.
    arrays : dict of (tuple of str, numpy.ndarray)
        Dimensions and values of each observable, and of ``NAME_error``.

    Raises
    ------
    InputError
        If a file is no trajectory or lacks its positions, times or coordinates differ, or an observable is unknown
        or not one of this structure.
    """
    if len(set(names)) < len(names):
        raise InputError(f"observables {', '.join(names)}; expected each once")
    coordinates, dimensions, means = {}, {}, {name: [] for name in names}
    for path in paths:
        with open_hdf5(path, required=("time", "spins", "energy", "positions", "cell")) as handle:
            read_attribute(handle, path, "a readable trajectory")
            times = handle["time"][...]
            sites = {name: handle[name][...] for name in ("positions", "cell", "species", "pbc") if name in handle}
            structure = Structure(**sites)
            series = {name: _series(name, structure, times) for name in names}
            found = {"time": ("time", times)}
            for name, one in series.items():
                dimensions[name] = ("time",) if one.dimension is None else ("time", one.dimension)
                found |= {key: (one.dimension, values) for key, values in one.coordinates.items()}
            for key, (_, values) in found.items():
                if key in coordinates and not _same(coordinates[key][1], values):
                    raise InputError(f"{path}: its {key} differs from that of {paths[0]}; expected the same")
            coordinates |= found
            measured = {name: [] for name in names}
            for snapshot in _snapshots(handle):
                for name, one in series.items():
                    measured[name].append(_mean_error(one.of(snapshot)))
        for name in names:
            means[name].append([np.array(part) for part in zip(*measured[name], strict=True)])
    arrays = {}
    for name, files in means.items():
        mean, error = files[0] if len(files) == 1 else _mean_error(np.array([mean for mean, _ in files]))
        key = name.partition(":")[0].replace("-", "_")
        arrays |= {key: (dimensions[name], mean), f"{key}_error": (dimensions[name], error)}
    return coordinates, arrays


def save_series(path, coordinates, arrays, attributes):
    """Write what `measure_files` returns to an HDF5 file with named dimensions; complete or not at all."""
    sizes = {name: size for axes, values in arrays.values() for name, size in zip(axes, values.shape, strict=True)}
    with new_hdf5(path) as handle:
        write_attributes(handle, attributes=attributes)
        for name, size in sizes.items():
            own = coordinates.get(name, (name, np.arange(size)))[1]
            write_dimension(handle, name, own)
        for name, (axis, values) in coordinates.items():
            if name not in sizes:
                write_array(handle, name, values, (axis,))
        for name, (axes, values) in arrays.items():
            write_array(handle, name, values, axes)


def _series(text, structure, times):
    name, _, rest = text.partition(":")
    parameters = {}
    if rest:
        key, equals, values = rest.partition("=")
        try:
            parameters[key] = [float(value) for value in values.split(",")]
        except ValueError:
            equals = ""
        if not (key and equals):
            raise InputError(f"observable {text!r}; expected numbers such as autocorrelation:tw=10,100")
    make = SERIES[name]
    try:
        return make(structure, times, **parameters)
    except TypeError as error:
        raise InputError(f"observable {text!r}: {error}; expected such as autocorrelation:tw=10,100") from None


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
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-12, atol=0)
