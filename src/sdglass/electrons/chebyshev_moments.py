"""Blocks <i|T_k(X)|i> of Chebyshev polynomials of the Hamiltonian, exact in two ways and by random vectors.

X = (H - center) / scale has its levels within -1 and 1. Half of the order in products is enough, since
T_{a+b} = 2 T_a T_b - T_{a-b}: A. Weisse, G. Wellein, A. Alvermann, H. Fehske, Rev. Mod. Phys. 78, 275 (2006),
doi:10.1103/RevModPhys.78.275. The two states of a site, up and down, are kept together: blocks are 2 x 2.
"""

from dataclasses import dataclass

import numpy as np
from numba import prange
from scipy import sparse

from sdglass.compiled import compiled
from sdglass.structures.neighbours import minimum_image_pairs

# Pieces of the sites that are shared by the threads; each has its own memory.
_PIECES = 16
_FAST = {"contract", "reassoc", "nsz"}


@dataclass(frozen=True, eq=False)
class SparseHamiltonian:
    """X of one spin configuration: hoppings between sites, and what an electron feels on a site.

    Attributes
    ----------
    start, neighbour : numpy.ndarray
        Compressed rows of the hoppings, shapes (N + 1,) and (nnz,), without the diagonal.
    hopping : numpy.ndarray, shape (2, nnz)
        Their real and imaginary parts; shape (1, nnz) if all are real.
    onsite : numpy.ndarray, shape (N, 4)
        x, y, z of -J S, and the energy of the level: the block is energy + x sigma_x + y sigma_y + z sigma_z.
    """

    start: np.ndarray
    neighbour: np.ndarray
    hopping: np.ndarray
    onsite: np.ndarray

    @property
    def arrays(self):
        """Return all of it, as compiled code takes it."""
        return self.start, self.neighbour, self.hopping, self.onsite


def cluster_moments(hamiltonian, order, sites=None):
    """Return the blocks of T_0 to T_order on some sites, exactly, from the cluster that each of them reaches.

    T_k of a site is known from the sites within k / 2 hops. The cost is that of half the order times the
    sites within reach: linear in N while they are few.

    Parameters
    ----------
    hamiltonian : SparseHamiltonian
    order : int
        Even.
    sites : numpy.ndarray, optional
        All by default.

    Returns
    -------
    numpy.ndarray, shape (S, order + 1, 4)
        Components x, y, z (with the Pauli matrices) and identity of each Hermitian block: B = b_0 + b . sigma.
    """
    n = len(hamiltonian.onsite)
    sites = np.arange(n) if sites is None else np.asarray(sites)
    pieces = max(1, min(_PIECES, len(sites)))
    found = np.empty((len(sites), order + 1, 4))
    _cluster_moments(*hamiltonian.arrays, sites, order // 2, pieces, found)
    return found


@compiled(parallel=True, fastmath=_FAST)
def _cluster_moments(start, neighbour, hopping, onsite, sites, reach, pieces, found):
    n = len(onsite)
    is_complex = len(hopping) == 2
    for piece in prange(pieces):
        # Lanes of a row: <site, up|, <site, down| of T_m |i, up>, real and imaginary; then of T_m |i, down>.
        rows, before = np.zeros((n, 8), onsite.dtype), np.zeros((n, 8), onsite.dtype)
        cluster, seen = np.empty(n, np.int64), np.full(n, -1, np.int64)
        for place in range(piece * len(sites) // pieces, (piece + 1) * len(sites) // pieces):
            i = sites[place]
            cluster[0], seen[i], size, shell = i, place, 1, 0
            rows[i, 0], rows[i, 5] = 1.0, 1.0
            of_site = found[place]
            of_site[0] = 0.0
            of_site[0, 3] = 1.0
            for m in range(reach):
                last = size
                for c in range(shell, last):
                    for a in range(start[cluster[c]], start[cluster[c] + 1]):
                        j = neighbour[a]
                        if seen[j] != place:
                            seen[j], cluster[size] = place, j
                            size += 1
                shell = last
                factor = 1.0 if m == 0 else 2.0
                # Sums of T_{m+1} with itself (s) and with T_m (p): weight of either state, and between the two.
                s00 = s11 = s_re = s_im = p00 = p11 = p_re = p_im = 0.0
                for c in range(size):
                    k = cluster[c]
                    v, u = rows[k], before[k]
                    x, y, z, e = onsite[k]
                    up, down = e + z, e - z
                    a0 = up * v[0] + x * v[1] + y * v[3]
                    a1 = down * v[1] + x * v[0] - y * v[2]
                    a2 = up * v[2] + x * v[3] - y * v[1]
                    a3 = down * v[3] + x * v[2] + y * v[0]
                    a4 = up * v[4] + x * v[5] + y * v[7]
                    a5 = down * v[5] + x * v[4] - y * v[6]
                    a6 = up * v[6] + x * v[7] - y * v[5]
                    a7 = down * v[7] + x * v[6] + y * v[4]
                    for a in range(start[k], start[k + 1]):
                        w, t = rows[neighbour[a]], hopping[0, a]
                        a0 += t * w[0]
                        a1 += t * w[1]
                        a2 += t * w[2]
                        a3 += t * w[3]
                        a4 += t * w[4]
                        a5 += t * w[5]
                        a6 += t * w[6]
                        a7 += t * w[7]
                    if is_complex:
                        for a in range(start[k], start[k + 1]):
                            w, t = rows[neighbour[a]], hopping[1, a]
                            a0 -= t * w[2]
                            a1 -= t * w[3]
                            a2 += t * w[0]
                            a3 += t * w[1]
                            a4 -= t * w[6]
                            a5 -= t * w[7]
                            a6 += t * w[4]
                            a7 += t * w[5]
                    a0 = factor * a0 - u[0]
                    a1 = factor * a1 - u[1]
                    a2 = factor * a2 - u[2]
                    a3 = factor * a3 - u[3]
                    a4 = factor * a4 - u[4]
                    a5 = factor * a5 - u[5]
                    a6 = factor * a6 - u[6]
                    a7 = factor * a7 - u[7]
                    s00 += a0 * a0 + a1 * a1 + a2 * a2 + a3 * a3
                    s11 += a4 * a4 + a5 * a5 + a6 * a6 + a7 * a7
                    s_re += a0 * a4 + a1 * a5 + a2 * a6 + a3 * a7
                    s_im += a0 * a6 + a1 * a7 - a2 * a4 - a3 * a5
                    p00 += a0 * v[0] + a1 * v[1] + a2 * v[2] + a3 * v[3]
                    p11 += a4 * v[4] + a5 * v[5] + a6 * v[6] + a7 * v[7]
                    p_re += a0 * v[4] + a1 * v[5] + a2 * v[6] + a3 * v[7]
                    p_im += a0 * v[6] + a1 * v[7] - a2 * v[4] - a3 * v[5]
                    u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7] = a0, a1, a2, a3, a4, a5, a6, a7
                rows, before = before, rows
                odd, even = of_site[2 * m + 1], of_site[2 * m + 2]
                # Of 2 T_a T_b - T_{a-b}; the element between up and down is b_x - i b_y.
                odd[0], odd[1], odd[2], odd[3] = 2 * p_re, -2 * p_im, p00 - p11, p00 + p11
                even[0], even[1], even[2], even[3] = 2 * s_re, -2 * s_im, s00 - s11, s00 + s11 - 1.0
                if m == 0:
                    odd *= 0.5
                else:
                    odd -= of_site[1]
            for c in range(size):
                rows[cluster[c]] = 0.0
                before[cluster[c]] = 0.0


def dense_moments(matrix, order):
    """Return the blocks of T_0 to T_order on all sites, exactly, from some 2 sqrt(order) products of matrices.

    Parameters
    ----------
    matrix : torch.Tensor, shape (2N, 2N)
        X, complex and Hermitian, states up and down of a site next to each other.
    order : int

    Returns
    -------
    numpy.ndarray, shape (N, order + 1, 4)
        As of `cluster_moments`.
    """
    import torch

    n = len(matrix) // 2
    identity = torch.eye(2 * n, dtype=matrix.dtype, device=matrix.device)
    stride = max(1, round(order**0.5))
    low = [identity, matrix]
    while len(low) <= stride:
        low.append(2 * matrix @ low[-1] - low[-2])
    moments = torch.empty((order + 1, n, 2, 2), dtype=matrix.dtype, device=matrix.device)

    def fill(a, power, first, last):
        """Set the moments from T_a and the low ones: T_{a+b} = 2 T_a T_b - T_{a-b}."""
        rows = power.view(n, 2, 2 * n)
        for b in range(first, min(last, order - a) + 1):
            product = rows @ low[b].view(n, 2, 2 * n).mH
            moments[a + b] = product if b == 0 else 2 * product - moments[a - b]

    for a in range(min(stride, order) + 1):
        moments[a] = low[a].view(n, 2, n, 2).diagonal(dim1=0, dim2=2).permute(2, 0, 1)
    before, power = identity, low[stride]
    for a in range(stride, order + 1, stride):
        fill(a, power, 1 if a == stride else 0, stride - 1)
        if a + stride <= order:
            before, power = power, 2 * low[stride] @ power - before
    up, down, across = moments[..., 0, 0].real, moments[..., 1, 1].real, moments[..., 0, 1]
    parts = [across.real, -across.imag, 0.5 * (up - down), 0.5 * (up + down)]
    return torch.stack(parts, dim=-1).transpose(0, 1).double().cpu().numpy()


class ProbingVectors:
    """Columns of signs, one per color and spin; no two sites of a color are close to each other.

    The sum over the columns of <v|T_k|v> is the trace, but for elements of T_k between sites of one color, with
    random signs. Compare J. M. Tang, Y. Saad, Numer. Linear Algebra Appl. 19, 485 (2012), doi:10.1002/nla.779, and
    Z. Wang, G.-W. Chern, C. D. Batista, K. Barros, J. Chem. Phys. 148, 094107 (2018), doi:10.1063/1.5017741.

    Parameters
    ----------
    color : numpy.ndarray, shape (N,)
        Of every site, see `site_colors`.
    rng : numpy.random.Generator
        Of the signs.
    """

    def __init__(self, color, rng):
        signs = rng.integers(0, 2, len(color)) * 2.0 - 1.0
        # (N, 4, columns): of every column up and down, first their real and then their imaginary parts.
        self.start = np.zeros((len(color), 4, 2 * (int(color.max()) + 1)))
        sites = np.arange(len(color))
        self.start[sites, 0, 2 * color] = signs
        self.start[sites, 1, 2 * color + 1] = signs

    def forward(self, hamiltonian, order):
        """Return the traces of T_0 to T_order, shape (order + 1,), and the last two vectors, for `backward`."""
        before, now = self.start, np.zeros_like(self.start)
        _apply(*hamiltonian.arrays, before, 1.0, now)
        traces = np.empty(order + 1)
        traces[0], traces[1] = _dot(before, before), _dot(now, before)
        for m in range(1, order // 2):
            after = before.copy()
            _apply(*hamiltonian.arrays, now, 2.0, after)
            before, now = now, after
            traces[2 * m] = 2 * _dot(before, before) - traces[0]
            traces[2 * m + 1] = 2 * _dot(now, before) - traces[1]
        traces[order] = 2 * _dot(now, now) - traces[0]
        return traces, (before, now)

    def backward(self, hamiltonian, weights, last):
        """Return the gradient of sum_k w_k trace_k by x, y, z and energy of each site's block, shape (N, 4).

        It is exact for these signs. `last` is what `forward` returned; the vectors in between are found again.
        """
        reach = (len(weights) - 1) // 2
        even, odd = 2 * weights[::2], np.append(2 * weights[1::2], 0.0)  # of <m|m> and of <m+1|m>
        odd[0] = weights[1] - weights[3::2].sum()
        (below, now), above = last, np.zeros_like(self.start)  # vectors m - 1, m and m + 1
        slope, slope_above = np.zeros_like(now), np.zeros_like(now)  # of the sum by the vectors m + 1 and m + 2
        gradient = np.zeros((len(now), 4))
        for m in range(reach, 0, -1):
            _apply(*hamiltonian.arrays, slope, 2.0, slope_above)
            slope, slope_above = slope_above, slope
            _add(slope, 2 * even[m], now, odd[m], above, odd[m - 1], below)
            _contract(slope, below, 1.0 if m == 1 else 2.0, gradient)
            if m > 1:
                above, now, below = now, below, now.copy()
                _apply(*hamiltonian.arrays, now, 2.0, below)
        return gradient


@compiled(parallel=True, fastmath=_FAST)
def _apply(start, neighbour, hopping, onsite, vectors, factor, out):
    """Set `out` to factor X v - out, for vectors (N, 4, columns)."""
    n, _, columns = vectors.shape
    is_complex = len(hopping) == 2
    for i in prange(n):
        x, y = factor * onsite[i, 0], factor * onsite[i, 1]
        up, down = factor * (onsite[i, 3] + onsite[i, 2]), factor * (onsite[i, 3] - onsite[i, 2])
        for c in range(columns):
            v0, v1, v2, v3 = vectors[i, 0, c], vectors[i, 1, c], vectors[i, 2, c], vectors[i, 3, c]
            out[i, 0, c] = up * v0 + x * v1 + y * v3 - out[i, 0, c]
            out[i, 1, c] = down * v1 + x * v0 - y * v2 - out[i, 1, c]
            out[i, 2, c] = up * v2 + x * v3 - y * v1 - out[i, 2, c]
            out[i, 3, c] = down * v3 + x * v2 + y * v0 - out[i, 3, c]
        for a in range(start[i], start[i + 1]):
            j, t = neighbour[a], factor * hopping[0, a]
            for b in range(4):
                for c in range(columns):
                    out[i, b, c] += t * vectors[j, b, c]
            if is_complex:
                t = factor * hopping[1, a]
                for b in range(2):
                    for c in range(columns):
                        out[i, b, c] -= t * vectors[j, b + 2, c]
                        out[i, b + 2, c] += t * vectors[j, b, c]


@compiled(parallel=True, fastmath=_FAST)
def _add(out, first, u, second, v, third, w):
    for i in prange(len(out)):
        for b in range(4):
            for c in range(out.shape[2]):
                out[i, b, c] += first * u[i, b, c] + second * v[i, b, c] + third * w[i, b, c]


@compiled(parallel=True, fastmath=_FAST)
def _contract(left, right, factor, gradient):
    """Add factor Re <left|d/dq|right> of each site, of the energies of a block x, y, z and its level."""
    for i in prange(len(left)):
        u, v = left[i], right[i]
        x = y = up = down = 0.0
        for c in range(u.shape[1]):
            x += u[0, c] * v[1, c] + u[1, c] * v[0, c] + u[2, c] * v[3, c] + u[3, c] * v[2, c]
            y += u[0, c] * v[3, c] - u[2, c] * v[1, c] - u[1, c] * v[2, c] + u[3, c] * v[0, c]
            up += u[0, c] * v[0, c] + u[2, c] * v[2, c]
            down += u[1, c] * v[1, c] + u[3, c] * v[3, c]
        gradient[i, 0] += factor * x
        gradient[i, 1] += factor * y
        gradient[i, 2] += factor * (up - down)
        gradient[i, 3] += factor * (up + down)


def _dot(left, right):
    # Not by BLAS: its threads would wait, spinning, where those of the compiled sums are at work.
    return float(np.einsum("nbc,nbc->", left, right))


def site_colors(structure, spacing):
    """Return colors (N,), from 0, such that sites of one color are farther apart than `spacing` [ell]."""
    pairs = minimum_image_pairs(structure, spacing)
    first, second = pairs.first, pairs.second
    matrix = sparse.coo_matrix((np.ones(len(first)), (first, second)), shape=(structure.n_sites,) * 2)
    matrix = (matrix + matrix.T).tocsr()
    color = np.full(structure.n_sites, -1)
    for i in range(structure.n_sites):
        taken = color[matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]]]
        free = np.ones(len(taken) + 1, bool)
        free[taken[(taken >= 0) & (taken < len(free))]] = False
        color[i] = int(free.argmax())
    return color
