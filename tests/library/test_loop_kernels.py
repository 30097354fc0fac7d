"""Compiled sums over pairs and four-spin loops: against dense matrices of spins, for any number of replicas."""

import numpy as np
import pytest
from numba import get_num_threads
from scipy import sparse

from sdglass.compiled import use_threads
from sdglass.forcefields.locator.kernels import replica_block
from sdglass.forcefields.locator.kernels.loops import (
    loop_field,
    pair_field,
)
from sdglass.spins import random_spins

WEIGHTS = np.array([0.7, -0.3, 0.2])
PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def kernels(n=12, count=2, seed=0):
    """Return symmetric hops on a random pattern, dense (count, N, N) and as rows; site 5 has no neighbour."""
    rng = np.random.default_rng(seed)
    pattern = np.triu(rng.random((n, n)) < 0.4)
    pattern[5], pattern[:, 5] = False, False
    pattern |= pattern.T
    dense = rng.standard_normal((count, n, n))
    dense = np.where(pattern, dense + dense.transpose(0, 2, 1), 0.0)
    rows, columns = np.nonzero(pattern)
    indptr = np.concatenate([[0], np.cumsum(pattern.sum(axis=1))])
    return dense, indptr, columns.astype(np.int32), np.ascontiguousarray(dense[:, rows, columns].T)


def spins_of(n, replicas, seed=1):
    return random_spins(n, np.random.default_rng(seed), replicas)


def reference_loops(hops, weights, spins):
    """Return what `loop_field` does for one replica, from dense hops (P, N, N): the formula.

    With U_ik = sum_j K_ij K_jk S_j of each kernel,

        Tr (Q K)^4 = sum_ik 2 [2 (S_i . U_ik)(S_k . U_ik) - (S_i . S_k) U_ik^2],

    and minus its gradient is -4 times that without S_i.
    """
    gradient = np.zeros(spins.shape)
    for w, hop in zip(weights, hops, strict=True):
        u = np.einsum("ij,jk,ja->ika", hop, hop, spins)
        along, square = np.einsum("ka,ika->ik", spins, u), np.square(u).sum(axis=2)
        gradient += 2 * w * (2 * np.einsum("ik,ika->ia", along, u) - square @ spins)
    return np.vdot(spins, gradient), -4 * gradient


def by_matrices(dense, weights, spins):
    """Return sum_p w_p Tr (Q K_p)^4 and minus its gradient for one configuration, from (2 N, 2 N) matrices."""
    n = len(spins)
    q = np.einsum("ia,abc,ij->ibjc", spins, PAULI, np.eye(n)).reshape(2 * n, 2 * n)
    energy, field = 0.0, np.zeros((n, 3))
    for w, kernel in zip(weights, dense, strict=True):
        k = np.kron(kernel, np.eye(2))
        chain = (k @ q @ k @ q @ k @ q @ k).reshape(n, 2, n, 2)
        energy += w * np.trace(np.linalg.matrix_power(q @ k, 4)).real
        field -= 4 * w * np.einsum("abc,icib->ia", PAULI, chain).real
    return energy, field


def loops_of(indptr, indices, values, spins, dtype=np.float64, weights=None):
    """Return energies (R,) and fields (R, N, 3)."""
    weights = WEIGHTS[: values.shape[1]] if weights is None else weights
    energy, field = loop_field(indptr, indices, values.astype(dtype), weights, spins)
    assert field.dtype == dtype
    assert energy.dtype == np.float64
    return energy, field


# Every combination of lanes, number of kernels and precision is compiled anew: those in use, and one more.
@pytest.mark.parametrize(
    ("count", "replicas", "dtype"),
    [
        *((2, replicas, dtype) for replicas in (1, 3, 17) for dtype in (np.float64, np.float32)),
        (3, 2, np.float32),
    ],
)
def test_loops_are_traces_of_spin_matrices(count, replicas, dtype):
    dense, *lists = kernels(count=count)
    spins = spins_of(12, replicas)
    energy, field = loops_of(*lists, spins, dtype)
    for reference in (by_matrices, reference_loops):
        expected = [reference(dense, WEIGHTS[:count], replica) for replica in spins]
        scale = max(np.abs(h).max() for _, h in expected)
        tolerance = scale * (1e-13 if dtype == np.float64 else 2e-6)
        np.testing.assert_allclose(field, [h for _, h in expected], rtol=0, atol=tolerance)
        np.testing.assert_allclose(energy, [e for e, _ in expected], rtol=0, atol=12 * tolerance)
    # Euler: of degree four in the spins, so S . H = -4 E.
    np.testing.assert_allclose(-np.einsum("ria,ria->r", field, spins) / 4, energy, atol=12 * tolerance)
    assert np.all(field[:, 5] == 0)  # the site without neighbours


def test_field_is_minus_the_gradient():
    _, *lists = kernels()
    spins = 1.2 * spins_of(12, 1)  # lengths are free
    _, field = loops_of(*lists, spins)
    step = 1e-4
    for site, axis in ((0, 1), (3, 2), (11, 0)):
        moved = np.repeat(spins, 2, axis=0)
        moved[:, site, axis] += [-step, step]
        low, high = (loops_of(*lists, spins_[None])[0][0] for spins_ in moved)
        assert -(high - low) / (2 * step) == pytest.approx(field[0, site, axis], rel=1e-6, abs=1e-6)


@pytest.fixture
def threads():
    """The number of threads in use, put back after the test."""
    before = get_num_threads()
    yield before
    use_threads(before)


@pytest.mark.parametrize("replicas", [1, 20])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_results_are_the_same_for_any_number_of_threads(threads, monkeypatch, dtype, replicas):
    _, indptr, indices, values = kernels(40)
    spins = spins_of(40, replicas)

    def everything():
        pairs = pair_field(indptr, indices, values[:, 0].astype(dtype), spins)
        return [*loops_of(indptr, indices, values, spins, dtype), pairs]

    reference = everything()
    for count in (1, 2):
        use_threads(count)
        for pieces in (1, 3, 100):  # how the sites are dealt out, whatever the number of processors
            monkeypatch.setattr(replica_block, "PIECES_PER_THREAD", pieces)
            for found, expected in zip(everything(), reference, strict=True):
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("replicas", "dtype"), [(1, np.float64), (20, np.float64), (20, np.float32)])
def test_pair_field_is_a_sparse_product(replicas, dtype):
    _, indptr, indices, values = kernels(30, 1)
    spins = spins_of(30, replicas)
    found = pair_field(indptr, indices, values[:, 0].astype(dtype), spins)
    matrix = sparse.csr_array((values[:, 0], indices, indptr), shape=(30, 30))
    expected = [matrix @ replica for replica in spins]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 if dtype == np.float64 else 5e-6)
    assert found.dtype == dtype
    assert np.all(found[:, 5] == 0)
