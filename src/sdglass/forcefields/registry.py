"""From a name or a file to a force field: electrons that are solved, or a fitted model."""

import warnings
from inspect import signature

from sdglass.arrays import own_arithmetic
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import refuse_options
from sdglass.forcefields.model_file import read_tensors
from sdglass.forcefields.training_domain import TrainingDomainWarning, departures
from sdglass.registry import Registry

# Force fields made of the electrons themselves, called with (structure, electrons, workers=..., device=...).
ELECTRON_FORCE_FIELDS = Registry("electron solver", "sdglass.forcefields")
# Kinds of models that files hold, see `sdglass.forcefields.base.FittedModel`.
FITTED_MODELS = Registry("model kind", "sdglass.forcefields")
DTYPES = ("float64", "float32")


@own_arithmetic
def load_model(path):
    """Return the `FittedModel` of a file.

    `InputError` names a file that is missing, damaged, or holds no model of a kind that is known.
    """
    tensors, header = read_tensors(path)
    kind = header.get("kind")
    if not isinstance(kind, str) or kind not in FITTED_MODELS:
        raise InputError(f"{path}: a model of kind {kind!r}; expected one of {', '.join(FITTED_MODELS)}")
    return FITTED_MODELS[kind].from_tensors(tensors, header, path)


@own_arithmetic
def load_force_field(
    source,
    structure,
    electrons=None,
    *,
    dtype="float64",
    device="cpu",
    workers=1,
    members=None,
    descriptor=None,
    **solver,
):
    """Return the force field `source` on a structure.

    Parameters
    ----------
    source : str or path-like
        ``"exact"`` (the cheaper one of ``"diagonalization"`` and ``"greens-function"``), ``"kpm"`` (kernel
        polynomials, with an error of choice) or the path of a ``.safetensors`` model.
    structure : Structure
    electrons : SDModel, optional
        Electrons that are solved are the paper's by default; a model is refused if they differ from those that it
        was fitted to.
    dtype : {"float64", "float32"}
        Arithmetic of networks and of the locator force field.
    device : str
        Where networks and solvers compute, ``"cpu"`` or ``"cuda"``.
    workers : int
        Processes of exact diagonalization.
    members : sequence of int, optional
        Which networks of a committee to use; all by default. A single one gives a plain network.
    descriptor : FeatureMaps, optional
        Cached symmetry functions of the structure.
    **solver
        Options of a solver of electrons alone, such as ``order=256`` of ``"kpm"``.

    Raises
    ------
    InputError
        If the file is unusable, the model was fitted to other electrons, an option means nothing to it, there is
        no such member, or the device is not there.

    Warns
    -----
    TrainingDomainWarning
        If the structure is unlike those that the model was fitted to: a plane or a solid, the density, how many
        neighbours a site has, how far they are.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype = {dtype!r}; expected one of {', '.join(DTYPES)}")
    name = str(source)
    if name in ELECTRON_FORCE_FIELDS:
        kind = ELECTRON_FORCE_FIELDS[name]
        known = signature(kind).parameters
        general = {
            "dtype": dtype,
            "device": device,
            "workers": workers,
            "members": members,
            "descriptor": descriptor,
        }
        refuse_options(f"{name} electrons", **{key: value for key, value in general.items() if key not in known})
        _refuse_unknown(solver, known, f"{name} electrons")
        options = {key: value for key, value in general.items() if key in known}
        return kind(structure, SDModel() if electrons is None else electrons, **options, **solver)
    model = load_model(source)
    refuse_options(source, workers=workers)
    _refuse_unknown(solver, (), source)
    try:
        unlike = departures(model.info, structure)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{source}: what it says of its training structures is inconsistent ({error})") from None
    if unlike:
        warnings.warn(
            f"{source}: the structure is unlike those it was trained on, its errors here are not known: "
            + "; ".join(unlike),
            TrainingDomainWarning,
            stacklevel=2,
        )
    if electrons is not None:
        require_electrons(model.electrons, electrons, source)
    return model.on(structure, dtype=dtype, device=device, members=members, descriptor=descriptor)


def _refuse_unknown(options, known, what):
    for name, value in options.items():
        if name not in known:
            raise InputError(f"{name} = {value} means nothing to {what}; expected it with a solver that has it")


def require_electrons(trained, asked, path="model"):
    """Raise `InputError` if `asked` differs from the electrons, `trained`, that a model was fitted to."""
    differences = trained.differences(asked)
    if differences:
        raise InputError(
            f"{path} was trained for other electrons (trained against asked: {'; '.join(differences)}); "
            "train a model for these, or use the exact engine"
        )
