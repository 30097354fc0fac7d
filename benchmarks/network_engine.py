"""Time of the network engine against its matrix products alone, and its memory against N and R.

    python benchmarks/network_engine.py --out results/benchmarks/network_engine.csv

Energy and field of R = 20 replicas of N = 500 with the paper's network in float32: two matrix products per layer.
The bound is their time at the float32 rate of the faster of torch's two libraries, measured in alternation.
Memory: the highest resident memory of fresh processes (benchmarks/probe.py), fitted with a function that is linear
in N and R.
"""

import numpy as np
import torch
from measuring import against_products, network, parser, products, profile, structure, use_threads, write_rows
from probe import probe
from scipy.optimize import nnls

from sdglass.forcefields.behler_parrinello import forcefield as engine_module
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.random_streams import generator
from sdglass.spins import random_spins

TARGET = 1.5
N_SITES, REPLICAS = 500, 20
MEMORY = [(n, r) for n in (500, 1000, 2000, 4000, 8000) for r in (1, 20, 80)]
QUICK_MEMORY = [(n, r) for n in (20, 40) for r in (1, 2)]


def times(n_sites, replicas, threads, repeats, seed):
    """Return a row per network, and the rows of their profiles."""
    functions = SymmetryFunctions()
    sites = structure(n_sites, seed)
    maps = build_feature_maps(sites, functions)
    spins = random_spins(n_sites, generator(seed, "spins", n_sites), replicas)
    rows, profiles = [], []
    for name in ("paper", "small"):
        net = network(functions.n_features, name, seed)
        engine = NetworkForceField(sites, net, functions, maps=maps, dtype=torch.float32)
        operations = 2 * 2 * n_sites * replicas * sum(products(net))
        measured = against_products(lambda engine=engine: engine.evaluate(spins), operations, repeats)
        key = {"network": name, "n_sites": n_sites, "replicas": replicas, "threads": threads}
        rows.append(key | measured)
        case = f"{name} network, R = {replicas}, N = {n_sites}"
        profiles += [
            {**row, "threads": threads} for row in profile(lambda engine=engine: engine.evaluate(spins), case)
        ]
    return rows, profiles


def memory_fit(rows):
    """Return the fit of the peak memory, with its largest relative deviation.

        peak = constant + a N + b N min(R, block) + c N R

    a: the descriptor. b: features and gradients, of which the engine holds those of a block of replicas at a time.
    c: spins and fields.
    """
    n, r, peak = (np.array([row[key] for row in rows], float) for key in ("n_sites", "replicas", "peak_mib"))
    block = np.maximum(1, engine_module._BLOCK // (n * SymmetryFunctions().n_features))
    design = np.stack([np.ones_like(n), n, n * np.minimum(r, block), n * r], axis=1)
    # Relative residuals: the fit has to hold for small systems as for large ones. No term is negative.
    coefficients, _ = nnls(design / peak[:, None], np.ones_like(peak))
    return {
        "constant_mib": coefficients[0],
        "per_site_kib": 1024 * coefficients[1],
        "per_spin_of_a_block_kib": 1024 * coefficients[2],
        "per_spin_kib": 1024 * coefficients[3],
        "largest_deviation": np.abs(design @ coefficients / peak - 1.0).max(),
        "points": len(peak),
    }


def main():
    """Measure and write the tables of times, of profiles, of memory and its fit."""
    arguments = parser(__doc__, repeats=15)
    arguments.add_argument("--only", choices=("times", "memory"), help="half of it; memory wants no idle machine")
    args = arguments.parse_args()
    if args.only != "memory":
        write_times(args)
    if args.only != "times":
        write_memory(args)


def write_times(args):
    """Measure and write the tables of times and of profiles."""
    n_sites, replicas = (20, 2) if args.quick else (N_SITES, REPLICAS)
    rows, profiles = [], []
    for threads in sorted({1, args.threads}):
        use_threads(threads)
        more = times(n_sites, replicas, threads, 2 if args.quick else args.repeats, args.seed)
        rows += more[0]
        profiles += more[1]
    write_rows(args.out, [{**row, "target": TARGET if row["network"] == "paper" else np.nan} for row in rows])
    write_rows(args.out.replace(".csv", "_profile.csv"), profiles)


def write_memory(args):
    """Measure and write the table of memory and its fit."""
    memory = []
    for n, r in QUICK_MEMORY if args.quick else MEMORY:
        memory += probe(n, {"paper": [r]}, args.threads, args.seed, repeats=1)
    keys = ("model", "n_sites", "replicas", "peak_mib", "setup_peak_mib", "empty_mib")
    memory = [{key: row[key] for key in keys} for row in memory]
    write_rows(args.out.replace(".csv", "_memory.csv"), memory, args.threads)
    write_rows(args.out.replace(".csv", "_memory_fit.csv"), [memory_fit(memory)], args.threads)


if __name__ == "__main__":
    main()
