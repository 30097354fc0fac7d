"""Behler-Parrinello networks on lattices: site energies of `lattice_irreps`, or of raw bonds and chiralities.

The raw variables are what the published code for lattices feeds to its network (arXiv:2602.18213): neither the
point group nor time reversal is a symmetry of it then. They are the baseline that irreducible representations are
compared with.
"""

from dataclasses import asdict, dataclass, field

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dataset import common_electrons
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import refuse_options
from sdglass.forcefields.behler_parrinello.lattice_irreps import Environment
from sdglass.forcefields.description import describe_model
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.training_domain import training_info

_WORDS = {"symmetry": ("irreps", "raw"), "activation": ("silu", "relu"), "target": ("torque", "field")}


@dataclass(frozen=True)
class LatticeNetworkSettings:
    """Everything that the training of a network on a lattice is told.

    Parameters
    ----------
    cutoff : float
        Of the sites around a site [ell].
    bond_length : float
        Longest bond between two neighbours of it [ell].
    chirality : bool
        Whether elementary triangles are described too.
    symmetry : {"irreps", "raw"}
        Irreducible representations, or the bonds and chiralities themselves.
    layers : sequence of int
        Neurons of the hidden layers.
    activation : {"silu", "relu"}
        Of their neurons; fields of the latter jump.
    target : {"torque", "field"}
        Whose error the loss is; the dynamics sees the torque alone.
    epochs : int
        Passes over the configurations, one a step of Adam; the rate falls to 1 % along a cosine.
    learning_rate : float
    weight_exponent : float
        Configurations are weighted with their rms torque to the power of minus this.
    """

    cutoff: float = 3.0
    bond_length: float = 1.5
    chirality: bool = True
    symmetry: str = "irreps"
    layers: tuple = (128, 64)
    activation: str = "silu"
    target: str = "torque"
    epochs: int = 150
    learning_rate: float = 2e-3
    weight_exponent: float = 0.67

    folds = (0,)
    descriptor = None

    def __post_init__(self):
        object.__setattr__(self, "layers", tuple(self.layers))
        for name in ("cutoff", "bond_length", "learning_rate"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} = {getattr(self, name)}; expected a positive number")
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise InputError(f"{name} = {getattr(self, name)!r}; expected {' or '.join(known)}")
        if not self.layers or min(self.layers) < 1 or self.epochs < 1:
            raise InputError(f"layers = {self.layers}, epochs = {self.epochs}; expected positive numbers")


@dataclass(frozen=True, eq=False)
class LatticeNetworkModel(StoredModel):
    """A trained network on a lattice: a `FittedModel`.

    Attributes
    ----------
    settings : LatticeNetworkSettings
    arrays : dict
        Of the environment, the descriptor, its standardisation, and the network, by name.
    energy_scale : float
        Energy of a site by the network that is 1 [t0].
    energy_per_site : float
        [t0]
    """

    electrons: SDModel
    settings: LatticeNetworkSettings
    arrays: dict
    energy_scale: float
    energy_per_site: float
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "lattice-network"
    Settings = LatticeNetworkSettings
    descriptor = None
    devices = ("cpu", "cuda")

    @property
    def n_parameters(self):
        """Number of weights and biases."""
        return sum(array.size for name, array in self.arrays.items() if name.startswith("layers."))

    @classmethod
    @own_arithmetic
    def fit(
        cls, data, settings, *, fold=0, seed=0, device="cpu", descriptors=None, checkpoint=None, progress=False
    ):
        """Train on torques, or fields; return the model, and the mean loss of every epoch.

        See `sdglass.forcefields.base.FittedModel.fit`; `InputError` if a structure is no square or triangular
        lattice.
        """
        from sdglass.devices import torch_device
        from sdglass.forcefields.behler_parrinello.lattice_network import train

        electrons, place = common_electrons(data), torch_device(device)
        environment = Environment.of(data[0].structure, settings.cutoff, settings.bond_length, settings.chirality)
        network, scale, history = train(environment, data, settings, place, seed, fold, progress)
        if not np.isfinite(history[-1]["train_loss"]):
            raise InputError(f"the training diverged; expected a learning_rate below {settings.learning_rate}")
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
        arrays["vectors"] = environment.vectors
        info = {**training_info(data), "settings": asdict(settings)}
        model = cls(electrons, settings, arrays, scale, 0.0, info)
        left = [
            (labels.energy - model.on(labels.structure).evaluate(labels.spins).energy) / labels.structure.n_sites
            for labels in data
            if labels.has_energy
        ]
        offset = float(np.mean(np.concatenate(left))) if left else 0.0
        return cls(electrons, settings, arrays, scale, offset, info), history

    @own_arithmetic
    def on(self, structure, *, dtype="float64", device="cpu", members=None, descriptor=None, threads=None):
        """Return this force field on a structure, see `FittedModel.on`; `members` and the like mean nothing."""
        refuse_options("a lattice network", members=members, descriptor=descriptor, threads=threads)
        from sdglass.forcefields.behler_parrinello.lattice_network import LatticeNetworkForceField

        return LatticeNetworkForceField(structure, self, dtype, device)

    def describe(self):
        """Return (label, text) rows for whoever asks what this is."""
        told = self.settings
        names = {"irreps": "irreducible representations", "raw": "the variables themselves, no symmetry"}
        variables = "bonds and chiralities" if told.chirality else "bonds"
        shape = (
            "descriptor",
            f"{names[told.symmetry]} of {variables} within {told.cutoff:g} ell",
        )
        return describe_model(self, "Behler-Parrinello network on a lattice", shape, str(self.n_parameters))

    def header(self):
        """Return what is not an array as plain data."""
        settings = asdict(self.settings) | {"layers": list(self.settings.layers)}
        return {"settings": settings, "energy_scale": self.energy_scale, "energy_per_site": self.energy_per_site}

    def tensors(self):
        """Return the fitted numbers as arrays by name."""
        return self.arrays

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        """Return the model of what `header` and `tensors` returned."""
        settings = LatticeNetworkSettings(**header["settings"])
        numbers = (float(header[name]) for name in ("energy_scale", "energy_per_site"))
        missing = {"mean", "scale", "vectors", "descriptor.bonds", "descriptor.triangles"} - tensors.keys()
        if missing:
            raise ValueError(f"no tensor {min(missing)}")
        return cls(electrons, settings, dict(tensors), *numbers, info, errors)
