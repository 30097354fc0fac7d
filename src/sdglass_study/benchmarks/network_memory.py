"""Highest resident memory of the paper's network against the number of sites and of replicas, in fresh processes.

`fit` is a function that is linear in both: sites hold the descriptor, a block of replicas its features and
gradients, and every spin its field.
"""

import numpy as np
from scipy.optimize import nnls

from sdglass_study.benchmarks.measuring import DESCRIPTOR, options, probe, write_rows

SIZES, REPLICAS = (500, 1000, 2000, 4000, 8000), (1, 20, 80)
QUICK_SIZES, QUICK_REPLICAS = (20,), (1, 2)
COLUMNS = ("model", "n_sites", "replicas", "peak_mib", "setup_peak_mib", "empty_mib")


def fit(n_sites, replicas, peak_mib):
    """Return the terms of the peak memory in words, and the largest relative deviation from them.

    peak = constant + a N + b N min(R, block) + c N R
    """
    from sdglass.forcefields.behler_parrinello.forcefield import _BLOCK

    n, r, peak = (np.asarray(values, float) for values in (n_sites, replicas, peak_mib))
    block = np.maximum(1, _BLOCK // (n * DESCRIPTOR.n_features))
    design = np.stack([np.ones_like(n), n, n * np.minimum(r, block), n * r], axis=1)
    # Relative residuals: the fit has to hold for small systems as for large ones. No term is negative.
    terms, _ = nnls(design / peak[:, None], np.ones_like(peak))
    words = (
        f"{terms[0]:.0f} MiB, {1024 * terms[1]:.0f} KiB per site, {1024 * terms[2]:.1f} KiB per spin of a "
        f"block of replicas, {1024 * terms[3]:.2f} KiB per spin"
    )
    return words, float(np.abs(design @ terms / peak - 1.0).max())


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=1)
    sizes, replicas = (QUICK_SIZES, QUICK_REPLICAS) if args.quick else (SIZES, REPLICAS)
    rows = []
    for n in sizes:
        for r in replicas:
            (row,) = probe(n, {"paper": [r]}, args.threads, args.seed, args.repeats)
            rows.append({name: row[name] for name in COLUMNS})
    write_rows(args.out, rows, args.threads)


if __name__ == "__main__":
    main()
