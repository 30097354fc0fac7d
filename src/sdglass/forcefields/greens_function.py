"""Green's functions as a force field: exact, like diagonalization, and at home on large lattices."""

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.electrons.sd_model import Electrons
from sdglass.forcefields.base import Evaluation, electron_symmetries, refuse_options
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS
from sdglass.spins import check_spins


@ELECTRON_FORCE_FIELDS.register("greens-function")
class GreensFunctionForceField:
    """Free energy and local fields by `sdglass.electrons.greens_function.GreensFunctions`.

    Parameters
    ----------
    structure : Structure
    model : SDModel
        Its temperature has to be above zero.
    tolerance : float
        Largest error of an occupation; the relative error of the torque is of the same order.
    device : str
        ``"cpu"`` or ``"cuda"``.
    dtype : {"float64", "float32"}
        Arithmetic of the inverses; in single precision errors of 1e-5 of the rms torque.
    expansion : PoleExpansion, optional
        Instead of the Fermi function to that tolerance.
    workers : int
        Means nothing here, since the processor's cores share every matrix product; 1 is expected.

    Raises
    ------
    InputError
        As `GreensFunctions`.

    Notes
    -----
    On a sheet whose hoppings are short the cost grows as N^(3/2), the memory as N log N. With long hoppings it is
    that of twenty inverses of a dense matrix, and diagonalization is cheaper.

    Examples
    --------
    >>> import numpy as np, sdglass
    >>> lattice = sdglass.square_lattice(24)
    >>> metal = sdglass.SDModel(coupling=3.5, filling=0.48, hopping=sdglass.Shells())
    >>> spins = sdglass.random_spins(lattice.n_sites, np.random.default_rng(0))
    >>> exact = sdglass.ExactForceField(lattice, metal).evaluate(spins)
    >>> found = sdglass.GreensFunctionForceField(lattice, metal).evaluate(spins)
    >>> bool(np.abs(found.field - exact.field).max() < 1e-5)
    True
    """

    cutoff = np.inf
    progress = None  # called with the parts of an evaluation that are done

    @own_arithmetic
    def __init__(
        self, structure, model, workers=1, *, tolerance=1e-7, device="cpu", dtype="float64", expansion=None
    ):  # fmt: skip
        from sdglass.electrons.greens_function import GreensFunctions  # torch, which other solvers do without

        refuse_options("Green's functions", workers=workers)
        self.structure, self.model = structure, model
        self.symmetries = electron_symmetries(model)
        electrons = Electrons.of(structure, model, dense=False)
        self.solver = GreensFunctions(structure, electrons, tolerance, device, dtype, expansion=expansion)

    @property
    def parts(self):
        """The parts of an evaluation of one configuration, and what they are called."""
        return len(self.solver.expansion.poles), "Green's function"

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` (free energy and field) of `spins`, shape (R, M, 3)."""
        state = self.solver.solve(check_spins(spins, self.structure.n_spins), self.progress)
        return Evaluation(state.free_energy, state.local_field)
