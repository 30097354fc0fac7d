"""How the error of the integrators falls with the time step, and how the energy drifts (Eq. 3)."""

from dataclasses import dataclass

import numpy as np

from sdglass.dynamics.llg import INTEGRATORS, LLG
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.errors import InputError
from sdglass.forcefields.registry import load_force_field
from sdglass.progress import progress_bar
from sdglass.structures.structure import Structure
from sdglass_study.analysis import analysis, data_frame, of

REPLICAS = 4


@dataclass(frozen=True)
class TimeStep:
    """What is integrated."""

    structures: str = of("structures")  # the first realization
    model: str = of("models")  # gives the field
    dampings: tuple[float, ...]  # [gamma]
    duration: float  # [1/(gamma t0)]
    time_steps: tuple[float, ...]  # [1/(gamma t0)]

    def __post_init__(self):
        for name in ("dampings", "time_steps"):
            if not getattr(self, name) or not min(getattr(self, name)) > 0:
                raise InputError(f"{name} = {list(getattr(self, name))}; expected positive numbers")


def _inputs(study, settings):
    structure = study.structure_file(settings.structures, 0)
    return {"structure": structure, "model": study.driver_file(settings.model)}


@analysis("time_step", TimeStep, inputs=_inputs)
def time_step(settings, inputs, electrons, seed):
    """Return errors at the end of a run without noise for every damping, and the energy drift without damping."""
    structure = Structure.load(inputs["structure"][0])
    force_field = load_force_field((inputs["model"] or ["exact"])[0], structure, electrons)
    start = random_initial_spins(structure.n_sites, seed, 0, range(REPLICAS))
    steps, ends = sorted(settings.time_steps), [0.0, settings.duration]

    def final(integrator, dt, damping):
        dynamics = LLG(damping, 0.0, dt, integrator)
        run = quench(force_field, start, dynamics, settings.duration, seed=seed, snapshot_times=ends)
        bar.update()
        return run.spins[-1], run.energy

    rows = []
    runs = len(INTEGRATORS) * (len(steps) * (1 + len(settings.dampings)) + len(settings.dampings))
    with progress_bar(runs, "time steps", "run") as bar:
        for integrator in INTEGRATORS:
            # Without damping the energy is conserved: the drift is the same in the rows of every damping.
            drift = {dt: _drift(final(integrator, dt, 0.0)[1], structure.n_sites) for dt in steps}
            for damping in settings.dampings:
                # The reference is twice as fine as the finest step: its own error is a quarter of that row's.
                reference, _ = final(integrator, steps[0] / 2, damping)
                for dt in steps:
                    spins, _ = final(integrator, dt, damping)
                    row = {"integrator": integrator, "damping": damping, "duration": settings.duration}
                    row |= {"time_step": dt, "error": np.sqrt(np.mean((spins - reference) ** 2))}
                    rows.append(row | {"energy_drift": drift[dt]})
    return {"time_step": data_frame(rows)}


def _drift(energy, n_sites):
    """Return the rms change of the energy (K, R) between first and last time, per site [t0]."""
    return np.sqrt(np.mean((energy[-1] - energy[0]) ** 2)) / n_sites
