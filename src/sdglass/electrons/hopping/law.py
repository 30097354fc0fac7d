"""What hopping laws have in common: what they state, their registry, their form as plain data."""

import hashlib
from dataclasses import asdict
from typing import Protocol

import numpy as np
from scipy import sparse

from sdglass.errors import InputError
from sdglass.registry import Registry

HOPPING_LAWS = Registry("hopping law", "sdglass.electrons.hopping")


class HoppingLaw(Protocol):
    """What a hopping law states.

    Attributes
    ----------
    range : float
        Distance beyond which the hopping vanishes [ell]; infinite if it nowhere does.
    decay_length : float
        Length over which the hopping falls by a factor e or more [ell]. Needed where the range is infinite, by
        force fields that have to cut it (all but the exact one); not used elsewhere.
    """

    range: float
    decay_length: float

    def __call__(self, distance):
        """Return t(R) [t0] at distances [ell], an array of their shape."""
        ...


def length_scale(law):
    """Return the length on which a law's hopping vanishes [ell]: its range, or its decay length.

    `InputError` if the range is infinite and no decay length is stated.
    """
    if np.isfinite(law.range):
        return float(law.range)
    if not hasattr(law, "decay_length"):
        raise InputError(
            f"hopping law {law!r}: its range is infinite and it states no decay_length, so that no force "
            "field but the exact one knows where to cut it; expected a decay_length [ell] or a finite range"
        )
    length = law.decay_length
    if not (isinstance(length, (int, float, np.number)) and 0 < length < np.inf):
        raise InputError(f"hopping law {law!r}: decay_length = {length!r}; expected a positive length [ell]")
    return float(length)


def reach(law):
    """Return the distance [ell] beyond which the hopping is left out where it is cut.

    It is the range or, of a law without, 9.3 decay lengths: t is below 1e-4 of its largest value there.
    """
    return length_scale(law) * (1.0 if np.isfinite(law.range) else 9.3)


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
    """Return a law as plain data, ``{"law": name, **parameters}``; `InputError` if it is not registered.

    Of a matrix they hold only what tells it from another one.
    """
    if sparse.issparse(law) or isinstance(law, np.ndarray):
        return {"law": "matrix", "shape": list(law.shape), "sha256": _digest(law)}
    name = HOPPING_LAWS.name_of(law)
    if name is None:
        raise InputError(
            f"hopping law {law!r} has no name to be saved under; "
            "register its class with HOPPING_LAWS.register(name)"
        )
    return {"law": name, **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(law).items()}}


def _digest(matrix):
    entries = sparse.coo_matrix(matrix).tocsr().tocoo()
    kept = entries.data != 0
    parts = (
        entries.row[kept].astype(np.int64),
        entries.col[kept].astype(np.int64),
        entries.data[kept].astype(complex),
    )
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def hopping_from_dict(data):
    """Return the law that `hopping_to_dict` described; `InputError` if it or one of its parameters is unknown."""
    if data.get("law") == "matrix":
        raise InputError(
            "the hopping is a matrix of one structure, which is not stored; expected the matrix itself"
        )
    return HOPPING_LAWS.from_dict(data, "law")
