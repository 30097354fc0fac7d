"""Random sequential addition of hard spheres: the paper's amorphous structures (Sec. IV)."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from sdglass.errors import InputError
from sdglass.random_streams import generator
from sdglass.structures import STRUCTURES
from sdglass.structures.structure import Structure

# Packing fraction at which sequential addition jams in three dimensions,
# 0.3841307(21): G. Zhang and S. Torquato, Phys. Rev. E 88, 053312 (2013).
JAMMING_FRACTION = 0.3841
# Candidates drawn at once, at least; any other number gives the same structures.
MIN_BLOCK = 1024


def packing_fraction(n_sites, box_length, r_min):
    """Return the volume fraction of spheres of diameter `r_min` around the sites."""
    return n_sites * np.pi * r_min**3 / (6.0 * box_length**3)


def cube_edge(n_sites, density):
    """Return the edge [ell] of the cube that holds `n_sites` at a positive density [ell^-3]."""
    if not 0 < density < np.inf:
        raise InputError(f"density = {density}; expected a positive number [ell^-3]")
    return float((n_sites / density) ** (1 / 3))


def _possible(n_sites, box_length, r_min):
    """Return in words what is asked for; raise `InputError` if no sequential addition gets there."""
    if n_sites < 1 or box_length <= 0 or r_min < 0:
        raise InputError(
            f"n_sites = {n_sites}, box_length = {box_length}, r_min = {r_min}; "
            "expected n_sites >= 1, box_length > 0, r_min >= 0"
        )
    fraction = packing_fraction(n_sites, box_length, r_min)
    wanted = (
        f"{n_sites} sites at least {r_min} ell apart in a cube of {box_length} ell "
        f"(packing fraction {fraction:.3f})"
    )
    if fraction > JAMMING_FRACTION:
        raise InputError(
            f"cannot place {wanted}: random sequential addition jams at {JAMMING_FRACTION}; "
            "lower the density or r_min"
        )
    return wanted


def random_sequential_addition(n_sites, box_length, r_min, rng, max_candidates=20_000_000):
    """Place sites one by one, uniformly, rejecting any closer than `r_min` to an earlier one.

    Parameters
    ----------
    n_sites : int
        Number of sites N.
    box_length : float
        Edge L of the periodic cube [ell].
    r_min : float
        Least distance of two sites [ell]; 0 places them independently.
    rng : numpy.random.Generator
        Source of the candidate positions; the structure depends on its stream alone.
    max_candidates : int
        Give up after so many candidates.

    Returns
    -------
    Structure

    Raises
    ------
    InputError
        If the density is beyond what sequential addition can pack (packing fraction above 0.384),
        or was not reached within `max_candidates`.
    """
    wanted = _possible(n_sites, box_length, r_min)
    if n_sites > max_candidates:
        raise InputError(f"cannot place {wanted}: more than the {max_candidates} candidates that are tried")
    accepted = np.empty((n_sites, 3))
    count = tried = 0
    while count < n_sites:
        if tried >= max_candidates:
            raise InputError(
                f"placed only {count} of {wanted} after {tried} candidates: too close to the jamming "
                f"density {JAMMING_FRACTION}; lower the density or r_min"
            )
        # The stream is consumed candidate by candidate, so the block size changes no result.
        block = min(max(4 * n_sites, MIN_BLOCK), max_candidates - tried)
        candidates = rng.random((block, 3)) * box_length
        tried += block
        if count and r_min > 0:
            tree = cKDTree(accepted[:count], boxsize=box_length)
            nearest, _ = tree.query(candidates, distance_upper_bound=r_min)
            candidates = candidates[nearest > r_min]
        for candidate in _sequential(candidates, box_length, r_min):
            accepted[count] = candidate
            count += 1
            if count == n_sites:
                break
    return Structure(accepted, box_length)


@STRUCTURES.register("amorphous")
@dataclass(frozen=True)
class Amorphous:
    """Amorphous structures by `random_sequential_addition`; the defaults are the paper's.

    Parameters
    ----------
    n_sites : int
        Number of sites N.
    box_length : float, optional
        Edge L of the periodic cube [ell]; 5 if there is no `density` either.
    density : float, optional
        Sites per volume [ell^-3], which sets the edge instead.
    r_min : float
        Least distance of two sites [ell].

    Raises
    ------
    InputError
        If both the edge and the density are given, or no sequential addition is that dense.
    """

    n_sites: int = 100
    box_length: float | None = None
    density: float | None = None
    r_min: float = 0.5

    def __post_init__(self):
        if self.density is None:
            object.__setattr__(self, "box_length", 5.0 if self.box_length is None else self.box_length)
        elif self.box_length is not None:
            raise InputError(
                f"density = {self.density} and box_length = {self.box_length} both set the box; "
                "expected one of them"
            )
        _possible(self.n_sites, self.edge, self.r_min)

    @property
    def edge(self):
        """Edge of the cube [ell], whatever sets it."""
        return self.box_length if self.density is None else cube_edge(self.n_sites, self.density)

    def make(self, rng):
        """Return one structure, which depends on the stream of `rng` alone."""
        return random_sequential_addition(self.n_sites, self.edge, self.r_min, rng)


def amorphous(n_sites=100, density=0.8, r_min=0.5, seed=0, realization=0):
    """Return an amorphous structure; the defaults are the paper's.

    Parameters
    ----------
    n_sites : int
        Number of sites N.
    density : float
        Sites per volume [ell^-3].
    r_min : float
        Least distance of two sites [ell].
    seed, realization : int
        Key the random positions, as in ``sdglass structure --density``.

    Raises
    ------
    InputError
        As `random_sequential_addition`.

    Examples
    --------
    >>> import sdglass
    >>> sdglass.amorphous(300, seed=1).n_sites
    300
    """
    return Amorphous(n_sites, density=density, r_min=r_min).make(generator(seed, "structure", realization))


def _sequential(candidates, box_length, r_min):
    """Yield the candidates that are farther than r_min from every candidate yielded before."""
    if len(candidates) == 0:
        return
    earlier = [[] for _ in candidates]
    for i, j in cKDTree(candidates, boxsize=box_length).query_pairs(r_min, output_type="ndarray"):
        earlier[max(i, j)].append(min(i, j))
    taken = np.zeros(len(candidates), bool)
    for index, rivals in enumerate(earlier):
        if not any(taken[rival] for rival in rivals):
            taken[index] = True
            yield candidates[index]
