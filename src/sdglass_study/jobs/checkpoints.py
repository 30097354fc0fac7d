"""Checkpoints in a study: an interrupted job goes on, but never with what other code or inputs have begun."""

import hashlib
import sys

from sdglass.errors import CheckpointError
from sdglass.io import discard
from sdglass_study.code_digest import library_modules


def code_digest(step):
    """Return a SHA-256 of all source files that a step, named as in ``sdglass_study.jobs.NAME``, runs."""
    digest = hashlib.sha256()
    for path in library_modules(f"sdglass_study.jobs.{step}"):
        source = path.read_bytes()
        digest.update(f"{path.name} {len(source)} ".encode() + source)
    return digest.hexdigest()


def run_identity(step, provenance, electrons, **options):
    """Return what a checkpoint of a step's quench depends on besides the arguments of `sdglass.dynamics.quench.quench`.

    Parameters
    ----------
    step : str
        Name of the step.
    provenance : dict
        Record of `sdglass.provenance.provenance`, whose digests of the input files are used.
    electrons : SDModel
    **options
        How the engine computes, JSON data.
    """
    return {
        "code": code_digest(step),
        "inputs": provenance["inputs"],
        "electrons": electrons.to_dict(),
        **options,
    }


def continued(function, *args, checkpoint, **kwargs):
    """Return function(*args, checkpoint=checkpoint, **kwargs), without the checkpoint if it is refused.

    The library refuses a checkpoint that is damaged or of another run, because whoever typed the command
    may have mistyped it. Inside a study the configuration is right and the checkpoint is left over: it is
    deleted, which one line in the log says, and the run starts afresh.
    """
    try:
        return function(*args, checkpoint=checkpoint, **kwargs)
    except CheckpointError as error:
        path = getattr(checkpoint, "path", checkpoint)
        print(f"{path}: discarded, starting afresh: {error.reason}", file=sys.stderr, flush=True)
        discard(path)
        return function(*args, checkpoint=checkpoint, **kwargs)
