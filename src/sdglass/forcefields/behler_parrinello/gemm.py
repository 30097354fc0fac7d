"""Dense matrix products of the network, by the fastest library at hand, differentiable any number of times.

On x86 processors that are not Intel's, the library behind ``torch.mm`` (MKL) uses half of the vector units;
oneDNN, which comes with the same torch, uses all of them. It is reached through the operator that torch's own
compiler calls; where that is missing, or for other types and devices, this is ``torch.mm``.
"""

import torch

# Below this width oneDNN loses to MKL (a network's output layer).
_NARROW = 16


def _find_onednn():
    try:
        linear = torch.ops.mkldnn._linear_pointwise
        probe = torch.ones(_NARROW, _NARROW)
        linear(probe, probe, None, "none", [], "")
    except (AttributeError, RuntimeError, TypeError):
        return None
    return linear


_ONEDNN = _find_onednn()


def _fast(a, b):
    return (
        _ONEDNN is not None
        and a.dtype == b.dtype == torch.float32
        and a.device.type == "cpu"
        and min(*a.shape, *b.shape) >= _NARROW
    )


def plain_product(a, b):
    """Return a @ b of matrices (m, k) and (k, n), without a graph."""
    return _ONEDNN(a, b.t(), None, "none", [], "") if _fast(a, b) else a @ b


def matrix_product(a, b):
    """Return a @ b of matrices (m, k) and (k, n); its derivatives use the same library."""
    return _Product.apply(a, b)


def affine(x, weight, bias):
    """Return x @ weight.T + bias (..., n), as `torch.nn.functional.linear`, of x (..., k) and weight (n, k)."""
    flat = x.reshape(-1, x.shape[-1])
    return _Affine.apply(flat, weight, bias).reshape(*x.shape[:-1], len(weight))


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return plain_product(a, b)

    @staticmethod
    def backward(ctx, upstream):
        a, b = ctx.saved_tensors
        need_a, need_b = ctx.needs_input_grad
        return (
            matrix_product(upstream, b.t()) if need_a else None,
            matrix_product(a.t(), upstream) if need_b else None,
        )


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        if _fast(x, weight):
            return _ONEDNN(x, weight, bias, "none", [], "")
        return torch.nn.functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, upstream):
        x, weight = ctx.saved_tensors
        need_x, need_weight, need_bias = ctx.needs_input_grad
        return (
            matrix_product(upstream, weight) if need_x else None,
            matrix_product(upstream.t(), x) if need_weight else None,
            upstream.sum(0) if need_bias else None,
        )
