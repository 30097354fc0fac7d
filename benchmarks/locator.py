"""The locator force field against exact diagonalization at N = 1000, and how its cost grows with the system.

    python benchmarks/locator.py --out locator.csv --summary locator_summary.csv

Single precision, all cores, whole evaluations (energy and field). Diagonalization has all cores in the BLAS; the
force field evaluates one replica, and a batch of 200 that shares the frozen lists. Each size in a fresh process
(benchmarks/probe.py), whose peak memory is that of the evaluation, the lists included, less the empty process.
"""

import numpy as np
import pandas as pd
from comparison import power_law
from measuring import parser, quartiles, seconds, structure, use_threads, write_rows
from probe import probe

from sdglass.engines.exact import ExactEngine
from sdglass.files import write_csv
from sdglass.hamiltonian import SDModel
from sdglass.seeding import generator
from sdglass.spins import random_spins

SITES, BATCH = 1000, 200
GROWTH = (1000, 3000, 10_000)  # and what --largest adds: a set-up of minutes
SPEED_UP, EXPONENT, MEMORY_KB = 1000, 1.05, 20  # targets


def main():
    """Measure and write both tables."""
    arguments = parser(__doc__, repeats=5)
    arguments.add_argument("--summary", help="table of ratios to write, .csv")
    arguments.add_argument("--largest", type=int, help="one more size")
    args = arguments.parse_args()
    sites, batch = (24, 3) if args.quick else (SITES, BATCH)
    sizes = [24, 30] if args.quick else sorted({*GROWTH, *([args.largest] if args.largest else [])})
    use_threads(args.threads)
    exact = ExactEngine(structure(sites, args.seed), SDModel())
    spins = random_spins(sites, generator(args.seed, "spins", sites), 1)
    times = [seconds(exact.evaluate, spins) for _ in range(2 if args.quick else 3)]
    rows = [{"model": "exact", "n_sites": sites, "replicas": 1, **quartiles("seconds", times)}]
    rows[0] |= {"seconds_per_replica": float(np.median(times)), "repeats": len(times)}
    for n_sites in sizes:
        counts = [1, 16, batch] if n_sites == sites else [1, 16]
        rows += probe(n_sites, {"locator": counts}, args.threads, args.seed, args.repeats)
    write_rows(args.out, rows, args.threads)
    found = summary(pd.DataFrame(rows), sites, batch)
    print(found.to_string(index=False))
    if args.summary:
        write_csv(args.summary, found)


def summary(frame, sites, batch):
    """Return the speed-ups, the exponent of the time and the memory, with targets and verdicts."""
    exact = frame[frame.model == "exact"].iloc[0]
    locator = frame[frame.model == "locator"]
    rows = []
    for replicas, target in ((batch, SPEED_UP), (1, np.nan)):
        one = locator[(locator.n_sites == sites) & (locator.replicas == replicas)].iloc[0]
        low, high = (exact.seconds_per_replica / (one[f"seconds_{end}"] / replicas) for end in ("high", "low"))
        value = exact.seconds_per_replica / one.seconds_per_replica
        rows.append((f"speed-up over diagonalization, N = {sites}, batch of {replicas}", value, low, high, target))
    for replicas in (1, 16):
        some = locator[locator.replicas == replicas]
        _, exponent, error = power_law(some.n_sites, some.seconds_per_replica)
        words = f"exponent of the time, {replicas} replicas, N = {some.n_sites.min()} to {some.n_sites.max()}"
        rows.append((words, exponent, exponent - error, exponent + error, EXPONENT))
    largest = locator[(locator.replicas == 1) & (locator.n_sites == locator.n_sites.max())].iloc[0]
    memory = (largest.evaluation_peak_mib - largest.empty_mib) * 2**20 / 1e3 / largest.n_sites
    rows.append((f"memory per spin [kB], N = {largest.n_sites}, 1 replica", memory, np.nan, np.nan, MEMORY_KB))
    found = pd.DataFrame(rows, columns=["number", "measured", "low", "high", "target"])
    better = np.where(
        found.number.str.startswith("speed"), found.measured >= found.target, found.measured <= found.target
    )
    return found.assign(
        verdict=np.where(found.target.isna(), "for information", np.where(better, "met", "missed"))
    )


if __name__ == "__main__":
    main()
