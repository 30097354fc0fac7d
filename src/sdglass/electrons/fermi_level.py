"""The chemical potential of a large sparse Hamiltonian: a few levels around it, and how many there are below."""

import numpy as np
from scipy.sparse import identity
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh, splu

from sdglass.electrons.occupation import chemical_potential, fermi

# Levels farther from mu than this [T] are full or empty: exp(-16) = 1e-7.
_FAR = 16.0
# Most levels that are computed: with more of them within 16 T the number of electrons is smooth, and secants
# are as fast.
_MOST_LEVELS = 400
_MOST_STEPS = 30
_LEAST_SLOPE = 1e-3  # levels per energy, in a gap [1/t0]
# Width of a level, as a share of the gap in which levels are counted: the tails of 10^4 do not add up to one.
_NARROW = 1e-5


def fermi_level(matrix, count, n_electrons, temperature, mu, slope, bound):
    """Return mu [t0] with a number of electrons, and dN/dmu; roughly where the levels cannot be had.

    Parameters
    ----------
    matrix : scipy.sparse.csc_matrix, shape (2N, 2N)
        Hamiltonian [t0].
    count : callable
        ``count(energies, widths)``: levels below some energies, each smeared to
        1/2 + arctan((energy - e) / width) / pi. The determinant of a Green's function knows it.
    n_electrons : int
    temperature : float
        [t0], above zero.
    mu, slope : float
        Where to begin [t0], and about how many levels there are per energy [1/t0].
    bound : float
        All levels are within -bound and bound [t0].
    """
    search = Secants(mu, slope, 0.05, bound)
    for _ in range(_MOST_STEPS):
        # No wider than T: beside a gap the tails of all levels add up, to one of 10^4 at a width of 1e-3 t0.
        missing = n_electrons - count(np.array([search.mu]), np.array([temperature]))[0]
        if abs(missing) <= max(3, 0.2 * _FAR * temperature * slope):
            break
        search.step(missing)
    mu, number = search.mu, int(20 + 3 * abs(missing) + 2.6 * _FAR * temperature * slope)
    if _FAR * temperature * slope < 1 and _in_a_gap(matrix, mu, n_electrons, _FAR * temperature, count):
        return mu, _LEAST_SLOPE
    while number <= min(_MOST_LEVELS, matrix.shape[0] // 2):
        levels, below, gaps = _levels(matrix, mu, number, count)
        if levels is None:
            break
        for electrons, (energy, half) in zip((below, below + len(levels)), gaps, strict=True):
            if n_electrons == electrons and half > _FAR * temperature:
                return energy, _LEAST_SLOPE
        if 0 < n_electrons - below < len(levels):
            mu = chemical_potential(levels, n_electrons - below, temperature)
            if levels[0] < mu - _FAR * temperature and levels[-1] > mu + _FAR * temperature:
                occupied = fermi(levels, mu, temperature)
                return mu, max(float(np.sum(occupied * (1 - occupied))) / temperature, _LEAST_SLOPE)
        else:  # not among these: on beyond them, for beside a gap more of them would all be on its other side
            span = gaps[1][0] - gaps[0][0]
            mu = gaps[0][0] - span if n_electrons <= below else gaps[1][0] + span
        number *= 2
    return mu, search.slope


def _nearest(matrix, mu, number):
    """Return the levels next to mu, ascending; None if mu is a level, or many levels are one."""
    shifted = (matrix - mu * identity(matrix.shape[0])).tocsc()
    try:
        factors = splu(shifted, permc_spec="COLAMD", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
        inverse = LinearOperator(matrix.shape, factors.solve, dtype=complex)
        start = np.random.default_rng(0).standard_normal(matrix.shape[0]).astype(complex)
        return np.sort(eigsh(matrix, number, sigma=mu, OPinv=inverse, v0=start, return_eigenvectors=False))
    except (RuntimeError, ArpackError):
        return None


def _in_a_gap(matrix, mu, n_electrons, half, count):
    """Return whether there are `n_electrons` levels below mu, and none within `half` of it."""
    levels = _nearest(matrix, mu, 2)
    if levels is None:
        return False
    apart = np.abs(levels - mu).min()
    return apart > half and round(count(np.array([mu]), np.array([_NARROW * apart]))[0]) == n_electrons


def _levels(matrix, mu, number, count):
    """Return levels next to mu, ascending, none left out, how many are below them, and the gaps at their ends.

    Of a gap the middle and half the width. If levels were lost, None for all.
    """
    levels = _nearest(matrix, mu, number)
    if levels is None:
        return None, None, None
    # Between two of the lowest, and two of the highest, where the gap is wide: there the levels can be counted.
    gaps = np.diff(levels)
    places = np.array([gaps[:5].argmax(), len(gaps) - 5 + gaps[-5:].argmax()])
    energy, width = levels[places] + 0.5 * gaps[places], _NARROW * gaps[places]
    if width.min() < 1e-12:
        return None, None, None
    distance = energy[:, None] - levels
    found = count(energy, width) - (np.arctan(distance / width[:, None]) / np.pi - 0.5 * np.sign(distance)).sum(
        axis=1
    )
    below, upto = (round(number) for number in found)
    inside = levels[places[0] + 1 : places[1] + 1]
    if np.abs(found - [below, upto]).max() > 0.2 or upto - below != len(inside):
        return None, None, None
    return (
        inside,
        below,
        [(float(middle), 0.5 * gaps[place]) for middle, place in zip(energy, places, strict=True)],
    )


class Secants:
    """Secants for the chemical potential; once an interval holds it, the method of Chandrupatla.

    That interpolates by an inverse parabola where it is safe, and halves the interval where it is not (T. R.
    Chandrupatla, Adv. Eng. Software 28, 145 (1997)): in a gap the number of electrons is flat, and its secants
    lead far away.
    """

    def __init__(self, mu, slope, stride, bound):
        self.mu, self.slope = mu, slope
        self._bound, self._stride = bound, stride
        self._last, self._other = None, None  # the latest (mu, missing), and that at the other end of the interval

    def step(self, missing):
        """Go on from the number of electrons that are missing at `mu`."""
        new, last, other = (self.mu, missing), self._last, self._other
        if last is not None and new[0] != last[0]:
            slope = (last[1] - missing) / (new[0] - last[0])
            # A sum of few poles is not quite monotonic.
            self.slope = slope if slope > 0 else 0.5 * self.slope
        spare = last
        if last is not None and (missing > 0) != (last[1] > 0):
            spare, other = other, last
        self._last, self._other = new, other
        if other is None:  # one side alone is known: no farther than strides that double
            self.mu += np.clip(missing / self.slope, -self._stride, self._stride)
            self._stride *= 2
        else:
            self.mu += _share(new, other, spare) * (other[0] - new[0])
        self.mu = float(np.clip(self.mu, -self._bound, self._bound))


def _share(new, other, spare):
    """Return how far to go from `new` to `other`, points (x, f) around a root, by a third one; 0 to 1."""
    (x1, f1), (x2, f2) = new, other
    if spare is None:
        return f1 / (f1 - f2)
    x3, f3 = spare
    place, height = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
    if not (height**2 < place and (1 - height) ** 2 < 1 - place):
        return 0.5
    share = f1 / (f2 - f1) * f3 / (f2 - f3) + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
    return min(max(share, 0.0), 1.0)
