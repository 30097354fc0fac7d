"""Trained models as one safetensors file that carries everything needed to use them."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from sdglass.errors import InputError
from sdglass.files import atomic_path
from sdglass.hamiltonian import SDModel
from sdglass.linear_model import EnergyReference, LinearModel
from sdglass.network import SiteEnergy
from sdglass.symmetry_functions import SymmetryFunctions

FORMAT = 1


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A force field and what it was trained on.

    Attributes
    ----------
    sd_model : SDModel
        The electrons whose labels it was trained on; it must not be used for others.
    functions : SymmetryFunctions
    references : list of EnergyReference
        One per network, or a single one for a linear model.
    networks : list of SiteEnergy
        One network, or the members of a committee; empty for a linear model.
    coefficients : numpy.ndarray or None
        Coefficients of a linear model [t0].
    info : dict
        Training data, settings, errors, provenance: what a reader wants to know, not what is needed.
    """

    sd_model: SDModel
    functions: SymmetryFunctions
    references: list
    networks: list = field(default_factory=list)
    coefficients: np.ndarray | None = None
    info: dict = field(default_factory=dict)

    @property
    def kind(self):
        """``"network"`` or ``"linear"``."""
        return "network" if self.networks else "linear"

    @property
    def linear(self):
        """The `LinearModel` of a file of that kind."""
        return LinearModel(self.functions, self.coefficients, self.references[0], self.sd_model.hopping)

    def save(self, path):
        """Write a safetensors file."""
        header = {
            "format": FORMAT,
            "kind": self.kind,
            "sd_model": self.sd_model.to_dict(),
            "functions": self.functions.to_dict(),
            "references": [asdict(reference) for reference in self.references],
            "networks": [network.settings for network in self.networks],
            "info": self.info,
        }
        tensors = {
            f"member{m}.{key}": value.contiguous()
            for m, network in enumerate(self.networks)
            for key, value in network.state_dict().items()
        }
        if self.coefficients is not None:
            tensors["coefficients"] = torch.as_tensor(np.asarray(self.coefficients, dtype=float))
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, {"sdglass": json.dumps(header, sort_keys=True)})

    @classmethod
    def load(cls, path):
        """Read a safetensors file.

        Raises
        ------
        InputError
            If the file is missing, damaged, or not one of this library's models.
        """
        if not Path(path).is_file():
            raise InputError(f"{path}: no such file; expected a model in safetensors format")
        try:
            with safe_open(path, "pt") as handle:
                metadata = handle.metadata() or {}
                tensors = {key: handle.get_tensor(key) for key in handle.keys()}
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path}: not a readable safetensors file ({error})") from None
        if "sdglass" not in metadata:
            raise InputError(
                f"{path}: safetensors file without 'sdglass' metadata; expected a model of this library"
            )
        try:
            header = json.loads(metadata["sdglass"])
            if header["format"] != FORMAT:
                raise InputError(f"{path}: format {header['format']}; this version reads format {FORMAT}")
            networks = []
            for member, settings in enumerate(header["networks"]):
                network = SiteEnergy(**settings)
                prefix = f"member{member}."
                network.load_state_dict(
                    {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
                )
                networks.append(network)
            return cls(
                SDModel.from_dict(header["sd_model"]),
                SymmetryFunctions(**header["functions"]),
                [EnergyReference(**reference) for reference in header["references"]],
                networks,
                tensors["coefficients"].numpy() if "coefficients" in tensors else None,
                header["info"],
            )
        except (KeyError, TypeError, RuntimeError, json.JSONDecodeError) as error:
            raise InputError(f"{path}: model file is inconsistent ({error})") from None

    def require_model(self, sd_model, path="model"):
        """Raise `InputError` if `sd_model` differs from the electrons the model was trained on."""
        differences = self.sd_model.differences(sd_model)
        if differences:
            raise InputError(
                f"{path} was trained for other electrons (trained against asked: {'; '.join(differences)}); "
                "train a model for these, or use the exact engine"
            )
