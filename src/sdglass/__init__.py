"""sdglass: machine-learned force fields for the spin dynamics of metallic magnets.

Units everywhere: energy t0 = 1, length ell = 1 (decay length of the hopping), gyromagnetic ratio
gamma = 1, hence time in 1 / (gamma t0). Spins are unit vectors; a local field is an energy.

The names below are imported on first use, so that a rule that only draws a figure does not load
(and does not depend on) the electrons, and ``import sdglass`` costs nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "Structure": "structures.structure",
    "lattice": "structures.lattices",
    "square_lattice": "structures.lattices",
    "amorphous": "structures.amorphous",
    "read_structure": "structures.reading",
    "random_sequential_addition": "structures.amorphous",
    "SDModel": "electrons.sd_model",
    "Yukawa": "electrons.hopping",
    "Shells": "electrons.hopping",
    "solve": "electrons.diagonalization",
    "random_spins": "spins",
    "torque": "spins",
    "Evaluation": "forcefields.base",
    "ForceField": "forcefields.base",
    "ExactForceField": "forcefields.exact",
    "GreensFunctionForceField": "forcefields.greens_function",
    "BilinearForceField": "forcefields.pair",
    "SumForceField": "forcefields.composite",
    "CommitteeForceField": "forcefields.composite",
    "NetworkForceField": "forcefields.behler_parrinello.forcefield",
    "load_force_field": "forcefields.registry",
    "load_model": "forcefields.registry",
    "load_plugin": "registry",
    "check_engine": "forcefields.testing.check",
    "LLG": "dynamics.llg",
    "Trajectory": "dynamics.trajectory",
    "quench": "dynamics.quench",
    "continue_quench": "dynamics.quench",
}
__all__ = ["__version__", *_HOME]


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'sdglass' has no attribute {name!r}")
    return getattr(import_module(f"sdglass.{_HOME[name]}"), name)


def __dir__():
    return sorted(__all__)
