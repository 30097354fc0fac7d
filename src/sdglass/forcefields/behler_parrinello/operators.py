"""The torch side of the descriptor: features from spins, fields and torques from dE/dG.

Everything here is linear in dE/dG with constant sparse matrices, so automatic differentiation never
sees the descriptor: the double backward of training stays inside the network (Eqs. 7 and 19).
"""

import warnings

import numpy as np
import torch
from scipy import sparse

from sdglass.forcefields.behler_parrinello.least_squares import signed_incidence


def _csr(matrix, dtype, device):
    matrix = sparse.csr_array(matrix)
    # 32-bit indices are twice as fast in the sparse kernels; beyond 2^31 entries 64-bit ones are needed.
    index = torch.int32 if max(matrix.nnz, *matrix.shape) < 2**31 else torch.int64
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.as_tensor(matrix.indptr, dtype=index, device=device),
            torch.as_tensor(matrix.indices, dtype=index, device=device),
            torch.as_tensor(matrix.data, dtype=dtype, device=device),
            size=matrix.shape,
            check_invariants=False,
        )


def _gather(sites, n_sites):
    """Return the sparse (N, sum of lengths) matrix that adds column c of `sites` to its site."""
    rows = np.concatenate(sites)
    return sparse.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(n_sites, len(rows)))


def _scale_rows(matrix, scale, n_sites, dtype):
    """Return the (N * F, P) matrix with row i * F + f divided by scale[f], its values in a numpy `dtype`.

    The indices are shared with `matrix`, and no further copy of the values is made: they are what fills the
    memory of a large structure.
    """
    matrix = sparse.csr_array(matrix)
    inverse, data = 1.0 / scale, np.empty(matrix.nnz, dtype)
    sites = max(1, 2_000_000 // max(len(inverse), 1))
    for first in range(0, n_sites, sites):
        last = min(first + sites, n_sites)
        counts = np.diff(matrix.indptr[first * len(inverse) : last * len(inverse) + 1])
        part = slice(matrix.indptr[first * len(inverse)], matrix.indptr[last * len(inverse)])
        data[part] = matrix.data[part] * np.repeat(np.tile(inverse, last - first), counts)
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


class FieldMap:
    """Descriptor of one realization, `FeatureMaps`, as torch operators.

    With `mean` and `scale` (n_features,) features are standardised, z = (G - mean) / scale, and gradients are
    dE/dz; `scale` is folded into the sparse matrices, so that it costs nothing at run time. Spins and fields are
    (R, N, 3), features and gradients are (R, N, n_features).
    """

    def __init__(self, maps, dtype=torch.float64, device="cpu", mean=None, scale=None):
        self.functions = maps.functions
        self.n_sites = maps.n_sites
        self.dtype, self.device = dtype, torch.device(device)
        index = {"device": self.device, "dtype": torch.int64}
        self.first, self.second = torch.as_tensor(maps.first, **index), torch.as_tensor(maps.second, **index)
        n_bond = self.functions.n_bond
        scale = np.ones(self.functions.n_features) if scale is None else np.asarray(scale, dtype=float)
        self.mean = None
        if mean is not None:
            self.mean = torch.as_tensor(np.asarray(mean, dtype=float) / scale, dtype=dtype, device=device)
        numpy_dtype = torch.empty(0, dtype=dtype).numpy().dtype
        bonds = _scale_rows(maps.bonds, scale[:n_bond], self.n_sites, numpy_dtype)
        self.bonds, self.bonds_t = _csr(bonds, dtype, device), _csr(bonds.T, dtype, device)
        difference = signed_incidence(maps)
        self.difference, self.difference_t = _csr(difference, dtype, device), _csr(difference.T, dtype, device)
        self.gather = _csr(_gather([maps.first, maps.second], self.n_sites), dtype, device)
        self.chirality = maps.functions.chirality
        if self.chirality:
            self.triples = [torch.as_tensor(maps.triples[:, c].copy(), **index) for c in range(3)]
            tied = torch.as_tensor(maps.tied, device=self.device)[:, None]
            self.tied = tied if maps.tied.any() else None
            chiral = _scale_rows(maps.chiralities, scale[n_bond:], self.n_sites, numpy_dtype)
            self.chiralities, self.chiralities_t = _csr(chiral, dtype, device), _csr(chiral.T, dtype, device)
            gather3 = _gather(list(maps.triples.T), self.n_sites)
            self.gather3, self.gather3_t = _csr(gather3, dtype, device), _csr(gather3.T, dtype, device)

    def features(self, spins):
        """Return the features (R, N, n_features) of `spins`."""
        sites = self._by_site(spins)
        b = (sites[self.first] * sites[self.second]).sum(1)
        parts = [self._to_features(self.bonds @ b)]
        if self.chirality:
            i, j, k = (sites[index] for index in self.triples)
            chi = (i * _cross(j, k)).sum(1)
            if self.tied is not None:
                chi = torch.where(self.tied, chi * chi, chi)
            parts.append(self._to_features(self.chiralities @ chi))
        features = torch.cat(parts, dim=2)
        return features if self.mean is None else features.sub_(self.mean)

    def field(self, gradient, spins):
        """Return the local field H = -dE/dS (R, N, 3) from dE/dG (R, N, n_features)."""
        sites = self._by_site(spins)
        weight = self.bond_gradient(gradient)[:, None]
        pulls = torch.cat([weight * sites[self.second], weight * sites[self.first]])
        field = -self._scatter(self.gather, pulls)
        if self.chirality:
            i, j, k = (sites[index] for index in self.triples)
            weight = self._chirality_weight(gradient) * self._slope(i, j, k)
            pulls = torch.cat([weight * _cross(j, k), weight * _cross(k, i), weight * _cross(i, j)])
            field -= self._scatter(self.gather3, pulls)
        return field.permute(2, 0, 1)

    def torque(self, gradient, spins):
        """Return S x H (R, N, 3) from dE/dG (R, N, n_features); differentiable in dE/dG."""
        return _Torque.apply(gradient, spins, self)

    def bond_gradient(self, gradient):
        """Return dE/db (P, R) from dE/dG (R, N, n_features)."""
        return self.bonds_t @ self._from_features(gradient[..., : self.functions.n_bond])

    def _chirality_weight(self, gradient):
        return (self.chiralities_t @ self._from_features(gradient[..., self.functions.n_bond :]))[:, None]

    def _slope(self, i, j, k):
        """Return the derivatives of the triples' variables with respect to chi, (T, 1, R), or 1 without ties."""
        if self.tied is None:
            return 1.0
        return torch.where(self.tied, 2.0 * (i * _cross(j, k)).sum(1), 1.0)[:, None]

    def _torque_arms(self, spins):
        """Return the vectors that dE/db, dE/dchi are multiplied with: (P, 3, R) and (3T, 3, R) or None."""
        sites = self._by_site(spins)
        bond_arm = _cross(sites[self.first], sites[self.second])
        if not self.chirality:
            return bond_arm, None
        i, j, k = (sites[index] for index in self.triples)
        # S_i x (S_j x S_k) = S_j (S_i . S_k) - S_k (S_i . S_j); the three cyclic ones sum to zero (Jacobi).
        ij, jk, ki = ((a * b).sum(1, keepdim=True) for a, b in ((i, j), (j, k), (k, i)))
        first, second, slope = j * ki - k * ij, k * ij - i * jk, self._slope(i, j, k)
        return bond_arm, torch.cat([part * slope for part in (first, second, -first - second)])

    def _scatter(self, matrix, columns):
        """Return matrix @ columns for columns (M, 3, R), shape (rows, 3, R)."""
        return (matrix @ columns.flatten(1)).reshape(matrix.shape[0], 3, columns.shape[2])

    @staticmethod
    def _by_site(spins):
        """Return spins (R, N, 3) as (N, 3, R), contiguous, so that gathers copy whole rows."""
        return spins.permute(1, 2, 0).contiguous()

    def _to_features(self, columns):
        """Return (N * F, R) as (R, N, F)."""
        return columns.reshape(self.n_sites, -1, columns.shape[1]).permute(2, 0, 1)

    @staticmethod
    def _from_features(gradient):
        """Return (R, N, F) as (N * F, R)."""
        return gradient.permute(1, 2, 0).reshape(-1, len(gradient))


def _cross(a, b):
    return torch.linalg.cross(a, b, dim=1)


class _Torque(torch.autograd.Function):
    """The linear map dE/dG -> S x H with its transpose written out, so that nothing dense is stored."""

    @staticmethod
    def forward(ctx, gradient, spins, operator):
        ctx.operator = operator
        bond_arm, chirality_arm = operator._torque_arms(spins)
        ctx.save_for_backward(bond_arm, chirality_arm)
        weight = operator.bond_gradient(gradient)[:, None]
        result = -operator._scatter(operator.difference, weight * bond_arm)
        if operator.chirality:
            weight = operator._chirality_weight(gradient).repeat(3, 1, 1)
            result -= operator._scatter(operator.gather3, weight * chirality_arm)
        return result.permute(2, 0, 1)

    @staticmethod
    def backward(ctx, upstream):
        operator = ctx.operator
        bond_arm, chirality_arm = ctx.saved_tensors
        upstream = operator._by_site(upstream)
        pulled = operator._scatter(operator.difference_t, upstream)
        parts = [operator._to_features(operator.bonds @ -(pulled * bond_arm).sum(1))]
        if operator.chirality:
            pulled = -(operator._scatter(operator.gather3_t, upstream) * chirality_arm).sum(1)
            pulled = pulled.reshape(3, len(pulled) // 3, pulled.shape[1]).sum(0)
            parts.append(operator._to_features(operator.chiralities @ pulled))
        return torch.cat(parts, dim=2), None, None
