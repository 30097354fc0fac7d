"""What a network is trained on: standardised features of labelled configurations, and the loss of Eq. 19."""

import hashlib

import numpy as np
import torch

from sdglass.devices import torch_device
from sdglass.forcefields.behler_parrinello.operators import FieldMap
from sdglass.forcefields.training_domain import warn_of_zero_features


class TrainingSet:
    """Labelled configurations with standardised features, ready for minibatches.

    Parameters
    ----------
    data, maps : sequences of LabelledConfigurations and of FeatureMaps
    reference : EnergyReference
        Spin-independent energy to subtract.
    train : numpy.ndarray, shape (S, 2)
        Samples that set the standardisation.
    device, dtype
        Where and how the training runs.
    """

    def __init__(self, data, maps, reference, train, device="cpu", dtype=torch.float32):
        self.functions = maps[0].functions
        self.device, self.dtype = torch_device(device), dtype
        raw = [m.features(d.spins) for d, m in zip(data, maps, strict=True)]
        ties = any(m.tied.any() for m in maps)
        # Without ties G3-chi is odd under time reversal, and `flip` is all that it does.
        raw_reversed = [m.features(-d.spins) for d, m in zip(data, maps, strict=True)] if ties else None
        self.mean, self.scale = _standardisation(raw, raw_reversed, train, self.functions)
        self.operators = [FieldMap(m, dtype, device, self.mean, self.scale) for m in maps]

        def tensor(array):
            return torch.as_tensor(array, dtype=dtype, device=self.device)

        self.features = [tensor((g - self.mean) / self.scale) for g in raw]
        self.reversed = [tensor((g - self.mean) / self.scale) for g in raw_reversed] if ties else None
        self.spins = [tensor(d.spins) for d in data]
        self.torques = [tensor(d.torque) for d in data]
        self.energies = [tensor(d.energy - reference.energy(d.structure, d.model.hopping)) for d in data]
        known = np.unique(train[:, 0])
        chosen = np.concatenate([data[r].torque[train[train[:, 0] == r, 1]].ravel() for r in known])
        self.torque_rms = float(np.sqrt(np.mean(chosen**2)))
        self.flip = torch.ones(self.functions.n_features, dtype=dtype, device=self.device)
        self.flip[self.functions.n_bond :] = -1.0
        nonzero = np.any([(g != 0).any(axis=(0, 1)) for g in raw], axis=0)
        nonzero[: self.functions.n_bond] = True  # the fit of the two-spin part has looked at those
        warn_of_zero_features(self.functions, nonzero)

    def digest(self):
        """Return a SHA-256 of the spins and labels, as the training sees them."""
        digest = hashlib.sha256()
        for tensors in (self.spins, self.torques, self.energies):
            for tensor in tensors:
                digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
                digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    def predict(self, network, batch, create_graph=False, reversed_time=False):
        """Yield (realization, configurations (B_r,), energies (B_r,), torques (B_r, N_r, 3) [t0]) of a batch.

        All of it passes through the network together: its matrix products are then as large as can be, whatever
        realizations a batch is drawn from.
        """
        groups = [
            (int(realization), torch.as_tensor(batch[batch[:, 0] == realization, 1]))
            for realization in np.unique(batch[:, 0])
        ]
        known = self.reversed if reversed_time and self.reversed else self.features
        features = [known[realization][chosen] for realization, chosen in groups]
        shapes = [part.shape for part in features]
        features = torch.cat([part.flatten(0, 1) for part in features])
        if reversed_time and not self.reversed:
            features = features * self.flip
        site_energy, gradient = network.energy_and_gradient(features, create_graph)
        lengths = [shape[0] * shape[1] for shape in shapes]
        sign = -1.0 if reversed_time else 1.0
        for (realization, chosen), shape, energy, slope in zip(
            groups, shapes, site_energy.split(lengths), gradient.split(lengths), strict=True
        ):
            torque = self.operators[realization].torque(
                slope.reshape(shape), sign * self.spins[realization][chosen]
            )
            yield realization, chosen, energy.reshape(shape[:2]).sum(1), torque

    def loss(self, network, batch, settings, create_graph, reversed_time=False):
        """Return Eq. 19 averaged over a batch (B, 2), divided by 3 N rms(torque)^2, and its two parts.

        The divisor makes the number the relative squared torque error, whatever the study.
        """
        torque_error = energy_error = 0.0
        sites = 0
        for realization, chosen, energy, torque in self.predict(network, batch, create_graph, reversed_time):
            torque_error = torque_error + ((torque - self.torques[realization][chosen]) ** 2).sum()
            missed = torch.nan_to_num(energy - self.energies[realization][chosen])  # nan: not known
            energy_error = energy_error + (missed**2).sum()
            sites += torque.shape[0] * torque.shape[1]
        unit = 3.0 * sites * self.torque_rms**2
        total = (settings.torque_weight * torque_error + settings.energy_weight * energy_error) / unit
        return total, torque_error / (3.0 * sites), energy_error / len(batch)


def _standardisation(raw, raw_reversed, train, functions):
    """Return mean and scale (n_features,) of the training samples' features."""

    def chosen(features):
        parts = [features[r][train[train[:, 0] == r, 1]] for r in np.unique(train[:, 0])]
        return np.concatenate([part.reshape(-1, functions.n_features) for part in parts])

    own = chosen(raw)
    mean, scale = own.mean(0), own.std(0)
    # Time reversal is in the data by augmentation: what is odd has no mean.
    if raw_reversed is None:
        mean[functions.n_bond :] = 0.0
    else:
        mean = 0.5 * (mean + chosen(raw_reversed).mean(0))
    # A shell that is almost never occupied must not be blown up to unit variance.
    return mean, np.maximum(scale, 1e-3 * scale.max())


def array_digest(array):
    """Return a SHA-256 of a numpy array's shape and contents."""
    return hashlib.sha256(f"{array.dtype} {array.shape}".encode() + array.tobytes()).hexdigest()
