"""What the benchmarks share: timing side by side, probes in fresh processes, structures, force fields, tables.

    python -m sdglass_study.benchmarks.measuring \
        '{"n_sites": 1000, "models": {"pair": [1, 20]}, "threads": 2, "seed": 1, "repeats": 5}'

prints the rows of `measured_here` as JSON; `probe` runs that.
"""

import argparse
import gc
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.gemm import plain_product
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.settings import PAPER_LAYERS
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.forcefields.registry import load_model
from sdglass.io import write_csv
from sdglass.random_streams import generator
from sdglass.spins import random_spins
from sdglass.structures.amorphous import cube_edge, random_sequential_addition

DENSITY, R_MIN = 0.8, 0.5  # of the paper [ell^-3], [ell]
LAYERS = {"paper": PAPER_LAYERS, "small": (128, 128, 64)}
MODELS = Path(__file__).parents[3] / "results/paper/models"  # of the study, as it is archived
DESCRIPTOR = SymmetryFunctions()
_GEMM = 1024  # edge of the square product that sets the float32 rate
# Which part of a network's work a torch operator belongs to. Sparse products go through aten::addmm.
_PARTS = {
    "matrix products": ("mkldnn::_linear_pointwise", "aten::mm"),
    "activations": ("aten::elu", "aten::elu_", "aten::elu_backward", "aten::lt"),
    "sparse descriptor": ("aten::addmm", "aten::index", "aten::linalg_cross"),
    "optimiser": ("aten::lerp_", "aten::addcdiv_", "aten::addcmul_", "aten::sqrt", "aten::div"),
    "copies and sums": tuple(f"aten::{name}" for name in ("copy_", "mul", "mul_", "add", "add_", "sub_", "sum")),
}


# ---- options and tables


def options(doc, repeats):
    """Return the parsed options of a benchmark, whose help is its docstring."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="table to write, .csv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=cores, help="cores to keep busy (default: all)")
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: tries the program, measures nothing")
    args = parser.parse_args()
    use_threads(args.threads)
    return args


def use_threads(count):
    """Let torch and the BLAS of numpy use `count` threads."""
    torch.set_num_threads(count)
    threadpool_limits(count)


def write_rows(path, rows, threads=None):
    """Write rows (dicts) with the machine's columns; `threads` is a column of the rows if None."""
    frame = pd.DataFrame([with_machine(row, threads) for row in rows])
    write_csv(path, frame)
    print(pd.DataFrame(rows).to_string(index=False))


def with_machine(row, threads=None):
    """Return a row with the columns that say where it was measured."""
    return {**row, **_machine(), **({} if threads is None else {"threads": threads})}


def _machine():
    """Return what a time depends on besides the code."""
    blas = {
        f"{pool['internal_api']} {pool['version']}" for pool in threadpool_info() if pool["user_api"] == "blas"
    }
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "blas": "; ".join(sorted(blas)),
        "cores_used_by_others": _used_by_others(),
    }


def _cpu_model():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return f"{(names or [platform.machine()])[0]} ({'AVX-512' if 'avx512f' in text else 'AVX2 or less'})"


def _cpu_seconds():
    """Return the CPU time used by all processes of the machine and by this one with its children [s]."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return np.nan, np.nan
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])


_BEGAN = time.perf_counter(), *_cpu_seconds()


def _used_by_others():
    """Return how many cores other processes have kept busy since the program began: times want an idle machine."""
    began, everybody, own = _BEGAN
    now_everybody, now_own = _cpu_seconds()
    used = (now_everybody - everybody) - (now_own - own)
    return max(0.0, round(used / (time.perf_counter() - began), 2))


# ---- timing


def seconds(call, *arguments):
    """Return the wall time of one call [s]."""
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def alternate(calls, repeats):
    """Time the calls in turn, and in reverse order every other time, after one unmeasured round.

    Parameters
    ----------
    calls : dict of callable
        Each either is timed, or returns a number of its own, a float [s].
    repeats : int

    Returns
    -------
    dict of numpy.ndarray, shape (repeats,)
        Seconds; entries of the same index are neighbours in time, so that their ratio is free of drifts.
    """
    taken = {name: [] for name in calls}
    for repeat in range(-1, repeats):
        for name in list(calls)[:: 1 if repeat % 2 else -1]:
            start = time.perf_counter()
            own = calls[name]()
            elapsed = time.perf_counter() - start
            if repeat >= 0:
                taken[name].append(own if isinstance(own, float) else elapsed)
    return {name: np.array(values) for name, values in taken.items()}


def quartiles(name, values):
    """Return columns {name, name_low, name_high}: the median and the quartiles of repeats."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return {name: middle, f"{name}_low": low, f"{name}_high": high}


def against_products(call, operations, repeats):
    """Time `call` next to the time that `operations` floating-point operations take as float32 matrix products.

    The bound divides by the rate of the faster of torch's two libraries, so that a slow one flatters nobody.

    Returns
    -------
    dict
        Columns: time [ms], bound [ms], their ratio, each with quartiles; `where` says where the time goes.
    """
    g = torch.Generator().manual_seed(0)
    a, b = (torch.randn(_GEMM, _GEMM, generator=g) for _ in range(2))
    fastest = {
        name: lambda product=product: min(seconds(product, a, b) for _ in range(5)) / (2.0 * _GEMM**3)
        for name, product in (("torch.mm", torch.mm), ("oneDNN", plain_product))
    }
    taken = alternate({"ours": call, **fastest}, repeats)
    bound = operations * np.minimum(*(taken[name] for name in fastest))
    return {
        **quartiles("time_ms", 1e3 * taken["ours"]),
        "gflop": 1e-9 * operations,
        **quartiles("bound_ms", 1e3 * bound),
        **quartiles("ratio", taken["ours"] / bound),
        "repeats": repeats,
        "where": _profile(call),
    }


def _profile(call, repeats=3):
    """Return in words where the time of `call` goes, by torch's profiler."""
    call()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as recorded:
        whole = seconds(lambda: [call() for _ in range(repeats)])
    own = {entry.key: 1e-6 * entry.self_cpu_time_total for entry in recorded.key_averages()}
    parts = {part: sum(own.get(name, 0.0) for name in names) / whole for part, names in _PARTS.items()}
    return in_words(parts | {"everything else": 1.0 - sum(parts.values())})


def in_words(parts):
    """Return the three largest of {part: share of the time} in words."""
    largest = sorted(parts.items(), key=lambda part: -part[1])[:3]
    return "; ".join(f"{part} {share:.0%}" for part, share in largest)


# ---- what is measured


def structure(n_sites, seed):
    """Return a structure of the paper's density and least distance."""
    return random_sequential_addition(
        n_sites, cube_edge(n_sites, DENSITY), R_MIN, generator(seed, "structure", n_sites)
    )


def spins_on(sites, seed, replicas):
    """Return random spins, shape (R, N, 3)."""
    return random_spins(sites.n_sites, generator(seed, "spins", sites.n_sites), replicas)


def network(name, seed):
    """Return a network of `LAYERS` with random weights; its times do not depend on them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SiteEnergy(DESCRIPTOR.n_features, LAYERS[name])


def products(net):
    """Return the multiplications per site of each layer of a network, the output last."""
    return [layer.weight.numel() for layer in [*net.hidden[::2], net.output]]


def network_force_field(sites, name, seed, maps=None):
    """Return the force field of such a network in float32."""
    if maps is None:
        maps = build_feature_maps(sites, DESCRIPTOR, np.float32)
    return NetworkForceField(sites, network(name, seed), DESCRIPTOR, maps=maps, dtype=torch.float32)


def evaluation_seconds(force_field, spins, repeats):
    """Return the times [s] of evaluations: `repeats`, fewer if they are long and more if they are short."""
    warm = seconds(force_field.evaluate, spins)
    if warm > 3.0:
        repeats = min(repeats, 2)
    elif repeats > 1:
        repeats = int(np.clip(0.5 / warm, repeats, 50))
    return np.array([seconds(force_field.evaluate, spins) for _ in range(repeats)])


def timing_row(model, n_sites, replicas, times):
    """Return the columns on the times of evaluations."""
    return {
        "model": model,
        "n_sites": n_sites,
        "replicas": replicas,
        **quartiles("seconds", times),
        "seconds_per_replica": float(np.median(times)) / replicas,
        "repeats": len(times),
    }


# ---- probes


def probe(n_sites, models, threads, seed, repeats):
    """Measure force fields that scale linearly, in a fresh process.

    Parameters
    ----------
    n_sites : int
    models : dict
        Numbers of replicas by model: a network of `LAYERS`, or a file of `MODELS` (``pair``, ``locator``).
    threads, seed, repeats : int

    Returns
    -------
    list of dict
        Rows of times, set-up time [s] and peak memory [MiB].
    """
    request = {"n_sites": n_sites, "models": models, "threads": threads, "seed": seed, "repeats": repeats}
    command = [sys.executable, "-m", "sdglass_study.benchmarks.measuring", json.dumps(request)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def measured_here(n_sites, models, threads, seed, repeats):
    """Return the rows of `probe`, measured in this process."""
    use_threads(threads)
    rows, empty = [], _peak_mib()
    start = time.perf_counter()
    sites = structure(n_sites, seed)
    structure_s = time.perf_counter() - start
    for model, counts in models.items():
        _forget_peak()
        start = time.perf_counter()
        if model in LAYERS:
            force_field = network_force_field(sites, model, seed)
        else:
            how = {"dtype": "float32", "threads": threads} if model == "locator" else {}
            force_field = load_model(MODELS / f"{model}.safetensors").on(sites, **how)
        setup_s = structure_s + time.perf_counter() - start
        setup_peak = _peak_mib()
        for count in counts:
            _forget_peak()
            times = evaluation_seconds(force_field, spins_on(sites, seed, count), repeats)
            row = timing_row(model, n_sites, count, times) | {"setup_s": setup_s}
            row |= {"peak_mib": max(setup_peak, _peak_mib()), "setup_peak_mib": setup_peak}
            rows.append(row | {"evaluation_peak_mib": _peak_mib(), "empty_mib": empty})
        del force_field
    return rows


def _forget_peak():
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def _peak_mib():
    """Return the highest resident memory since `_forget_peak`; without /proc, since the start of the process."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(measured_here(**json.loads(sys.argv[1]))))
