"""The locator force field against exact diagonalization and the networks, and how its cost grows with the system.

Single precision, all cores, whole evaluations (energy and field). Diagonalization has all cores in the BLAS; the
force fields evaluate one replica, and a batch of 200 that shares what is frozen, at N = 1000. Each size in a fresh
process; its peak memory is that of the evaluation, the lists included, less the empty process.
"""

from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.exact import ExactForceField
from sdglass_study.benchmarks.measuring import options, probe, seconds, spins_on, structure, timing_row, write_rows

N_SITES, BATCH = 1000, 200
SIZES = (1000, 3000, 10_000, 30_000, 100_000)
BASELINES = ("pair", "small", "paper")


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=5)
    n_sites, batch, sizes = (24, 5, (24, 30)) if args.quick else (N_SITES, BATCH, SIZES)
    sites = structure(n_sites, args.seed)
    exact, spins = ExactForceField(sites, SDModel()), spins_on(sites, args.seed, 1)
    times = [seconds(exact.evaluate, spins) for _ in range(3)]
    rows = [timing_row("exact", n_sites, 1, times)]
    rows += probe(n_sites, {model: [1, batch] for model in BASELINES}, args.threads, args.seed, args.repeats)
    for n in sizes:
        replicas = [1, 16, batch] if n == n_sites else [1, 16]
        rows += probe(n, {"locator": replicas}, args.threads, args.seed, args.repeats)
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
