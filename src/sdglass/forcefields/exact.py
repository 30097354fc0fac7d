"""Exact electrons as a force field: by diagonalization, from a pool of processes, or whatever is cheaper."""

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import current_process, get_context, parent_process

import numpy as np
from threadpoolctl import threadpool_limits

from sdglass.arrays import own_arithmetic
from sdglass.electrons.diagonalization import solve
from sdglass.electrons.sd_model import Electrons, is_matrix, sparse_hopping_matrix
from sdglass.errors import InputError
from sdglass.forcefields.base import Evaluation, electron_symmetries
from sdglass.forcefields.greens_function import GreensFunctionForceField
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS
from sdglass.spins import check_spins

_LARGEST_CHUNK = 8
_UNGUARDED = 78  # exit status of a worker that runs the script which started it


# Sites from which Green's functions take less time than diagonalization, by the number of axes along which the
# sites lie (`benchmarks/`), and neighbours up to which they do.
_LARGE = {0: 450, 1: 450, 2: 450, 3: 1000}
_FEW_NEIGHBOURS = 24


@ELECTRON_FORCE_FIELDS.register("exact")
@own_arithmetic
def exact_force_field(structure, model, workers=1, *, device="cpu"):
    """Return the cheaper of `ExactForceField` and `GreensFunctionForceField` on a structure.

    Diagonalization costs N^3 whatever the hoppings. Green's functions need short ones and an electronic
    temperature above zero; the processor's cores share their every step, and `workers` mean nothing to them.

    Examples
    --------
    >>> import sdglass
    >>> metal = sdglass.SDModel(coupling=3.5, filling=0.48, hopping=sdglass.Shells())
    >>> type(sdglass.load_force_field("exact", sdglass.square_lattice(12), metal)).__name__
    'ExactForceField'
    >>> type(sdglass.load_force_field("exact", sdglass.square_lattice(40), metal)).__name__
    'GreensFunctionForceField'
    """
    if greens_functions_are_cheaper(structure, model):
        return GreensFunctionForceField(structure, model, device=device)
    return ExactForceField(structure, model, workers, device=device)


def greens_functions_are_cheaper(structure, model):
    """Return whether fields by Green's functions take less time than by diagonalization."""
    axes = int((np.ptp(structure.positions, axis=0) > 0).sum())
    if model.temperature == 0.0 or structure.n_sites < _LARGE[axes]:
        return False
    return has_few_neighbours(structure, model)


def has_few_neighbours(structure, model):
    """Return whether electrons hop to so few sites that Green's functions are sparse inverses."""
    if not is_matrix(model.hopping) and not np.isfinite(model.hopping.range):
        return False
    matrix = sparse_hopping_matrix(structure, model.hopping)
    return matrix.nnz <= _FEW_NEIGHBOURS * structure.n_sites


@ELECTRON_FORCE_FIELDS.register("diagonalization")
class ExactForceField:
    """Free energy and local fields by diagonalizing Eq. 17 for every replica.

    Parameters
    ----------
    structure : Structure
    model : SDModel
    workers : int
        Processes that share the replicas, each with one BLAS thread; 1 works in this process, with as
        many BLAS threads as it has. Close the pool with `close`, or use the force field as a context.
    device : str
        ``"cpu"``, or ``"cuda"``: replicas then are diagonalized together, and `workers` mean nothing.
    dtype : {"float64", "float32"}
        Arithmetic on the processor: in single precision it takes half of the time, and torques have errors of
        1e-5 of those of random spins, energies of 1e-7 of theirs.

    Notes
    -----
    Cost grows as N^3. The electrons see every site, so there is no cutoff.
    """

    cutoff = np.inf
    progress = None  # called with the parts of an evaluation that are done
    parts = 1, "configuration"  # of an evaluation of one configuration

    @own_arithmetic
    def __init__(self, structure, model, workers=1, *, device="cpu", dtype="float64"):
        if dtype != "float64" and device != "cpu":
            raise InputError(f"dtype = {dtype!r} with device = {device!r}; expected float64, or the processor")
        self.structure = structure
        self.model = model
        self.dtype = dtype
        self.symmetries = electron_symmetries(model)
        self.electrons = Electrons.of(structure, model)
        self._pool, self._device = None, device
        if device != "cpu":
            from sdglass.devices import torch_device

            torch_device(device)  # is it there?
        elif workers > 1:
            if getattr(current_process(), "_inheriting", False):  # a worker, which is still importing the script
                os._exit(_UNGUARDED)
            if current_process().daemon:
                raise InputError(
                    f"workers = {workers} in a process of multiprocessing.Pool, which may have none of its own; "
                    "expected workers = 1"
                )
            # Without the model's law, which the matrix stands for: a user's own could not be imported there.
            self._pool = ProcessPoolExecutor(
                workers,
                mp_context=get_context("spawn"),
                initializer=_start_worker,
                initargs=(self.electrons, dtype),
            )
            self._workers, self._owner = workers, os.getpid()

    @own_arithmetic
    def evaluate(self, spins):
        """Return the `Evaluation` (free energy and field) of `spins`, shape (R, M, 3)."""
        spins = check_spins(spins, self.structure.n_spins)
        if self._device != "cpu":
            from sdglass.electrons.batched_diagonalization import solve_batch

            return Evaluation(*solve_batch(self.electrons, spins, self._device))
        if self._pool is None or self._owner != os.getpid():  # a fork of the owner has no part in its pool
            states = [self._told(_energy_and_field(self.electrons, one, self.dtype)) for one in spins]
        else:
            # A few chunks per worker: little pickling, and no worker waits long for the last chunk. None is
            # large, because an interrupted program waits for those that are being worked on.
            chunk = min(max(1, len(spins) // (4 * self._workers)), _LARGEST_CHUNK)
            with _children_undisturbed():  # the first call starts the processes
                results = self._pool.map(_work, spins, chunksize=chunk)
                processes = list(self._pool._processes.values())
            try:
                states = [self._told(state) for state in results]
            except BrokenProcessPool:
                raise InputError(_end_of(processes, self._workers)) from None
        fields = np.array([field for _, field in states]).reshape(spins.shape)  # also of no replicas
        return Evaluation(np.array([energy for energy, _ in states], dtype=float), fields)

    def _told(self, state):
        if self.progress is not None:
            self.progress(1)
        return state

    def close(self):
        """Stop the pool's processes, if there are any."""
        if self._pool is not None and self._owner == os.getpid():
            self._pool.shutdown(cancel_futures=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _end_of(processes, workers):
    """Return why the processes of a pool have ended before they had answered."""
    for process in processes:
        process.join(5)
    if any(process.exitcode == _UNGUARDED for process in processes):
        return (
            f"workers = {workers} start this script again, once each: put what it does under "
            "if __name__ == '__main__':"
        )
    return f"a process of workers = {workers} was killed, for want of memory perhaps; expected fewer workers"


def _energy_and_field(electrons, spins, dtype):
    state = solve(electrons, spins, None, dtype)
    if electrons.n_electrons is None:  # the field is the gradient of the grand potential
        return state.grand_potential, state.local_field
    return state.free_energy, state.local_field


@contextmanager
def _children_undisturbed():
    """Hold back Ctrl-C, which the terminal sends to every process, from the processes started in the block.

    They inherit the mask, so not even their start, before `_start_worker`, is cut short: a half-started
    process would print its own traceback, or leave the pool waiting for it. In this process an interrupt
    takes effect at the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # not on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_worker = {}


def _start_worker(electrons, dtype):
    # An interrupt is the business of the process that owns the pool: it closes the pool and says so once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # If that process is killed, nobody closes the pool, and its workers would wait for work for ever.
    threading.Thread(target=_end_with_the_owner, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"
    _worker.update(electrons=electrons, dtype=dtype, limits=threadpool_limits(1))


def _end_with_the_owner():
    parent_process().join()
    os._exit(1)


@own_arithmetic
def _work(spins):
    return _energy_and_field(_worker["electrons"], spins, _worker["dtype"])
