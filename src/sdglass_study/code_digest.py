"""Which source files a module runs: the inputs that make an edited library rerun exactly what uses it."""

import ast
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

from sdglass.errors import InputError

_PACKAGES = ("sdglass", "sdglass_study")
_FOLDER = Path(__file__).resolve().parents[1]


def library_modules(module_name):
    """Return the files of this package that a module may run, itself included.

    Imports are read from the source, those inside functions too, and followed to their ends; so are the
    ``__init__`` files of the packages on the way. Names that are imported lazily, by a string at run time,
    do not count: a module that wants its dependencies known has to name them in an import statement.

    Parameters
    ----------
    module_name : str
        Dotted name inside the package, for example ``"sdglass_study.jobs.dataset"``.

    Returns
    -------
    list of pathlib.Path
        Sorted absolute paths.

    Raises
    ------
    InputError
        If there is no such module, or one of the files is not Python.
    """
    if _source(module_name) is None:
        raise InputError(f"module {module_name} does not exist; expected a file of that name below {_FOLDER}")
    found, waiting = {}, [module_name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _source(name)
            waiting += imported_modules(name)
            waiting += [".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 1)]
    return sorted(found.values())


@cache
def imported_modules(module_name):
    """Return the modules of this package that one module's import statements name, sorted."""
    path = _source(module_name)
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except SyntaxError as error:
        raise InputError(f"{path}: line {error.lineno} is not Python ({error.msg})") from None
    package = module_name if path.name == "__init__.py" else module_name.rpartition(".")[0]
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            names.add(origin)
            # `from package import name`: the name is a module, or something that the package defines.
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return sorted(name for name in names if _source(name) is not None)


@cache
def _source(module_name):
    """Return the file of a module of this package; None if there is none."""
    parts = module_name.split(".")
    if parts[0] not in _PACKAGES:
        return None
    for path in (_FOLDER.joinpath(*parts, "__init__.py"), _FOLDER.joinpath(*parts).with_suffix(".py")):
        if path.is_file():
            return path
    return None


def source_files():
    """Return the source files of the whole library, sorted."""
    return sorted(path for name in _PACKAGES for path in _FOLDER.joinpath(name).rglob("*.py"))
