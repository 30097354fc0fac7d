"""Label one realization exactly: random spins, and states along quenches or downhill from them."""

import dataclasses
from pathlib import Path

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.dynamics.llg import LLG
from sdglass.dynamics.minimize import descend
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.forcefields.base import Evaluation
from sdglass.forcefields.exact import exact_force_field
from sdglass.progress import progress_bar
from sdglass.provenance import provenance
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass.structures.structure import Structure
from sdglass_study.jobs.common import EXACT, continued, driver, electrons, threads

# Replicas of relaxations are numbered from here, so that they share no random number with the quench ensembles on
# the same realization.
FIRST_REPLICA = 1000


def inputs(study, name, index):
    """Return the structure, and the model that drives the relaxations."""
    labels = study.labels[name]
    given = {"structure": study.structure_file(labels.structures, index)}
    if labels.quenched is not None and labels.quenched.model != EXACT:
        given["model"] = study.driver_file(labels.quenched.model)
    return given


def settings(study, name, index):
    """Return what is labelled, the electrons, and the keys of the random numbers."""
    labels = study.labels[name]
    told = {
        "electrons": study.electrons.to_dict(),
        "random": labels.random,
        "seed": study.seed,
        "realization": study.structures[labels.structures].first + int(index),
    }
    if labels.quenched is not None:
        told["quenched"] = dataclasses.asdict(labels.quenched) | {"integrator": study.integrator}
    if labels.minimised is not None:
        told["minimised"] = dataclasses.asdict(labels.minimised)
    return told


def modules(study, name, index):
    """Return the module of the model that drives the relaxations."""
    labels = study.labels[name]
    return study.model_modules(labels.quenched.model) if labels.quenched is not None else []


def run(inputs, outputs, settings, code=""):
    """Write one dataset."""
    structure = Structure.load(inputs["structure"])
    exact = exact_force_field(structure, electrons(settings), workers=threads())
    try:
        spins, times = _random(structure, settings)
        if "quenched" in settings:
            more, when = _quenched(exact, inputs, outputs, settings, code)
            spins, times = np.concatenate([spins, more]), np.concatenate([times, when])
        if "minimised" in settings:
            steps, step = settings["minimised"]["steps"], settings["minimised"]["step"]
            with progress_bar(steps, "descent", "step") as bar:
                spins = np.concatenate([spins, descend(exact, spins, steps, step, bar.update)])
            # A descended state has no time; the number of steps marks it.
            times = np.concatenate([times, np.full(len(times), float(steps))])
        labels = _exact(exact, spins)
        made = provenance(list(inputs.values()), seed=settings["seed"], realization=settings["realization"])
        LabelledConfigurations(structure, exact.model, spins, labels.energy, labels.field, times, made).save(
            outputs["labels"]
        )
    finally:
        getattr(exact, "close", lambda: None)()
    Path(_checkpoint(outputs)).unlink(missing_ok=True)


def _checkpoint(outputs):
    return f"{outputs['labels']}.checkpoint"


def _random(structure, settings):
    # States that are descended have a stream of their own.
    stage = "descent labels" if "minimised" in settings else "random labels"
    rng = generator(settings["seed"], stage, settings["realization"])
    return random_spins(structure.n_sites, rng, settings["random"]), np.full(settings["random"], np.nan)


def _quenched(exact, inputs, outputs, settings, code):
    """Return the states along quenches (C, N, 3) and their times (C,)."""
    told = settings["quenched"]
    replicas = range(FIRST_REPLICA, FIRST_REPLICA + told["trajectories"])
    start = random_initial_spins(exact.structure.n_sites, settings["seed"], settings["realization"], replicas)
    relaxing = exact
    if told["model"] != EXACT:
        told = told | {"electrons": settings["electrons"], "dtype": "float64", "device": "cpu"}
        relaxing = driver(told, exact.structure, inputs["model"])

    def relax(checkpoint):
        return quench(
            relaxing,
            start,
            LLG(told["damping"], told["temperature"], told["time_step"], told["integrator"]),
            told["duration"],
            seed=settings["seed"],
            realization=settings["realization"],
            replicas=replicas,
            snapshot_times=snapshot_times(told["snapshots"], told["duration"], told["time_step"]),
            checkpoint=checkpoint,
            progress=True,
        )

    trajectory = continued(relax, _checkpoint(outputs), inputs, settings, code)
    spins = trajectory.spins.transpose(1, 0, 2, 3).reshape(-1, exact.structure.n_sites, 3)
    return spins, np.tile(trajectory.times, told["trajectories"])


def snapshot_times(count, duration, time_step):
    """Return `count` log-spaced times from two steps to `duration`, multiples of the step, without t = 0."""
    last = round(duration / time_step)
    steps = set(np.round(np.geomspace(min(2, last), last, count)).astype(int))
    spare = (step for step in range(1, last + 1) if step not in steps)
    while len(steps) < min(count, last):
        steps.add(next(spare))
    return np.array(sorted(steps)) * time_step


def _exact(exact, spins):
    """Return the `Evaluation` of all `spins` (C, N, 3), block by block with a live line."""
    block = 8 * threads()  # some for every process
    parts = []
    with progress_bar(len(spins), "labels", "configuration") as bar:
        for begin in range(0, len(spins), block):
            parts.append(exact.evaluate(spins[begin : begin + block]))
            bar.update(len(parts[-1].energy))
    return Evaluation(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("energy", "field")))
