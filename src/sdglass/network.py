"""The Behler-Parrinello network: site energy from symmetry functions (paper Eqs. 6 and 7, Sec. IV)."""

import itertools

import torch
from torch import nn

from sdglass.errors import InputError

ACTIVATIONS = {"relu": nn.ReLU, "celu": nn.CELU, "silu": nn.SiLU}
PAPER_LAYERS = (1024, 1024, 512, 256, 128, 128, 128, 128)


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
    (`sdglass.field_map.FieldMap`), where it costs nothing. The output is multiplied with `energy_scale`
    [t0], so that weights of order one give torques of the right size.
    """

    def __init__(self, n_features, layers=PAPER_LAYERS, activation="celu", linear_term=False):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise InputError(f"activation = {activation!r}; expected one of {', '.join(ACTIVATIONS)}")
        widths = [n_features, *layers]
        parts = []
        for before, after in itertools.pairwise(widths):
            parts += [nn.Linear(before, after), ACTIVATIONS[activation]()]
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

        Parameters
        ----------
        coefficients : array_like, shape (n_features,) or shorter
            a_f [t0]; features beyond its length start at zero.

        Raises
        ------
        InputError
            If the network has no linear term, or there are more coefficients than features.
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
        """Return site energies (...,) and d epsilon / dz (..., n_features)."""
        with torch.enable_grad():
            standardised = standardised.detach().requires_grad_(True)
            energy = self(standardised)
            (gradient,) = torch.autograd.grad(energy.sum(), standardised, create_graph=create_graph)
        return (energy, gradient) if create_graph else (energy.detach(), gradient)
