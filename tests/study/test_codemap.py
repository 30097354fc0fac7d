"""The map of imports that makes an edited library rerun exactly what uses it."""

import subprocess
import sys
from pathlib import Path

import pytest

import sdglass
from sdglass.errors import InputError
from sdglass_study import code_digest as codemap
from sdglass_study.code_digest import library_modules

FOLDER = Path(sdglass.__file__).resolve().parent
STEPS = [
    f"sdglass_study.jobs.{path.stem}" for path in sorted(FOLDER.glob("steps/*.py")) if path.stem != "__init__"
]
LIBRARY = [
    "sdglass.structures.structure",
    "sdglass.forcefields.exact",
    "sdglass.forcefields.testing.check",
    "sdglass.dynamics.quench",
    "sdglass.observables.domain_growth",
]

LIST_REAL_IMPORTS = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [key for key in sys.modules if key.partition(".")[0] == "sdglass"]:
        del sys.modules[loaded]
    importlib.import_module(name)
    print(name, *(module.__file__ for key, module in sys.modules.items() if key.partition(".")[0] == "sdglass"))
"""


def names(module):
    return {path.relative_to(FOLDER).as_posix() for path in library_modules(module)}


@pytest.fixture(scope="module")
def real_imports():
    """Files of the package in sys.modules after importing each module afresh, by module name."""
    command = [sys.executable, "-c", LIST_REAL_IMPORTS, *STEPS, *LIBRARY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    return {name: {Path(file).resolve() for file in files} for name, *files in lines}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that writes a package `sdglass` and makes the map look at it."""

    def write(**modules):
        for name, text in {"__init__": "", **modules}.items():
            path = tmp_path.joinpath(*name.split("__in__")[::-1]).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return lambda module: {path.relative_to(tmp_path).as_posix() for path in library_modules(module)}

    monkeypatch.setattr(codemap, "_FOLDER", tmp_path)
    for cached in (codemap._source, codemap.imported_modules):
        cached.cache_clear()
    yield write
    for cached in (codemap._source, codemap.imported_modules):
        cached.cache_clear()


@pytest.mark.parametrize("module", STEPS + LIBRARY)
def test_the_map_holds_every_module_that_is_really_imported(module, real_imports):
    assert len(real_imports[module]) >= 2  # the module and the package: the comparison is not empty
    assert real_imports[module] <= set(library_modules(module))


def test_a_leaf_does_not_pull_the_rest():
    assert names("sdglass.structures.structure") == {"__init__.py", "errors.py", "files.py", "structure.py"}
    assert "exact.py" not in names("sdglass.dynamics.llg")
    assert not {"network.py", "training.py", "exact.py"} & names("sdglass.observables.domain_growth")


def test_packages_on_the_way_are_included():
    assert {"__init__.py", "engines/__init__.py", "engines/contract.py", "exact.py"} <= names(
        "sdglass.forcefields.exact"
    )


def test_every_form_of_import_is_seen(package):
    mapped = package(
        top=(
            "import sdglass.one\nimport sdglass.two as second, json\nfrom sdglass import three\n"
            "from sdglass.four import something\nfrom .five import other\nfrom . import six, __version__\n"
            "def late():\n    from sdglass.seven import thing\n"
            "if False:\n    import numpy\nlazy = 'sdglass.never'\n"
        ),
        one="from sdglass.eight import x",
        **dict.fromkeys(("two", "three", "four", "five", "six", "seven", "eight", "never"), ""),
    )
    expected = {"__init__", "top", "one", "two", "three", "four", "five", "six", "seven", "eight"}
    assert mapped("sdglass.top") == {f"{name}.py" for name in expected}


def test_relative_imports_inside_a_package_and_circles_end(package):
    mapped = package(
        __init____in__engines="from .contract import Engine",
        contract__in__engines="from ..errors import InputError",
        exact__in__engines="from .. import spins",
        errors="",
        spins="def late():\n    from sdglass.engines import exact",
        other="",
    )
    files = {
        "__init__.py",
        "engines/__init__.py",
        "engines/contract.py",
        "engines/exact.py",
        "errors.py",
        "spins.py",
    }
    assert mapped("sdglass.forcefields.exact") == mapped("sdglass.spins") == files


def test_an_unknown_module_is_named():
    with pytest.raises(InputError, match=r"sdglass\.steps\.nonsense does not exist"):
        library_modules("sdglass_study.jobs.nonsense")
    with pytest.raises(InputError, match="numpy does not exist"):
        library_modules("numpy")


def test_a_file_that_is_not_python_is_named(package):
    mapped = package(bad="def\n")
    with pytest.raises(InputError, match=r"bad\.py: line 1 is not Python"):
        mapped("sdglass.bad")
