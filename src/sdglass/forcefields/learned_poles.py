"""A Fermi function of few learned poles: Green's functions that are as sharp as one kind of magnet needs.

The exact Fermi function at T = 0.001 t0 wants some twenty poles (`sdglass.electrons.pole_expansion`), each of them
a sparse inverse. A magnet does not need all of its sharpness: of a handful of poles and weights that are fitted to
exact torques,

    f(e) = c + Re sum_p w_p / (z_p - e + mu),

five or six leave a few per cent of the torque, in metals as in insulators. The energy is made of the primitive of
the same f, and its mu counts the electrons with it, so that fields are exact gradients; all symmetries are those
of the electrons. Occupations that rise with the energy are penalized, for the number of electrons then tells mu.
"""

from dataclasses import asdict, dataclass, field
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from sdglass.arrays import own_arithmetic
from sdglass.dataset import common_electrons, squared_weights
from sdglass.electrons.diagonalization import levels_and_vectors
from sdglass.electrons.occupation import fermi, grand_potential, occupations
from sdglass.electrons.pole_expansion import PoleExpansion, counted_poles
from sdglass.electrons.sd_model import Electrons, SDModel, sd_hamiltonian
from sdglass.errors import InputError
from sdglass.forcefields.base import refuse_options
from sdglass.forcefields.description import describe_model
from sdglass.forcefields.greens_function import GreensFunctionForceField
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.registry import FITTED_MODELS
from sdglass.forcefields.training_domain import training_info
from sdglass.progress import progress_bar

# Bytes of the quadratic forms of all configurations; of more labels some are left out, alike of every state.
MEMORY = 1 << 30
# Temperatures, as a share of the band, of the Fermi functions that the fit starts from.
_STARTS = (1e-3, 2e-3, 5e-3)
# Penalties: on occupations that rise with the energy, per factor e of it, and on those far from 0 and 1.
_RISING, _FAR = 100.0, 1e-2
_MOST_STEPS = 100
# The search for mu, whose occupations may be wrong while the fit is under way, is given up this far away [t0].
_FARTHEST = 10.0


@dataclass(frozen=True)
class PoleSettings:
    """Everything that the fit of poles is told.

    Parameters
    ----------
    poles : int
        How many, in the upper half plane: errors fall with them, the cost grows in proportion.
    weight_exponent : float
        Configurations are weighted with their rms torque to the power of minus this: 0 weighs absolute errors
        alike, 1 relative ones.
    """

    poles: int = 6
    weight_exponent: float = 1.0

    folds = (0,)
    descriptor = None

    def __post_init__(self):
        if not (isinstance(self.poles, int) and 2 <= self.poles <= 20):
            raise InputError(f"poles = {self.poles}; expected a number from 2 to 20")
        if not np.isfinite(self.weight_exponent):
            raise InputError(f"weight_exponent = {self.weight_exponent}; expected a finite number")


@FITTED_MODELS.register("poles")
@dataclass(frozen=True, eq=False)
class PoleModel(StoredModel):
    """Fitted poles: a `FittedModel`.

    Attributes
    ----------
    poles, weights : numpy.ndarray, shape (P,)
        z_p and w_p, complex [t0].
    constant : float
        c.
    offset : float
        Of the primitive, with which energies are right on average [t0].
    reach : float
        Largest distance of a level of the training configurations from mu [t0].
    """

    electrons: SDModel
    poles: np.ndarray
    weights: np.ndarray
    constant: float
    offset: float
    reach: float
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "poles"
    Settings = PoleSettings
    descriptor = None
    devices = ("cpu", "cuda")

    @classmethod
    def suits(cls, electrons):
        """Return whether the electrons have a temperature above zero, which Green's functions need."""
        return electrons.temperature > 0

    @property
    def n_parameters(self):
        """Number of fitted numbers."""
        return 4 * len(self.poles) + 1

    @classmethod
    @own_arithmetic
    def fit(
        cls, data, settings, *, fold=0, seed=0, device="cpu", descriptors=None, checkpoint=None, progress=False
    ):
        """Fit to exact torques by least squares; return the model and no learning curve.

        See `sdglass.forcefields.base.FittedModel.fit`. Nothing is held out or random. Every configuration is
        diagonalized once, and of its torques a quadratic form in the occupations of its levels is kept.
        """
        electrons = common_electrons(data)
        forms = _quadratic_forms(tuple(data), settings.weight_exponent, progress)
        reach = max(np.abs(form.levels - form.mu).max() for form in forms)
        tried = [_fitted(forms, reach, start, settings.poles) for start in _STARTS]
        _, parameters = min(tried, key=lambda one: one[0])
        if parameters is None:
            raise InputError(f"poles = {settings.poles}: no fit converged; expected more labels, or other poles")
        center, height, real, imaginary, constant = _unpacked(parameters)
        order = np.argsort(height)
        poles, weights = (center + 1j * height)[order], (height * (real + 1j * imaginary))[order]
        offset = np.mean([form.offset(poles, weights, constant, parameters) for form in forms])
        info = {**training_info(data), "settings": asdict(settings), "fitted_configurations": len(forms)}
        return cls(electrons, poles, weights, float(constant), float(offset), float(reach), info), []

    @own_arithmetic
    def on(self, structure, *, dtype="float64", device="cpu", members=None, descriptor=None, threads=None):
        """Return this force field on a structure, see `FittedModel.on`; `members` and the like mean nothing."""
        refuse_options("poles", members=members, descriptor=descriptor, threads=threads)
        unit = self.electrons.temperature
        expansion = PoleExpansion(
            self.poles / unit, self.weights / unit, self.constant, self.offset / unit, float("nan")
        )
        return GreensFunctionForceField(structure, self.electrons, dtype=dtype, device=device, expansion=expansion)

    def describe(self):
        """Return (label, text) rows for whoever asks what this is."""
        heights = ", ".join(f"{height:.2g}" for height in self.poles.imag)
        shape = ("poles", f"{len(self.poles)}, {heights} t0 above the axis")
        return describe_model(self, "Green's functions at learned poles", shape, str(self.n_parameters))

    def header(self):
        """Return what is not an array as plain data."""
        return {"constant": self.constant, "offset": self.offset, "reach": self.reach}

    def tensors(self):
        """Return the fitted numbers as arrays by name."""
        return {
            name: np.stack([array.real, array.imag], axis=1)
            for name, array in (("poles", self.poles), ("weights", self.weights))
        }

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        """Return the model of what `header` and `tensors` returned."""
        poles, weights = (tensors[name][:, 0] + 1j * tensors[name][:, 1] for name in ("poles", "weights"))
        if not (poles.imag > 0).all() or poles.shape != weights.shape:
            raise ValueError("expected poles in the upper half plane, and as many weights")
        constant, offset, reach = (float(header[name]) for name in ("constant", "offset", "reach"))
        return cls(electrons, poles, weights, constant, offset, reach, info, errors)


def _chosen(data):
    """Return which configurations of each structure fit into memory, evenly of every state."""
    share = min(1.0, MEMORY / sum(32.0 * labels.structure.n_sites**2 * len(labels) for labels in data))
    chosen = []
    for labels in data:
        states = labels.states
        places = [np.flatnonzero(states == state) for state in np.unique(states)]
        chosen.append(np.concatenate([part[:: int(np.ceil(1 / share))] for part in places]))
    return chosen


@lru_cache(maxsize=1)  # several numbers of poles are fitted to the same labels
def _quadratic_forms(data, weight_exponent, progress):
    """Return the `_QuadraticForm` of every configuration that fits into memory."""
    chosen, forms = _chosen(data), []
    with progress_bar(sum(map(len, chosen)), "levels", "configuration", disable=not progress) as bar:
        weights = squared_weights(data, weight_exponent)
        for labels, weight, places in zip(data, weights, chosen, strict=True):
            bound, torques = Electrons.of(labels.structure, labels.model), labels.torque
            for place in places:
                forms.append(_QuadraticForm.of(bound, labels.spins[place], torques[place], weight[place]))
                bar.update()
    return forms


@dataclass(frozen=True, eq=False)
class _QuadraticForm:
    """Squared torque error of one configuration, f A f - 2 b f + c, in the occupations f of its levels."""

    levels: np.ndarray  # (2N,) [t0]
    temperature: float  # of the electrons [t0]
    mu: float  # of the exact electrons [t0]
    n_electrons: float | None
    matrix: np.ndarray  # A, (2N, 2N), in units of the weight
    vector: np.ndarray  # b, (2N,)
    constant: float  # c

    @classmethod
    def of(cls, electrons, spins, torques, weight):
        """Return that of spins (M, 3) and their exact torques (M, 3)."""
        n = electrons.n_sites
        hamiltonian = sd_hamiltonian(electrons.hopping, spins, electrons.couplings, electrons.sites)
        levels, vectors = levels_and_vectors(hamiltonian)
        up, down = vectors[:n][electrons.sites], vectors[n:][electrons.sites]
        across = up.conj() * down
        moment = np.stack([2 * across.real, 2 * across.imag, np.abs(up) ** 2 - np.abs(down) ** 2])  # (3, M, 2N)
        moment *= electrons.couplings[:, None]
        x, y, z = spins.T[:, :, None]
        turning = np.concatenate(
            [y * moment[2] - z * moment[1], z * moment[0] - x * moment[2], x * moment[1] - y * moment[0]]
        )  # (3M, 2N): torque of each level
        target = torques.T.ravel()
        weight /= target.size
        count, mu = electrons.n_electrons, electrons.chemical_potential
        if count is not None:
            mu = occupations(levels, count, electrons.temperature)[1]
        return cls(
            levels, electrons.temperature, mu, count, weight * (turning.T @ turning), weight * (target @ turning),
            weight * float(target @ target),
        )  # fmt: skip

    def level(self, parameters):
        """Return the mu [t0] of occupations with some parameters; None if the electrons cannot be counted."""
        if self.n_electrons is None:
            return self.mu

        def missing(mu):
            return _occupation(parameters, self.levels - mu)[0].sum() - self.n_electrons

        width = 0.05
        while not missing(self.mu - width) < 0 < missing(self.mu + width):
            width *= 2
            if not width < _FARTHEST:
                return None
        return brentq(missing, self.mu - width, self.mu + width, xtol=1e-11)

    def offset(self, poles, weights, constant, parameters):
        """Return what is missing of the energy of each level [t0]."""
        fixed = self.n_electrons is None
        mu = self.level(parameters)
        x = self.levels - mu
        found = constant * x.sum() - (weights * np.log((poles - x[:, None]) / self.temperature)).real.sum()
        exact = grand_potential(self.levels, self.mu, self.temperature)
        return (exact - found + (0.0 if fixed else (self.mu - mu) * self.n_electrons)) / len(x)

    def error(self, parameters):
        """Return the error, infinite if the electrons cannot be counted."""
        mu = self.level(parameters)
        if mu is None:
            return np.inf
        occupation = _occupation(parameters, self.levels - mu)[0]
        return occupation @ (self.matrix @ occupation - 2 * self.vector) + self.constant

    def step(self, parameters):
        """Return half of the gradient and of the (Gauss-Newton) Hessian of the error, mu with its parameters."""
        mu = self.level(parameters)
        occupation, slope, jacobian = _occupation(parameters, self.levels - mu, derivatives=True)
        if self.n_electrons is not None:
            density = max(-slope.sum(), 1e-3 * len(slope))
            jacobian = jacobian + np.outer(slope, jacobian.sum(axis=0) / density)
        return jacobian.T @ (self.matrix @ occupation - self.vector), jacobian.T @ (self.matrix @ jacobian)


def _unpacked(parameters):
    """Return centres and heights of the poles [t0], weights over heights (real, imaginary), and the constant."""
    center, logarithm, real, imaginary = parameters[:-1].reshape(4, -1)
    return center, np.exp(logarithm), real, imaginary, parameters[-1]


def _occupation(parameters, x, derivatives=False):
    """Return f and df/dx at x = e - mu (n,), and df by the parameters (n, 4P + 1)."""
    center, height, real, imaginary, constant = _unpacked(parameters)
    d = center - x[:, None]
    square = d * d + height**2
    top = real * d + imaginary * height
    f = constant + (height * top / square).sum(axis=1)
    slope = height * (2 * top * d / square - real) / square
    if not derivatives:
        return f, slope.sum(axis=1)
    by_height = height * (top + height * imaginary - 2 * height**2 * top / square) / square
    columns = [-slope, by_height, height * d / square, height**2 / square, np.ones((len(x), 1))]
    return f, slope.sum(axis=1), np.concatenate(columns, axis=1)


class _Penalty:
    """Occupations that rise with the energy, and those that are not 1 far below and 0 far above mu."""

    def __init__(self, reach):
        half = np.geomspace(1e-4 * reach, 1.1 * reach, 150)
        self.x = np.concatenate([-half[::-1], half])
        self._scale = np.abs(self.x) / np.sqrt(len(self.x))
        self._step = fermi(self.x, 0.0, 1e-3 * reach)

    def _residuals(self, parameters):
        f, slope = _occupation(parameters, self.x)
        far = np.sqrt(_FAR / len(self.x)) * (f - self._step)
        return np.concatenate([far, np.sqrt(_RISING) * self._scale * np.maximum(slope, 0.0)])

    def error(self, parameters):
        """Return the penalty."""
        return float((self._residuals(parameters) ** 2).sum())

    def step(self, parameters):
        """Return half of the gradient and of the Hessian."""
        residuals, stride = self._residuals(parameters), 1e-6
        jacobian = np.array(
            [
                (self._residuals(parameters + stride * unit) - residuals) / stride
                for unit in np.eye(len(parameters))
            ]
        ).T
        return jacobian.T @ residuals, jacobian.T @ jacobian


def _fitted(forms, reach, start, count):
    """Return the error and the parameters that Levenberg and Marquardt find; infinite and None if they do not."""
    first = counted_poles(1 / start, count)
    unit = start * reach
    poles, weights = first.poles * unit, first.weights * unit
    if len(poles) != count:
        return np.inf, None
    height = poles.imag
    parameters = np.concatenate(
        [poles.real, np.log(height), weights.real / height, weights.imag / height, [first.constant]]
    )
    penalty = _Penalty(reach)

    def error(parameters):
        found = [form.error(parameters) for form in forms]
        return np.mean(found) + penalty.error(parameters)

    damping, least = 1e-2, error(parameters)
    if not np.isfinite(least):
        return np.inf, None
    for _ in range(_MOST_STEPS):
        parts = [form.step(parameters) for form in forms]
        extra = penalty.step(parameters)
        gradient, hessian = (np.mean([part[i] for part in parts], axis=0) + extra[i] for i in (0, 1))
        while damping < 1e6:
            change = np.linalg.solve(hessian + damping * np.diag(np.diagonal(hessian) + 1e-12), -gradient)
            # A pole that moves by more than a factor of ten at once is lost.
            found = error(parameters + change) if np.abs(change[count : 2 * count]).max() < 2.3 else np.inf
            if found < least:
                break
            damping *= 4
        else:
            break
        parameters, before, least = parameters + change, least, found
        damping = max(damping / 5, 1e-9)
        if before - least < 1e-3 * before:
            break
    return least, parameters
