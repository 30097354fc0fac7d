"""From a name or a file to an engine: ``exact``, or a trained model."""

import warnings

import torch

from sdglass.devices import torch_device
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.composite import CommitteeForceField
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.locator.fit import KIND as LOCATOR
from sdglass.forcefields.locator.fit import LocatorModel
from sdglass.forcefields.model_file import TrainedModel, read_tensors, require_electrons
from sdglass.forcefields.training_domain import TrainingDomainWarning, departures

DTYPES = {"float64": torch.float64, "float32": torch.float32}


def load_model(path):
    """Return the `TrainedModel` or `LocatorModel` of a file; an `InputError` names a file that holds none."""
    tensors, header = read_tensors(path)
    kind = LocatorModel if header.get("kind") == LOCATOR else TrainedModel
    return kind.from_tensors(tensors, header, path)


def load_force_field(
    source, structure, sd_model=None, *, maps=None, dtype="float64", device="cpu", workers=1, members=None
):
    """Return the engine `source` on a structure.

    Parameters
    ----------
    source : str or path-like
        ``"exact"`` or the path of a ``.safetensors`` model.
    structure : Structure
    sd_model : SDModel, optional
        The electrons. The exact engine takes the paper's by default; a trained model is refused if they
        differ from those it was trained on.
    maps : FeatureMaps, optional
        Cached descriptor of the structure.
    dtype : {"float64", "float32"}
        Arithmetic of networks and of the locator force field.
    device : str
    workers : int
        Processes of the exact engine.
    members : sequence of int, optional
        Which networks of a committee to use; all by default. A single one gives a plain network.

    Raises
    ------
    InputError
        If the file is unusable, the model was trained for other electrons, there is no such member, or the
        device is not there.

    Warns
    -----
    TrainingDomainWarning
        If the structure is denser, more dilute, or has closer sites than those that the model was trained on.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype = {dtype!r}; expected one of {', '.join(DTYPES)}")
    device = torch_device(device)
    if str(source) == "exact":
        return ExactForceField(structure, SDModel() if sd_model is None else sd_model, workers)
    trained = load_model(source)
    try:
        unlike = departures(trained.info, structure)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{source}: what it says of its training structures is inconsistent ({error})") from None
    if unlike:
        warnings.warn(
            f"{source}: the structure is unlike those it was trained on, its errors here are not known: "
            + "; ".join(unlike),
            TrainingDomainWarning,
            stacklevel=2,
        )
    if sd_model is not None:
        require_electrons(trained.sd_model, sd_model, source)
    if trained.kind == LOCATOR:
        if members is not None:
            raise InputError(f"members = {members}; {source} is no committee")
        if device.type != "cpu":
            raise InputError(f"device = {device}; the locator force field runs on the cpu only")
        return trained.engine(structure, dtype)
    if trained.kind == "linear":
        return trained.linear.engine(structure, maps)
    offsets = [reference.energy(structure, trained.sd_model.hopping) for reference in trained.references]
    available = range(len(trained.networks))
    chosen = available if members is None else members
    if len(set(chosen)) < len(chosen):  # their mean would weigh one network twice
        raise InputError(f"members = {list(chosen)}; expected each network once")
    for member in chosen:
        if member not in available:
            raise InputError(f"member {member} is not in {source}: it holds networks 0 to {available[-1]}")
    if maps is None:  # once for all members
        maps = build_feature_maps(structure, trained.functions)
    engines = [
        NetworkForceField(
            structure, trained.networks[m], trained.functions, offsets[m], maps, DTYPES[dtype], device
        )
        for m in chosen
    ]
    return engines[0] if len(engines) == 1 else CommitteeForceField(engines)
