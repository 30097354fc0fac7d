"""How an ensemble of quenches speeds up with cores: its realizations are jobs that know nothing of each other.

    python benchmarks/ensemble_scaling.py --out results/benchmarks/ensemble_scaling.csv

The step that the study's jobs run (`sdglass_study.jobs.quench_model`, one thread each) quenches one realization after
the other on one core, and as many at a time as there are cores otherwise, as Snakemake does on a machine or Slurm
on its nodes. Every core count does the same work: the same realizations, seeds and steps. A second, shorter run on
one core tells the cost of a step from that of a start. `benchmarks/job_counts.py` makes plans of it.

The network is the study's: one member of the small committee, with the descriptor of every realization cached.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from measuring import alternate, parser, quartiles, seconds, structure, write_rows

from sdglass.forcefields.behler_parrinello.descriptor_file import save_feature_maps
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.registry import load_model

MODELS = Path(__file__).resolve().parents[1] / "results" / "paper" / "models"
FILES = {"network": MODELS / "small.safetensors", "pair": MODELS / "pair.safetensors"}  # of the study
N_SITES, REPLICAS, REALIZATIONS = 500, 20, 4
STEPS = {"network": 100, "pair": 3000}  # less than a minute on one core
SHORTER = 4
HOPPING = '{"law": "yukawa", "amplitude": 1.0, "decay_length": 1.0}'
DT = 2.0  # of the study's fast quenches [1 / (gamma t0)]


def shard(engine, realization, n_steps, replicas, seed, folder):
    """Quench one realization, as a job of the study does."""
    command = [
        *(
            sys.executable,
            "-m",
            "sdglass_study.jobs.quench_model",
            "--engine-name",
            engine,
            "--ensemble",
            "scaling",
        ),
        *("--model", FILES[engine], "--dtype", "float32"),
        *("--structure", folder / f"{realization}.npz", "--out", folder / f"{engine}-{realization}.h5"),
        *("--coupling", 6.0, "--filling", 0.5, "--electron-temperature", 1e-3, "--hopping", HOPPING),
        *("--replicas", replicas, "--duration", DT * n_steps, "--time-step", DT, "--damping", 1.0),
        *("--temperature", 1e-3, "--integrator", "heun", "--seed", seed, "--realization", realization),
    ]
    if engine == "network":
        command += ["--members", 0, "--features", folder / f"{realization}-features.h5"]
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    source = str(MODELS.parents[2] / "src")
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    environment = os.environ | threads | {"PYTHONPATH": path}
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"realization {realization} with {engine}: {done.stderr[-2000:]}")


def ensemble(workers, engine, n_steps, realizations, *how):
    """Return the wall time [s] of all realizations, `workers` at a time."""

    def work():
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda index: shard(engine, index, n_steps, *how), range(realizations)))

    return seconds(work)


def main():
    """Measure and write the table."""
    args = parser(__doc__, repeats=2).parse_args()
    n_sites, replicas, realizations = (24, 2, 2) if args.quick else (N_SITES, REPLICAS, REALIZATIONS)
    counts = sorted({1, args.threads})
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        engines = {"pair": 8} if args.quick else STEPS
        functions = load_model(FILES["network"]).descriptor
        for index in range(realizations):
            sites = structure(n_sites, args.seed + index)
            sites.save(folder / f"{index}.npz")
            if "network" in engines:
                maps = build_feature_maps(sites, functions)
                save_feature_maps(folder / f"{index}-features.h5", maps, sites, {})
        for engine, n_steps in engines.items():
            runs = {(count, n_steps): count for count in counts} | {(1, n_steps // SHORTER): 1}
            shards = realizations, replicas, args.seed, folder
            calls = {key: partial(ensemble, count, engine, key[1], *shards) for key, count in runs.items()}
            taken = alternate(calls, 1 if args.quick else args.repeats)
            for (count, steps), values in taken.items():
                speed_up = taken[1, n_steps] / values if steps == n_steps else np.full(len(values), np.nan)
                row = {"engine": engine, "n_sites": n_sites, "replicas": replicas, "realizations": realizations}
                row |= {"steps": steps, "processes": count, **quartiles("seconds", values)}
                row |= {**quartiles("speed_up", speed_up), "efficiency": np.median(speed_up) / count}
                rows.append(row | {"repeats": len(values)})
    write_rows(args.out, rows, threads=1)


if __name__ == "__main__":
    main()
