"""The network of `lattice_model` in torch: features of a lattice's sites, their energies, the training."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from sdglass.arrays import own_arithmetic
from sdglass.dataset import squared_weights
from sdglass.devices import torch_device
from sdglass.forcefields.base import Evaluation, electron_symmetries
from sdglass.forcefields.behler_parrinello.lattice_irreps import Environment
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass.spins import check_spins

_ACTIVATIONS = {"silu": nn.SiLU, "relu": nn.ReLU}
_AT_ONCE = 4000  # sites whose features are worked on together


class Descriptor(nn.Module):
    """Features (..., N, F) of spins (..., N, 3) on a table of neighbours (N, Z)."""

    def __init__(self, bonds, triangles, linear, groups, raw):
        super().__init__()
        self.raw, self.names = raw, sorted(groups)
        for name, array in {"bonds": bonds, "triangles": triangles, "linear": linear}.items():
            self.register_buffer(name, torch.as_tensor(array))
        for name, (coefficients, weights) in groups.items():
            self.register_buffer(name, torch.as_tensor(coefficients))  # (copies, d, B or T)
            self.register_buffer(f"{name}_weights", torch.as_tensor(weights))  # (copies,)

    @classmethod
    def of(cls, environment, symmetry):
        """Return that of an environment."""
        count = len(environment.bonds)
        if symmetry == "raw":
            return cls(environment.bonds, environment.triangles, np.empty((0, count)), {}, True)
        bonds, chiralities = environment.components()
        linear = np.array([rows[0] for name, _, rows in bonds if name == "A1"])
        groups = {}
        for kind, components in (("bond", bonds), ("chirality", chiralities)):
            for gamma in dict.fromkeys(name for name, _, _ in components):
                if (kind, gamma) == ("bond", "A1"):
                    continue
                some = [(reach, rows) for name, reach, rows in components if name == gamma]
                weights = np.exp(-np.array([reach for reach, _ in some]))
                groups[f"{kind}_{gamma}"] = np.array([rows for _, rows in some]), weights
        return cls(environment.bonds, environment.triangles, linear, groups, False)

    def forward(self, spins, table):
        """Return the features."""
        around = spins[..., table, :]  # (..., N, Z, 3)
        bond = (around[..., self.bonds[:, 0], :] * around[..., self.bonds[:, 1], :]).sum(-1)
        chirality = None
        if len(self.triangles):
            i, j, k = (around[..., self.triangles[:, corner], :] for corner in range(3))
            chirality = (i * torch.linalg.cross(j, k, dim=-1)).sum(-1)
        if self.raw:
            return bond if chirality is None else torch.cat([bond, chirality], dim=-1)
        parts = [bond @ self.linear.T]
        for name in self.names:
            coefficients, weights = getattr(self, name), getattr(self, f"{name}_weights")
            variables = bond if name.startswith("bond") else chirality
            f = torch.einsum("...b,rab->...ra", variables, coefficients)
            reference = torch.einsum("r,...ra->...a", weights, f)
            parts += [(f * f).sum(-1), (f * reference[..., None, :]).sum(-1)]
        return torch.cat(parts, dim=-1)


class LatticeNetwork(nn.Module):
    """Descriptor, standardisation and network."""

    def __init__(self, environment, settings, device="cpu"):
        super().__init__()
        self.descriptor = Descriptor.of(environment, settings.symmetry)
        self._finish(settings, device)

    @classmethod
    def stored(cls, model, dtype=torch.float32, device="cpu"):
        """Return those of a model."""
        self = cls.__new__(cls)
        nn.Module.__init__(self)
        arrays = {name.removeprefix("descriptor."): array for name, array in model.arrays.items()}
        names = [name.removesuffix("_weights") for name in arrays if name.endswith("_weights")]
        groups = {name: (arrays[name], arrays[f"{name}_weights"]) for name in names}
        raw = model.settings.symmetry == "raw"
        self.descriptor = Descriptor(arrays["bonds"], arrays["triangles"], arrays["linear"], groups, raw)
        self._finish(model.settings, device, len(model.arrays["mean"]))
        self.load_state_dict(
            {name: torch.as_tensor(array) for name, array in model.arrays.items() if name != "vectors"}
        )
        return self.to(device, dtype)

    def _finish(self, settings, device, n_features=None):
        self.settings = settings
        if n_features is None:
            table, size = (
                torch.zeros((1, 1 + int(self.descriptor.bonds.max())), dtype=torch.long),
                torch.ones((1, 3)),
            )
            n_features = self.descriptor.float()(size, table).shape[-1]
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        sizes = [n_features, *settings.layers]
        layers = []
        for i, o in pairwise(sizes):
            layers += [nn.Linear(i, o), _ACTIVATIONS[settings.activation]()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))
        self.to(device, torch.float32)

    def start(self, samples):
        """Draw the weights, and standardize the features of the samples."""
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()
        with torch.no_grad():
            features = torch.cat([self.descriptor(spins, table) for table, spins, *_ in samples])
        self.mean.copy_(features.mean(0))
        spread = features.std(0)
        self.scale.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))

    def evaluate(self, spins, table, training=False):
        """Return energies (...) and fields (..., N, 3), in units of the energy scale."""
        spins = spins.detach().requires_grad_(True)
        energy = self.layers((self.descriptor(spins, table) - self.mean) / self.scale)[..., 0].sum(-1)
        (slope,) = torch.autograd.grad(energy.sum(), spins, create_graph=training)
        return energy, -slope


def train(environment, data, settings, device, seed=0, fold=0, progress=False):
    """Train on torques or fields of labels; return the `LatticeNetwork`, energy scale [t0], and history."""
    network = LatticeNetwork(environment, settings, device)
    samples = []
    for labels, weights in zip(data, squared_weights(data, settings.weight_exponent), strict=True):
        table = torch.as_tensor(environment.table(labels.structure), device=device)
        targets = getattr(labels, settings.target)
        for spins, target, weight in zip(labels.spins, targets, weights, strict=True):
            tensors = (torch.as_tensor(array, dtype=torch.float32, device=device) for array in (spins, target))
            samples.append((table, *tensors, float(weight)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(seed, "lattice network", fold).integers(2**62)))
        network.start(samples)
    scale = float(np.sqrt(np.mean([float((target**2).mean()) for _, _, target, _ in samples])))
    heavy = np.mean([weight for *_, weight in samples])
    optimizer = torch.optim.Adam(network.layers.parameters(), lr=settings.learning_rate)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, settings.epochs * len(samples), 0.01 * settings.learning_rate
    )
    history = []
    with progress_bar(settings.epochs, "training", "epoch", disable=not progress) as bar:
        for epoch in range(settings.epochs):
            losses = []
            for number in generator(seed, "training order", fold, epoch).permutation(len(samples)):
                table, spins, target, weight = samples[number]
                _, field = network.evaluate(spins, table, training=True)
                found = torch.linalg.cross(spins, field, dim=-1) if settings.target == "torque" else field
                missed = scale * found - target
                loss = weight / heavy * (missed**2).mean() / scale**2
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                rate.step()
                losses.append(float(loss.detach()))
            history.append({"epoch": epoch + 1, "train_loss": float(np.mean(losses))})
            bar.update()
    return network, scale, history


class LatticeNetworkForceField:
    """`LatticeNetworkModel` on one structure."""

    def __init__(self, structure, model, dtype, device):
        self.structure, self.model = structure, model
        settings = model.settings
        self.cutoff = 2 * settings.cutoff
        whole = electron_symmetries(model.electrons)
        broken = {"time_reversal", "space_rotation"} if settings.symmetry == "raw" else set()
        self.symmetries = frozenset(whole) - broken
        self._device, self._dtype = torch_device(device), getattr(torch, dtype)
        self._network = LatticeNetwork.stored(model, self._dtype, self._device)
        arrays = model.arrays
        environment = Environment(arrays["vectors"], 0, arrays["descriptor.bonds"], arrays["descriptor.triangles"])
        self._table = torch.as_tensor(environment.table(structure), device=self._device)

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` (energy and field) of `spins`, shape (R, M, 3)."""
        spins = check_spins(spins, self.structure.n_spins)
        energies, fields = np.empty(len(spins)), np.empty(spins.shape)
        step = max(1, _AT_ONCE // self.structure.n_spins)
        for begin in range(0, len(spins), step):
            part = slice(begin, begin + step)
            given = torch.as_tensor(spins[part], dtype=self._dtype, device=self._device)
            energy, field = self._network.evaluate(given, self._table)
            energies[part], fields[part] = energy.detach().cpu().numpy(), field.cpu().numpy()
        energies = self.model.energy_scale * energies + self.model.energy_per_site * self.structure.n_sites
        return Evaluation(energies, self.model.energy_scale * fields)
