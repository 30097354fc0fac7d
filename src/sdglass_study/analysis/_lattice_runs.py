"""Quenches on a lattice: all runs of one kind together, and intervals from their independent seeds."""

from dataclasses import dataclass

import numpy as np

from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.forcefields.registry import load_force_field
from sdglass.random_streams import generator
from sdglass.statistics import bootstrap_weights
from sdglass.structures.structure import Structure
from sdglass_study.analysis import of


@dataclass(frozen=True)
class Quenches:
    """Settings of an analysis of quenches."""

    quenches: tuple[str, ...] = of("quenches")


def trajectories(study, settings):
    """Return the inputs of an analysis of trajectories."""
    files = [
        study.trajectory_file(name, model, index)
        for name in settings.quenches
        for model in study.quenches[name].models
        for index in range(study.quenched(name))
    ]
    return {"trajectories": files}


def couplings(study, settings):
    """Return {quench: J [t0]} as a parameter of an analysis."""
    return {"couplings": {name: study.electrons_of(study.quenches[name]).coupling for name in settings.quenches}}


def fits(study, models):
    """Return the inputs of an analysis of some models: the fits of those that are fitted."""
    return {f"fit {name}": study.fit_files(name)[:1] for name in models if study.is_fitted(name)}


def solvers(study, models):
    """Return {model: [kind, options]} of those that are solved for, as a parameter of an analysis."""
    named = {name: study.models[name] for name in models if not study.is_fitted(name)}
    return {"solvers": {name: [model.kind, model.settings] for name, model in named.items()}}


def force_field_of(name, inputs, solvers, structure, electrons):
    """Return the force field of a model: its fit among `inputs`, one of `solvers`, or the solver of that name."""
    kind, options = solvers.get(name, [name, {}])
    source = inputs[f"fit {name}"][0] if f"fit {name}" in inputs else kind
    return load_force_field(source, structure, electrons, **options)


@dataclass(frozen=True, eq=False)
class LatticeRuns:
    """All runs of one quench with one model: on a lattice every seed is a run like any other.

    Attributes
    ----------
    labels : dict
        Columns that say which they are.
    structure : Structure
    times : numpy.ndarray, shape (K,)
    spins : numpy.ndarray, shape (K, U, N, 3)
        Of U runs, realization by realization.
    energy, torque_rms : numpy.ndarray, shape (K, U)
    """

    labels: dict
    structure: Structure
    times: np.ndarray
    spins: np.ndarray
    energy: np.ndarray
    torque_rms: np.ndarray

    @property
    def count(self):
        """Number of runs U."""
        return self.spins.shape[1]


def load_runs(paths, couplings):
    """Return the `LatticeRuns` of trajectory files, in the order in which they come.

    Raises
    ------
    InputError
        If files of one quench differ in lattice or times.
    """
    found = {}
    for path in paths:
        trajectory = Trajectory.load(path)
        told = trajectory.attributes
        key = told["ensemble"], told["model"]
        first = found.setdefault(key, [trajectory])[0]
        if first is not trajectory:
            same = first.attributes["structure"] == told["structure"]
            if not (same and np.array_equal(first.times, trajectory.times)):
                raise InputError(
                    f"{path}: lattice or times differ from those of {told['ensemble']}, {told['model']}"
                )
            found[key].append(trajectory)
    return [_joined(key, parts, couplings[key[0]]) for key, parts in found.items()]


def _joined(key, parts, coupling):
    told = parts[0].attributes
    labels = {"ensemble": key[0], "model": key[1], "coupling": coupling}
    labels |= {name: told[name] for name in ("damping", "temperature")} | {"n_sites": told["n_sites"]}
    arrays = (
        np.concatenate([getattr(part, name) for part in parts], axis=1)
        for name in ("spins", "energy", "torque_rms")
    )
    structure = Structure(parts[0].positions, parts[0].cell, pbc=parts[0].pbc)
    return LatticeRuns(labels, structure, parts[0].times, *arrays)


def mean_and_interval(values, resampling):
    """Return mean, low, high and resamples (S, ...) of values (U, ...) of independent runs.

    A mean over runs of which one has no value is none. A single run has no interval.
    """
    values = np.asarray(values, dtype=float)
    mean = values.mean(axis=0)
    if len(values) < 2:
        nothing = np.full_like(mean, np.nan)
        return mean, nothing, nothing, None
    weights = bootstrap_weights(len(values), resampling.bootstrap, generator(resampling.seed, "bootstrap"))
    flat = values.reshape(len(values), -1)
    samples = (weights @ flat / len(values)).reshape(-1, *mean.shape)
    ends = resampling.interval(mean, samples, len(values))
    return mean, ends["low"], ends["high"], samples
