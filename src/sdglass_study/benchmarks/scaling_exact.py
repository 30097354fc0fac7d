"""Time of exact diagonalization against the number of sites: one replica with all cores in the BLAS, and a batch
shared by as many processes as cores.
"""

import time

from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.exact import ExactForceField
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass_study.benchmarks.measuring import options, seconds, structure, timing_row, write_rows

# Sites: (repeats of one replica, replicas of a batch per core, repeats of the batch). A batch of 20 on two cores;
# smaller where an evaluation takes long, since nothing is shared between replicas.
SIZES = {
    25: (30, 10, 7),
    50: (30, 10, 7),
    100: (20, 10, 7),
    250: (10, 10, 5),
    500: (5, 4, 3),
    1000: (3, 2, 2),
    2000: (2, 1, 1),
}
QUICK_SIZES = {8: (2, 2, 2), 12: (2, 2, 2)}


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=1)
    rows = []
    for n_sites, (repeats, per_core, batch_repeats) in (QUICK_SIZES if args.quick else SIZES).items():
        sites, rng = structure(n_sites, args.seed), generator(args.seed, "spins", n_sites)
        alone = ExactForceField(sites, SDModel())
        if n_sites <= 500:
            alone.evaluate(random_spins(n_sites, rng, 1))  # warms up
        times = [seconds(alone.evaluate, random_spins(n_sites, rng, 1)) for _ in range(repeats)]
        rows.append(timing_row("exact", n_sites, 1, times))
        count = per_core * args.threads
        with ExactForceField(sites, SDModel(), args.threads) as pool:
            _start(pool, args.threads)
            spins = random_spins(n_sites, rng, count)
            times = [seconds(pool.evaluate, spins) for _ in range(batch_repeats)]
        rows.append(timing_row("exact", n_sites, count, times))
    write_rows(args.out, rows, args.threads)


def _start(force_field, cores):
    """Start the processes of a pool before the clock runs; evaluating something would take minutes at N = 2000."""
    if force_field._pool is not None:
        for started in [force_field._pool.submit(time.sleep, 1.0) for _ in range(cores)]:
            started.result()


if __name__ == "__main__":
    main()
