"""Exact diagonalization against the network and the pair model J(R): time, set-up, memory, exponents, crossover.

    python benchmarks/scaling.py exact --out results/benchmarks/scaling_exact.csv
    python benchmarks/scaling.py models --out results/benchmarks/scaling_models.csv

Structures of the paper's density, random spins. ``exact``: one replica with all cores in the BLAS, and a batch
shared by as many processes as cores. ``models``: the paper's network, a small one (float32) and the pair model,
each size in a fresh process (benchmarks/probe.py), one replica and batches. `benchmarks/summary.py` makes the
comparison.
"""

import time

import numpy as np
from measuring import parser, quartiles, seconds, structure, use_threads, write_rows
from probe import probe

from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.exact import ExactForceField
from sdglass.random_streams import generator
from sdglass.spins import random_spins

# Sites: (repeats of one replica, replicas of a batch per core, repeats of the batch). A batch of 20 on two cores;
# smaller where an evaluation takes long, since nothing is shared between replicas.
EXACT = {
    25: (30, 10, 7),
    50: (30, 10, 7),
    100: (20, 10, 7),
    250: (10, 10, 5),
    500: (5, 4, 3),
    1000: (3, 2, 2),
    2000: (2, 1, 1),
}
QUICK_EXACT = {8: (2, 2, 2), 12: (2, 2, 2)}
BATCH = 20
SIZES = (25, 50, 100, 250, 500, 1000, 2000, 10_000, 30_000, 100_000)
QUICK_SIZES = (12, 24)
# Largest size at which a batch is measured; beyond, a replica costs the same alone.
BATCH_UP_TO = {"pair": 100_000, "small": 10_000, "paper": 2000}


def exact_rows(sizes, cores, seed):
    """Return the rows of exact diagonalization."""
    rows = []
    for n_sites, (repeats, per_core, batch_repeats) in sizes.items():
        sites, model = structure(n_sites, seed), SDModel()
        rng = generator(seed, "spins", n_sites)
        use_threads(cores)
        alone = ExactForceField(sites, model)
        if n_sites <= 500:
            alone.evaluate(random_spins(n_sites, rng, 1))  # warms up
        one = [seconds(alone.evaluate, random_spins(n_sites, rng, 1)) for _ in range(repeats)]
        count = per_core * cores
        with ExactForceField(sites, model, cores) as pool:
            _start(pool, cores)
            spins = random_spins(n_sites, rng, count)
            many = [seconds(pool.evaluate, spins) for _ in range(batch_repeats)]
        for replicas, times in ((1, one), (count, many)):
            rows.append(
                {
                    "model": "exact",
                    "n_sites": n_sites,
                    "replicas": replicas,
                    **quartiles("seconds", times),
                    "seconds_per_replica": float(np.median(times)) / replicas,
                    "repeats": len(times),
                }
            )
            print(rows[-1], flush=True)
    return rows


def _start(engine, cores):
    """Start the processes of a pool before the clock runs; evaluating something would take minutes at N = 2000."""
    if engine._pool is not None:
        for started in [engine._pool.submit(time.sleep, 1.0) for _ in range(cores)]:
            started.result()


def model_rows(sizes, threads, seed, repeats):
    """Return the rows of the networks and of the pair model."""
    rows = []
    for n_sites in sizes:
        batches = {model: [1, BATCH] if n_sites <= limit else [1] for model, limit in BATCH_UP_TO.items()}
        rows += probe(n_sites, batches, threads, seed, repeats)
        for row in rows[-sum(map(len, batches.values())) :]:
            print({key: row[key] for key in ("model", "n_sites", "replicas", "seconds", "setup_s", "peak_mib")})
    return rows


def main():
    """Measure and write one of the two tables."""
    arguments = parser(__doc__, repeats=5)
    arguments.add_argument("part", choices=("exact", "models"))
    arguments.add_argument("--largest", type=int, help="leave out larger sizes, which take minutes and gigabytes")
    args = arguments.parse_args()
    largest = args.largest or max(SIZES)
    if args.part == "exact":
        sizes = {n: how for n, how in (QUICK_EXACT if args.quick else EXACT).items() if n <= largest}
        rows = exact_rows(sizes, args.threads, args.seed)
    else:
        sizes = [n for n in (QUICK_SIZES if args.quick else SIZES) if n <= largest]
        rows = model_rows(sizes, args.threads, args.seed, 1 if args.quick else args.repeats)
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
