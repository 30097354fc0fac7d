"""The library is built in floors: no module imports from a floor above its own."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

import sdglass
from sdglass_study.code_digest import imported_modules

FOLDER = Path(sdglass.__file__).resolve().parent

# Every module of src/sdglass stands on one floor; a package on the floor of its own entry here covers
# what is inside it. New module: add it to the lowest floor that its imports allow.
FLOORS = [
    {"errors", "files", "seeding", "provenance", "codemap", "progress", "streams", "handover"},
    {"structure", "packing", "neighbours", "spins"},
    {"hopping", "hamiltonian"},
    # config checks a study against the physics (electrons, packing), so it stands above them.
    {
        "occupation",
        "exact",
        "perturbation",
        "density_of_states",
        "symmetry_functions",
        "hopping_functions",
        "locator",
        "locator_lists",
        "locator_uncertainty",
        "compiled_vectors",
        "loop_reach",
        "loop_kernel_block",
        "loop_kernel_single",
        "loop_kernels",
        "config",
        "overrides",
        "study",
        "comparisons",
        "landed",
    },
    {
        "dataset",
        "linear_model",
        "locator_model",
        "field_map",
        "devices",
        "matrix_product",
        "network",
        "training",
        "training_set",
        "model_file",
        "training_domain",
        "feature_cache",
        "engines",
    },
    {"llg", "trajectory", "checkpoint", "quench", "descent"},
    {
        "bootstrap",
        "correlation",
        "correlation_features",
        "correlation_length",
        "growth",
        "observables",
        "local_energy",
        "multiverse",
        "model_errors",
    },
    {"claims", "plotting", "report", "status", "cli"},
    {"steps"},
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
MODULES = sorted(
    ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")
    for path in FOLDER.rglob("*.py")
    if path != FOLDER / "__init__.py"
)


def floor(module):
    """Return the floor of a module, named without `sdglass.`."""
    top = module.partition(".")[0]
    if top.startswith("plotting"):  # one module per kind of figure
        top = "plotting"
    assert top in FLOOR, f"sdglass.{module} has no floor: add {top!r} to FLOORS in tests/test_layering.py"
    return FLOOR[top]


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_imported_from_a_floor_above(module):
    for imported in imported_modules(f"sdglass.{module}"):
        name = imported.partition(".")[2]
        if name:  # the package itself imports nothing
            assert floor(name) <= floor(module), (
                f"sdglass.{module} (floor {floor(module)}) imports sdglass.{name} (floor {floor(name)})"
            )


def test_the_package_itself_imports_no_module():
    assert imported_modules("sdglass") == []


@pytest.mark.parametrize("module", [name for name in MODULES if name.partition(".")[0] not in ("cli", "steps")])
def test_the_library_parses_no_arguments(module):
    tree = ast.parse(Path(find_spec(f"sdglass.{module}").origin).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert "argparse" not in {alias.name for node in imports for alias in node.names}
