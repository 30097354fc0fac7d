"""The part of the energy that does not depend on the spins."""

from dataclasses import dataclass

import numpy as np

from sdglass.electrons.hopping.law import reach
from sdglass.structures.neighbours import minimum_image_pairs

_ROWS = 1200  # sites up to which all pairs are listed at once


@dataclass(frozen=True)
class EnergyReference:
    """Energy that depends on the structure alone, E_ref = N per_site + per_t2 sum_{i<j} t_ij^2 [t0].

    Magnetic symmetry functions carry no spin-independent term, while the electrons' energy has one:
    in second order of t/J it is -N J - sum_{i<j} t_ij^2 / (2 J). It shifts energies between
    realizations and drops out of every field. The two coefficients are fitted.
    """

    per_site: float
    per_t2: float

    def __post_init__(self):
        for name in ("per_site", "per_t2"):
            object.__setattr__(self, name, float(getattr(self, name)))

    def energy(self, structure, hopping):
        """Return E_ref [t0] of a structure with a hopping law."""
        return self.per_site * structure.n_sites + self.per_t2 * squared_hopping(structure, hopping)

    @classmethod
    def fit(cls, structures, hopping, energies):
        """Fit to spin-independent energies [t0], one per structure.

        With fewer than three structures only `per_site` is fitted; those of unknown energy, nan, do not count.
        """
        known = np.isfinite(energies)
        structures, energies = (
            [s for s, counts in zip(structures, known, strict=True) if counts],
            np.array(energies)[known],
        )
        if not structures:
            return cls(0.0, 0.0)
        sites = np.array([s.n_sites for s in structures], float)
        t2 = np.array([squared_hopping(s, hopping) for s in structures])
        design = np.stack([sites, t2], axis=1)
        if len(structures) < 3:
            return cls(float(sites @ energies / (sites @ sites)), 0.0)
        return cls(*map(float, np.linalg.lstsq(design, np.asarray(energies), rcond=None)[0]))


def squared_hopping(structure, hopping):
    """Return sum_{i<j} t_ij^2 [t0^2], truncated where t falls below 1e-4 of its largest value.

    `InputError` if the law does not state where that is.
    """
    cutoff, n = reach(hopping), structure.n_sites
    if n <= _ROWS:
        return float(np.sum(hopping(minimum_image_pairs(structure, cutoff).distance) ** 2))
    total = 0.0
    for start in range(0, n, _ROWS // 10):  # millions of pairs, a few sites at a time
        some = structure.positions[start : start + _ROWS // 10, None]
        vector = structure.minimum_image(structure.positions[start:] - some)
        square = np.einsum("ija,ija->ij", vector, vector)
        later = np.triu(square <= cutoff**2, k=1)
        total += np.sum(hopping(np.sqrt(square[later])) ** 2)
    return float(total)
