"""The first and the last snapshot of a quench, with the local energy of every spin, for the 3D picture."""

from dataclasses import dataclass

import numpy as np

from sdglass.dynamics.trajectory import Trajectory
from sdglass.forcefields.registry import load_force_field
from sdglass.observables.local_energy import local_energies
from sdglass.structures.structure import Structure
from sdglass_study.analysis import analysis, data_frame, joined, of


@dataclass(frozen=True)
class Spins3D:
    """What is shown."""

    quench: str = of("quenches")  # its first model, realization and replica


def filmed(study, settings):
    """Return the inputs of what shows a quench."""
    quench = study.quenches[settings.quench]
    return {
        "trajectory": study.trajectory_file(settings.quench, quench.models[0], 0),
        "structure": study.structure_file(quench.structures, 0),
        "model": study.driver_file(quench.models[0]),
    }


@analysis("spins3d", Spins3D, inputs=filmed)
def spins3d(settings, inputs, electrons):
    """Return positions, spins and local energies at the first and the last time."""
    structure, trajectory = Structure.load(inputs["structure"][0]), Trajectory.load(inputs["trajectory"][0])
    force_field = load_force_field((inputs["model"] or ["exact"])[0], structure, electrons)
    made = trajectory.attributes
    parts = []
    for k in (0, len(trajectory.times) - 1):
        spins = trajectory.spins[k, 0]
        parts.append(
            data_frame(
                {"time": trajectory.times[k], "site": np.arange(structure.n_sites)}
                | {f"box_{axis}": edge for axis, edge in zip("xyz", structure.box, strict=True)}
                | dict(zip("xyz", structure.positions.T, strict=True))
                | dict(zip(("sx", "sy", "sz"), spins.T, strict=True))
                | {"local_energy": local_energies(force_field, spins)[0], "energy": trajectory.energy[k, 0]}
                | {"model": made["model"], "damping": made["damping"]}
            )
        )
    return {"spins3d": joined(parts)}
