"""Time of the networks' force fields against their matrix products alone.

Energy and field of R = 20 replicas of N = 500 in float32: two matrix products per layer.
"""

import numpy as np

from sdglass_study.benchmarks.measuring import (
    LAYERS,
    against_products,
    network,
    network_force_field,
    options,
    products,
    spins_on,
    structure,
    use_threads,
    write_rows,
)

TARGET = 1.5  # of the paper's network
N_SITES, REPLICAS = 500, 20


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=15)
    n_sites, replicas, repeats = (20, 2, 2) if args.quick else (N_SITES, REPLICAS, args.repeats)
    sites, rows = structure(n_sites, args.seed), []
    spins = spins_on(sites, args.seed, replicas)
    for threads in sorted({1, args.threads}):
        use_threads(threads)
        for name in LAYERS:
            force_field = network_force_field(sites, name, args.seed)
            operations = 2 * 2 * n_sites * replicas * sum(products(network(name, args.seed)))
            row = {"network": name, "n_sites": n_sites, "replicas": replicas, "threads": threads}
            row |= against_products(lambda f=force_field: f.evaluate(spins), operations, repeats)
            rows.append(row | {"target": TARGET if name == "paper" else np.nan})
    write_rows(args.out, rows)


if __name__ == "__main__":
    main()
