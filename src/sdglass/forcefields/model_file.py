"""Trained models as one safetensors file that carries everything needed to use them."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.linear import EnergyReference, LinearModel
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions
from sdglass.io import atomic_path, require_file

FORMAT = 1
KINDS = ("network", "linear")


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
        write_tensors(path, tensors, header)

    @classmethod
    def load(cls, path):
        """Read a safetensors file.

        Raises
        ------
        InputError
            If the file is missing, damaged, or not one of this library's models; the message names it.
        """
        return cls.from_tensors(*read_tensors(path), path)

    @classmethod
    def from_tensors(cls, tensors, header, path):
        """Return the model of what `read_tensors` read from `path`; raises as `load` does."""
        if header.get("kind") not in KINDS:
            raise InputError(f"{path}: a model of kind {header.get('kind')!r}; expected {' or '.join(KINDS)}")
        if header.get("format") != FORMAT:
            raise InputError(f"{path}: format {header.get('format')}; this version reads format {FORMAT}")
        try:
            networks = []
            for member, settings in enumerate(header["networks"]):
                network = SiteEnergy(**settings)
                network.load_state_dict(with_prefix(tensors, f"member{member}."))
                networks.append(network)
            model = cls(
                SDModel.from_dict(header["sd_model"]),
                SymmetryFunctions(**header["functions"]),
                [EnergyReference(**reference) for reference in header["references"]],
                networks,
                None if networks else tensors["coefficients"].numpy(),
                header["info"],
            )
            model._check()
            return model
        except (KeyError, IndexError, AttributeError, TypeError, RuntimeError, ValueError, OverflowError) as error:
            reason = " ".join(str(error).split())  # torch writes several lines
            raise InputError(f"{path}: model file is inconsistent ({reason})") from None

    def _check(self):
        """Raise `InputError` if the parts do not fit each other."""
        if len(self.references) != max(1, len(self.networks)):
            raise InputError(f"{len(self.references)} energy references for {len(self.networks)} networks")
        lengths = [network.settings["n_features"] for network in self.networks]
        expected = {self.functions.n_features}
        if self.kind == "linear":
            lengths, expected = [len(self.coefficients)], {self.functions.n_g2, self.functions.n_bond}
        for length in lengths:
            if length not in expected:
                raise InputError(
                    f"a {self.kind} model of {length} features; "
                    f"its symmetry functions make {' or '.join(map(str, sorted(expected)))}"
                )


def require_electrons(trained, asked, path="model"):
    """Raise `InputError` if `asked` differs from the electrons, `trained`, that a model was trained on."""
    differences = trained.differences(asked)
    if differences:
        raise InputError(
            f"{path} was trained for other electrons (trained against asked: {'; '.join(differences)}); "
            "train a model for these, or use the exact engine"
        )


def write_tensors(path, tensors, header):
    """Write named tensors and a JSON header to a safetensors file, with a SHA-256 of both."""
    signed = header | {"sha256": _digest(header, tensors)}
    with atomic_path(path) as temporary:
        # A single entry: safetensors writes several in random order, and equal files should be equal bytes.
        # Written by us: save_file would make a file that only its owner can read.
        temporary.write_bytes(save(tensors, {"sdglass": json.dumps(signed)}))


def read_tensors(path):
    """Return the tensors and the header that `write_tensors` wrote.

    Raises
    ------
    InputError
        If the file is missing, truncated, of another program, or changed since it was written.
    """
    require_file(path, "a model in safetensors format")
    try:
        with safe_open(path, "pt") as handle:
            metadata = handle.metadata() or {}
            tensors = {key: handle.get_tensor(key) for key in handle.keys()}
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path}: damaged, or not a safetensors file ({error}); make or fetch it again") from None
    if "sdglass" not in metadata:
        raise InputError(f"{path}: safetensors file without 'sdglass' metadata; expected a model of this library")
    try:
        header = dict(json.loads(metadata["sdglass"]))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: damaged, its 'sdglass' metadata is unreadable ({error}); make or fetch it again"
        ) from None
    # Safetensors has no checksum of its own, and a flipped bit in a weight is a wrong force.
    if header.pop("sha256", None) != _digest(header, tensors):
        raise InputError(f"{path}: damaged, its content does not match its checksum; make or fetch it again")
    return tensors, header


def with_prefix(tensors, prefix):
    """Return the tensors whose names start with `prefix`, without it."""
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}


def _digest(header, tensors):
    digest = hashlib.sha256(json.dumps(header).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())  # numpy does not know every dtype
    return digest.hexdigest()
