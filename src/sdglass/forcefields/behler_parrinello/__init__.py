"""Behler-Parrinello networks and linear models on magnetic symmetry functions, and on variables of a lattice."""

from sdglass.forcefields.registry import FITTED_MODELS

FITTED_MODELS.register_lazily("linear", f"{__name__}.linear:LinearModel")
FITTED_MODELS.register_lazily("network", f"{__name__}.network_model:NetworkModel")
FITTED_MODELS.register_lazily("lattice-network", f"{__name__}.lattice_model:LatticeNetworkModel")
