"""The Behler-Parrinello network: site energy from symmetry functions (paper Eqs. 6 and 7, Sec. IV)."""

import itertools

import torch
from torch import nn

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.gemm import affine, plain_product
from sdglass.forcefields.behler_parrinello.settings import ACTIVATIONS, PAPER_LAYERS

_MODULES = {"relu": nn.ReLU, "celu": nn.CELU, "silu": nn.SiLU}

# Sites that go through the network at a time when no graph is needed. On a CPU the activations of a block (14 MB
# of float32 with the paper's layers) stay in the cache, and each layer is still one large matrix product; on a
# GPU more sites fill the device. Memory does not grow with the number of sites.
_SITES_PER_BLOCK = {"cpu": 1024}
_SITES_PER_BLOCK_ELSEWHERE = 65536


class Dense(nn.Linear):
    """A layer x W^T + b whose products, and those of its derivatives, are those of the module `gemm`."""

    def forward(self, x):
        """Return the layer's values (..., n_out) at x (..., n_in)."""
        return affine(x, self.weight, self.bias)


class SiteEnergy(nn.Module):
    """epsilon(z): the same multilayer perceptron for every site, on standardised features.

    Parameters
    ----------
    n_features : int
        Length of the feature vector.
    layers : sequence of int
        Widths of the hidden layers.
    activation : {"relu", "celu", "silu"}
        ReLU is what the paper names; its energy has kinks, so the field jumps. CELU is what the paper
        cites. SiLU is smooth to all orders.
    linear_term : bool
        Whether a term linear in the features is added to the perceptron (the two-spin part, Eq. 15),
        which can then start from the least-squares solution.

    Notes
    -----
    The standardisation z = (G - mean) / scale is kept in buffers and applied by the descriptor's matrices
    (`operators.FieldMap`), where it costs nothing. The output is multiplied with `energy_scale` [t0], so that
    weights of order one give torques of the right size.
    """

    def __init__(self, n_features, layers=PAPER_LAYERS, activation="celu", linear_term=False):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise InputError(f"activation = {activation!r}; expected one of {', '.join(ACTIVATIONS)}")
        widths = [n_features, *layers]
        parts = []
        for before, after in itertools.pairwise(widths):
            parts += [Dense(before, after), _MODULES[activation]()]
        self.hidden = nn.Sequential(*parts)
        self.output = nn.Linear(widths[-1], 1)
        self.linear = nn.Linear(n_features, 1, bias=False) if linear_term else None
        self.settings = {
            "n_features": int(n_features),
            "layers": [int(width) for width in layers],
            "activation": activation,
            "linear_term": bool(linear_term),
        }
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.register_buffer("energy_scale", torch.ones(()))

    @property
    def n_parameters(self):
        """Number of trainable parameters."""
        return sum(parameter.numel() for parameter in self.parameters())

    def start_from_linear(self, coefficients):
        """Set the linear term to sum_f a_f G_f [t0] and the perceptron's output to zero.

        `coefficients` are the a_f [t0]; features beyond their number start at zero. `InputError` if the network
        has no linear term, or there are more coefficients than features.
        """
        if self.linear is None or len(coefficients) > self.settings["n_features"]:
            raise InputError(
                f"cannot start from {len(coefficients)} linear coefficients: the network has "
                f"{self.settings['n_features']} features and linear_term = {self.settings['linear_term']}"
            )
        weight = torch.zeros(self.settings["n_features"], dtype=torch.float64)
        weight[: len(coefficients)] = torch.as_tensor(coefficients, dtype=torch.float64)
        with torch.no_grad():
            offset = (weight * self.mean).sum() / self.energy_scale
            self.linear.weight.copy_((weight * self.scale / self.energy_scale)[None])
            self.output.weight.zero_()
            self.output.bias.fill_(float(offset))

    def forward(self, standardised):
        """Return the site energies (...,) [t0] of standardised features (..., n_features)."""
        energy = self.output(self.hidden(standardised))
        if self.linear is not None:
            energy = energy + self.linear(standardised)
        return self.energy_scale * energy.squeeze(-1)

    def energy_and_gradient(self, standardised, create_graph=False):
        """Return site energies (...,) and d epsilon / dz (..., n_features) of standardised features.

        `create_graph` says whether the result is to be differentiated with respect to the weights, as in training.
        Otherwise the gradient is worked out layer by layer in blocks of sites, which is faster and leaner.
        """
        if not create_graph:
            return self._by_blocks(standardised)
        with torch.enable_grad():
            standardised = standardised.detach().requires_grad_(True)
            energy = self(standardised)
            (gradient,) = torch.autograd.grad(energy.sum(), standardised, create_graph=True)
        return energy, gradient

    @torch.no_grad()
    def _by_blocks(self, standardised):
        rows = standardised.reshape(-1, standardised.shape[-1])
        energy, gradient = rows.new_empty(len(rows)), torch.empty_like(rows)
        count = _SITES_PER_BLOCK.get(rows.device.type, _SITES_PER_BLOCK_ELSEWHERE)
        for begin in range(0, len(rows), count):
            part = slice(begin, begin + count)
            energy[part], gradient[part] = self._block(rows[part])
        return energy.reshape(standardised.shape[:-1]), gradient.reshape(standardised.shape)

    def _block(self, z):
        """Return the energies (B,) and gradients (B, n_features) of the rows of z: one sweep forward, one back."""
        activate, slope_times = _BY_HAND[self.settings["activation"]]
        dense = self.hidden[::2]
        x, kept = z, []
        for layer in dense:
            x, keep = activate(layer(x))
            kept.append(keep)
        energy = self.output(x)
        pull = (self.energy_scale * self.output.weight).expand(len(z), -1).contiguous()  # d epsilon / dx
        for layer, keep in zip(reversed(dense), reversed(kept), strict=True):
            pull = plain_product(slope_times(pull, keep), layer.weight)
        if self.linear is not None:
            energy = energy + self.linear(z)
            pull += self.energy_scale * self.linear.weight
        return self.energy_scale * energy.squeeze(-1), pull


def _celu(x):
    x = nn.functional.celu_(x)
    return x, x


def _celu_slope_times(pull, value):
    # The slope is 1 above zero and exp(x) = value + 1 below, so the value alone is enough.
    return _ATEN.elu_backward.grad_input(pull, 1.0, 1.0, 1.0, True, value, grad_input=pull)


def _relu(x):
    x = x.relu_()
    return x, x


def _relu_slope_times(pull, value):
    return _ATEN.threshold_backward.grad_input(pull, value, 0, grad_input=pull)


def _silu(x):
    return nn.functional.silu(x), x


def _silu_slope_times(pull, argument):
    return _ATEN.silu_backward.grad_input(pull, argument, grad_input=pull)


# torch's own element-wise kernels, called in place: (value and what the slope needs, slope times a gradient).
_ATEN = torch.ops.aten
_BY_HAND = {
    "relu": (_relu, _relu_slope_times),
    "celu": (_celu, _celu_slope_times),
    "silu": (_silu, _silu_slope_times),
}
