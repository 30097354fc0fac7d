"""Fitted models as one safetensors file that carries everything needed to use them."""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.io import atomic_path, require_file


class StoredModel:
    """How a fitted model gets into its file and back, the same for every kind of model.

    A kind inherits from it, has the attributes of `sdglass.forcefields.base.FittedModel`, and has three methods:
    ``header()`` (plain data) and ``tensors()`` (numpy arrays by name) say what is its own, and the class method
    ``build(tensors, header, electrons, info, errors)`` makes the model of them again; whatever it raises means
    that the file is inconsistent.
    """

    format = 1  # of the file; raised when files of before cannot be read any more
    devices = ("cpu",)  # where it computes

    @classmethod
    def suits(cls, electrons):
        """Return whether the kind can be fitted to labels of these electrons at all."""
        return True

    @classmethod
    def join(cls, members):
        """Return the only member, as is right for a model without folds; `InputError` if there are several."""
        if len(members) != 1:
            raise InputError(f"{len(members)} {cls.kind} models to join; expected one, since it has no folds")
        return members[0]

    def save(self, path):
        """Write a safetensors file."""
        common = {"format": self.format, "kind": self.kind, "sd_model": self.electrons.to_dict()}
        write_tensors(path, self.tensors(), {**common, **self.header(), "info": self.info, "errors": self.errors})

    @classmethod
    def load(cls, path):
        """Read a safetensors file.

        `InputError` names a file that is missing, damaged, inconsistent, or of another kind.
        """
        return cls.from_tensors(*read_tensors(path), path)

    @classmethod
    def from_tensors(cls, tensors, header, path):
        """Return the model of what `read_tensors` read from `path`; raises as `load` does."""
        if header.get("kind") != cls.kind:
            raise InputError(f"{path}: a model of kind {header.get('kind')!r}; expected {cls.kind!r}")
        if header.get("format") != cls.format:
            raise InputError(f"{path}: format {header.get('format')}; this version reads format {cls.format}")
        try:
            info, errors = header["info"], header.get("errors", {})
            if not (isinstance(info, dict) and isinstance(errors, dict)):
                raise TypeError("expected info and errors to be objects")
            for stages in errors.values():
                for error in stages.values():
                    float(error["rmse"]), float(error["relative"])  # what everybody reads
            return cls.build(tensors, header, SDModel.from_dict(header["sd_model"]), info, errors)
        except (KeyError, IndexError, AttributeError, TypeError, RuntimeError, ValueError, OverflowError) as error:
            reason = " ".join(str(error).split())  # torch writes several lines
            raise InputError(f"{path}: model file is inconsistent ({reason})") from None


def write_tensors(path, tensors, header):
    """Write named numpy arrays and a JSON header to a safetensors file, with a SHA-256 of both."""
    tensors = {name: np.ascontiguousarray(tensor).reshape(np.shape(tensor)) for name, tensor in tensors.items()}
    signed = header | {"sha256": _digest(header, tensors)}
    with atomic_path(path) as temporary:
        # A single entry: safetensors writes several in random order, and equal files should be equal bytes.
        # Written by us: save_file would make a file that only its owner can read.
        temporary.write_bytes(save(tensors, {"sdglass": json.dumps(signed)}))


def read_tensors(path):
    """Return the numpy arrays and the header that `write_tensors` wrote.

    `InputError` if the file is missing, truncated, of another program, or changed since it was written.
    """
    require_file(path, "a model in safetensors format")
    data = Path(path).read_bytes()  # the system's errors say nothing about what is in the file
    try:
        tensors = load(data)
        metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__") or {}
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError) as error:
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


def _digest(header, tensors):
    digest = hashlib.sha256(json.dumps(header).encode())
    for name in sorted(tensors):
        # "torch.": as the first files were signed.
        digest.update(f"{name} torch.{tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()
