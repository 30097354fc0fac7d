"""Force fields of a lattice beside exact ones: torque errors, time of a field, symmetries that they lack."""

import time
from dataclasses import dataclass, replace

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.behler_parrinello.lattice_irreps import Element, Environment
from sdglass.spins import torque
from sdglass_study.analysis import analysis, data_frame, of
from sdglass_study.analysis._lattice_runs import fits, force_field_of, mean_and_interval, solvers

# Exact solvers, whose times the others' are compared with; their errors are those of the arithmetic.
SOLVERS = "diagonalization", "greens-function"


@dataclass(frozen=True)
class LatticeForceFields:
    """Which ones, and on what.

    Attributes
    ----------
    labels : str
        Of a lattice that no model was fitted to.
    models : tuple of str
    """

    labels: str = of("labels")
    models: tuple[str, ...] = of("force fields")


def _inputs(study, settings):
    return fits(study, settings.models) | {"labels": study.label_files(settings.labels)[:1]}


def _parameters(study, settings):
    networks = {name: study.models[name] for name in settings.models}
    networks = {name: one.settings for name, one in networks.items() if one.kind == "lattice-network"}
    # Descriptors are compared in one network: the first of them, and those that differ from it in nothing else.
    plain = {name: replace(one, symmetry="raw", chirality=False) for name, one in networks.items()}
    first = next(iter(plain.values()), None)
    alike = [name for name, one in plain.items() if one == first]
    descriptors = {name: [networks[name].symmetry, networks[name].chirality] for name in alike}
    return solvers(study, settings.models) | {"descriptors": descriptors}


@analysis("lattice_force_fields", LatticeForceFields, inputs=_inputs, parameters=_parameters)
def lattice_force_fields(settings, inputs, resampling, solvers, descriptors):
    """Return a row for each force field and state.

    `seconds` is the processor's time for the field of one configuration, the shortest of some; `time_reversal` and
    `rotation` are the torque that changes, over the rms torque, when all spins are reversed, and when they are
    moved by a rotation of the lattice and keep their directions.
    """
    labels = LabelledConfigurations.load(inputs["labels"][0])
    sites, electrons, rows = labels.structure, labels.model, []
    where = turned(sites, Environment.of(sites, 1.0, 1.0, chirality=False).order)
    for name in (*SOLVERS, *settings.models):
        force_field = force_field_of(name, inputs, solvers, sites, electrons)
        # A diagonalization of 50 x 50 sites takes minutes: of it the time is wanted, and one field to check it by.
        timed = name == SOLVERS[0]
        states = labels.states[:1] if timed else labels.states
        spins, exact = labels.spins[: len(states)], labels.torque[: len(states)]
        found = torque(spins, force_field.evaluate(spins).field)
        squares, errors = (np.mean(part**2, axis=(1, 2)) for part in (exact, found - exact))
        symmetry, chirality = descriptors.get(name, ["", ""])
        told = {"model": name, "symmetry": symmetry, "chirality": chirality, "n_sites": sites.n_sites}
        told["seconds"] = processor_time(force_field, spins[:1])
        if not timed:
            told |= broken_symmetries(force_field, spins[:1], where)
        for state in dict.fromkeys(states):
            mask = states == state
            ends = mean_and_interval(np.sqrt(errors[mask] / squares[mask]), resampling)[:3]
            rows.append(
                told
                | {"state": state, "torque_rms": np.sqrt(squares[mask].mean())}
                | dict(zip(("relative", "low", "high"), map(float, ends), strict=True))
                | {"configurations": int(mask.sum())}
            )
    return {"lattice_force_fields": data_frame(rows)}


def processor_time(force_field, spins):
    """Return the shortest processor time of a field [s], of up to five."""
    taken = []
    while not taken or (sum(taken) < 10.0 and len(taken) < 5):
        start = time.process_time()
        force_field.evaluate(spins)
        taken.append(time.process_time() - start)
    return min(taken)


def turned(structure, order):
    """Return where each site goes (N,) in a rotation of the lattice by 360 / `order` about its first site."""
    around = structure.positions - structure.positions[0]
    moved = around.copy()
    moved[:, :2] = around[:, :2] @ Element(1, False, order).matrix.T
    apart = structure.minimum_image((moved[:, None] - around[None]).reshape(-1, 3)).reshape(len(moved), -1, 3)
    return np.linalg.norm(apart, axis=2).argmin(axis=1)


def broken_symmetries(force_field, spins, where):
    """Return {symmetry: relative change of the torques}: of time reversal, of a rotation to sites `where`."""
    plain = torque(spins, force_field.evaluate(spins).field)
    moved = np.empty_like(spins)
    moved[:, where] = spins
    others = {
        "time_reversal": torque(-spins, force_field.evaluate(-spins).field),
        "rotation": torque(moved, force_field.evaluate(moved).field)[:, where],
    }
    return {name: np.sqrt(np.mean((other - plain) ** 2) / np.mean(plain**2)) for name, other in others.items()}
