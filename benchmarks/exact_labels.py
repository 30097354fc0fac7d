"""What share of an exact label is spent inside the LAPACK eigensolver.

    OMP_NUM_THREADS=1 python benchmarks/exact_labels.py --out results/benchmarks/exact_labels.csv

Every label is timed in alternation with the bare ``zheevd`` call (numpy.linalg.eigh) on the same matrix, in
one process with one BLAS thread, so that drifts of the machine hit both; quartiles of the ratio are reported.
"""

import argparse
import time

import numpy as np
import pandas as pd

from sdglass.engines.exact import ExactEngine
from sdglass.files import write_csv
from sdglass.hamiltonian import SDModel, sd_hamiltonian
from sdglass.packing import cube_edge, random_sequential_addition
from sdglass.seeding import generator
from sdglass.spins import random_spins

DENSITY = 0.8  # of the paper [ell^-3]


def measure(n_sites, repeats, seed):
    """Return a row of medians for structures of `n_sites`."""
    structure = random_sequential_addition(
        n_sites, cube_edge(n_sites, DENSITY), 0.5, generator(seed, "structure", n_sites)
    )
    model = SDModel()
    engine = ExactEngine(structure, model)
    rng = generator(seed, "spins", n_sites)
    label, bare = [], []
    for repeat in range(repeats + 1):  # the first one warms up
        spins = random_spins(n_sites, rng, 1)
        matrix = sd_hamiltonian(engine.hopping, spins[0], model.coupling)
        start = time.perf_counter()
        engine.evaluate(spins)
        middle = time.perf_counter()
        np.linalg.eigh(matrix)
        end = time.perf_counter()
        if repeat:
            label.append(middle - start)
            bare.append(end - middle)
    share = np.array(bare) / np.array(label)
    return {
        "n_sites": n_sites,
        "label_ms": 1e3 * np.median(label),
        "lapack_ms": 1e3 * np.median(bare),
        "lapack_share": np.median(share),
        "share_low": np.percentile(share, 25),
        "share_high": np.percentile(share, 75),
        "repeats": repeats,
    }


def main():
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    frame = pd.DataFrame([measure(n, repeats, args.seed) for n, repeats in ((100, 100), (500, 10))])
    write_csv(args.out, frame)
    print(frame.to_string(index=False))


if __name__ == "__main__":
    main()
