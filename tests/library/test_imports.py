"""What is slow to import, and what only some machines have, is imported where it is used and nowhere else."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "matplotlib", "numba", "pandas")

WITHOUT = f"""
import sys
for name in {HEAVY}:
    sys.modules[name] = None  # importing it fails
"""

USES = {
    "the package": "import sdglass, sdglass.cli\nsdglass.load_force_field, sdglass.quench, sdglass.check_engine",
    "help": """
from sdglass.cli import main
try:
    main(["--help"])
except SystemExit as exit:
    assert exit.code == 0
""",
    "a structure": """
from sdglass.cli import main
assert main(["structure", "--n-sites", "9", "--out", "S.npz"]) == 0
""",
    "the registries": """
from sdglass.electrons.hopping import HOPPING_LAWS
from sdglass.exports import FORMATS
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS, FITTED_MODELS
from sdglass.structures import STRUCTURES
assert set(FORMATS) == {"extxyz", "ovf", "vtk"}
assert list(HOPPING_LAWS) == ["shells", "yukawa"]
assert list(STRUCTURES) == ["amorphous", "lattice"]
assert list(ELECTRON_FORCE_FIELDS) == ["greens-function", "exact", "diagonalization", "kpm"]
assert set(FITTED_MODELS) == {"linear", "network", "locator", "kernel", "poles", "lattice-network"}
""",
    "settings of a network": """
from sdglass.forcefields.registry import FITTED_MODELS
assert FITTED_MODELS["network"].Settings(layers=[4]).folds == (0, 1, 2, 3, 4)
""",
    "exact fields and a linear model": """
import numpy as np
from sdglass import SDModel, load_force_field, random_sequential_addition, random_spins
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions
structure = random_sequential_addition(10, 2.5, 0.5, np.random.default_rng(0))
spins = random_spins(10, np.random.default_rng(0), 2)
load_force_field("exact", structure).evaluate(spins)
functions = SymmetryFunctions(cutoff=1.2, shells=3)
LinearModel(SDModel(), functions, np.ones(3), EnergyReference(0, 0)).save("M.safetensors")
load_force_field("M.safetensors", structure).evaluate(spins)
""",
}


@pytest.mark.parametrize("use", USES)
def test_it_does_without_what_is_heavy(tmp_path, use):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + USES[use]], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
