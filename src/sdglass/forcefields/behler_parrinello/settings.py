"""What the fits of symmetry-function models are told, checked; nothing here needs torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real

import numpy as np

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions

ACTIVATIONS = ("relu", "celu", "silu")
PAPER_LAYERS = (1024, 1024, 512, 256, 128, 128, 128, 128)
PROTOCOLS = ("realizations", "configurations")


def _number(default, kind, least=None, above=None, optional=False):
    """A field that holds a finite number of some kind, >= `least` and > `above`; None too if it is optional."""

    def good(value):
        if value is None:
            return optional
        finite = isinstance(value, kind) and not isinstance(value, bool) and abs(value) < float("inf")
        return finite and (least is None or value >= least) and (above is None or value > above)

    limit = f" >= {least}" if least is not None else f" > {above}" if above is not None else ""
    what = "an integer" if kind is Integral else "a number"
    return _checked(default, good, f"{what}{limit}{' or none' if optional else ''}")


def _integers(default, least):
    """A field that holds a list of integers, or None if that is its default."""

    def good(values):
        if values is None:
            return default is None
        integers = isinstance(values, (list, tuple)) and len(values) > 0
        return integers and all(isinstance(v, Integral) and not isinstance(v, bool) and v >= least for v in values)

    return _checked(default, good, f"a list of integers >= {least}")


def _choice(default, choices):
    expected = " or ".join(choices) if len(choices) == 2 else f"one of {', '.join(choices)}"
    return _checked(default, lambda value: value in choices, expected)


def _flag(default):
    return _checked(default, lambda value: isinstance(value, bool), "true or false")


def _checked(default, good, expected):
    return field(default=default, metadata={"good": good, "expected": expected})


class _Settings:
    """Settings whose fields say what they may hold; `InputError` if one holds anything else."""

    def __post_init__(self):
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not entry.metadata.get("good", lambda _: True)(value):
                raise InputError(f"{entry.name} = {value!r}; expected {entry.metadata['expected']}")
            if isinstance(value, (list, tuple)):
                object.__setattr__(self, entry.name, tuple(map(int, value)))

    def to_dict(self):
        """Return the settings as plain data, of which they can be made again."""
        data = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        data = {name: value.to_dict() if hasattr(value, "to_dict") else value for name, value in data.items()}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}

    def _describe_by_functions(self, **change):
        """Turn the descriptor, which may be plain data, into `SymmetryFunctions`."""
        descriptor = self.descriptor
        try:
            descriptor = SymmetryFunctions(**descriptor) if isinstance(descriptor, Mapping) else descriptor
            object.__setattr__(self, "descriptor", replace(descriptor, **change))
        except TypeError as error:
            raise InputError(f"descriptor: {error}") from None


@dataclass(frozen=True)
class LinearSettings(_Settings):
    """What the fit of a linear model is told; `InputError` if a value is of the wrong kind or out of range.

    Parameters
    ----------
    descriptor : SymmetryFunctions or dict
        The symmetry functions; chirality is left aside, since a linear model is made of bond variables.
    g3 : bool
        Whether the three-site functions G3 take part; without them it is a pair model J(R).
    ridge : float
        Relative to the diagonal of the normalised normal equations.
    """

    descriptor: SymmetryFunctions = field(default_factory=SymmetryFunctions)
    g3: bool = _flag(False)
    ridge: float = _number(1e-4, Real, least=0)

    folds = (0,)

    def __post_init__(self):
        self._describe_by_functions(chirality=False)
        super().__post_init__()


@dataclass(frozen=True)
class TrainingSettings(_Settings):
    """How a network is trained; the loss is that of Eq. 19.

        L = [mu_H sum_i |T_i - T_i^exact|^2 + mu_E (E - E^exact)^2] / [3 N rms(T^exact)^2],   T = S x H,

    averaged over the configurations. The divisor, not in the paper, takes rms(T^exact) [t0] over the torque
    components of all training samples, so that L / mu_H is the relative squared torque error.

    Parameters
    ----------
    torque_weight : float
        mu_H of Eq. 19, dimensionless.
    energy_weight : float
        mu_E of Eq. 19, dimensionless; it weighs the energy of a whole configuration.
    learning_rate : float
        Of Adam, dimensionless; that of the first epoch.
    schedule : {"constant", "cosine"}
        Whether the rate stays, or falls along half a cosine over `epochs`, towards 1 % of it (not to zero).
    batch : int
        Configurations per step of the optimiser.
    epochs : int
        Largest number of passes over the training samples.
    patience : int
        Epochs in a row without a smaller validation loss after which the training stops, at least 1.
    """

    torque_weight: float = _number(1.0, Real, least=0)
    energy_weight: float = _number(0.01, Real, least=0)
    learning_rate: float = _number(1e-3, Real, above=0)
    schedule: str = _choice("cosine", ("constant", "cosine"))
    batch: int = _number(8, Integral, least=1)
    epochs: int = _number(40, Integral, least=0)
    patience: int = _number(10, Integral, least=1)

    def rate(self, epoch):
        """Return the learning rate of an epoch, numbered from 0; a cosine would be at 1 % in epoch `epochs`."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + np.cos(np.pi * epoch / self.epochs)))


@dataclass(frozen=True)
class NetworkSettings(TrainingSettings):
    """Everything that the fit of a network is told: its shape, its training, its folds and its data.

    Parameters
    ----------
    descriptor : SymmetryFunctions or dict
        The symmetry functions.
    layers : sequence of int
        Widths of the hidden layers.
    activation : {"relu", "celu", "silu"}
    linear_term : bool
        Whether a term linear in the features is added, started from least squares.
    ridge : float
        Of that least-squares fit, which also sets the energy reference, see `LinearSettings`.
    protocol : {"realizations", "configurations"}
        What is held out for validation, see `sdglass.forcefields.behler_parrinello.folds.fold_splits`.
    n_folds : int
        Into how many folds the samples are dealt.
    trained : sequence of int, optional
        Which folds are trained; all by default.
    realizations, configurations : int, optional
        How many realizations of a fold's training part are used, and how many configurations of each; all by
        default.

    The others are those of `TrainingSettings`.
    """

    descriptor: SymmetryFunctions = field(default_factory=SymmetryFunctions)
    layers: tuple = _integers(PAPER_LAYERS, least=1)
    activation: str = _choice("celu", ACTIVATIONS)
    linear_term: bool = _flag(False)
    ridge: float = _number(1e-4, Real, least=0)
    protocol: str = _choice("realizations", PROTOCOLS)
    n_folds: int = _number(5, Integral, least=2)
    trained: tuple | None = _integers(None, least=0)
    realizations: int | None = _number(None, Integral, least=1, optional=True)
    configurations: int | None = _number(None, Integral, least=1, optional=True)

    def __post_init__(self):
        self._describe_by_functions()
        super().__post_init__()
        folds = self.folds
        if max(folds) >= self.n_folds or len(set(folds)) < len(folds):
            raise InputError(f"trained = {list(folds)}; expected different folds, from 0 to {self.n_folds - 1}")

    @property
    def folds(self):
        """The folds that are trained."""
        return tuple(range(self.n_folds)) if self.trained is None else self.trained

    @property
    def training(self):
        """The `TrainingSettings` alone."""
        return TrainingSettings(**{entry.name: getattr(self, entry.name) for entry in fields(TrainingSettings)})

    @property
    def network(self):
        """The shape of the network, the keywords of `SiteEnergy`."""
        return {"layers": list(self.layers), "activation": self.activation, "linear_term": self.linear_term}
