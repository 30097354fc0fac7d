"""Measure correlations, energies and overlaps on the trajectories of one realization (paper Eq. 20)."""

from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.observables import OBSERVABLES
from sdglass.observables.measure import distance_bins, measure
from sdglass.structures.structure import Structure


def inputs(study, quench, model, index):
    """Return the trajectory and its structure."""
    return {
        "trajectory": study.trajectory_file(quench, model, index),
        "structure": study.structure_file(study.quenches[quench].structures, index),
    }


def settings(study, quench, model, index):
    """Return what is measured, and the bins of distance."""
    kind = study.structures[study.quenches[quench].structures].kind
    return {
        "observables": list(study.observables),
        "r_min": getattr(kind, "r_min", 0.0),
        "bin_width": study.statistics.bin_width,
    }


def modules(study, quench, model, index):
    """Return the modules of the observables."""
    return [OBSERVABLES.module_of(name) for name in study.observables]


def run(inputs, outputs, settings):
    """Write the observables of one trajectory."""
    structure, trajectory = Structure.load(inputs["structure"]), Trajectory.load(inputs["trajectory"])
    try:
        edges = distance_bins(structure, settings["r_min"], settings["bin_width"])
        measured = measure(structure, trajectory, edges, settings["observables"])
    except InputError as error:
        raise InputError(f"{inputs['trajectory']}: {error}") from None
    measured.save(outputs["observables"])
