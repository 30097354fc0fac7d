"""Make a short film of a quench (animated GIF): the spins coloured by local energy, C(r) and the energy."""

import numpy as np

from sdglass_study.figures._labels import Look

QUENCH = "film"  # the entry of ``quenches`` that is shown


def inputs(study):
    """Return the quench that is shown, its structure and its model."""
    quench = study.quenches[QUENCH]
    model = quench.models[0]
    given = {
        "trajectory": study.trajectory_file(QUENCH, model, 0),
        "structure": study.structure_file(quench.structures, 0),
    }
    return given | {"model": study.driver_file(model)} if study.is_fitted(model) else given


def settings(study):
    """Return what the title says, and the bins of C(r)."""
    quench = study.quenches[QUENCH]
    return {
        "model": quench.models[0],
        "electrons": study.electrons_of(quench).to_dict(),
        "damping": quench.damping,
        "temperature": quench.temperature,
        "r_min": getattr(study.structures[quench.structures].kind, "r_min", 0.0),
        "bin_width": study.statistics.bin_width,
        "labels": study.model_labels(),
    }


def modules(study):
    """Return the module of the kind of model."""
    return study.model_modules(study.quenches[QUENCH].models[0])


def run(inputs, outputs, settings):
    """Write ``outputs["film"]``.

    Parameters
    ----------
    inputs : dict
        ``trajectory``, whose first replica is shown; ``structure``; ``model``, the file of the force field that
        the local energies are taken from, left out for exact fields.
    outputs : dict
    settings : dict
        ``model``, its name; ``electrons``, as from `SDModel.to_dict`; ``damping`` and ``temperature``, for the
        title; ``r_min`` and ``bin_width`` of C(r) [ell]; ``labels`` and ``members``, optional.
    """
    from sdglass.dynamics.trajectory import Trajectory
    from sdglass.electrons.sd_model import SDModel
    from sdglass.forcefields.registry import load_force_field
    from sdglass.structures.structure import Structure
    from sdglass_study.figures._film import write_film

    electrons = SDModel.from_dict(settings["electrons"])
    structure = Structure.load(inputs["structure"])
    source, members = inputs.get("model") or "exact", settings.get("members")
    force_field = load_force_field(source, structure, electrons, dtype="float64", members=members)
    write_film(film(structure, Trajectory.load(inputs["trajectory"]), force_field, settings), outputs["film"])


def film(structure, trajectory, force_field, settings):
    """Return the `sdglass_study.figures._film.Film` of the first replica of a trajectory; settings as in `run`."""
    from sdglass.observables.correlation import correlation_histogram, pair_bins
    from sdglass.observables.local_energy import local_energies
    from sdglass.observables.measure import distance_bins
    from sdglass_study.figures._film import Film
    from sdglass_study.figures._style import number

    bins = pair_bins(structure, distance_bins(structure, settings["r_min"], settings["bin_width"]))
    box, positions = np.diag(structure.cell), structure.positions.copy()
    if not structure.orthorhombic:  # shown as a box: its first edge is along x, so that it repeats as it did
        positions[:, 0] %= box[0]
    spins, label = trajectory.spins[:, 0], Look(settings.get("labels")).label(settings["model"])
    return Film(
        title=rf"Quench of $N = {structure.n_sites}$ spins: {label}, $\alpha = {settings['damping']:g}$, "
        rf"$T = {number(settings['temperature'], 1)}\,t_0$",
        times=trajectory.times,
        positions=positions,
        box=box,
        spins=spins,
        local_energy=local_energies(force_field, spins),
        energy=trajectory.energy[:, 0],
        distance=bins.centres,
        correlation=correlation_histogram(trajectory.spins[:, :1], bins)[:, 0],
    )
