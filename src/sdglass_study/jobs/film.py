"""Make a short film of a quench (animated GIF): the spins or sites, coloured, C(r) and the energy."""

import numpy as np

from sdglass_study.figures._labels import Look


def inputs(study):
    """Return the quench that is shown, its structure and its model."""
    quench = study.quenches[study.film.quench]
    model = quench.models[0]
    given = {
        "trajectory": study.trajectory_file(study.film.quench, model, 0),
        "structure": study.structure_file(quench.structures, 0),
    }
    return given | {"model": study.driver_file(model)} if study.is_fitted(model) else given


def settings(study):
    """Return what the title says, and the bins of C(r)."""
    quench = study.quenches[study.film.quench]
    return {
        "colours": study.film.colours,
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
    return study.model_modules(study.quenches[study.film.quench].models[0])


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
        title; ``r_min`` and ``bin_width`` of C(r) [ell]; ``colours``, as of `Film`; ``labels`` and ``members``,
        optional.
    """
    from sdglass.dynamics.trajectory import Trajectory
    from sdglass.electrons.sd_model import SDModel
    from sdglass.forcefields.registry import load_force_field
    from sdglass.structures.structure import Structure
    from sdglass_study.figures._film import write_film

    electrons = SDModel.from_dict(settings["electrons"])
    structure = Structure.load(inputs["structure"])
    source, members = inputs.get("model") or "exact", settings.get("members")
    trajectory = Trajectory.load(inputs["trajectory"])

    def force_field():
        return load_force_field(source, structure, electrons, dtype="float64", members=members)

    values = colours(settings["colours"], structure, electrons, force_field, trajectory.spins[:, 0])
    write_film(film(structure, trajectory, values, settings), outputs["film"])


def colours(name, structure, electrons, force_field, spins):
    """Return the number of each site (K, N) that a film shows as a colour, for spins (K, N, 3).

    `force_field` returns the one of the local energies: others need none.
    """
    if name == "chirality":
        from sdglass.observables.chirality import site_chirality, triangles
        from sdglass_study.analysis.chirality_growth import PERFECT

        return site_chirality(spins, triangles(structure)) / PERFECT
    if name == "holes":
        from sdglass_study.analysis._holes import hole_density

        return hole_density(structure, electrons, spins)
    from sdglass.observables.local_energy import local_energies

    return local_energies(force_field(), spins)


def film(structure, trajectory, values, settings):
    """Return the `sdglass_study.figures._film.Film` of the first replica, with its colours (K, N)."""
    from sdglass.observables.correlation import correlation_histogram, pair_bins
    from sdglass.observables.measure import distance_bins
    from sdglass_study.figures._film import Film
    from sdglass_study.figures._style import number

    bins = pair_bins(structure, distance_bins(structure, settings["r_min"], settings["bin_width"]))
    box, positions = np.diag(structure.cell), structure.positions.copy()
    if not structure.orthorhombic:  # shown as a box: its first edge is along x, so that it repeats as it did
        positions[:, 0] %= box[0]
    spins, label = trajectory.spins[:, 0], Look(settings.get("labels")).label(settings["model"])
    correlation = correlation_histogram(trajectory.spins[:, :1], bins)[:, 0]
    held = np.isfinite(correlation).all(axis=0)  # a lattice has few distances
    return Film(
        title=rf"Quench of $N = {structure.n_sites}$ spins: {label}, $\alpha = {settings['damping']:g}$, "
        rf"$T = {number(settings['temperature'], 1)}\,t_0$",
        times=trajectory.times,
        positions=positions,
        box=box,
        spins=spins,
        colours=settings["colours"],
        values=values,
        energy=trajectory.energy[:, 0],
        distance=bins.centres[held],
        correlation=correlation[:, held],
    )
