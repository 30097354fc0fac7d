"""One arrow: the study imports the library, higher folders lower ones."""

import ast
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
# A module imports from its own layer and from those before it.
LAYERS = (
    {
        "errors",
        "arrays",
        "registry",
        "io",
        "hdf5",
        "yaml_file",
        "progress",
        "random_streams",
        "statistics",
        "provenance",
        "devices",
        "compiled",
    }
    | {"dynamics.checkpoint"},  # a file format, of trainings too
    {"structures", "spins"},
    {"electrons"},
    {"dataset", "forcefields"},
    {"labelling", "fitting", "foreign_labels"},
    {"dynamics"},
    {"observables", "exports"},
    {"plotting"},
    {"cli"},
)
HEAVY = ("torch", "matplotlib", "numba", "pandas")


def imports(path):
    """Return the modules of this project that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def layer(module):
    """Return the layer of ``sdglass.NAME...``; None if it has none."""
    parts = module.split(".")[1:]
    for name in (".".join(parts[:2]), parts[0]):
        for number, names in enumerate(LAYERS):
            if name in names:
                return number
    return None


def test_the_library_imports_neither_the_study_nor_a_higher_folder():
    wrong = []
    for path in (SOURCE / "sdglass").rglob("*.py"):
        own = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for module in imports(path):
            if module.startswith("sdglass_study"):
                wrong.append(f"{own}: {module}")
            elif module.startswith("sdglass.") and own != "sdglass.__init__":
                upper, lower = layer(own), layer(module)
                if upper is None or lower is None:
                    if module != "sdglass.__version__":
                        wrong.append(f"{own}: {module}: no layer, name it in LAYERS")
                elif lower > upper:
                    wrong.append(f"{own}: {module}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_dynamics_and_observables_do_without_what_is_heavy():
    code = "from sdglass import quench; import sdglass.observables.measure, sys"
    code += f"; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("\n", "")
