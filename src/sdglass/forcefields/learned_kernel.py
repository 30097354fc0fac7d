"""A kernel that is learned: polynomials of the Hamiltonian whose damping factors are fitted to exact torques.

The energy is that of `sdglass.electrons.kernel_polynomial`, sum_k g_k w_k(mu) Tr T_k, with its exact symmetries
and its exact gradient; of the factors g_k, one for each order, torques are linear functions. They replace
Jackson's, which have to be right for every spectrum, by those that are best for one kind of magnet; the electrons
are still counted with Jackson's. It is at home in metals, where forces are not local, and its error falls as its
order grows.
"""

from dataclasses import asdict, dataclass, field

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dataset import common_electrons, squared_weights
from sdglass.electrons.sd_model import Electrons, SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation, electron_symmetries, refuse_options
from sdglass.forcefields.description import describe_model
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.registry import FITTED_MODELS
from sdglass.forcefields.training_domain import training_info
from sdglass.progress import progress_bar
from sdglass.spins import check_spins, torque

# Wider than the bands of the training structures by this share: others of the same kind lie within.
_WIDER = 0.02


@dataclass(frozen=True)
class KernelSettings:
    """Everything that the fit of a kernel is told.

    Parameters
    ----------
    order : int
        Of the polynomial, even: errors fall with it, the cost grows.
    ridge : float
        Pull towards Jackson's factors, relative to the diagonal of the normal equations.
    weight_exponent : float
        Configurations are weighted with their rms torque to the power of minus this: 0 weighs absolute errors
        alike, 1 relative ones, for which a kernel of low order gives up all others if some are very late.
    """

    order: int = 64
    ridge: float = 1e-3
    weight_exponent: float = 0.5

    folds = (0,)
    descriptor = None

    def __post_init__(self):
        if not (isinstance(self.order, int) and self.order >= 2 and self.order % 2 == 0):
            raise InputError(f"order = {self.order}; expected an even number from 2")
        if not (np.isfinite(self.ridge) and self.ridge > 0):
            raise InputError(f"ridge = {self.ridge}; expected a number above 0")
        if not np.isfinite(self.weight_exponent):
            raise InputError(f"weight_exponent = {self.weight_exponent}; expected a finite number")


@FITTED_MODELS.register("kernel")
@dataclass(frozen=True, eq=False)
class KernelModel(StoredModel):
    """A fitted kernel: a `FittedModel`.

    Attributes
    ----------
    factors : numpy.ndarray, shape (order + 1,)
        g_k.
    band : tuple of float
        Lowest and highest level of the hopping [t0] between which the polynomials are made.
    """

    electrons: SDModel
    factors: np.ndarray
    band: tuple
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "kernel"
    Settings = KernelSettings
    descriptor = None

    @property
    def order(self):
        """Order of the polynomial."""
        return len(self.factors) - 1

    @property
    def n_parameters(self):
        """Number of fitted factors."""
        return self.order

    @classmethod
    @own_arithmetic
    def fit(
        cls, data, settings, *, fold=0, seed=0, device="cpu", descriptors=None, checkpoint=None, progress=False
    ):
        """Fit to exact torques by least squares; return the model and no learning curve.

        See `sdglass.forcefields.base.FittedModel.fit`. Nothing is held out or random.
        """
        from sdglass.electrons.kernel_polynomial import KernelPolynomials, band_of, jackson  # numba

        electrons = common_electrons(data)
        bound = [Electrons.of(labels.structure, electrons, dense=False) for labels in data]
        ends = np.array([band_of(one.hopping) for one in bound])
        width = ends[:, 1].max() - ends[:, 0].min()
        band = float(ends[:, 0].min() - _WIDER * width), float(ends[:, 1].max() + _WIDER * width)
        parts = []
        with progress_bar(sum(map(len, data)), "kernel", "configuration", disable=not progress) as bar:
            weights = squared_weights(data, settings.weight_exponent)
            for labels, one, heavy in zip(data, bound, weights, strict=True):
                solver = KernelPolynomials(
                    labels.structure, one, settings.order, "dirichlet", band=band, counting="jackson"
                )
                for spins, exact, weight in zip(labels.spins, labels.torque, heavy, strict=True):
                    parts.append(_equations(solver, spins, exact, weight / exact.size))
                    bar.update()
        matrix, vector = (sum(part[i] for part in parts) for i in (0, 1))
        # The first factor, of a constant and so of no torque, stays what it was.
        pull = settings.ridge * np.maximum(np.diagonal(matrix), 1e-12 * np.diagonal(matrix).max())
        prior = jackson(settings.order)[1:]
        factors = np.append(1.0, np.linalg.solve(matrix + np.diag(pull), vector + pull * prior))
        return cls(electrons, factors, band, {**training_info(data), "settings": asdict(settings)}), []

    @own_arithmetic
    def on(self, structure, *, dtype="float64", device="cpu", members=None, descriptor=None, threads=None):
        """Return this force field on a structure, see `FittedModel.on`; `members` and the like mean nothing.

        Where the hopping of the structure has levels outside of the model's band, as a larger box may have, the
        band and the order grow together: the factors are those of the same times k / scale.
        """
        refuse_options("a kernel", members=members, descriptor=descriptor, threads=threads)
        return KernelForceField(structure, self, dtype, device)

    def describe(self):
        """Return (label, text) rows for whoever asks what this is."""
        shape = (
            "polynomials",
            f"to order {self.order}, hopping between {self.band[0]:.4g} and {self.band[1]:.4g} t0",
        )
        return describe_model(self, "learned kernel of a polynomial expansion", shape, str(self.n_parameters))

    def header(self):
        """Return what is not an array as plain data."""
        return {"band": list(self.band)}

    def tensors(self):
        """Return the fitted numbers as arrays by name."""
        return {"factors": self.factors}

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        """Return the model of what `header` and `tensors` returned."""
        low, high = map(float, header["band"])
        return cls(electrons, tensors["factors"], (low, high), info, errors)


def _equations(solver, spins, exact, weight):
    """Return the normal equations of one configuration for g_1 to g_order, its torques linear in them."""
    sites, order = solver.electrons.sites, solver.order
    moments = solver.moments(spins)
    traces = 2 * moments[:, :, 3].sum(axis=0)
    # Derivatives of T_1 to T_order by the moments of which they are sums.
    slopes = np.zeros((order, order + 1))
    for k in range(1, order + 1):
        slopes[k - 1, (k - 1) % 2 : k : 2] = 2 * k
        if k % 2:
            slopes[k - 1, 0] = k
    fields = np.einsum("km,nma->nka", slopes, moments[sites, :, :3], optimize=True)
    fields *= 2 * solver.electrons.couplings[:, None, None] / solver.scale
    columns = torque(spins[:, None], fields).transpose(0, 2, 1).reshape(-1, order)
    # Without a filling mu is given; with one, electrons that are missing at it pull with its gradient.
    mu = solver.filled(traces)[0]
    n_electrons, target = solver.n_electrons, exact.ravel()
    design = columns * solver.weights(mu)[1:]
    if n_electrons is not None:
        occupied, turned = solver.counted(mu, traces)
        along = columns @ turned[1:]
        design = design - np.outer(along, occupied[1:] * traces[1:])
        target = target - along * (n_electrons - occupied[0] * traces[0])
    return weight * design.T @ design, weight * design.T @ target


class KernelForceField:
    """`KernelModel` on one structure."""

    cutoff = np.inf  # the chemical potential knows every site

    def __init__(self, structure, model, dtype, device):
        from sdglass.electrons.kernel_polynomial import KernelPolynomials, band_of

        self.structure, self.model = structure, model
        self.symmetries = electron_symmetries(model.electrons)
        electrons = Electrons.of(structure, model.electrons, dense=False)
        own, (low, high) = band_of(electrons.hopping), model.band
        low, high = min(low, own[0]), max(high, own[1])
        reach = np.abs(electrons.couplings).max(initial=0.0)
        stretch = (high - low + 2 * reach) / (model.band[1] - model.band[0] + 2 * reach)
        order = 2 * int(np.ceil(model.order * stretch / 2))
        factors = np.interp(np.arange(order + 1) / stretch, np.arange(model.order + 1), model.factors, right=0.0)
        self.solver = KernelPolynomials(
            structure,
            electrons,
            order,
            factors,
            dtype=dtype,
            device=device,
            band=(low, high),
            counting="jackson",
        )

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` (energy and field) of `spins`, shape (R, M, 3)."""
        state = self.solver.solve(check_spins(spins, self.structure.n_spins))
        return Evaluation(state.free_energy, state.local_field)
