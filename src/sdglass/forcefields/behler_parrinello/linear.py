"""Force fields linear in the symmetry functions, fitted by least squares on exact torques.

With G2 alone this is a pair coupling J(R), the baseline that every network has to beat; with G3 the
coupling also depends on the sites around the pair, Eq. 15. Both are two-spin energies with frozen
couplings, hence a `BilinearForceField`.
"""

from dataclasses import asdict, dataclass, field, replace

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dataset import common_electrons
from sdglass.electrons.hopping.law import reach
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import refuse_options
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.least_squares import normal_equations, pair_weights
from sdglass.forcefields.behler_parrinello.settings import LinearSettings
from sdglass.forcefields.behler_parrinello.symmetry_functions import (
    SymmetryFunctions,
    bond_variables,
    build_feature_maps,
    f2,
)
from sdglass.forcefields.description import describe_descriptor, describe_model
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.pair import BilinearForceField, couplings_from_pairs
from sdglass.forcefields.training_domain import training_info, warn_of_zero_features
from sdglass.progress import progress_bar


@dataclass(frozen=True, eq=False)
class LinearModel(StoredModel):
    """A fitted force field E = E_ref + sum_i sum_f a_f G_f(i); its descriptor is without chirality.

    Attributes
    ----------
    coefficients : numpy.ndarray, shape (n_g2,) or (n_bond,)
        a_f [t0]; n_g2 coefficients make a pair model.
    reference : EnergyReference
    """

    electrons: SDModel
    descriptor: SymmetryFunctions
    coefficients: np.ndarray
    reference: EnergyReference
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "linear"
    Settings = LinearSettings

    def __post_init__(self):
        expected = (self.descriptor.n_g2, self.descriptor.n_bond)
        if np.ndim(self.coefficients) != 1 or len(self.coefficients) not in expected:
            raise InputError(
                f"a linear model of {np.size(self.coefficients)} features; "
                f"its symmetry functions make {' or '.join(map(str, expected))}"
            )

    @classmethod
    @own_arithmetic
    def fit(
        cls, data, settings, *, fold=0, seed=0, device="cpu", descriptors=None, checkpoint=None, progress=False
    ):
        """Fit to exact torques by least squares; return the model and no learning curve.

        See `sdglass.forcefields.base.FittedModel.fit`. Nothing is held out, random or worth a checkpoint: the
        data, the settings and the descriptors decide. `InputError` if there are no data, they are of different
        electrons, or the ridge is too small for them.
        """
        electrons, functions = common_electrons(data), settings.descriptor
        reach(electrons.hopping)  # the reference will need it: refused before anything is computed
        n_features = functions.n_bond if settings.g3 else functions.n_g2
        if descriptors is None:
            needed = functions if settings.g3 else radial_only(functions)
            descriptors = [build_feature_maps(labels.structure, needed) for labels in data]
        warn_of_zero_features(functions, np.any([maps.nonzero()[:n_features] for maps in descriptors], axis=0))
        parts = list(zip(data, descriptors, strict=True))
        equations = None
        with progress_bar(len(parts), "linear fit", "realization", disable=not progress) as bar:
            for labels, maps in parts:
                more = normal_equations(maps, labels.spins, labels.torque)
                equations = more if equations is None else equations + more
                bar.update()
        coefficients = equations.solve(n_features, settings.ridge)
        bare = cls(electrons, functions, coefficients, EnergyReference(0.0, 0.0))
        # What the couplings leave of the energy over.
        offsets = [
            np.mean(labels.energy - bond_variables(labels.spins, maps.first, maps.second) @ bare.couplings(maps))
            for labels, maps in parts
        ]
        reference = EnergyReference.fit([labels.structure for labels in data], electrons.hopping, offsets)
        info = {**training_info(data), "settings": settings.to_dict()}
        return replace(bare, reference=reference, info=info), []

    @property
    def n_parameters(self):
        """Number of coefficients."""
        return len(self.coefficients)

    @property
    def is_pair_model(self):
        """Whether only G2 is used, so that the coupling depends on the distance alone."""
        return len(self.coefficients) == self.descriptor.n_g2

    @own_arithmetic
    def pair_coupling(self, distance):
        """Return J(R) [t0] per pair and S_i . S_j from G2 alone (first term of Eq. 15, times 2).

        The factor two: the pair (i, j) enters both G2(i) and G2(j).
        """
        functions = self.descriptor
        radial = f2(np.asarray(distance)[..., None], functions.radii, functions.width, functions.cutoff)
        return 2.0 * radial @ self.coefficients[: functions.n_g2]

    def couplings(self, maps):
        """Return the couplings (P,) [t0] of the bonds of `maps`, each pair counted once."""
        full = np.zeros(maps.functions.n_bond)
        full[: len(self.coefficients)] = self.coefficients
        return full @ pair_weights(maps)

    @own_arithmetic
    def on(self, structure, *, dtype="float64", device="cpu", members=None, descriptor=None, threads=None):
        """Return this force field on a structure, as a `BilinearForceField`; see `FittedModel.on`.

        Of the options, `descriptor` alone means something here.
        """
        refuse_options("a linear model", dtype=dtype, device=device, members=members, threads=threads)
        if descriptor is None:
            needed = radial_only(self.descriptor) if self.is_pair_model else self.descriptor
            descriptor = build_feature_maps(structure, needed)
        else:
            descriptor.require(structure, replace(self.descriptor, chirality=descriptor.functions.chirality))
        matrix = couplings_from_pairs(
            structure.n_spins, descriptor.first, descriptor.second, self.couplings(descriptor)
        )
        # A three-site term couples j and k through a centre between them, never beyond the cutoff.
        constant = self.reference.energy(structure, self.electrons.hopping)
        return BilinearForceField(structure, matrix, self.descriptor.cutoff, constant)

    def describe(self):
        """Return (label, text) rows for whoever asks what this is."""
        kind = "pair model, linear in G2" if self.is_pair_model else "linear model of G2 and G3"
        return describe_model(
            self, kind, describe_descriptor(self.descriptor), f"{self.n_parameters} coefficients"
        )

    def header(self):
        """Return what is not an array as plain data."""
        return {"functions": self.descriptor.to_dict(), "references": [asdict(self.reference)], "networks": []}

    def tensors(self):
        """Return the arrays by name."""
        return {"coefficients": np.asarray(self.coefficients, dtype=float)}

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        """Return the model of what `header` and `tensors` returned."""
        (reference,) = header["references"]
        functions = SymmetryFunctions(**header["functions"])
        return cls(electrons, functions, tensors["coefficients"], EnergyReference(**reference), info, errors)


def radial_only(functions):
    """Return the `SymmetryFunctions` without those of three sites: all that a pair model needs."""
    return replace(functions, lambdas=(), chirality=False)
