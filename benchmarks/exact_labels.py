"""Time of an exact label against the bare LAPACK call, with every core busy.

    python benchmarks/exact_labels.py --out results/benchmarks/exact_labels.csv

The engine's pool labels a batch; as many processes with one BLAS thread each then make the bare ``zheevd`` calls
(numpy.linalg.eigh) on the same matrices, without building or sending them on the clock. The two alternate.
"""

import time
from multiprocessing import get_context

import numpy as np
from measuring import alternate, parser, quartiles, seconds, structure, use_threads, write_rows
from threadpoolctl import threadpool_limits

from sdglass.electrons.sd_model import SDModel, sd_hamiltonian
from sdglass.forcefields.exact import ExactForceField
from sdglass.random_streams import generator
from sdglass.spins import random_spins

TARGET = 1.25
# Number of sites, and labels per core and repeat.
SIZES, QUICK_SIZES = {100: 20, 500: 3}, {16: 2}


def measure(n_sites, per_core, cores, repeats, seed):
    """Return a row for structures of `n_sites`."""
    sites, model = structure(n_sites, seed), SDModel()
    rng = generator(seed, "spins", n_sites)
    with ExactForceField(sites, model, cores) as engine, _BareCalls(engine.hopping, model, cores) as bare:
        batch = _Batches(n_sites, per_core * cores, rng)
        taken = alternate(
            {"label": lambda: seconds(engine.evaluate, batch()), "lapack": lambda: bare.seconds(batch())}, repeats
        )
    scale = 1e3 / per_core  # wall time per label and core
    return {
        "n_sites": n_sites,
        "processes": cores,
        "labels": per_core * cores,
        **quartiles("label_ms", scale * taken["label"]),
        **quartiles("lapack_ms", scale * taken["lapack"]),
        **quartiles("ratio", taken["label"] / taken["lapack"]),
        "repeats": repeats,
    }


def profile(n_sites, measured, seed, repeats):
    """Return rows (n_sites, part, ms, share): where the time of a label of `measure`'s row goes."""
    sites, model = structure(n_sites, seed), SDModel()
    engine, rng = ExactForceField(sites, model), generator(seed, "profile", n_sites)
    parts = {"matrix": [], "LAPACK": [], "occupation, energy, fields": []}
    for _ in range(repeats):
        spins = random_spins(n_sites, rng, 1)
        whole = seconds(engine.evaluate, spins)
        parts["matrix"].append(seconds(sd_hamiltonian, engine.hopping, spins[0], model.coupling))
        matrix = sd_hamiltonian(engine.hopping, spins[0], model.coupling)
        parts["LAPACK"].append(seconds(np.linalg.eigh, matrix))
        parts["occupation, energy, fields"].append(whole - parts["matrix"][-1] - parts["LAPACK"][-1])
    milliseconds = {part: 1e3 * np.median(times) for part, times in parts.items()}
    label = measured["label_ms"]
    milliseconds["pool and the other cores"] = label - sum(milliseconds.values())
    return [{"n_sites": n_sites, "part": part, "ms": ms, "share": ms / label} for part, ms in milliseconds.items()]


class _Batches:
    """Random spins, the same for both sides of a repeat."""

    def __init__(self, n_sites, count, rng):
        self.n_sites, self.count, self.rng, self.calls = n_sites, count, rng, 0

    def __call__(self):
        if self.calls % 2 == 0:
            self.spins = random_spins(self.n_sites, self.rng, self.count)
        self.calls += 1
        return self.spins


class _BareCalls:
    """Processes that make nothing but LAPACK calls, all starting at once."""

    def __init__(self, hopping, model, count):
        context = get_context("spawn")
        self.barrier = context.Barrier(count)
        self.pipes, self.processes = [], []
        for _ in range(count):
            mine, theirs = context.Pipe()
            process = context.Process(
                target=_bare_worker, args=(theirs, self.barrier, hopping, model.coupling), daemon=True
            )
            process.start()
            self.pipes.append(mine)
            self.processes.append(process)

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
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join()


def _bare_worker(pipe, barrier, hopping, coupling):
    with threadpool_limits(1):
        while (spins := pipe.recv()) is not None:
            matrices = [sd_hamiltonian(hopping, one, coupling) for one in spins]
            barrier.wait()
            start = time.perf_counter()
            for matrix in matrices:
                np.linalg.eigh(matrix)
            pipe.send((start, time.perf_counter()))


def main():
    """Measure and write the table."""
    args = parser(__doc__, repeats=12).parse_args()
    use_threads(1)  # a single core is measured in this process
    sizes = QUICK_SIZES if args.quick else SIZES
    rows, profiles = [], []
    for n_sites, per_core in sizes.items():
        repeats = 1 if args.quick else max(4, args.repeats * 100 // n_sites)
        rows.append(measure(n_sites, per_core, args.threads, repeats, args.seed))
        profiles += profile(n_sites, rows[-1], args.seed, repeats)
    write_rows(args.out, [{**row, "target": TARGET} for row in rows], args.threads)
    write_rows(args.out.replace(".csv", "_profile.csv"), profiles, args.threads)


if __name__ == "__main__":
    main()
