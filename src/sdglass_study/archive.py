"""Results that came with the checkout: which configuration they are of, and when they were made.

Version control keeps neither modification times nor intermediate files, which is what a workflow manager goes by.
Snakemake makes nothing again whose intermediate inputs are gone, and cannot see that a parameter has changed where
it has no record of the earlier one. So results that were made elsewhere are compared with the configuration that
is stored beside them, and get equal times: none is newer than another.
"""

import base64
import os
from contextlib import suppress
from pathlib import Path

from sdglass.errors import InputError
from sdglass.yaml_file import load_yaml

# How a study is computed, not what.
HOW = ("device", "plugins")
CONFIG = "config.yaml"
NO_RESULTS = ("logs", "benchmarks")  # their times are those of the jobs


def adopt(folder, config, records=".snakemake/metadata"):
    """Make results of `folder` that were not made in this checkout count as they are.

    Parameters
    ----------
    folder : path
        ``results/<study>``.
    config : dict
        The configuration that is asked for.
    records : path
        Where Snakemake keeps what it has made here.

    Raises
    ------
    InputError
        If they are of another configuration; the message names the keys that differ.
    """
    folder = Path(folder)
    stored = folder / CONFIG
    if stored.is_file() and not _made_here(stored, records):
        different = list(differences(load_yaml(stored), config))
        if different:
            shown = "\n  ".join(different[:10])
            raise InputError(
                f"{folder} came with the checkout and was made with another configuration:\n  {shown}\n"
                f"Give the study another name (study: ..., now {folder.name}) to compute beside it, or delete "
                f"{folder} to compute it anew."
            )
    files = [path for path in folder.rglob("*") if path.is_file() and not _made_here(path, records)]
    files = [path for path in files if path.relative_to(folder).parts[0] not in NO_RESULTS]
    moment = min((path.stat().st_mtime for path in files), default=0.0)
    for path in files:
        if path.stat().st_mtime != moment:
            with suppress(PermissionError):  # somebody else's study, or a read-only disk: no reason not to plan
                os.utime(path, (moment, moment))


def differences(stored, wanted, key=""):
    """Yield a line for every key in which two configurations differ, but for those of `HOW`."""
    for name in {**stored, **wanted}:
        if not key and name in HOW:
            continue
        where = f"{key}.{name}" if key else name
        one, other = stored.get(name), wanted.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from differences(one, other, where)
        elif one != other:
            yield f"{where}: {_short(one)} there, {_short(other)} now"


def _made_here(path, records):
    record = base64.urlsafe_b64encode(str(path).encode()).decode()
    return Path(records, record).is_file()


def _short(value):
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
