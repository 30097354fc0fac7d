"""Products of the network through the fastest library: values, derivatives, and what happens without it."""

import pytest
import torch

from sdglass.forcefields.behler_parrinello import gemm as module
from sdglass.forcefields.behler_parrinello.gemm import affine, matrix_product, plain_product
from sdglass.forcefields.behler_parrinello.network import SiteEnergy

WIDE, NARROW = 40, 3  # on either side of the width below which torch.mm is used


def matrices(*shapes, dtype=torch.float32, seed=0):
    """Return random matrices that are the same in every precision."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


@pytest.fixture
def without_onednn(monkeypatch):
    """Take the fast library away."""
    monkeypatch.setattr(module, "_ONEDNN", None)


@pytest.mark.parametrize("inner", [WIDE, NARROW])
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)])
def test_single_precision_products_agree_with_double_precision(inner, transposed):
    a, b = matrices((50, inner), (inner, 60))
    if transposed[0]:
        a = a.t().contiguous().t()
    if transposed[1]:
        b = b.t().contiguous().t()
    exact = a.double() @ b.double()
    for product in (plain_product, matrix_product):
        result = product(a, b)
        assert result.dtype == torch.float32
        # Up to forty terms of order one, each rounded to 6e-8.
        torch.testing.assert_close(result.double(), exact, rtol=1e-6, atol=1e-6 * inner**0.5)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("batch", [(), (50,), (4, 20)])
def test_affine_is_torch_s_linear_layer(width, batch):
    x, weight, bias = matrices((*batch, width), (WIDE, width), (WIDE,))
    exact = torch.nn.functional.linear(x.double(), weight.double(), bias.double())
    result = affine(x, weight, bias)
    assert result.shape == (*batch, WIDE)
    torch.testing.assert_close(result.double(), exact, rtol=1e-6, atol=1e-6 * width**0.5)


def test_derivatives_of_first_and_second_order():
    """Against finite differences, in double precision: the formulas do not depend on who multiplies."""
    a, b, weight, bias = matrices((3, 4), (4, 5), (5, 4), (5,), dtype=torch.float64)
    for function, arguments in ((matrix_product, (a, b)), (affine, (a, weight, bias))):
        arguments = tuple(argument.requires_grad_(True) for argument in arguments)
        assert torch.autograd.gradcheck(function, arguments)
        assert torch.autograd.gradgradcheck(function, arguments)


def weight_gradients(dtype):
    """Return the weight gradients of a loss on the gradient of a network, as a training needs them."""
    torch.manual_seed(0)
    network = SiteEnergy(WIDE, (64, 48, 32)).to(dtype)
    (features,) = matrices((70, WIDE), dtype=dtype)
    energy, gradient = network.energy_and_gradient(features, create_graph=True)
    loss = gradient.square().sum() + energy.square().sum()
    return torch.autograd.grad(loss, list(network.parameters()))


def test_the_double_backward_agrees_with_double_precision():
    for single, double in zip(weight_gradients(torch.float32), weight_gradients(torch.float64), strict=True):
        scale = double.abs().max().item()
        torch.testing.assert_close(single.double(), double, rtol=0, atol=3e-6 * scale)


def test_the_same_product_twice_is_the_same_bit_for_bit():
    a, b = matrices((300, 150), (150, 200))
    first = plain_product(a, b)
    assert all(torch.equal(plain_product(a, b), first) for _ in range(5))
    assert all(
        torch.equal(one, two)
        for one, two in zip(weight_gradients(torch.float32), weight_gradients(torch.float32), strict=True)
    )


@pytest.mark.usefixtures("without_onednn")
def test_without_the_fast_library_it_is_torch_mm():
    a, b, bias = matrices((50, WIDE), (WIDE, 60), (60,))
    assert torch.equal(plain_product(a, b), a @ b)
    weight = b.t().contiguous()
    assert torch.equal(affine(a, weight, bias), torch.nn.functional.linear(a, weight, bias))
    test_the_double_backward_agrees_with_double_precision()
