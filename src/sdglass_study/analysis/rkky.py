"""Where perturbation theory describes the exact torques: RKKY (paper Eq. 2), second order in J and in t.

Models, compared with exact diagonalization on random spins; the relative torque error is RMSE / rms of
S x H, so that 1 is what a model without any coupling gets:

- rkky: A (x cos x - sin x) / x^4 with x = 2 k_F R, k_F of free electrons of the same density, A fitted
  (any sign: Eq. 2 itself has A > 0, ferromagnetic at contact);
- rkky-fitted-kf: A and k_F fitted, any sign of A;
- rkky-positive: A > 0 and k_F fitted, the form of Eq. 2 with k_F left free;
- pair: any function of the distance, fitted (piecewise linear), the best that Eq. 2 could ever do
  in a disordered system;
- second-order: J^2 chi_ij from the levels and states of each structure, nothing fitted;
- second-order-scaled: the same times one fitted number, which tests the pattern without the size;
- strong-coupling: t_ij^2 / (2 J), nothing fitted, at half filling only.

Fits are to the torques that they are then judged on, in favour of the models: at the paper's scale there are
thousands of components and at most 30 parameters. Column k_fermi is the free-electron value unless fitted,
column amplitude is A [t0] (or the fitted factor), 1 where there is none.

A fitted curve that works is not yet RKKY: look at the sign of A and at k_F. And second order in J needs J
below the level spacing at the Fermi level or the electronic temperature, whichever is larger: the former
shrinks as 1 / N, so at small J the numbers depend on N.
"""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from sdglass.electrons.diagonalization import solve
from sdglass.electrons.perturbation import (
    coupling_field,
    free_fermi_wavevector,
    rkky,
    second_order_couplings,
    strong_coupling,
)
from sdglass.electrons.sd_model import hopping_matrix
from sdglass.errors import InputError
from sdglass.progress import tracked
from sdglass.random_streams import generator
from sdglass.spins import random_spins, torque
from sdglass.structures.amorphous import random_sequential_addition
from sdglass_study.analysis import analysis, data_frame, of
from sdglass_study.analysis._amorphous import amorphous

# k_F tried in the fits, in units of the free electrons' (steps of 2 %).
K_FERMI_GRID = np.linspace(0.2, 4.0, 191)
# Knots of the piecewise linear J(R); 0.13 ell apart in the small box, where t^2 bends by 0.8 % between two.
KNOTS = 30
REALIZATIONS = 4  # structures


@dataclass(frozen=True)
class Rkky:
    """Where perturbation theory is compared with the exact torques."""

    structures: str = of("structures")  # amorphous ones like these are made
    couplings: tuple[float, ...]  # J [t0]; that of the electrons is added
    configurations: int  # random spin states per structure

    def __post_init__(self):
        if not min(self.couplings, default=1.0) > 0:
            raise InputError(f"couplings: {min(self.couplings)}; expected J > 0 [t0]")
        if self.configurations < 1:
            raise InputError(f"configurations = {self.configurations}; expected at least 1")


@analysis("rkky", Rkky, parameters=amorphous)
def relative_errors(settings, inputs, electrons, seed, n_sites, box_length, r_min):
    """Return the relative torque error of every model at every J."""
    couplings = sorted({*settings.couplings, electrons.coupling})
    if not couplings[0] > 0:
        raise InputError(f"coupling = {electrons.coupling}; expected J > 0 [t0]")
    structures = [
        random_sequential_addition(n_sites, box_length, r_min, generator(seed, "rkky structure", realization))
        for realization in range(REALIZATIONS)
    ]
    sample = Sample(structures, electrons, settings.configurations, seed)
    found = [
        rows(sample, replace(electrons, coupling=coupling)) for coupling in tracked(couplings, "rkky", "coupling")
    ]
    return {"rkky": data_frame(chain.from_iterable(found))}


class Sample:
    """Structures with their spins, and the torques that unit amplitudes give: none depends on J.

    Attributes
    ----------
    hopping : list of numpy.ndarray, (N, N)
    spins : list of numpy.ndarray, (C, N, 3)
    k_free : float
        k_F of free electrons [1/ell].
    """

    def __init__(self, structures, model, configurations, seed):
        self.hopping = [hopping_matrix(structure, model.hopping) for structure in structures]
        self.spins = [
            random_spins(structure.n_sites, generator(seed, "rkky spins", realization), configurations)
            for realization, structure in enumerate(structures)
        ]
        distances = [structure.distances() for structure in structures]
        first = structures[0]
        self.k_free = free_fermi_wavevector(model.n_electrons(first.n_sites), np.prod(first.box))
        self.rkky = np.stack([self._of_distance(distances, self._eq2(k * self.k_free)) for k in K_FERMI_GRID])
        self.rkky_free = self._of_distance(distances, self._eq2(self.k_free))
        self.pair = np.stack([self._of_distance(distances, hat) for hat in _hats(distances)])

    @staticmethod
    def _eq2(k_fermi):
        return lambda distance: rkky(2 * k_fermi * distance)

    def _of_distance(self, distances, law):
        return self.torques([_off_diagonal(law, distance) for distance in distances])

    def torques(self, couplings):
        """Return S x H (realizations, C, N, 3) [t0] of one coupling matrix per realization."""
        pairs = zip(couplings, self.spins, strict=True)
        return np.stack([torque(spins, coupling_field(matrix, spins)) for matrix, spins in pairs])

    def exact(self, model):
        """Return the exact S x H (realizations, C, N, 3) [t0]."""
        pairs = zip(self.hopping, self.spins, strict=True)
        return np.stack(
            [
                [torque(spins, solve(matrix, spins, model).local_field) for spins in block]
                for matrix, block in pairs
            ]
        )


def _off_diagonal(law, distance):
    matrix = np.zeros_like(distance)
    apart = ~np.eye(len(distance), dtype=bool)
    matrix[apart] = law(distance[apart])
    return matrix


def _hats(distances):
    """Return KNOTS functions of the distance, piecewise linear, one at one knot and zero at the others."""
    apart = np.concatenate([d[np.triu_indices_from(d, 1)] for d in distances])
    knots = np.linspace(apart.min(), apart.max(), KNOTS)
    return [lambda r, unit=unit: np.interp(r, knots, unit) for unit in np.eye(KNOTS)]


def fit_amplitude(shapes, exact):
    """Return least-squares amplitudes (K,) of `shapes` (K, ...) for the `exact` torques, one at a time."""
    flat = shapes.reshape(len(shapes), -1)
    return (flat @ exact.ravel()) / np.einsum("ki,ki->k", flat, flat)


def predictions(sample, model, exact):
    """Return [(model name, torques, k_F, amplitude), ...] for one J."""
    amplitude = fit_amplitude(sample.rkky_free[None], exact)[0]
    result = [("rkky", amplitude * sample.rkky_free, sample.k_free, amplitude)]

    amplitudes = fit_amplitude(sample.rkky, exact)
    for name, allowed in (("rkky-fitted-kf", amplitudes), ("rkky-positive", np.maximum(amplitudes, 0.0))):
        residuals = [np.sum((a * shape - exact) ** 2) for a, shape in zip(allowed, sample.rkky, strict=True)]
        best = int(np.argmin(residuals))
        k_fermi = K_FERMI_GRID[best] * sample.k_free
        result.append((name, allowed[best] * sample.rkky[best], k_fermi, allowed[best]))

    design = sample.pair.reshape(KNOTS, -1)
    coefficients = np.linalg.lstsq(design.T, exact.ravel(), rcond=None)[0]
    result.append(("pair", np.tensordot(coefficients, sample.pair, 1), sample.k_free, 1.0))

    second = sample.torques([second_order_couplings(matrix, model) for matrix in sample.hopping])
    factor = fit_amplitude(second[None], exact)[0]
    result.append(("second-order", second, sample.k_free, 1.0))
    result.append(("second-order-scaled", factor * second, sample.k_free, factor))

    n_sites = len(sample.hopping[0])
    if model.n_electrons(n_sites) == n_sites:
        strong = sample.torques([strong_coupling(matrix, model.coupling) for matrix in sample.hopping])
        result.append(("strong-coupling", strong, sample.k_free, 1.0))
    return result


def rows(sample, model):
    """Return the rows of rkky.csv for one J."""
    exact = sample.exact(model)
    result = []
    for name, predicted, k_fermi, amplitude in predictions(sample, model, exact):
        squared_error = ((predicted - exact) ** 2).mean(axis=(1, 2, 3))
        squared = (exact**2).mean(axis=(1, 2, 3))
        per_realization = np.sqrt(squared_error / squared)
        row = {"coupling": model.coupling, "model": name}
        row["relative_torque_error"] = np.sqrt(squared_error.mean() / squared.mean())
        row["standard_error"] = per_realization.std(ddof=1) / np.sqrt(len(per_realization))
        row |= {"k_fermi": k_fermi, "torque_rms": np.sqrt(squared.mean())}
        result.append(row | {"configurations": exact.shape[0] * exact.shape[1], "amplitude": amplitude})
    return result
