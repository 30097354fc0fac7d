"""What hopping laws have in common: their registry, their form as plain data, parameters that are numbers."""

from dataclasses import asdict

import numpy as np

from sdglass.errors import InputError
from sdglass.registry import Registry

HOPPING_LAWS = Registry("hopping law", "sdglass.electrons.hopping")


def set_floats(law, names, ndim=0):
    """Turn parameters of a frozen law into finite floats, or (ndim = 1) tuples of them, or raise `InputError`."""
    for name in names:
        value = getattr(law, name)
        try:
            array = np.array(value, dtype=float)
        except (TypeError, ValueError, OverflowError):
            array = np.array(np.nan)
        if array.ndim != ndim or not np.isfinite(array).all():
            expected = "a list of finite numbers" if ndim else "a finite number"
            raise InputError(f"hopping {name} = {value!r}; expected {expected}")
        object.__setattr__(law, name, tuple(array.tolist()) if ndim else float(array))


def hopping_to_dict(law):
    """Return a law as plain data, ``{"law": name, **parameters}``; `InputError` if it is not registered."""
    name = HOPPING_LAWS.name_of(law)
    if name is None:
        raise InputError(
            f"hopping law {law!r} has no name to be saved under; "
            "register its class with HOPPING_LAWS.register(name)"
        )
    return {"law": name, **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(law).items()}}


def hopping_from_dict(data):
    """Return the law that `hopping_to_dict` described; `InputError` if it or one of its parameters is unknown."""
    return HOPPING_LAWS.from_dict(data, "law")
