"""Kernel polynomials as a force field: an error of choice, at a cost that is linear in N."""

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.electrons.sd_model import Electrons
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation, electron_symmetries, refuse_options
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS
from sdglass.spins import check_spins


@ELECTRON_FORCE_FIELDS.register("kpm")
class KernelPolynomialForceField:
    """Free energy and local fields by `sdglass.electrons.kernel_polynomial.KernelPolynomials`.

    Parameters
    ----------
    structure : Structure
    model : SDModel
    order, kernel, method, spacing, seed, dtype, device
        See `sdglass.electrons.kernel_polynomial.KernelPolynomials`.
    error : float, optional
        Wanted error of the torque / its rms, of random spins: order and kernel are then chosen, from a comparison
        of orders on this structure, see `chosen_order`.
    workers : int
        Means nothing here, the processor's cores share every sum; 1 is expected.

    Raises
    ------
    InputError
        As `KernelPolynomials`, and if both an error and an order or a kernel are given.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> lattice = sdglass.square_lattice(16)
    >>> metal = sdglass.SDModel(coupling=3.5, filling=0.48, hopping=sdglass.Shells())
    >>> spins = sdglass.random_spins(lattice.n_sites, np.random.default_rng(0))
    >>> exact = sdglass.ExactForceField(lattice, metal).evaluate(spins).field
    >>> found = sdglass.KernelPolynomialForceField(lattice, metal, order=128).evaluate(spins).field
    >>> error, torque = np.cross(spins, found - exact), np.cross(spins, exact)
    >>> bool(0.05 < np.sqrt(np.mean(error**2) / np.mean(torque**2)) < 0.15)
    True
    """

    cutoff = np.inf  # the chemical potential knows every site

    @own_arithmetic
    def __init__(
        self,
        structure,
        model,
        workers=1,
        *,
        order=None,
        kernel=None,
        error=None,
        method=None,
        spacing=None,
        seed=0,
        dtype="float64",
        device="cpu",
    ):
        from sdglass.electrons.kernel_polynomial import KernelPolynomials, chosen_order

        refuse_options("kernel polynomials", workers=workers)
        self.structure, self.model = structure, model
        if error is not None:
            if order is not None or kernel is not None:
                raise InputError(f"error = {error} with an order or a kernel; expected one or the other")
            order, kernel = chosen_order(structure, model, error)
        order, kernel = 128 if order is None else order, "jackson" if kernel is None else kernel
        self.solver = KernelPolynomials(
            structure,
            Electrons.of(structure, model, dense=False),
            order,
            kernel,
            method,
            spacing,
            seed,
            dtype,
            device,
        )
        symmetries = electron_symmetries(model)
        if self.solver.method == "probing":  # the signs belong to the sites
            symmetries -= {"translation", "space_rotation", "permutation"}
        self.symmetries = symmetries
        self.statistical_error = None  # of the last evaluation, by random vectors [t0]

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` (energy and field) of `spins`, shape (R, M, 3)."""
        state = self.solver.solve(check_spins(spins, self.structure.n_spins))
        self.statistical_error = state.statistical_error
        return Evaluation(state.free_energy, state.local_field)
