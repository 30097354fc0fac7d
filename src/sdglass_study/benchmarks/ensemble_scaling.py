"""How an ensemble of quenches speeds up with cores: its realizations are jobs that know nothing of each other.

The command line quenches one realization after the other on one core, and as many at a time as there are cores
otherwise, as Snakemake does on a machine or Slurm on its nodes; one thread each. Every number of processes does
the same work: the same realizations, seeds and steps.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sdglass_study.benchmarks.measuring import (
    MODELS,
    alternate,
    options,
    quartiles,
    seconds,
    structure,
    write_rows,
)

N_SITES, REPLICAS, REALIZATIONS = 500, 20, 4
STEPS = {"small": 100, "pair": 3000}  # less than a minute on one core
TIME_STEP = 2.0  # of the study's fast quenches [1 / (gamma t0)]


def quench(folder, model, n_steps, replicas, seed, realization):
    """Quench one realization, in a process of its own."""
    command = [sys.executable, "-m", "sdglass.cli", "quench", "--no-checkpoint"]
    command += ["--engine", MODELS / f"{model}.safetensors", "--structure", folder / f"{realization}.npz"]
    command += ["--out", folder / f"{model}-{realization}.h5"]
    command += ["--replicas", replicas, "--duration", TIME_STEP * n_steps, "--dt", TIME_STEP, "--damping", 1]
    command += ["--seed", seed, "--realization", realization]
    if model == "small":
        command += ["--dtype", "float32", "--members", 0]  # of its committee, as in the study
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    subprocess.run([*map(str, command)], env=os.environ | threads, check=True, stdout=subprocess.DEVNULL)


def ensemble(processes, realizations, *how):
    """Return the wall time [s] of all realizations, `processes` at a time."""
    with ThreadPoolExecutor(processes) as pool:
        return seconds(lambda: list(pool.map(partial(quench, *how), range(realizations))))


def main():
    """Measure and write the table."""
    args = options(__doc__, repeats=2)
    n_sites, replicas, realizations = (24, 2, 2) if args.quick else (N_SITES, REPLICAS, REALIZATIONS)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for realization in range(realizations):
            structure(n_sites, args.seed + realization).save(folder / f"{realization}.npz")
        for model, n_steps in ({"pair": 8} if args.quick else STEPS).items():
            how = (realizations, folder, model, n_steps, replicas, args.seed)
            calls = {count: partial(ensemble, count, *how) for count in sorted({1, args.threads})}
            taken = alternate(calls, 1 if args.quick else args.repeats)
            for count, values in taken.items():
                row = {"model": model, "n_sites": n_sites, "replicas": replicas, "realizations": realizations}
                row |= {"steps": n_steps, "processes": count, **quartiles("seconds", values)}
                rows.append(row | quartiles("speed_up", taken[1] / values) | {"repeats": len(values)})
    write_rows(args.out, rows, threads=1)


if __name__ == "__main__":
    main()
