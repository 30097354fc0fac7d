"""Hopping laws t(R): small callables of the distance (paper Eq. 18 and lattices).

A new law is a frozen dataclass here with ``__call__(distance)``, a ``range`` beyond which it vanishes
(infinite for Yukawa), and one line in `LAWS`.
"""

from dataclasses import asdict, dataclass

import numpy as np

from sdglass.errors import InputError


def _set_floats(law, names, ndim=0):
    """Turn the named parameters of a frozen law into finite floats, or (ndim = 1) tuples of them."""
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


@dataclass(frozen=True)
class Yukawa:
    """t(R) = amplitude * exp(-R / decay_length), Eq. 18; positive amplitude as in the paper.

    Parameters
    ----------
    amplitude : float
        t0 [t0].
    decay_length : float
        ell [ell].
    """

    amplitude: float = 1.0
    decay_length: float = 1.0

    def __post_init__(self):
        _set_floats(self, ("amplitude", "decay_length"))
        if self.decay_length <= 0:
            raise InputError(f"hopping decay_length = {self.decay_length}; expected a positive length [ell]")

    @property
    def range(self):
        """Infinite: the law is not cut off (distances are minimum images)."""
        return np.inf

    def __call__(self, distance):
        """Return t(R) [t0] for an array of distances [ell]."""
        return self.amplitude * np.exp(-np.asarray(distance) / self.decay_length)


@dataclass(frozen=True)
class Shells:
    """One amplitude per neighbour shell of a lattice; zero at every other distance.

    Parameters
    ----------
    distances : tuple of float
        Radii of the shells [ell].
    amplitudes : tuple of float
        Hopping on each of them [t0].
    tolerance : float
        Half-width of a shell [ell].
    """

    distances: tuple = (1.0,)
    amplitudes: tuple = (-1.0,)
    tolerance: float = 1e-6

    def __post_init__(self):
        _set_floats(self, ("distances", "amplitudes"), ndim=1)
        _set_floats(self, ("tolerance",))
        if len(self.distances) != len(self.amplitudes) or not self.distances:
            raise InputError(
                f"hopping shells: {len(self.distances)} distances and {len(self.amplitudes)} amplitudes; "
                "expected one amplitude per distance"
            )
        if min(self.distances) <= 0 or self.tolerance < 0:
            raise InputError(
                f"hopping distances = {list(self.distances)}, tolerance = {self.tolerance}; "
                "expected positive distances and a tolerance >= 0 [ell]"
            )

    @property
    def range(self):
        """Radius of the outermost shell [ell]."""
        return max(self.distances) + self.tolerance

    def __call__(self, distance):
        """Return t(R) [t0] for an array of distances [ell]."""
        distance = np.asarray(distance, dtype=float)
        result = np.zeros(distance.shape)
        for radius, amplitude in zip(self.distances, self.amplitudes, strict=True):
            result[np.abs(distance - radius) <= self.tolerance] = amplitude
        return result


LAWS = {"yukawa": Yukawa, "shells": Shells}


def hopping_to_dict(law):
    """Return a law as plain data, ``{"law": name, **parameters}``.

    Raises
    ------
    InputError
        If the law is not one of `LAWS`.
    """
    name = next((name for name, kind in LAWS.items() if type(law) is kind), None)
    if name is None:
        raise InputError(
            f"hopping law {law!r} has no name to be saved under; add it to sdglass.electrons.hopping.LAWS"
        )
    return {"law": name, **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(law).items()}}


def hopping_from_dict(data):
    """Return the law that `hopping_to_dict` described.

    Raises
    ------
    InputError
        If the law or one of its parameters is unknown.
    """
    data = dict(data)
    name = data.pop("law", None)
    if not isinstance(name, str) or name not in LAWS:
        raise InputError(f"hopping law {name!r} is unknown; expected one of {', '.join(LAWS)}")
    try:
        return LAWS[name](**data)
    except TypeError as error:
        raise InputError(f"hopping law '{name}': {error}") from None
