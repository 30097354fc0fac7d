"""What the fits of symmetry-function models are told, checked; nothing here needs torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real

import numpy as np

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions

ACTIVATIONS = ("relu", "celu", "silu")
PAPER_LAYERS = (1024, 1024, 512, 256, 128, 128, 128, 128)
SCHEDULES = ("constant", "cosine")
PROTOCOLS = ("realizations", "configurations")


def _require(settings, name, kind, least=None, above=None, optional=False):
    """Raise `InputError` unless the setting is a finite number of the kind, >= `least` and > `above`."""
    value = getattr(settings, name)
    if optional and value is None:
        return
    good = isinstance(value, kind) and not isinstance(value, bool) and abs(value) < float("inf")
    if not good or (least is not None and value < least) or (above is not None and value <= above):
        limit = f" >= {least}" if least is not None else f" > {above}" if above is not None else ""
        what = "an integer" if kind is Integral else "a number"
        raise InputError(f"{name} = {value!r}; expected {what}{limit}{' or none' if optional else ''}")


def _require_one_of(settings, name, choices):
    value = getattr(settings, name)
    if value not in choices:
        expected = " or ".join(choices) if len(choices) == 2 else f"one of {', '.join(choices)}"
        raise InputError(f"{name} = {value!r}; expected {expected}")


def _plain(settings):
    """Return settings as plain data, of which they can be made again."""
    data = {entry.name: getattr(settings, entry.name) for entry in fields(settings)}
    data["descriptor"] = settings.descriptor.to_dict()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}


def _symmetry_functions(descriptor, **change):
    """Return `SymmetryFunctions` of what a setting says, which may be plain data."""
    try:
        descriptor = SymmetryFunctions(**descriptor) if isinstance(descriptor, Mapping) else descriptor
        return replace(descriptor, **change)
    except TypeError as error:
        raise InputError(f"descriptor: {error}") from None


@dataclass(frozen=True)
class LinearSettings:
    """What the fit of a linear model is told.

    Parameters
    ----------
    descriptor : SymmetryFunctions or dict
        The symmetry functions; chirality is left aside, since a linear model is made of bond variables.
    g3 : bool
        Whether the three-site functions G3 take part; without them it is a pair model J(R).
    ridge : float
        Relative to the diagonal of the normalised normal equations.

    Raises
    ------
    InputError
        If a value is of the wrong kind or out of range.
    """

    descriptor: SymmetryFunctions = field(default_factory=SymmetryFunctions)
    g3: bool = False
    ridge: float = 1e-4

    folds = (0,)

    def __post_init__(self):
        object.__setattr__(self, "descriptor", _symmetry_functions(self.descriptor, chirality=False))
        _require(self, "ridge", Real, least=0)
        if not isinstance(self.g3, bool):
            raise InputError(f"g3 = {self.g3!r}; expected true or false")

    def to_dict(self):
        """Return the settings as plain data."""
        return _plain(self)


@dataclass(frozen=True)
class TrainingSettings:
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

    Raises
    ------
    InputError
        If a value is of the wrong kind or out of range.
    """

    torque_weight: float = 1.0
    energy_weight: float = 0.01
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    batch: int = 8
    epochs: int = 40
    patience: int = 10

    def __post_init__(self):
        _require(self, "torque_weight", Real, least=0)
        _require(self, "energy_weight", Real, least=0)
        _require(self, "learning_rate", Real, above=0)
        _require_one_of(self, "schedule", SCHEDULES)
        _require(self, "batch", Integral, least=1)
        _require(self, "epochs", Integral, least=0)
        _require(self, "patience", Integral, least=1)

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

    Raises
    ------
    InputError
        If a value is of the wrong kind or out of range.
    """

    descriptor: SymmetryFunctions = field(default_factory=SymmetryFunctions)
    layers: tuple = PAPER_LAYERS
    activation: str = "celu"
    linear_term: bool = False
    ridge: float = 1e-4
    protocol: str = "realizations"
    n_folds: int = 5
    trained: tuple | None = None
    realizations: int | None = None
    configurations: int | None = None

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "descriptor", _symmetry_functions(self.descriptor))
        self._require_integers("layers", least=1)
        _require_one_of(self, "activation", ACTIVATIONS)
        if not isinstance(self.linear_term, bool):
            raise InputError(f"linear_term = {self.linear_term!r}; expected true or false")
        _require(self, "ridge", Real, least=0)
        _require_one_of(self, "protocol", PROTOCOLS)
        _require(self, "n_folds", Integral, least=2)
        if self.trained is not None:
            self._require_integers("trained", least=0)
            if max(self.trained) >= self.n_folds or len(set(self.trained)) < len(self.trained):
                raise InputError(
                    f"trained = {list(self.trained)}; expected different folds, from 0 to {self.n_folds - 1}"
                )
        _require(self, "realizations", Integral, least=1, optional=True)
        _require(self, "configurations", Integral, least=1, optional=True)

    def _require_integers(self, name, least):
        values = getattr(self, name)
        good = isinstance(values, (list, tuple)) and len(values) > 0
        if not good or not all(isinstance(v, Integral) and not isinstance(v, bool) and v >= least for v in values):
            raise InputError(f"{name} = {values!r}; expected a list of integers >= {least}")
        object.__setattr__(self, name, tuple(map(int, values)))

    def to_dict(self):
        """Return the settings as plain data."""
        return _plain(self)

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
