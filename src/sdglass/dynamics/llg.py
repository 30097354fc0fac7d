"""Stochastic integrators of the Landau-Lifshitz-Gilbert equation (paper Eq. 3), as pure step functions.

Equation of motion, with S x H a torque, gamma = 1 and noise in the precession term only:

    dS_i/dt = gamma S_i x (H_i + eta_i) - alpha S_i x (S_i x H_i)

Sign convention: the energy falls as the spin turns towards its field (H = -dE/dS), and in a field
along +z the azimuth *decreases*, phi(t) = phi(0) - gamma H t, while S_z = tanh(alpha H t + artanh S_z(0)).

Noise: in the Stratonovich sense <eta_a(t) eta_b(t')> = 2 (alpha T / gamma^2) delta_ab delta(t - t'),
which makes exp(-E/T) stationary for any alpha. The factor 1 / (1 + alpha^2) met elsewhere belongs to the
form with noise in the damping term too, or to Gilbert's alpha; here it would heat or cool the spins.

A step function takes (spins, force_field, dt, damping, noise) and returns the new spins and the force field's
`Evaluation` of the *old* ones, so whoever records energies and fields along the way pays nothing for them.
Both integrators evaluate the force field twice a step, and only ever on unit vectors. Another one is one more
function: ``@INTEGRATORS.register("its name")``.
"""

import math
from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.registry import Registry
from sdglass.spins import normalize, torque

GYROMAGNETIC_RATIO = 1.0  # sets the unit of time, 1 / (gamma t0)

INTEGRATORS = Registry("integrator", "sdglass.dynamics")


@dataclass(frozen=True)
class LLG:
    """Dynamics of spins in contact with a bath: the equation above with its parameters and an integrator.

    Parameters
    ----------
    damping : float
        alpha >= 0, dimensionless.
    temperature : float
        Temperature T >= 0 of the spins [t0].
    time_step : float
        dt > 0 [1 / (gamma t0)].
    integrator : str
        A name in `INTEGRATORS`.

    Raises
    ------
    InputError
        If a number is out of its range, or there is no such integrator.

    Examples
    --------
    >>> LLG(damping=0.05, temperature=1e-3, time_step=1.0).thermal_field
    0.01
    """

    damping: float
    temperature: float
    time_step: float
    integrator: str = "heun"

    def __post_init__(self):
        for name in ("damping", "temperature", "time_step"):
            value, least = getattr(self, name), ">" if name == "time_step" else ">="
            try:
                number = float(value)
            except (TypeError, ValueError):
                number = math.nan
            if not 0 <= number < math.inf or (number == 0 and least == ">"):
                raise InputError(f"{name} = {value}; expected a finite number {least} 0")
            object.__setattr__(self, name, number)
        INTEGRATORS[self.integrator]  # says which there are

    @property
    def thermal_field(self):
        """Standard deviation [t0] of each component of the thermal field in one step, `thermal_field`."""
        return float(thermal_field(self.time_step, self.damping, self.temperature))

    def step(self, spins, force_field, noise=None):
        """Return the spins one time step later, and the `Evaluation` of those passed in; as `heun_step`."""
        return INTEGRATORS[self.integrator](spins, force_field, self.time_step, self.damping, noise)


def thermal_field(dt, damping, temperature):
    """Return the standard deviation [t0] of each component of the thermal field eta in one step.

    sqrt(2 alpha T / dt) / gamma: white noise of strength 2 alpha T / gamma^2, averaged over a step `dt`
    [1 / (gamma t0)], with the `damping` alpha and the `temperature` T of the spins [t0].
    """
    return np.sqrt(2.0 * damping * temperature / dt) / GYROMAGNETIC_RATIO


@INTEGRATORS.register("heun")
def heun_step(spins, force_field, dt, damping, noise=None):
    """Advance by dt with Heun's predictor-corrector, renormalising both stages.

        S* = norm[S + dt f(S)],   S(t + dt) = norm[S + dt/2 (f(S) + f(S*))],   f = dS/dt above

    The same noise enters both stages, hence Stratonovich. Deterministic order 2; weak order 1 with
    noise. J. L. Garcia-Palacios and F. J. Lazaro, Phys. Rev. B 58, 14937 (1998),
    doi:10.1103/PhysRevB.58.14937.

    Do not use it for long runs without damping: the energy of an undamped system drifts steadily, by
    a rate of order w^4 dt^3 / 4 for precession at frequency w. With damping that is drowned.

    With noise the bias is linear in the step. Of a pair, energy J S_1 . S_2 with J = T = alpha = 1, <S_1 . S_2> is
    too low by 0.037, 0.017, 0.010 at dt = 0.2, 0.1, 0.05 (+- 0.0015; exact 1 - coth 1 = -0.313); half of that at
    T = alpha = 0.5.

    Parameters
    ----------
    spins : numpy.ndarray, shape (R, N, 3)
        Unit vectors, float64; not modified.
    force_field : ForceField
        Gives the local fields.
    dt : float
        Time step [1 / (gamma t0)].
    damping : float
        alpha, dimensionless.
    noise : numpy.ndarray, shape (R, N, 3), optional
        Thermal field eta [t0] of this step: normal numbers times `thermal_field`. None is T = 0.

    Returns
    -------
    spins : numpy.ndarray, shape (R, N, 3)
        Spins at t + dt.
    evaluation : Evaluation
        Energy and field of the spins passed in, at t.
    """
    first = force_field.evaluate(spins)
    slope = _by_blocks(_rate, (spins, first.field, noise), damping)
    predicted = _by_blocks(_moved, (spins, slope), dt)
    second = force_field.evaluate(predicted)
    return _by_blocks(_corrected, (spins, slope, predicted, second.field, noise), dt, damping), first


@INTEGRATORS.register("semi_implicit")
def semi_implicit_step(spins, force_field, dt, damping, noise=None):
    """Advance by dt with the norm-conserving semi-implicit method SIB.

    With dS/dt = S x A(S), A = H_perp + eta - alpha S x H, the two stages are rotations about A,

        S* = S + dt (S + S*)/2 x A(S),   S(t + dt) = S + dt (S + S(t + dt))/2 x A(M),

    with M the normalised midpoint of S and S*; each is solved in closed form (Cayley transform), so
    lengths are kept to rounding with no renormalisation. Deterministic order 2; weak order 1 with
    noise. J. H. Mentink et al., J. Phys.: Condens. Matter 22, 176001 (2010),
    doi:10.1088/0953-8984/22/17/176001. Parameters and result as in `heun_step`.

    Two departures from that paper, neither of which touches the order:

    - The midpoint is normalised. Its length falls short of 1 by O(dt^2), and a force field promises
      values for unit vectors only; a field off by O(dt^2) moves a step by O(dt^3). It is the midpoint of
      R. I. McLachlan, K. Modin and O. Verdier, Phys. Rev. E 89, 061301 (2014),
      doi:10.1103/PhysRevE.89.061301, with the implicit equation solved by one iteration.
    - Only the field's part perpendicular to the spin enters A. The parallel part does not move the
      spin, but a rotation about it during a finite step would: in an s-d magnet it is hundreds of
      times larger than the torque and would force the step down to dt << 1 / |H|. (Eight sites at
      J = 6, dt = 0.5, t = 4: rms error of a spin component 2e-6, but 3e-2 with the full field in A.)

    With noise its bias is twice that of Heun: the pair there is too low by 0.075, 0.036, 0.021.

    Do not use it to conserve energy over long undamped runs: it is not symplectic, and its energy
    drifts as dt^3 per unit of time like Heun's, with half the prefactor or less. At strong noise,
    dt alpha T of order 1, no method with a fixed step is accurate.
    """
    first = force_field.evaluate(spins)
    midpoint = _by_blocks(_midpoint, (spins, first.field, noise), dt, damping)
    second = force_field.evaluate(midpoint)
    return _by_blocks(_rotated, (spins, midpoint, second.field, noise), dt, damping), first


# What follows acts on each spin alone, so it works on blocks whose temporary arrays (48 kB) stay in the
# cache and are not returned to the operating system after each use: twice as fast at 20 x 500 spins.
BLOCK = 2000


def _by_blocks(update, arrays, *scalars):
    """Return update(*arrays, *scalars), an array shaped like the first, computed BLOCK spins at a time."""
    out = np.empty(arrays[0].shape)
    flat = [None if array is None else np.asarray(array).reshape(-1, 3) for array in arrays]
    target = out.reshape(-1, 3)
    for start in range(0, len(target), BLOCK):
        part = slice(start, start + BLOCK)
        target[part] = update(*(None if array is None else array[part] for array in flat), *scalars)
    return out


def _moved(spins, slope, dt):
    return normalize(spins + dt * slope)


def _corrected(spins, slope, predicted, field, noise, dt, damping):
    return _moved(spins, slope + _rate(predicted, field, noise, damping), 0.5 * dt)


def _rate(spins, field, noise, damping):
    """Return dS/dt = gamma S x (H + eta) - alpha S x (S x H)."""
    precession = torque(spins, np.asarray(field, dtype=float))
    turning = -damping * precession
    if noise is not None:
        turning += GYROMAGNETIC_RATIO * noise
    return GYROMAGNETIC_RATIO * precession + torque(spins, turning)


def _midpoint(spins, field, noise, dt, damping):
    """Return SIB's normalised midpoint between S and the predictor S*."""
    return normalize(spins + _rotated(spins, spins, field, noise, dt, damping))


def _rotated(spins, where, field, noise, dt, damping):
    """Return the solution X of X = S + dt (S + X)/2 x A, with A of dS/dt = S x A and the field at `where`."""
    precession = torque(where, np.asarray(field, dtype=float))
    half = GYROMAGNETIC_RATIO * torque(precession, where)  # (S x H) x S = H - S (S . H)
    half -= damping * precession
    if noise is not None:
        half += GYROMAGNETIC_RATIO * noise
    half *= 0.5 * dt
    # X = S + 2 (S + S x h) x h / (1 + h^2), h = A dt/2: a small correction to S, hence little rounding.
    correction = torque(spins + torque(spins, half), half)
    weight = 2.0 / (1.0 + np.einsum("...a,...a->...", half, half))
    return spins + weight[..., None] * correction
