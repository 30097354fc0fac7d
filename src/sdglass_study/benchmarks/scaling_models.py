"""Time, set-up and memory of the paper's network, a small one (float32) and the pair model against the number of
sites: one replica and batches, each size in a fresh process.
"""

from sdglass_study.benchmarks.measuring import options, probe, write_rows

SIZES, QUICK_SIZES = (25, 50, 100, 250, 500, 1000, 2000, 10_000, 30_000, 100_000), (12,)
BATCH = 20
# Largest size at which a batch is measured; beyond, a replica costs the same alone.
BATCH_UP_TO = {"pair": 100_000, "small": 10_000, "paper": 2000}


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=5)
    rows = []
    for n_sites in QUICK_SIZES if args.quick else SIZES:
        batches = {model: [1, BATCH] if n_sites <= limit else [1] for model, limit in BATCH_UP_TO.items()}
        rows += probe(n_sites, batches, args.threads, args.seed, 1 if args.quick else args.repeats)
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
