"""sdglass: machine-learned force fields for the spin dynamics of metallic magnets.

Electrons and classical unit spins S_i, with the sum over ordered pairs, so that H_ij = +t(R_ij):

    H = sum_{i != j, s} t(R_ij) c+_is c_js - J sum_i S_i . (c+_i sigma c_i)
    H_i = -dF/dS_i              F: free energy of N_e = 2 N f electrons (at a fixed mu the grand potential)
    dS_i/dt = gamma S_i x (H_i + eta_i) - alpha S_i x (S_i x H_i)
    <eta_a(t) eta_b(t')> = 2 (alpha T / gamma^2) delta_ab delta(t - t')

The sign of t is that of the hopping law, + for `Yukawa()` (random sites, the paper), - for `Shells()` (lattices),
or of the matrix that is given for it; t -> -t is f -> 1 - f. J > 0 aligns electrons with spins. Spins turn
clockwise about their fields, and towards them.

Units everywhere: energy t0 = 1, length ell = 1 (decay length of the hopping, spacing of a lattice), gyromagnetic
ratio gamma = 1, hence time in 1 / (gamma t0) = hbar s / t0. Local fields and temperatures are energies.

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
    "KernelPolynomialForceField": "forcefields.kernel_polynomial",
    "BilinearForceField": "forcefields.pair",
    "SumForceField": "forcefields.composite",
    "CommitteeForceField": "forcefields.composite",
    "Zeeman": "forcefields.terms",
    "UniaxialAnisotropy": "forcefields.terms",
    "Heisenberg": "forcefields.pair_terms",
    "DzyaloshinskiiMoriya": "forcefields.pair_terms",
    "NetworkForceField": "forcefields.behler_parrinello.forcefield",
    "load_force_field": "forcefields.registry",
    "load_model": "forcefields.registry",
    "fit": "fitting",
    "fit_labels": "fitting",
    "read_labels": "foreign_labels",
    "label": "labelling",
    "LabelledConfigurations": "dataset",
    "load_plugin": "registry",
    "check_engine": "forcefields.testing.check",
    "LLG": "dynamics.llg",
    "Trajectory": "dynamics.trajectory",
    "triangles": "observables.chirality",
    "scalar_chirality": "observables.chirality",
    "commensurate_grid": "observables.structure_factor",
    "structure_factor": "observables.structure_factor",
    "wave_path": "observables.special_points",
    "replica_overlap": "observables.replica_overlap",
    "measure_series": "observables.series",
    "load_series": "observables.series_file",
    "export": "exports",
    "plot_series": "plotting.series",
    "plot_profiles": "plotting.series",
    "plot_structure_factor": "plotting.structure_factor",
    "plot_spins": "plotting.spins",
    "Protocol": "dynamics.protocol",
    "Stage": "dynamics.protocol",
    "conditions": "dynamics.schedule",
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
