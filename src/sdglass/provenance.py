"""Where an artefact comes from: versions, inputs and parameters, the same on every machine.

No times, host names or absolute paths: two runs of the same code on the same inputs give the same record.
"""

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from sdglass import __version__
from sdglass.errors import InputError

_PACKAGES = ("numpy", "scipy", "torch")


def provenance(inputs, **parameters):
    """Return the record that is written into an artefact, as plain data.

    ``sdglass``: version; ``code``: git describe of the package's repository, or ``"unknown"``; ``versions``: of
    Python and the numerical packages (None where one is absent); ``inputs``: SHA-256 by file name; ``parameters``.

    Parameters
    ----------
    inputs : sequence of path
        Files that the artefact was made from.
    **parameters
        Seed and settings, plain data (numbers, strings, lists, mappings); numpy scalars become numbers.

    Raises
    ------
    InputError
        If an input is missing, or two different ones have the same name.
    """
    return {
        "sdglass": __version__,
        "code": describe_code(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "inputs": _digests([Path(path) for path in inputs]),
        "parameters": _plain(parameters),
    }


def file_digest(path):
    """Return the SHA-256 of a file's contents, hexadecimal; `InputError` if there is no such file."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected a file") from None


def describe_code():
    """Return ``git describe --always`` of the checkout that holds this package, or ``"unknown"``.

    ``-dirty`` is appended when the package itself differs from that commit; results that a study has
    just written do not count. A package installed inside another project's repository is not that
    project's code, so its files have to be tracked.
    """
    package = Path(__file__).resolve().parent
    if not _git(package, "ls-files", "__init__.py"):
        return "unknown"
    commit = _git(package, "describe", "--always", "--tags")
    changed = _git(package, "diff", "--name-only", "HEAD", "--", ".")
    return (f"{commit}-dirty" if changed else commit) or "unknown"


def _git(folder, *arguments):
    """Return what a git command prints, run in `folder`; empty if it fails."""
    # Variables such as GIT_DIR, set inside hooks, would point git at another repository.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    # Without the lock, refreshing the index cannot disturb a commit going on at the same time.
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _digests(paths):
    """Return {file name: SHA-256}, sorted; where names repeat, the folder above tells them apart."""
    paths = sorted(set(paths))
    names = [path.name for path in paths]
    digests = {}
    for path in paths:
        key = path.name if names.count(path.name) == 1 else "/".join(path.parts[-2:])
        digest = file_digest(path)
        if digests.setdefault(key, digest) != digest:
            raise InputError(f"inputs: two different files are called {key}; give them different names")
    return dict(sorted(digests.items()))


def _plain(value):
    """Return `value` as JSON would give it back: no tuples, no numpy scalars, no paths."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return value.name
    return value.item() if hasattr(value, "item") else value
