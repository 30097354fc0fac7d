"""How wrong a model is, configuration by configuration, in a small file that is kept with the results.

Datasets and the weights of most folds are tens of megabytes; squared errors of every labelled configuration
are a few hundred kilobytes, and every table and figure on the accuracy of a model follows from them.
"""

import json
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from sdglass.errors import InputError
from sdglass.hdf5 import attribute_text, new_hdf5, open_hdf5

STAGES = ("random", "relaxed", "late", "all")
LATE = 1.0 / 3.0  # part of the longest time after which a relaxed state is late
HISTOGRAM_EDGES = np.linspace(-4e-3, 4e-3, 81)  # [t0], up to four times the error that the paper quotes

_SCALARS = {"n_sites": int, "realizations": int, "latest": float, "mean_error": float}
_NUMBERS = ("realization", "configuration")
_KINDS = {"realization": np.int16, "configuration": np.int16, "histogram": np.int64}  # of arrays in a file
_ARRAYS = (
    *(*_NUMBERS, "time", "signal", "torque_error", "energy_error"),
    *("committee_torque_error", "committee_energy_error", "spread", "parity", "histogram"),
)


@dataclass(frozen=True, eq=False)
class SetErrors:
    """Errors on one set of C labelled configurations.

    Attributes
    ----------
    n_sites : int
    realizations : int
        Atomic realizations of the set; some may hold none of its configurations.
    latest : float
        Longest time since the quench in the set [1/(gamma t0)], 0 if there are random spins alone.
    realization, configuration : numpy.ndarray, shape (C,)
        Where each configuration stands in the datasets.
    time : numpy.ndarray, shape (C,)
        Time since the quench [1/(gamma t0)]; nan for random spins.
    signal : numpy.ndarray, shape (C,)
        Mean square of the exact torque components [t0^2].
    torque_error : numpy.ndarray, shape (K, C)
        Mean squared error of the torque components [t0^2], of each of K networks on its own.
    energy_error : numpy.ndarray, shape (K, C)
        Predicted minus exact energy [t0].
    committee_torque_error, committee_energy_error : numpy.ndarray, shape (C,), or None
        The same for the mean of all networks, if there are several.
    spread : numpy.ndarray, shape (C,), or None
        Variance of the torque components over the networks [t0^2].
    parity : numpy.ndarray, shape (P, 2), or None
        Exact and predicted values of some torque components [t0], chosen at random.
    histogram : numpy.ndarray, shape (B + 2,), or None
        Torque components by their error, in `HISTOGRAM_EDGES`; the first and the last count those outside.
    mean_error : float
        Mean error of the components in the histogram [t0].
    """

    n_sites: int
    realizations: int
    latest: float
    realization: np.ndarray
    configuration: np.ndarray
    time: np.ndarray
    signal: np.ndarray
    torque_error: np.ndarray
    energy_error: np.ndarray
    committee_torque_error: np.ndarray | None = None
    committee_energy_error: np.ndarray | None = None
    spread: np.ndarray | None = None
    parity: np.ndarray | None = None
    histogram: np.ndarray | None = None
    mean_error: float = 0.0

    def stage(self, name):
        """Return the mask (C,) of a stage: random, relaxed, late or all."""
        random = np.isnan(self.time)
        return {
            "all": np.ones(len(random), bool),
            "random": random,
            "relaxed": ~random,
            "late": ~random & (np.nan_to_num(self.time) >= LATE * self.latest) & (self.latest > 0),
        }[name]

    def rms(self, stage):
        """Return the rms torque component [t0] of a stage."""
        return np.sqrt(self.signal[self.stage(stage)].mean())

    def torque_squares(self, kind, members=None):
        """Return the mean squared torque error (C,) [t0^2] of a committee, or of single networks on average.

        Parameters
        ----------
        kind : {"committee", "single", "-"}
            The last for models that are no networks.
        members : sequence of int, optional
            Which networks to average over; all by default.
        """
        if kind == "committee":
            return self.committee_torque_error
        return self.torque_error[slice(None) if members is None else list(members)].mean(0)

    def energy_errors(self, kind):
        """Return predicted minus exact energies, shape (K, C) or (1, C) [t0]."""
        return self.committee_energy_error[None] if kind == "committee" else self.energy_error

    def by_realization(self, values, stage):
        """Return the means of `values` (C,) in each realization, and the numbers of configurations.

        Both of shape (realizations,); the mean is nan where the stage is empty.
        """
        mask = self.stage(stage)
        counts = np.bincount(self.realization[mask], minlength=self.realizations)
        sums = np.bincount(self.realization[mask], values[mask], minlength=self.realizations)
        with np.errstate(invalid="ignore"):
            return sums / counts, counts


@dataclass(frozen=True, eq=False)
class ModelErrors:
    """Errors of a model on all labelled sets.

    Attributes
    ----------
    name : str
    info : dict
        What the model is and was trained on: ``parameters``, ``layers``, ``activation``, ``linear_term``,
        ``chirality``, ``protocol``, ``folds`` (those trained), ``realizations`` and ``configurations`` of
        its training (of one fold). A model that is no network has layers None.
    sets : dict of SetErrors
        By name: training, validation, and those of the entries of ``labels`` that it was not fitted to.
    drift : dict
        Set -> {quantity: value}, the difference of single from double precision.
    attributes : dict
        Provenance.
    """

    name: str
    info: dict
    sets: dict
    drift: dict = field(default_factory=dict)
    attributes: dict = field(default_factory=dict)

    @property
    def is_network(self):
        """Whether it is a network, or a committee of networks."""
        return self.info["layers"] is not None

    def kinds(self, label):
        """Return how its errors on a set are counted: "-" without networks, or single and committee."""
        if not self.is_network:
            return ["-"]
        return ["single"] if self.sets[label].committee_torque_error is None else ["committee", "single"]

    def summary(self):
        """Return what a model's own file says of its errors.

        Returns
        -------
        dict
            ``{set: {stage: {"rmse": [t0], "relative": of the rms torque}}}`` of all sets but ``training``; of a
            committee where there is one.
        """
        found = {}
        for label in (label for label in self.sets if label != "training"):
            errors, found[label] = self.sets[label], {}
            squares = errors.torque_squares(self.kinds(label)[0])
            for stage in (stage for stage in STAGES if errors.stage(stage).any()):
                rmse, rms = (np.sqrt(values[errors.stage(stage)].mean()) for values in (squares, errors.signal))
                found[label][stage] = {"rmse": float(rmse), "relative": float(rmse / rms)}
        return found

    def save(self, path):
        """Write everything to an HDF5 file; complete or not at all. Equal contents are equal bytes."""
        with new_hdf5(path) as handle:
            words = {"name": self.name, "info": self.info, "drift": self.drift, "sets": list(self.sets)}
            handle.attrs["model"] = attribute_text(json.dumps(words, sort_keys=True))
            handle.attrs["attributes"] = attribute_text(json.dumps(self.attributes, sort_keys=True))
            for label, errors in self.sets.items():
                group = handle.create_group(label)
                for name in _SCALARS:
                    group.attrs[name] = getattr(errors, name)
                for name in (name for name in _ARRAYS if getattr(errors, name) is not None):
                    array = np.asarray(getattr(errors, name)).astype(_KINDS.get(name, np.float32))
                    # In one chunk: with many small ones the file would be mostly their index.
                    packed = {"chunks": array.shape, "compression": "gzip", "shuffle": True, "fletcher32": True}
                    group.create_dataset(name, data=array, **(packed if array.size else {}))

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file is missing, truncated, damaged, or holds something else.
        """
        with open_hdf5(path) as handle:
            try:
                words = json.loads(handle.attrs["model"])
                attributes = json.loads(handle.attrs["attributes"])
                sets = {label: _read(handle[label]) for label in words["sets"]}
                return cls(words["name"], words["info"], sets, words["drift"], attributes)
            except (KeyError, ValueError, TypeError) as error:
                raise InputError(f"{path}: not readable errors of a model ({error}); make it again") from None


def _read(group):
    scalars = {name: kind(group.attrs[name]) for name, kind in _SCALARS.items()}
    there = [name for name in _ARRAYS if name in group]
    arrays = {name: group[name][...].astype(int if name in _NUMBERS else float) for name in there}
    return SetErrors(**scalars, **arrays)


def student(values, confidence, weights=None):
    """Return mean, low and high: the (weighted) mean of independent values (n,), Student's interval; nan for one.

    The weighted mean is a ratio of two sums; its error is that of the values' deviations times their weights.
    `confidence` is the probability inside the interval.
    """
    values = np.asarray(values, dtype=float)
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    mean, n = np.average(values, weights=weights), len(values)
    if n < 2:
        return mean, np.nan, np.nan
    error = np.sqrt(np.sum((weights / weights.mean() * (values - mean)) ** 2) / (n * (n - 1)))
    half = stats.t.ppf(0.5 * (1.0 + confidence), n - 1) * error
    return mean, mean - half, mean + half


def root_mean_square(squares, counts, confidence):
    """Return value, low and high of the root mean square [t0] over realizations, from their mean squares (n,).

    `counts` (n,) are the configurations of each; realizations without any are left out.
    """
    used = counts > 0
    mean, low, high = student(squares[used], confidence, counts[used])
    return np.sqrt(mean), np.sqrt(np.maximum(low, 0.0)), np.sqrt(high)


def error_columns(squares, counts, rms, confidence):
    """Return the columns rmse, low, high, rms and relative, as from `root_mean_square` and the rms torque."""
    rmse, low, high = root_mean_square(squares, counts, confidence)
    return {"rmse": rmse, "low": low, "high": high, "rms": rms, "relative": rmse / rms}


def paired_ratio(over, under, confidence):
    """Return ratio, low, high of two models' errors, a geometric mean over the n realizations that count, and n.

    What makes a realization hard for both models drops out of it. `over` and `under` are mean squared errors of
    each realization [t0^2], nan where there are none. The interval is Student's, of the mean logarithm.
    """
    there = ~(np.isnan(over) | np.isnan(under))
    if not there.any():
        return np.nan, np.nan, np.nan, 0
    logs = 0.5 * np.log(over[there] / under[there])
    return (*np.exp(student(logs, confidence)), int(there.sum()))


def common_members(model, other):
    """Return the members of two models whose networks left out the same fold, as two lists of numbers.

    Other models know no folds and go with all of the other's networks: None stands for all.
    """
    if not (model.is_network and other.is_network):
        return None, None
    folds = [fold for fold in model.info["folds"] if fold in other.info["folds"]]
    return tuple([trained.info["folds"].index(fold) for fold in folds] for trained in (model, other))
