"""What the process that plans a study hands on to its jobs.

A job on another node is a snakemake of its own. It would read the configuration again, as it is then; files that
were edited since the study began would make it compute another one, under the same names.
"""

import base64
import json
import zlib

from sdglass.errors import InputError


def encode_study(study):
    """Return a mapping as text that fits into an environment variable and needs no quotes in a shell."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(study).encode())).decode()


def decode_study(text, name):
    """Return the mapping that `encode_study` was given.

    Parameters
    ----------
    text : str or None
        Value of the environment variable; None if it is not set.
    name : str
        Its name.

    Raises
    ------
    InputError
        If it is not set, or is something else.
    """
    if text is None:
        raise InputError(
            f"{name} is not set: this job does not know the configuration that its study began with; expected the"
            " environment of the submitting snakemake (on Slurm: submit with --export=ALL)"
        )
    try:
        study = json.loads(zlib.decompress(base64.b64decode(text, altchars=b"-_", validate=True)))
    except (ValueError, zlib.error) as error:
        raise InputError(f"{name}={text[:40]}: not what snakemake set for its jobs ({error})") from None
    if not isinstance(study, dict):
        raise InputError(f"{name}: expected a mapping, found {study!r}")
    return study
