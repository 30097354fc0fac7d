"""A digest of the source that a job runs: handed to Snakemake as a parameter, it reruns what an edit concerns."""

import ast
import hashlib
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

_PACKAGES = {"sdglass", "sdglass_study"}
_FOLDER = Path(__file__).resolve().parents[1]


@cache
def code_digest(*modules):
    """Return a SHA-256 of the source files of some modules and of all that they import from the two packages.

    Imports are read from the source, those inside functions too. What a registry imports by name at run time does
    not count: name it among `modules`. Modules of others, such as a user's own file, count without their imports.
    """
    digest = hashlib.sha256()
    for path in sorted(_sources(modules)):
        source = path.read_bytes()
        digest.update(f"{path.name} {len(source)} ".encode() + source)
    return digest.hexdigest()[:16]


def _sources(modules):
    found, waiting = {}, list(modules)
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if name not in found and path is not None:
            found[name] = path
            waiting += _imported(name, path)
            waiting += [".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 1)]
    return set(found.values())


@cache
def _imported(module, path):
    """Return the modules that one module's import statements name."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            # `from package import name`: the name is a module, or something that the package defines.
            names.update([origin, *(f"{origin}.{alias.name}" for alias in node.names)])
    return sorted(name for name in names if name.split(".")[0] in _PACKAGES)


@cache
def _source(module):
    """Return the file of a module; None if there is none."""
    top, *rest = module.split(".")
    if top in _PACKAGES:
        for path in (_FOLDER.joinpath(top, *rest, "__init__.py"), _FOLDER.joinpath(top, *rest).with_suffix(".py")):
            if path.is_file():
                return path
        return None
    if not module.startswith("sdglass_plugin_"):
        return None
    return Path(find_spec(module).origin)
