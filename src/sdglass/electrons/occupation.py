"""Filling the levels: Fermi function, chemical potential, grand potential (paper Eq. 4)."""

import numpy as np
from scipy.special import expit

from sdglass.errors import InputError

# Levels closer than this [t0] share their electrons equally at zero temperature.
DEGENERACY = 1e-9


def fermi(eigenvalues, chemical_potential, temperature):
    """Return the Fermi occupation of each level; at T = 0 a level at mu is half filled."""
    x = np.asarray(eigenvalues) - chemical_potential
    if temperature == 0.0:
        return np.where(np.abs(x) <= DEGENERACY, 0.5, (x < 0).astype(float))
    return expit(-x / temperature)


def grand_potential(eigenvalues, chemical_potential, temperature):
    """Return Omega = -T sum_k log(1 + exp(-(e_k - mu) / T)) [t0], without overflow."""
    x = np.asarray(eigenvalues) - chemical_potential
    filled = np.minimum(x, 0.0).sum()
    if temperature == 0.0:
        return float(filled)
    return float(filled - temperature * np.log1p(np.exp(-np.abs(x) / temperature)).sum())


def chemical_potential(eigenvalues, n_electrons, temperature):
    """Return mu at which the ascending levels (M,) [t0] hold `n_electrons` on average (canonical filling).

    The condition sum_k f_k = N_e is solved in the equivalent form: electrons above the N_e-th level
    equal holes at or below it, as logarithms of both sums. That is well conditioned even in a gap much
    wider than T, where the sum of occupations is flat to machine precision; mu is then the
    midgap value shifted by T/2 times the logarithm of the edges' degeneracies. At T = 0 it is the middle of the
    highest occupied and the lowest empty level. `InputError` if `n_electrons` is not between 1 and M - 1.
    """
    levels = np.asarray(eigenvalues)
    if not 0 < n_electrons < len(levels):
        raise InputError(f"n_electrons = {n_electrons}; expected between 1 and {len(levels) - 1}")
    homo, lumo = levels[n_electrons - 1], levels[n_electrons]
    if temperature == 0.0:
        return float(0.5 * (homo + lumo))
    below, above = levels[:n_electrons], levels[n_electrons:]
    low, high = levels[0] - 40 * temperature, levels[-1] + 40 * temperature
    mu = 0.5 * (homo + lumo)
    for _ in range(200):
        excess, slope = _log_imbalance(below, above, mu, temperature)
        low, high = (low, mu) if excess > 0 else (mu, high)
        step = -excess / slope
        new = mu + step if low < mu + step < high else 0.5 * (low + high)
        if abs(new - mu) <= 4 * np.finfo(float).eps * max(1.0, abs(mu)):
            return float(new)
        mu = new
    return float(mu)  # bisection has exhausted the double precision of the bracket


def _log_imbalance(below, above, mu, temperature):
    """Return log(electrons above / holes below) and its derivative with respect to mu (positive)."""
    up, down = (above - mu) / temperature, (mu - below) / temperature
    log_electrons, log_holes = -np.logaddexp(0.0, up), -np.logaddexp(0.0, down)
    top_e, top_h = log_electrons.max(), log_holes.max()
    electrons, holes = np.exp(log_electrons - top_e), np.exp(log_holes - top_h)
    sum_e, sum_h = electrons.sum(), holes.sum()
    value = top_e + np.log(sum_e) - top_h - np.log(sum_h)
    # d log f / d mu = (1 - f) / T for an electron above, and the mirror image for a hole below.
    slope = (electrons @ expit(up)) / sum_e + (holes @ expit(down)) / sum_h
    return value, slope / temperature


def occupations(eigenvalues, n_electrons, temperature):
    """Return occupations (M,) that hold exactly `n_electrons`, and the chemical potential [t0].

    At T = 0 degenerate levels at the Fermi energy share the electrons left over for them equally,
    the limit of the thermal occupation.
    """
    levels = np.asarray(eigenvalues)
    mu = chemical_potential(levels, n_electrons, temperature)
    if temperature > 0.0:
        return fermi(levels, mu, temperature), mu
    homo = levels[n_electrons - 1]
    shell = np.abs(levels - homo) <= DEGENERACY
    result = (levels < homo).astype(float)
    result[shell] = 0.0
    result[shell] = (n_electrons - result.sum()) / shell.sum()
    return result, mu
