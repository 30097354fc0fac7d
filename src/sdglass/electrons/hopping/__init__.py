"""Hopping laws t(R): small callables of the distance (paper Eq. 18 and lattices), one file each.

A law is a frozen dataclass of its parameters, see `sdglass.electrons.hopping.law.HoppingLaw`. Registered in
`HOPPING_LAWS`, here or in a file of your own, it is known by its name everywhere.
"""

from sdglass.electrons.hopping.law import HOPPING_LAWS, HoppingLaw, hopping_from_dict, hopping_to_dict
from sdglass.electrons.hopping.shells import Shells
from sdglass.electrons.hopping.yukawa import Yukawa

__all__ = ["HOPPING_LAWS", "HoppingLaw", "Shells", "Yukawa", "hopping_from_dict", "hopping_to_dict"]
