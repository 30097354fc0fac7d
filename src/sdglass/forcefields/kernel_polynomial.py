"""Kernel polynomials as a force field: an error of choice, at a cost that is linear in N."""

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.electrons.diagonalization import solve
from sdglass.electrons.sd_model import Electrons
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation, electron_symmetries, refuse_options
from sdglass.forcefields.exact import greens_functions_are_cheaper
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS
from sdglass.spins import check_spins, random_spins

# Sites on which orders are compared.
_TRIED = 1000


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
    progress = None  # called with the parts of an evaluation that are done
    parts = 1, "configuration"  # of an evaluation of one configuration

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
        from sdglass.electrons.kernel_polynomial import KernelPolynomials  # numba, which others do without

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
        state = self.solver.solve(check_spins(spins, self.structure.n_spins), self.progress)
        self.statistical_error = state.statistical_error
        return Evaluation(state.free_energy, state.local_field)


def chosen_order(structure, model, error):
    """Return the least order, of 16, 24, 32, 48, ..., and the kernel with a wanted error of the torque / its rms.

    It is the error of random spins on this structure, against exact fields; nothing is promised of other spins.
    Small structures are tried with several configurations, large ones on some of their sites.

    Raises
    ------
    InputError
        If the error is not between 0 and 1, or order 4096 is not enough.
    """
    from sdglass.electrons.kernel_polynomial import KERNELS, KernelPolynomials, derivative

    if not 0.0 < error < 1.0:
        raise InputError(f"error = {error}; expected a number between 0 and 1")
    rng = np.random.default_rng(0)
    electrons = Electrons.of(structure, model, dense=False)
    count = max(1, -(-_TRIED // max(1, len(electrons.sites))))
    spins = np.array([random_spins(len(electrons.sites), rng) for _ in range(count)])
    places = np.sort(rng.permutation(len(electrons.sites))[:_TRIED])
    field, density = _exact(structure, model, spins)
    sites = electrons.sites[places]
    if model.chemical_potential is None:
        there = density[:, sites].sum(axis=1)  # the electrons of the sites that are looked at
    else:
        there = [None] * count
    exact = np.cross(spins[:, places], field[:, places])
    for order in sorted([2**k for k in range(4, 13)] + [3 * 2**k for k in range(3, 11)]):
        solver = KernelPolynomials(structure, electrons, order)
        found = [solver.moments(configuration, sites) for configuration in spins]
        errors = {}
        for name, factors in KERNELS.items():
            solver = solver.with_kernel(factors(order))
            slopes = [
                2 * derivative(solver.filled(2 * moments[:, :, 3].sum(axis=0), number)[2]) @ moments
                for moments, number in zip(found, there, strict=True)
            ]
            scale = electrons.couplings[places, None] / solver.scale
            torque = np.cross(spins[:, places], np.array(slopes)[:, :, :3] * scale)
            errors[name] = np.sqrt(np.mean((torque - exact) ** 2) / np.mean(exact**2))
        best = min(errors, key=errors.get)
        if errors[best] <= error:
            return order, best
    raise InputError(
        f"error = {error}: order 4096 leaves {errors[best]:.2g}; expected a larger one, or an exact solver"
    )


def _exact(structure, model, spins):
    """Return exact fields (R, M, 3) and densities (R, N)."""
    if greens_functions_are_cheaper(structure, model):
        from sdglass.electrons.greens_function import GreensFunctions  # torch

        state = GreensFunctions(structure, Electrons.of(structure, model, dense=False)).solve(spins)
        return state.local_field, state.density
    electrons = Electrons.of(structure, model)
    states = [solve(electrons, configuration) for configuration in spins]
    return np.array([state.local_field for state in states]), np.array([state.density for state in states])
