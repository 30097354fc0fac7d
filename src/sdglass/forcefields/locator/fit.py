"""The locator force field: the series of the module `series`, cut at four spins and fitted for what is cut off.

The pair couplings of the series are exact to second order. Six numbers are fitted by linear least squares on
exact torques: the scale of those couplings, three corrections made of the renormalized hopping's real and
imaginary parts at one frequency, and the weights of the four-spin loops of two screened hops (which stand for
the integral over frequencies). They absorb the average of longer loops and of what lies beyond the cutoffs.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dataset import common_electrons, configuration_weights
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import refuse_options
from sdglass.forcefields.description import describe_model
from sdglass.forcefields.locator.coefficients import (
    PAIR_FEATURES,
    LocatorSettings,
    is_half_filled,
    locator_coefficients,
    require_half_filling,
)
from sdglass.forcefields.locator.error_bars import fit_error_model
from sdglass.forcefields.locator.forcefield import LocatorForceField
from sdglass.forcefields.locator.kernels.loops import loop_field, pair_field
from sdglass.forcefields.locator.kernels.two_hops import two_hops
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.training_domain import training_info
from sdglass.progress import progress_bar
from sdglass.spins import torque
from sdglass.structures.neighbours import spatial_order

_ORDERED = 1200  # sites up to which the order of a structure's sites is kept: everything is in the cache anyway


@dataclass(frozen=True)
class LocatorFitSettings(LocatorSettings):
    """Everything that the fit is told: the shape of the force field, see `LocatorSettings`, and the weights.

    Parameters
    ----------
    weight_exponent : float
        Configurations are weighted with their rms torque to the power of minus this: 0 weighs absolute errors
        alike, 1 relative ones. Between the two, minimised states count although their torques are small.
    """

    weight_exponent: float = 0.67

    folds = (0,)
    descriptor = None

    def __post_init__(self):
        super().__post_init__()
        if not np.isfinite(self.weight_exponent):
            raise InputError(f"weight_exponent = {self.weight_exponent}; expected a finite number")

    @property
    def shape(self):
        """The `LocatorSettings` alone."""
        return LocatorSettings(self.pair_cutoff, self.loop_cutoff, self.taper, self.screening)


@dataclass(frozen=True, eq=False)
class LocatorModel(StoredModel):
    """A fitted locator force field: a `FittedModel` with these numbers.

    Attributes
    ----------
    settings : LocatorSettings
    pair_coefficients : numpy.ndarray, shape (4,)
        Of `PAIR_FEATURES`.
    loop_weights : numpy.ndarray, shape (n_screening,)
        Of the four-spin loops [t0^-3].
    energy_per_site : float
        Energy that the cut series leaves over [t0].
    error_model : tuple of float
        (floor [t0], slope, loop slope, rms slope): a torque component of a site is uncertain by the root of
        floor^2 + (slope |its torque|)^2 + (loop slope |torque of its loops|)^2 + (rms slope x rms torque)^2,
        where the rms is over the sites of the configuration.
    """

    electrons: SDModel
    settings: LocatorSettings
    pair_coefficients: np.ndarray
    loop_weights: np.ndarray
    energy_per_site: float = 0.0
    error_model: tuple = (0.0, 0.0, 0.0, 0.0)
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "locator"
    format = 2
    Settings = LocatorFitSettings
    descriptor = None

    def __post_init__(self):
        shapes = (np.shape(self.pair_coefficients), np.shape(self.loop_weights), len(self.error_model))
        expected = ((len(PAIR_FEATURES),), (len(self.settings.screening),), 4)
        if shapes != expected:
            raise InputError(f"{shapes} coefficients; expected {expected}")

    @classmethod
    def suits(cls, electrons):
        """Return whether the electrons are at half filling, where there is a gap to expand around."""
        return is_half_filled(electrons)

    @classmethod
    @own_arithmetic
    def fit(
        cls, data, settings, *, fold=0, seed=0, device="cpu", descriptors=None, checkpoint=None, progress=False
    ):
        """Fit to exact torques by weighted least squares; return the model and no learning curve.

        See `sdglass.forcefields.base.FittedModel.fit`. Nothing is held out, random or worth a checkpoint: the data
        and the settings decide. `InputError` if there are no data, or they are of different electrons or not at
        half filling.
        """
        with progress_bar(len(data), "locator fit", "realization", disable=not progress) as bar:
            model = fit_locator_model(data, settings.shape, settings.weight_exponent, progress=bar.update)
        return replace(model, info={**training_info(data), "settings": settings.to_dict()}), []

    @property
    def n_parameters(self):
        """Number of fitted numbers: those of the torques, and the energy per site."""
        return len(self.pair_coefficients) + len(self.loop_weights) + 1

    @own_arithmetic
    def on(
        self,
        structure,
        *,
        dtype="float64",
        device="cpu",
        members=None,
        descriptor=None,
        threads=None,
        coefficients=None,
        progress=None,
    ):
        """Return this force field on a structure, as a `LocatorForceField`; see `FittedModel.on`.

        `device`, `members` and `descriptor` mean nothing here. Two more options do: `coefficients`, the
        `LocatorCoefficients` of the structure with all pair features, if they are known already, and `progress`,
        called with the number of sites of each finished block of them.
        """
        refuse_options("the locator force field", device=device, members=members, descriptor=descriptor)
        if structure.n_spins < structure.n_sites:
            raise InputError(
                f"{structure.n_spins} of {structure.n_sites} sites are magnetic; the locator force field is made "
                "for structures whose sites all are (use exact diagonalization, or a network)"
            )
        dtype = np.dtype(dtype)
        if coefficients is not None:
            coefficients = coefficients.coupled(self.pair_coefficients, dtype)
            return LocatorForceField(structure, coefficients, self, dtype, threads)
        order, sites = None, structure
        if structure.n_sites > _ORDERED:  # neighbours in space are then near each other in memory
            order = spatial_order(structure)
            sites = structure.subset(order)
        coefficients = locator_coefficients(
            sites, self.electrons, self.settings, progress, self.pair_coefficients, dtype
        )
        return LocatorForceField(structure, coefficients, self, dtype, threads, order)

    def describe(self):
        """Return (label, text) rows for whoever asks what this is."""
        settings, (floor, slope, loop_slope, rms_slope) = self.settings, self.error_model
        cutoffs = f"pairs {settings.pair_cutoff:g} ell, one hop of a loop {settings.loop_cutoff:g} ell"
        errors = (
            f"{floor:.1e} t0, {100 * slope:.2g} % of the torque, {100 * loop_slope:.2g} % of the loops' part "
            f"and {100 * rms_slope:.2g} % of the rms torque, added in squares, per component"
        )
        kind = "locator expansion: pair couplings and four-spin loops"
        rows = describe_model(self, kind, ("cutoffs", cutoffs), str(self.n_parameters))
        return [*rows, ("error estimate", errors)]

    def header(self):
        """Return what is not an array as plain data."""
        return {
            "settings": self.settings.to_dict(),
            "energy_per_site": self.energy_per_site,
            "error_model": list(self.error_model),
        }

    def tensors(self):
        """Return the fitted numbers as arrays by name."""
        return {"pair_coefficients": self.pair_coefficients, "loop_weights": self.loop_weights}

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        """Return the model of what `header` and `tensors` returned."""
        return cls(
            electrons,
            LocatorSettings(**header["settings"]),
            tensors["pair_coefficients"],
            tensors["loop_weights"],
            float(header["energy_per_site"]),
            tuple(map(float, header["error_model"])),
            info,
            errors,
        )


def torque_design(coefficients, spins):
    """Return the torques of every term with coefficient one, (C, N, 3, 4 + n_screening), at spins (C, N, 3)."""
    pairs, hops = coefficients.pairs, coefficients.hops
    fields = [-pair_field(pairs.start, pairs.neighbour, feature.copy(), spins) for feature in pairs.values.T]
    reach, weight = two_hops(hops.start, hops.neighbour), np.ones(1)
    for kernel in hops.values.T:
        fields.append(loop_field(hops.start, hops.neighbour, kernel[:, None], weight, spins, reach)[1])
    return np.stack([torque(spins, field) for field in fields], axis=-1)


def fit_locator_model(data, settings, weight_exponent=0.67, terms=None, coefficients=None, progress=None):
    """Fit the force field to exact torques; return the `LocatorModel`.

    Parameters
    ----------
    data : sequence of LabelledConfigurations
        One entry per realization, of any sizes.
    settings : LocatorSettings
    weight_exponent : float
        See `LocatorFitSettings`.
    terms : sequence of bool, shape (4 + n_screening,), optional
        Which terms take part, for ablation; all by default.
    coefficients : sequence of LocatorCoefficients, optional
        Of the structures, if they are known already.
    progress : callable, optional
        Called after each realization.

    Raises
    ------
    InputError
        If there are no data, they are of different electrons or not at half filling, or no term is chosen.
    """
    electrons = common_electrons(data)
    require_half_filling(electrons)
    n_pairs = len(PAIR_FEATURES)
    n_terms = n_pairs + len(settings.screening)
    terms = np.ones(n_terms, bool) if terms is None else np.asarray(terms, bool)
    if terms.shape != (n_terms,) or not terms.any():
        raise InputError(f"terms = {terms.tolist()}; expected {n_terms} of true or false, at least one true")
    designs, targets, known = [], [], []
    for number, labels in enumerate(data):
        if coefficients is None:
            known.append(locator_coefficients(labels.structure, electrons, settings))
        else:
            known.append(coefficients[number])
        designs.append(torque_design(known[-1], labels.spins))
        targets.append(labels.torque)
        if progress is not None:
            progress()
    weights = configuration_weights(targets, weight_exponent)
    numbers = solve_coefficients(designs, targets, weights, terms)
    model = LocatorModel(electrons, settings, numbers[:n_pairs], numbers[n_pairs:])
    left = []  # of the energy per site
    for labels, its in zip(data, known, strict=True):
        energy = model.on(labels.structure, coefficients=its).evaluate(labels.spins).energy
        left.append(np.mean((labels.energy - energy) / labels.structure.n_sites))
    error_model = fit_error_model(*_held_out(designs, targets, weights, terms))
    known = np.isfinite(left)
    per_site = float(np.mean(left, where=known)) if known.any() else 0.0
    return replace(model, energy_per_site=per_site, error_model=error_model)


def _held_out(designs, targets, weights, terms):
    """Return torques, their loops' part and their errors (C, N, 3) per realization, of fits to the others.

    Errors of a realization that the fit has seen are too small by what the fit could adapt to it.
    """
    n_pairs = len(PAIR_FEATURES)
    predicted, loops, errors = [], [], []
    for out, (design, target) in enumerate(zip(designs, targets, strict=True)):
        some = [k for k in range(len(designs)) if k != out] or [out]  # a single one has no others
        chosen = [[part[k] for k in some] for part in (designs, targets, weights)]
        coefficients = solve_coefficients(*chosen, terms)
        predicted.append(design @ coefficients)
        loops.append(design[..., n_pairs:] @ coefficients[n_pairs:])
        errors.append(predicted[-1] - target)
    return predicted, loops, errors


def solve_coefficients(designs, targets, weights, terms):
    """Return the coefficients (n,) of weighted least squares; those of unused terms are zero.

    For each realization a `torque_design` (C, N, 3, n), exact torques (C, N, 3) and `configuration_weights` (C,);
    `terms` (n,) says which of them take part.
    """
    rows = np.concatenate(
        [
            (d[..., terms] * w[:, None, None, None]).reshape(-1, terms.sum())
            for d, w in zip(designs, weights, strict=True)
        ]
    )
    right = np.concatenate([(t * w[:, None, None]).ravel() for t, w in zip(targets, weights, strict=True)])
    norm = np.sqrt(np.square(rows).mean(axis=0))
    used = norm > 1e-12 * norm.max()  # a cutoff shorter than any distance leaves terms without pairs or loops
    coefficients = np.zeros(len(terms))
    coefficients[np.flatnonzero(terms)[used]] = (
        np.linalg.lstsq(rows[:, used] / norm[used], right, rcond=1e-10)[0] / norm[used]
    )
    return coefficients
