"""What several jobs share: electrons as plain data, force fields, progress of interrupted jobs, threads."""

import os
import sys

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import CheckpointError
from sdglass.forcefields.exact import exact_force_field
from sdglass.forcefields.registry import load_force_field
from sdglass.provenance import file_digest
from sdglass_study.config.entries import EXACT


def electrons(settings):
    """Return the `SDModel` of a job's settings."""
    return SDModel.from_dict(settings["electrons"])


def threads():
    """Return the number of threads that the workflow gives the job, 1 without one."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def driver(settings, structure, fit, descriptor=None):
    """Return the force field that drives dynamics: exact electrons, a solver with an error, or the fit of a model.

    Parameters
    ----------
    settings : dict
        ``electrons``, ``model`` (name); ``solver`` and its ``options``; of a fitted model ``dtype``, ``device``.
    structure : Structure
    fit : path or list
        Weights of the model; an empty list for electrons that are solved.
    descriptor : path, optional
        Cached descriptor of the structure.
    """
    model = electrons(settings)
    if settings["model"] == EXACT:
        return exact_force_field(structure, model, workers=threads())
    if "solver" in settings:
        return load_force_field(settings["solver"], structure, model, **settings["options"])
    return load_force_field(
        fit,
        structure,
        model,
        dtype=settings["dtype"],
        device=settings["device"],
        descriptor=load_descriptor(descriptor, structure, fit) if descriptor else None,
    )


def load_descriptor(path, structure, fit):
    """Return the cached descriptor of a structure as the model of a file wants it."""
    from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps
    from sdglass.forcefields.registry import load_model

    return load_feature_maps(path, structure, load_model(fit).descriptor)


def continued(job, path, inputs, settings, code):
    """Return ``job(checkpoint)``, from its beginning if the checkpoint is of other inputs, settings or code.

    The library refuses a checkpoint that is damaged or of another run, because whoever typed the command may have
    mistyped it. In a study the configuration is right and the checkpoint is left over: a line in the log says so.
    """
    files = [one for given in inputs.values() for one in ([given] if isinstance(given, str) else given)]
    checkpoint = Checkpoint(
        path, {"code": code, "settings": settings, "inputs": {file: file_digest(file) for file in files}}
    )
    try:
        return job(checkpoint)
    except CheckpointError as error:
        print(f"{path}: discarded, starting afresh: {error.reason}", file=sys.stderr, flush=True)
        checkpoint.discard()
        return job(checkpoint)
