"""The force field of the locator expansion, for half filling."""

from sdglass.forcefields.registry import FITTED_MODELS

FITTED_MODELS.register_lazily("locator", f"{__name__}.fit:LocatorModel")
