"""The contracts that integrators, benchmarks, tests and the command line rely on, and nothing else."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from sdglass.electrons.sd_model import is_matrix
from sdglass.errors import InputError

# Symmetries a force field may declare; `check_engine` tests exactly the declared ones, and that a
# force field without time reversal really breaks it.
SYMMETRIES = ("spin_rotation", "time_reversal", "translation", "space_rotation", "permutation")
ALL_SYMMETRIES = frozenset(SYMMETRIES)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a force field returns for R replicas.

    The arrays belong to the caller: the force field neither keeps them nor writes into them again. Integrators
    read the first evaluation of a step after the second, so a reused output buffer would corrupt snapshots.

    Attributes
    ----------
    energy : numpy.ndarray, shape (R,)
        Energy of each replica [t0].
    field : numpy.ndarray, shape (R, M, 3)
        Local field H_i = -dE/dS_i [t0] with the spins' lengths left free; its component along S_i
        does not drive the dynamics and may differ between force fields.
    """

    energy: np.ndarray
    field: np.ndarray


@runtime_checkable
class ForceField(Protocol):
    """Anything that gives energies and local fields of spins on one structure.

    Attributes
    ----------
    structure : Structure
        The sites; frozen for the life of the force field.
    cutoff : float
        Distance [ell] beyond which a spin has no influence on the field of another; ``inf`` if none.
    symmetries : frozenset of str
        Exact symmetries, a subset of `SYMMETRIES`.
    """

    structure: object
    cutoff: float
    symmetries: frozenset

    def evaluate(self, spins):
        """Return the `Evaluation` of `spins`, (R, M, 3) unit vectors of the magnetic sites, not modified.

        Spins that are none are refused here, by one call of `sdglass.spins.check_spins`, so that whoever calls
        `evaluate` need not look at them again. It is linear in N: a tenth of the time of nearest-neighbour
        exchange, nothing beside a network.
        """
        ...


class FittedModel(Protocol):
    """What was fitted to labels and is kept in a file: a recipe for a force field on any structure.

    A class of this shape, registered in `sdglass.forcefields.registry.FITTED_MODELS`, is all that it takes; most
    inherit `sdglass.forcefields.model_file.StoredModel`, which brings `save`, `load` and `from_tensors`.

    Attributes
    ----------
    kind : str
        Name of the class in the registry, written into the file.
    Settings : type
        Frozen dataclass of everything that a fit is told, with `folds` (which folds there are to fit; ``[0]`` of a
        model without) and `descriptor` (`SymmetryFunctions`, or None).
    electrons : SDModel
        Whose labels it was fitted to; it must not be used for others.
    descriptor : SymmetryFunctions or None
        Whose cached `FeatureMaps` may be handed to `on` and to `fit`.
    info : dict
        What a reader wants to know and nobody needs: training structures, settings, provenance. Plain data.
    errors : dict
        Held-out torque errors, ``{set: {stage: {"rmse": [t0], "relative": of the rms torque}}}``; may be empty.
    n_parameters : int
        Fitted numbers (of one member of a committee).
    """

    kind: str
    Settings: type
    electrons: object
    descriptor: object
    info: dict
    errors: dict
    n_parameters: int

    @classmethod
    def suits(cls, electrons):
        """Return whether the kind can be fitted to labels of these electrons (`SDModel`) at all."""
        ...

    @classmethod
    def fit(
        cls, data, settings, *, fold=0, seed=0, device="cpu", descriptors=None, checkpoint=None, progress=False
    ):
        """Fit to labels; return the model and its learning curve.

        Parameters
        ----------
        data : sequence of LabelledConfigurations
            One per realization, of the same electrons.
        settings : Settings
        fold, seed : int
            Which fold is held out, and the key of whatever is random.
        device : str
            Where the fit computes, if that is left open.
        descriptors : sequence of FeatureMaps, optional
            Of the structures, in their order.
        checkpoint : path or Checkpoint, optional
            What an interrupted fit goes on from, where it is worth the while; the caller discards it afterwards.
        progress : bool
            Whether to show how far the fit is.

        Returns
        -------
        model : FittedModel
        history : list of dict
            One row per epoch; empty where there are none.
        """
        ...

    @classmethod
    def join(cls, members):
        """Return one model of the fits to several folds; a single one is returned as it is."""
        ...

    def on(self, structure, *, dtype="float64", device="cpu", members=None, descriptor=None, threads=None):
        """Return the `ForceField` on a structure.

        Parameters
        ----------
        structure : Structure
        dtype : {"float64", "float32"}
            Arithmetic.
        device : str
            ``"cpu"`` or ``"cuda"``.
        members : sequence of int, optional
            Which members of a committee to use; all by default.
        descriptor : FeatureMaps, optional
            Of the structure, if they are known already.
        threads : int, optional
            Of compiled sums; by default OMP_NUM_THREADS, or as many as there are cores.

        Raises
        ------
        InputError
            If an option means nothing to the model, there is no such member or device, or the descriptor is
            another one or of another structure.
        """
        ...

    def describe(self):
        """Return (label, text) rows for whoever asks what this is."""
        ...

    def save(self, path):
        """Write the model's file."""
        ...


_DEFAULTS = {
    "dtype": "float64",
    "device": "cpu",
    "members": None,
    "descriptor": None,
    "threads": None,
    "workers": 1,
}


def electron_symmetries(model):
    """Return the symmetries of electrons that are solved exactly.

    A hopping matrix belongs to the sites as they are numbered and lie, and a complex one breaks time reversal.
    """
    if not is_matrix(model.hopping):
        return ALL_SYMMETRIES
    lost = {"space_rotation", "permutation"} | ({"time_reversal"} if np.iscomplexobj(model.hopping) else set())
    return ALL_SYMMETRIES - lost


def refuse_options(what, **options):
    """Raise `InputError` if options, of those of `FittedModel.on`, are given that mean nothing to `what`."""
    for name, value in options.items():
        default = _DEFAULTS[name]
        if value is not default and value != default:
            shown = value if isinstance(value, (str, int, list, tuple)) else "given"
            expected = "none" if default is None else default
            raise InputError(f"{name} = {shown} means nothing to {what}; expected {expected}")
