"""Torque errors of force fields on the states of an exact quench."""

from dataclasses import dataclass

import numpy as np

from sdglass.forcefields.exact import exact_force_field
from sdglass.spins import torque
from sdglass_study.analysis import analysis, data_frame, of
from sdglass_study.analysis._lattice_runs import fits, force_field_of, load_runs, mean_and_interval, solvers
from sdglass_study.config.entries import EXACT


@dataclass(frozen=True)
class TorqueAlongQuench:
    """Which states, and which models.

    Attributes
    ----------
    quench : str
        One that exact forces drive, among others.
    models : tuple of str
    snapshots : int
        How many of each run, about evenly spaced in the logarithm of time.
    """

    quench: str = of("quenches")
    models: tuple[str, ...] = of("force fields", ())
    snapshots: int = 8


def _inputs(study, settings):
    quenched = range(study.quenched(settings.quench))
    return fits(study, settings.models) | {
        "trajectories": [study.trajectory_file(settings.quench, EXACT, index) for index in quenched]
    }


def _parameters(study, settings):
    electrons = study.electrons_of(study.quenches[settings.quench])
    return solvers(study, settings.models) | {"couplings": {settings.quench: electrons.coupling}}


@analysis("torque_along_quench", TorqueAlongQuench, inputs=_inputs, parameters=_parameters)
def torque_along_quench(settings, inputs, electrons, resampling, solvers, couplings):
    """Return rms torque and rms error of each model against time, per component."""
    (runs,) = load_runs(inputs["trajectories"], couplings)
    exact = exact_force_field(runs.structure, electrons)
    force_fields = {
        name: force_field_of(name, inputs, solvers, runs.structure, electrons) for name in settings.models
    }
    last = len(runs.times) - 1
    rows = []
    for k in np.unique(np.rint(np.linspace(0, last, settings.snapshots)).astype(int)):
        spins = runs.spins[k]
        truth = torque(spins, exact.evaluate(spins).field)
        squares = (truth**2).mean(axis=(1, 2))
        for name, force_field in force_fields.items():
            error = ((torque(spins, force_field.evaluate(spins).field) - truth) ** 2).mean(axis=(1, 2))
            relative = mean_and_interval(np.sqrt(error / squares), resampling)[:3]
            rows.append(
                {"ensemble": settings.quench, "model": name, "time": runs.times[k]}
                | {"torque_rms": np.sqrt(squares.mean()), "rmse": np.sqrt(error.mean())}
                | dict(zip(("relative", "low", "high"), map(float, relative), strict=True))
                | {"runs": len(squares)}
            )
    return {"torque_along_quench": data_frame(rows)}
