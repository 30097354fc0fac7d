"""What single precision does to the locator force field: torques of the same spins, drifts along trajectories."""

from dataclasses import dataclass

import numpy as np

from sdglass.dynamics.llg import LLG
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.dynamics.trajectory import log_times
from sdglass.forcefields.registry import load_force_field
from sdglass.progress import progress_bar
from sdglass.spins import torque
from sdglass.structures.structure import Structure
from sdglass_study.analysis import analysis, data_frame, joined, of

REPLICAS = 4
DAMPINGS = (0.0, 1.0)  # the energy is conserved, and it falls


@dataclass(frozen=True)
class LocatorPrecision:
    """What is integrated in both precisions."""

    model: str = of("models")
    structures: tuple[str, ...] = of("structures")  # the first realization of each
    duration: float  # [1/(gamma t0)]
    time_step: float

    def __post_init__(self):
        log_times(self.duration, self.time_step)  # refuses a duration that is no multiple of the step


def _inputs(study, settings):
    structures = [study.structure_file(name, 0) for name in settings.structures]
    return {"structures": structures, "model": study.driver_file(settings.model)}


@analysis("locator_precision", LocatorPrecision, inputs=_inputs)
def locator_precision(settings, inputs, seed):
    """Return one row per structure, damping and snapshot of the same run in both precisions."""
    frames = []
    with progress_bar(len(inputs["structures"]) * len(DAMPINGS), "both precisions", "run") as bar:
        for path in inputs["structures"]:
            structure = Structure.load(path)
            fields = [load_force_field(inputs["model"][0], structure, dtype=f"float{bits}") for bits in (64, 32)]
            for damping in DAMPINGS:
                dynamics = LLG(damping, 0.0, settings.time_step)
                frames.append(compare(fields, dynamics, settings.duration, seed))
                bar.update()
    return {"locator_precision": joined(frames)}


def compare(fields, dynamics, duration, seed):
    """Return the table of one run without noise, with the force field in double and the one in single precision.

    Columns: rms over replicas of the change of the energy per site since t = 0 in both [t0]; rms difference of the
    spins' components; rms difference of the torques of the double run's spins over their rms.
    """
    n_sites = fields[0].structure.n_sites
    start = random_initial_spins(n_sites, seed, 0, range(REPLICAS))
    times = log_times(duration, dynamics.time_step, per_decade=2)
    double, single = (
        quench(field, start, dynamics, duration, seed=seed, snapshot_times=times) for field in fields
    )
    rows = []
    for number, time in enumerate(double.times):
        spins = double.spins[number]
        torques = [torque(spins, field.evaluate(spins).field) for field in fields]
        changes = [(run.energy[number] - run.energy[0]) / n_sites for run in (double, single)]
        row = {"n_sites": n_sites, "damping": dynamics.damping, "time": time}
        row |= {"energy_change": _rms(changes[0]), "energy_change_single": _rms(changes[1])}
        row |= {"energy_difference": _rms(changes[1] - changes[0])}
        row |= {"spin_difference": _rms(single.spins[number] - spins)}
        rows.append(row | {"torque_difference": _rms(torques[1] - torques[0]) / _rms(torques[0])})
    return data_frame(rows)


def _rms(values):
    return np.sqrt(np.mean(np.square(values)))
