"""Quench one realization, all replicas at once, with exact or with learned fields (paper Eq. 3, Figs. 4 and 5)."""

from sdglass.dynamics.llg import LLG
from sdglass.dynamics.quench import quench, random_initial_spins
from sdglass.dynamics.trajectory import log_times
from sdglass.provenance import provenance
from sdglass.structures.structure import Structure
from sdglass_study.jobs.common import EXACT, continued, driver


def inputs(study, quench, model, index):
    """Return the structure, the model's fit and the cached descriptor, where there are."""
    structures = study.quenches[quench].structures
    given = {"structure": study.structure_file(structures, index)}
    if study.is_fitted(model):
        given["model"] = study.driver_file(model)
        for path in study.descriptors_of(model, structures, [index]):
            given["descriptor"] = path
    return given


def settings(study, quench, model, index):
    """Return the run, the electrons, and the keys of the random numbers."""
    entry = study.quenches[quench]
    told = {
        "ensemble": quench,
        "model": model,
        "electrons": study.electrons_of(entry).to_dict(),
        "replicas": entry.replicas,
        "dynamics": study.dynamics(entry),
        "duration": entry.duration,
        "snapshots_per_decade": entry.snapshots_per_decade,
        "first_snapshot": entry.first_snapshot,
        "seed": study.seed,
        "realization": study.structures[entry.structures].first + int(index),
    }
    if study.is_fitted(model):
        told |= {"dtype": study.models[model].dtype, "device": study.device_of(model)}
    elif model != EXACT:
        told |= {"solver": study.models[model].kind, "options": study.models[model].settings}
    return told


def modules(study, quench, model, index):
    """Return the module of the kind of model."""
    return study.model_modules(model)


def run(inputs, outputs, settings, code=""):
    """Write the trajectories; an interrupted run goes on from its checkpoint."""
    structure = Structure.load(inputs["structure"])
    force_field = driver(settings, structure, inputs.get("model"), inputs.get("descriptor"))
    dynamics = LLG(**settings["dynamics"])
    keys = {"seed": settings["seed"], "realization": settings["realization"]}
    files = [inputs[name] for name in ("structure", "model") if name in inputs]
    names = {"ensemble": settings["ensemble"], "model": settings["model"], "n_sites": structure.n_sites}

    def start(checkpoint):
        quench(
            force_field,
            random_initial_spins(structure.n_sites, *keys.values(), range(settings["replicas"])),
            dynamics,
            settings["duration"],
            **keys,
            snapshot_times=log_times(
                settings["duration"],
                dynamics.time_step,
                settings["snapshots_per_decade"],
                settings["first_snapshot"],
            ),
            checkpoint=checkpoint,
            progress=True,
            metadata=names | {"provenance": provenance(files)},
            out=outputs["trajectory"],
        )

    try:
        continued(start, f"{outputs['trajectory']}.checkpoint", inputs, settings, code)
    finally:
        getattr(force_field, "close", lambda: None)()
