"""The locator force field against exact diagonalization and the networks, and how its cost grows with the system.

    python benchmarks/locator.py --out results/benchmarks/locator.csv --largest 100000

Single precision, all cores, whole evaluations (energy and field). Diagonalization has all cores in the BLAS; the
force fields evaluate one replica, and a batch of 200 that shares what is frozen, at N = 1000. Each size in a fresh
process (benchmarks/probe.py), whose peak memory is that of the evaluation, the lists included, less the empty
process. benchmarks/locator_targets.py makes the table of targets and the figure of it.
"""

import numpy as np
from measuring import parser, quartiles, seconds, structure, use_threads, write_rows
from probe import probe

from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.exact import ExactForceField
from sdglass.random_streams import generator
from sdglass.spins import random_spins

SITES, BATCH = 1000, 200
GROWTH = (1000, 3000, 10_000, 30_000)  # and what --largest adds: a set-up of minutes
RIVALS = ("pair", "small", "paper")


def main():
    """Measure and write the table."""
    arguments = parser(__doc__, repeats=5)
    arguments.add_argument("--largest", type=int, help="one more size")
    args = arguments.parse_args()
    sites, batch = (24, 5) if args.quick else (SITES, BATCH)
    sizes = [24, 30, 36] if args.quick else sorted({*GROWTH, *([args.largest] if args.largest else [])})
    use_threads(args.threads)
    exact = ExactForceField(structure(sites, args.seed), SDModel())
    spins = random_spins(sites, generator(args.seed, "spins", sites), 1)
    times = [seconds(exact.evaluate, spins) for _ in range(2 if args.quick else 3)]
    rows = [{"model": "exact", "n_sites": sites, "replicas": 1, **quartiles("seconds", times)}]
    rows[0] |= {"seconds_per_replica": float(np.median(times)), "repeats": len(times)}
    for model in RIVALS:
        rows += probe(sites, {model: [1, batch]}, args.threads, args.seed, args.repeats)
    for n_sites in sizes:
        counts = [1, 16, batch] if n_sites == sites else [1, 16]
        rows += probe(n_sites, {"locator": counts}, args.threads, args.seed, args.repeats)
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
