"""Exact labels of spin configurations in states from random to late, in files from which a later run goes on."""

from pathlib import Path

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dataset import LabelledConfigurations
from sdglass.errors import InputError
from sdglass.forcefields.registry import load_force_field
from sdglass.progress import progress_bar
from sdglass.provenance import provenance
from sdglass.random_streams import generator
from sdglass.spins import normalize, random_spins, torque

# Steps downhill from random spins by which a state is reached, the first by this angle [rad] in the mean (ours).
STEP = 0.3
STEPS = {"random": 0, "quenched": 10, "late": 60}


@own_arithmetic
def label(
    structure, electrons, count=32, states=("random", "quenched", "late"), *, seed=0, workers=1, progress=None,
    downhill=None,
):  # fmt: skip
    """Return `count` exactly labelled configurations of one structure, shared among the states.

    Parameters
    ----------
    structure : Structure
    electrons : SDModel
    count : int
        Configurations; each state has at least one.
    states : sequence of {"random", "quenched", "late"}
        Random spins; others after 10, and after 60, steps of exact overdamped motion downhill.
    seed : int
        Keys the random spins.
    workers : int
        Processes of diagonalization.
    progress : callable, optional
        Called with 1 after each evaluation of all configurations.
    downhill : ForceField, optional
        What goes downhill instead of exact forces; labels are exact all the same.

    Raises
    ------
    InputError
        If a state is unknown, or there are fewer configurations than states.
    """
    _require_states(states)
    shares = dict(zip(states, np.diff(np.linspace(0, count, len(states) + 1).round().astype(int)), strict=True))
    if min(shares.values()) < 1:
        raise InputError(f"labels = {count} for {len(states)} states; expected at least one for each")
    told = progress or (lambda _: None)
    exact = load_force_field("exact", structure, electrons, workers=workers)
    try:
        parts = []
        if "random" in shares:
            spins = random_spins(structure.n_spins, generator(seed, "labels, random"), int(shares["random"]))
            found = exact.evaluate(spins)
            told(1)
            parts.append((spins, found, np.full(len(spins), np.nan)))
        relaxed = {name: number for name, number in shares.items() if name != "random"}
        if relaxed:
            spins = random_spins(structure.n_spins, generator(seed, "labels, relaxed"), int(max(relaxed.values())))
            parts += _relaxed(exact, downhill or exact, spins, relaxed, told)
    finally:
        if hasattr(exact, "close"):
            exact.close()
    return LabelledConfigurations(
        structure,
        electrons,
        np.concatenate([spins for spins, _, _ in parts]),
        np.concatenate([found.energy for _, found, _ in parts]),
        np.concatenate([found.field for _, found, _ in parts]),
        np.concatenate([times for _, _, times in parts]),
        provenance([], labels=count, states=list(states), seed=seed),
    )


def evaluations(states):
    """Return how many exact evaluations `label` makes."""
    _require_states(states)
    return int("random" in states) + 1 + max((STEPS[name] for name in states), default=0)


def _require_states(states):
    if not states or not set(states) <= set(STEPS):
        raise InputError(f"states = {', '.join(states)}; expected some of {', '.join(STEPS)}")


def _relaxed(exact, downhill, spins, shares, told):
    """Return (spins, exact evaluation, times) of every state along one descent."""
    parts, found = [], downhill.evaluate(spins)
    told(1)
    step = STEP / np.sqrt(np.mean(torque(spins, found.field) ** 2, axis=(1, 2), keepdims=True))
    for number in range(1, 1 + max(STEPS[name] for name in shares)):
        moved = normalize(spins - step * torque(spins, torque(spins, found.field)))
        after = downhill.evaluate(moved)
        told(1)
        # Where the energy has risen the step was too large: it is not made, and the next one is half of it.
        good = after.energy <= found.energy
        spins = np.where(good[:, None, None], moved, spins)
        found = type(found)(
            np.where(good, after.energy, found.energy), np.where(good[:, None, None], after.field, found.field)
        )
        step = np.where(good[:, None, None], step, 0.5 * step)
        for name, share in shares.items():
            if STEPS[name] == number:
                kept = slice(0, int(share))
                if downhill is exact:
                    evaluation = type(found)(found.energy[kept].copy(), found.field[kept].copy())
                else:
                    evaluation = exact.evaluate(spins[kept])
                # Of a descent the number of its steps stands for the time.
                parts.append((spins[kept].copy(), evaluation, np.full(int(share), float(number))))
    return parts


def label_all(
    structures, electrons, count=32, states=tuple(STEPS), *, seed=0, workers=1, folder=None, progress=False
):  # fmt: skip
    """Return the `label` of every structure; those that a folder holds already are read.

    Parameters
    ----------
    structures : sequence of Structure
    electrons, count, states, workers
        As of `label`; the n-th structure has the seed ``seed + n``.
    folder : path, optional
        Where each is written as soon as it is complete, ``000.h5`` and so on.
    progress : bool

    Raises
    ------
    InputError
        If a file there is of another structure, other electrons or other labels; nothing is overwritten.
    """
    data = []
    total = len(structures) * evaluations(states)
    with progress_bar(total, "labels", "exact evaluation", disable=not progress) as bar:
        for number, structure in enumerate(structures):
            path = None if folder is None else Path(folder) / f"{number:03d}.h5"
            asked = {"labels": count, "states": list(states), "seed": seed + number}
            if path is not None and path.exists():
                found = LabelledConfigurations.load(path)
                _require_same(found, structure, electrons, asked, path)
                bar.update(evaluations(states))
            else:
                found = label(
                    structure, electrons, count, states, seed=seed + number, workers=workers, progress=bar.update
                )
                if path is not None:
                    found.save(path)
            data.append(found)
    return data


def _require_same(found, structure, electrons, asked, path):
    differences = found.model.differences(electrons)
    if found.structure.digest() != structure.digest():
        differences.append("another structure")
    given = found.provenance.get("parameters", {})
    differences += [
        f"{name}: {given.get(name)} against {value}" for name, value in asked.items() if given.get(name) != value
    ]
    if differences:
        raise InputError(f"{path}: labels of another fit ({'; '.join(differences)}); expected another folder")
