"""Time of an exact label against the bare LAPACK call, with every core busy.

The force field's pool labels a batch; as many processes with one BLAS thread each then make the bare ``zheevd``
calls (numpy.linalg.eigh) on the same matrices, without building or sending them on the clock. The two alternate.
"""

import time
from multiprocessing import get_context

import numpy as np
from threadpoolctl import threadpool_limits

from sdglass.electrons.sd_model import SDModel, hopping_matrix, sd_hamiltonian
from sdglass.forcefields.exact import ExactForceField
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass_study.benchmarks.measuring import (
    alternate,
    in_words,
    options,
    quartiles,
    seconds,
    structure,
    use_threads,
    write_rows,
)

TARGET = 1.25
SIZES, QUICK_SIZES = {100: 20, 500: 3}, {16: 2}  # number of sites: labels per core and repeat


def measure(n_sites, per_core, cores, repeats, seed):
    """Return a row for structures of `n_sites`."""
    sites, model, rng = structure(n_sites, seed), SDModel(), generator(seed, "spins", n_sites)
    hopping = hopping_matrix(sites, model.hopping)
    with ExactForceField(sites, model, cores) as force_field, _BareCalls(hopping, model, cores) as bare:
        batches = [random_spins(n_sites, rng, per_core * cores) for _ in range(repeats + 1)]
        labels, calls = iter(batches), iter(batches)  # the same spins for both
        taken = alternate(
            {
                "label": lambda: seconds(force_field.evaluate, next(labels)),
                "lapack": lambda: bare.seconds(next(calls)),
            },
            repeats,
        )
    scale = 1e3 / per_core  # wall time per label and core
    label_ms = scale * taken["label"]
    return {
        "n_sites": n_sites,
        "processes": cores,
        "labels": per_core * cores,
        **quartiles("label_ms", label_ms),
        **quartiles("lapack_ms", scale * taken["lapack"]),
        **quartiles("ratio", taken["label"] / taken["lapack"]),
        "repeats": repeats,
        "target": TARGET,
        "where": _parts(sites, model, hopping, np.median(label_ms), rng, repeats),
    }


def _parts(sites, model, hopping, label_ms, rng, repeats):
    """Return in words where the time of a label goes, from one core alone."""
    force_field = ExactForceField(sites, model)
    parts = {"matrix": [], "LAPACK": [], "occupation, energy, fields": []}
    for _ in range(repeats):
        spins = random_spins(sites.n_sites, rng, 1)
        whole = seconds(force_field.evaluate, spins)
        parts["matrix"].append(seconds(sd_hamiltonian, hopping, spins[0], model.coupling))
        parts["LAPACK"].append(seconds(np.linalg.eigh, sd_hamiltonian(hopping, spins[0], model.coupling)))
        parts["occupation, energy, fields"].append(whole - parts["matrix"][-1] - parts["LAPACK"][-1])
    shares = {part: 1e3 * np.median(times) / label_ms for part, times in parts.items()}
    return in_words(shares | {"pool and the other cores": 1.0 - sum(shares.values())})


class _BareCalls:
    """Processes that make nothing but LAPACK calls, all starting at once."""

    def __init__(self, hopping, model, count):
        context = get_context("spawn")
        self.barrier = context.Barrier(count)  # has to outlive the start of the processes
        self.pipes, self.processes = [], []
        for _ in range(count):
            mine, theirs = context.Pipe()
            arguments = (theirs, self.barrier, hopping, model.coupling)
            self.processes.append(context.Process(target=_bare_worker, args=arguments, daemon=True))
            self.processes[-1].start()
            self.pipes.append(mine)

    def seconds(self, spins):
        """Return the wall time from the first call's start to the last one's end [s]."""
        for pipe, part in zip(self.pipes, np.array_split(spins, len(self.pipes)), strict=True):
            pipe.send(part)
        # The clock is the same for all processes of a machine.
        starts, ends = zip(*(pipe.recv() for pipe in self.pipes), strict=True)
        return max(ends) - min(starts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pipe, process in zip(self.pipes, self.processes, strict=True):
            pipe.send(None)
            process.join()


def _bare_worker(pipe, barrier, hopping, coupling):
    with threadpool_limits(1):
        while (batch := pipe.recv()) is not None:
            matrices = [sd_hamiltonian(hopping, spins, coupling) for spins in batch]
            barrier.wait()
            start = time.perf_counter()
            for matrix in matrices:
                np.linalg.eigh(matrix)
            pipe.send((start, time.perf_counter()))


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=12)
    use_threads(1)  # the parts are measured on one core
    sizes = QUICK_SIZES if args.quick else SIZES
    repeats = {n: 1 if args.quick else max(4, args.repeats * 100 // n) for n in sizes}
    rows = [measure(n, per_core, args.threads, repeats[n], args.seed) for n, per_core in sizes.items()]
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
