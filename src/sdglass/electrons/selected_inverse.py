"""Blocks on the diagonal of the inverse of a sparse matrix, and its determinant, many matrices at a time.

The matrices are those of the Green's functions, A = z - H with z in the upper half plane: a 2 x 2 block (spin
up, spin
down) per site, and hoppings that are the same for both spins. Fronts of `nested_dissection` are eliminated upwards
(each is a dense matrix; what is left of it on its border is added to its parent), then the inverse is unrolled
downwards, only where a lower front needs it: selected inversion, L. Lin et al., ACM Trans. Math. Softw. 37, 40
(2011),
doi:10.1145/1916461.1916464. Fronts of one shape are worked on together, and so are all matrices.

No pivoting is needed: the anti-Hermitian part (A - A^dagger) / 2i >= Im z is positive, that of every Schur
complement
too, so every pivot lies in the upper half plane. The sum of their logarithms is therefore log det A on the branch
on which log det(z - H) = sum_k log(z - e_k), whose imaginary part an ordinary determinant would not tell.
"""

from dataclasses import dataclass

import numpy as np
import torch

# Below this size a matrix is inverted pivot by pivot; above, by halves, in matrix products alone.
SMALL = 8


@dataclass(frozen=True, eq=False)
class _Group:
    """Fronts of one height and one shape: F fronts, K sites inside and B on the border."""

    inside: torch.Tensor  # (F, K)
    n_border: int
    hopping: torch.Tensor  # (F, K + B, K + B), sites of the border hop nowhere here
    children: list  # (group, its members (C,), our members (C,), positions (C, Bc))


class SelectedInverse:
    """What is worked out once for all matrices with the same hoppings.

    Parameters
    ----------
    fronts : list of Front
    hopping : scipy.sparse matrix, shape (N, N)
        Hermitian, real or complex, zero on the diagonal [t0].
    device : torch.device or str
    """

    def __init__(self, fronts, hopping, device="cpu"):
        self.n_sites = hopping.shape[0]
        self.device = torch.device(device)
        hopping = hopping.tocsr()
        shapes, place = {}, {}
        for number, front in enumerate(fronts):
            members = shapes.setdefault((front.height, len(front.inside), len(front.border)), [])
            place[number] = (len(members), members)
            members.append(number)
        keys = sorted(shapes)
        order = {id(shapes[key]): index for index, key in enumerate(keys)}
        self._groups = [
            self._group([fronts[n] for n in shapes[key]], fronts, hopping, place, order) for key in keys
        ]
        # Complex numbers that one matrix needs: inverse and two products of every front, kept for the way down.
        self.stored = sum(
            4 * len(fronts_) * (k * k + 2 * k * b) for (_, k, b), fronts_ in shapes.items()
        ) + 24 * max(len(f) * (k + b) ** 2 for (_, k, b), f in shapes.items())

    def _group(self, fronts, all_fronts, hopping, place, order):
        local = np.full(self.n_sites, -1)
        blocks, links = [], {}
        for member, front in enumerate(fronts):
            k = len(front.inside)
            sites = np.concatenate([front.inside, front.border])
            block = hopping[sites][:, sites].toarray()
            block[k:, k:] = 0.0
            blocks.append(block)
            local[sites] = np.arange(len(sites))
            for child in front.children:
                index, members = place[child]
                theirs, ours, positions = links.setdefault(order[id(members)], ([], [], []))
                theirs.append(index)
                ours.append(member)
                positions.append(local[all_fronts[child].border])
        children = [
            (group, *(torch.as_tensor(np.array(part), device=self.device) for part in parts))
            for group, parts in links.items()
        ]
        inside = torch.as_tensor(np.array([front.inside for front in fronts]), device=self.device)
        return _Group(
            inside, len(fronts[0].border), torch.as_tensor(np.array(blocks), device=self.device), children
        )

    def diagonal_blocks(self, diagonal):
        """Return the 2 x 2 blocks on the diagonal of A^-1 and log det A of Q matrices.

        Parameters
        ----------
        diagonal : torch.Tensor, shape (Q, N, 2, 2)
            Blocks on the diagonal of A, complex; off the diagonal A is minus the hopping.

        Returns
        -------
        blocks : torch.Tensor, shape (Q, N, 2, 2)
        log_determinant : torch.Tensor, shape (Q,)
        """
        q = len(diagonal)
        log_determinant = torch.zeros(q, dtype=torch.complex128, device=self.device)
        kept, updates = [], [None] * len(self._groups)
        for number, group in enumerate(self._groups):
            front = self._assembled(group, diagonal, updates)
            k = 2 * group.inside.shape[1]
            inverse, logarithm = inverse_and_log_determinant(front[:, :, :k, :k])
            log_determinant += logarithm.sum(1, dtype=torch.complex128)
            left = front[:, :, k:, :k] @ inverse
            right = inverse @ front[:, :, :k, k:]
            if group.n_border:
                updates[number] = front[:, :, k:, k:] - left @ front[:, :, :k, k:]
            kept.append((inverse, left, right))
        blocks = torch.empty_like(diagonal)
        borders = [None] * len(self._groups)
        for number in reversed(range(len(self._groups))):
            group, (inverse, left, right) = self._groups[number], kept.pop()
            self._descend(group, inverse, left, right, borders, number, blocks)
        return blocks, log_determinant

    def _assembled(self, group, diagonal, updates):
        """Return the fronts of a group (Q, F, 2 (K + B), 2 (K + B)): hoppings, diagonal, what children left."""
        q, (f, k), size = len(diagonal), group.inside.shape, group.hopping.shape[1]
        front = torch.zeros((q, f, size, 2, size, 2), dtype=diagonal.dtype, device=self.device)
        minus = -group.hopping.to(diagonal.dtype)
        front[:, :, :, 0, :, 0] = minus
        front[:, :, :, 1, :, 1] = minus
        site = torch.arange(k, device=self.device)
        front[:, :, site, :, site, :] = diagonal[:, group.inside].permute(2, 0, 1, 3, 4)
        front = front.view(q, f, 2 * size, 2 * size)
        for number, theirs, ours, positions in group.children:
            rows = _spins(positions)
            flat = (ours[:, None, None] * (2 * size) + rows[:, :, None]) * (2 * size) + rows[:, None, :]
            update = updates[number]
            if len(theirs) != update.shape[1]:
                update = update[:, theirs]
            front.view(q, -1).index_add_(1, flat.reshape(-1), update.reshape(q, -1))
        return front

    def _descend(self, group, inverse, left, right, borders, number, blocks):
        q, (f, k), b = len(blocks), group.inside.shape, group.n_border
        outer = borders[number]
        borders[number] = None
        if not group.children:
            block = inverse.view(q, f, k, 2, k, 2).diagonal(dim1=2, dim2=4).permute(0, 1, 4, 2, 3)
            if b:
                inner = (right @ outer).view(q, f, k, 2, 2 * b)
                across = left.view(q, f, 2 * b, k, 2).permute(0, 1, 3, 2, 4)
                block = block + inner @ across
            blocks[:, group.inside] = block
            return
        full = torch.empty((q, f, 2 * (k + b), 2 * (k + b)), dtype=blocks.dtype, device=self.device)
        if b:
            across = right @ outer
            full[:, :, : 2 * k, 2 * k :] = -across
            full[:, :, 2 * k :, : 2 * k] = -(outer @ left)
            full[:, :, 2 * k :, 2 * k :] = outer
            inverse = inverse + across @ left
        full[:, :, : 2 * k, : 2 * k] = inverse
        blocks[:, group.inside] = inverse.view(q, f, k, 2, k, 2).diagonal(dim1=2, dim2=4).permute(0, 1, 4, 2, 3)
        for child, theirs, ours, positions in group.children:
            rows = _spins(positions)
            width = rows.shape[1]
            if borders[child] is None:
                total = len(self._groups[child].inside)
                borders[child] = torch.empty((q, total, width, width), dtype=blocks.dtype, device=self.device)
            size = 2 * (k + b)
            flat = (ours[:, None, None] * size + rows[:, :, None]) * size + rows[:, None, :]
            part = full.view(q, -1).index_select(1, flat.reshape(-1))
            borders[child][:, theirs] = part.view(q, len(theirs), width, width)


def _spins(sites):
    """Return the two rows of every site: (C, B) -> (C, 2 B)."""
    return torch.stack([2 * sites, 2 * sites + 1], dim=-1).flatten(1)


def inverse_and_log_determinant(matrix):
    """Return A^-1 and log det A of matrices (..., n, n) whose anti-Hermitian part is positive.

    The logarithm is the sum of those of the eigenvalues, all in the upper half plane.
    """
    n = matrix.shape[-1]
    if n <= SMALL:
        return _pivot_by_pivot(matrix)
    half = n // 2 + (n // 2) % 2
    a, b = matrix[..., :half, :half], matrix[..., :half, half:]
    c, d = matrix[..., half:, :half], matrix[..., half:, half:]
    inverse, logarithm = inverse_and_log_determinant(a)
    left, right = c @ inverse, inverse @ b
    lower, rest = inverse_and_log_determinant(d - c @ right)
    result = torch.empty_like(matrix)
    corner = right @ lower
    result[..., :half, half:] = -corner
    result[..., half:, :half] = -(lower @ left)
    result[..., half:, half:] = lower
    result[..., :half, :half] = inverse + corner @ left
    return result, logarithm + rest


def _pivot_by_pivot(matrix):
    inverse = matrix.clone()
    logarithm = torch.zeros(matrix.shape[:-2], dtype=matrix.dtype, device=matrix.device)
    for j in range(matrix.shape[-1]):
        pivot = inverse[..., j, j].clone()
        logarithm += pivot.log()
        row = inverse[..., j, :] / pivot[..., None]
        row[..., j] = 1.0 / pivot
        column = inverse[..., :, j].clone()
        column[..., j] = 0.0
        inverse[..., :, j] = 0.0
        inverse -= column[..., :, None] * row[..., None, :]
        inverse[..., j, :] = row
    return inverse, logarithm
