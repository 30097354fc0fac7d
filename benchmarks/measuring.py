"""What the benchmark programs share: timing side by side, the machine's name, structures, networks, tables."""

import argparse
import os
import platform
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from sdglass.forcefields.behler_parrinello.gemm import plain_product
from sdglass.forcefields.behler_parrinello.network import PAPER_LAYERS, SiteEnergy
from sdglass.io import write_csv
from sdglass.random_streams import generator
from sdglass.structures.amorphous import cube_edge, random_sequential_addition

DENSITY, R_MIN = 0.8, 0.5  # of the paper [ell^-3], [ell]
NETWORKS = {"paper": PAPER_LAYERS, "small": (128, 128, 64)}
_GEMM = 1024  # edge of the square product that sets the float32 rate
# Which part of a network's work a torch operator belongs to. Sparse products go through aten::addmm.
_PARTS = {
    "matrix products": ("mkldnn::_linear_pointwise", "aten::mm"),
    "activations": ("aten::elu", "aten::elu_", "aten::elu_backward", "aten::lt"),
    "sparse descriptor": ("aten::addmm", "aten::index", "aten::linalg_cross"),
    "optimiser": ("aten::lerp_", "aten::addcdiv_", "aten::addcmul_", "aten::sqrt", "aten::div"),
    "copies and sums": tuple(f"aten::{name}" for name in ("copy_", "mul", "mul_", "add", "add_", "sub_", "sum")),
}


def parser(doc, repeats):
    """Return the argument parser of a benchmark program, whose help is its docstring."""
    arguments = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", required=True, help="table to write, .csv")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=cores(), help="cores to keep busy; all by default")
    arguments.add_argument("--repeats", type=int, default=repeats)
    arguments.add_argument("--quick", action="store_true", help="tiny sizes: tries the program, measures nothing")
    return arguments


def cores():
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def use_threads(count):
    """Let torch and the BLAS of numpy use `count` threads."""
    torch.set_num_threads(count)
    threadpool_limits(count)


def machine(threads):
    """Return what a time depends on besides the code, as columns of a table."""
    blas = [f"{one['internal_api']} {one['version']}" for one in threadpool_info() if one["user_api"] == "blas"]
    return {
        "cpu": _cpu_model(),
        "cores": cores(),
        "threads": threads,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "blas": "; ".join(sorted(set(blas))),
        "onednn": torch.backends.mkldnn.is_available(),
        "cores_used_by_others": _used_by_others(),
    }


def _cpu_seconds():
    """Return the CPU time used by all processes of the machine and by this one with its children [s]."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return np.nan, np.nan
    idle = fields[3] + fields[4]
    own = os.times()
    return (sum(fields) - idle) / os.sysconf("SC_CLK_TCK"), sum(own[:4])


_BEGAN = time.perf_counter(), *_cpu_seconds()


def _used_by_others():
    """Return how many cores other processes have kept busy since the program began: times want an idle machine."""
    began, everybody, own = _BEGAN
    now_everybody, now_own = _cpu_seconds()
    used = (now_everybody - everybody) - (now_own - own)
    return max(0.0, round(used / (time.perf_counter() - began), 2))


def _cpu_model():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                vector = "AVX-512" if "avx512f" in Path("/proc/cpuinfo").read_text() else "AVX2 or less"
                return f"{name} ({vector})"
    except OSError:
        pass
    return platform.processor() or platform.machine()


def write_rows(path, rows, threads=None):
    """Write rows (dicts) with the machine's columns; `threads` is a column of the rows if None."""
    names = machine(threads)
    if threads is None:
        del names["threads"]
    frame = pd.DataFrame([{**row, **names} for row in rows])
    write_csv(path, frame)
    print(frame.drop(columns=list(names)).to_string(index=False))


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
    names = list(calls)
    taken = {name: [] for name in names}
    for repeat in range(-1, repeats):
        for name in names if repeat % 2 else names[::-1]:
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


def structure(n_sites, seed):
    """Return a structure of the paper's density and least distance."""
    return random_sequential_addition(
        n_sites, cube_edge(n_sites, DENSITY), R_MIN, generator(seed, "structure", n_sites)
    )


def network(n_features, name, seed):
    """Return a network of `NETWORKS` with random weights; its times do not depend on them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SiteEnergy(n_features, NETWORKS[name])


def products(net):
    """Return the multiplications per site of each layer of a network, the output last."""
    return [layer.weight.numel() for layer in [*net.hidden[::2], net.output]]


def gemm_calls(seed=0):
    """Return {library: call}: the fastest of several square float32 products, as seconds per multiply-add pair.

    What a bound divides by is the rate of the faster library, so that a slow one flatters nobody.
    """
    g = torch.Generator().manual_seed(seed)
    a, b = (torch.randn(_GEMM, _GEMM, generator=g) for _ in range(2))

    def fastest(product):
        return lambda: min(seconds(lambda: product(a, b)) for _ in range(5)) / (2.0 * _GEMM**3)

    return {"torch.mm": fastest(torch.mm), "oneDNN": fastest(plain_product)}


def against_products(call, operations, repeats):
    """Time `call` next to the time that `operations` floating-point operations take as matrix products.

    Returns
    -------
    dict
        Columns: time [ms], bound [ms], their ratio, each with quartiles, and the rate [GFLOP/s].
    """
    calls = gemm_calls()
    taken = alternate({"ours": call, **calls}, repeats)
    best = np.minimum(*(taken[name] for name in calls))
    return {
        **quartiles("time_ms", 1e3 * taken["ours"]),
        "gflop": 1e-9 * operations,
        **quartiles("bound_ms", 1e3 * operations * best),
        **quartiles("ratio", taken["ours"] / (operations * best)),
        **{f"gflops_{name.lower()}": 1e-9 / np.median(taken[name]) for name in calls},
        "repeats": repeats,
    }


def profile(call, case, repeats=3):
    """Return rows (case, part, ms, share): where the time of `call` goes, by torch's profiler."""
    call()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as recorded:
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        whole = (time.perf_counter() - start) / repeats
    own = {entry.key: 1e-6 * entry.self_cpu_time_total / repeats for entry in recorded.key_averages()}
    parts = {part: sum(own.get(name, 0.0) for name in names) for part, names in _PARTS.items()}
    parts["everything else"] = max(0.0, whole - sum(parts.values()))
    return [{"case": case, "part": part, "ms": 1e3 * t, "share": t / whole} for part, t in parts.items()]
