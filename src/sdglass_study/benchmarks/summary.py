"""The table of ratios: what was measured, its target, met or missed, and for a missed one where the time goes.

    python -m sdglass_study.benchmarks.summary --tables results/benchmarks --errors results/paper/tables
        --out results/benchmarks/summary.csv

The errors are those of the study, on structures that no model was fitted to.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass_study.benchmarks.network_memory import fit

MEMORY_TARGET_GIB, EXPONENT_TARGET, LINEAR_TARGET = 24.0, 1.1, 0.1
MODELS = ("paper", "small", "pair")
LABELS = {
    "exact": "exact diagonalization",
    "paper": "paper's network",
    "small": "small network (128-128-64)",
    "pair": "pair model J(R)",
}
# Sizes of the power-law fits; below, what does not grow with N is a part of the time.
FROM = {"exact": 250, "paper": 1000, "small": 1000, "pair": 1000}


def read(folder, name):
    """Return the table of a benchmark."""
    path = Path(folder) / f"{name}.csv"
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected the table of sdglass_study.benchmarks.{name}")
    return pd.read_csv(path)


def scaling(folder):
    """Return the times of all models, exact diagonalization included, in one frame."""
    return pd.concat([read(folder, "scaling_exact"), read(folder, "scaling_models")], ignore_index=True)


def chosen(frame, model, kind):
    """Return the rows of a model by size: of one replica (``single``) or of batches (``batch``)."""
    replicas = frame.replicas == 1 if kind == "single" else frame.replicas > 1
    return frame[(frame.model == model) & replicas].sort_values("n_sites")


def power_law(n, seconds):
    """Return (prefactor, exponent, standard error) of seconds = prefactor N^exponent.

    Least squares on logarithms. NaN where there are too few points: two for the exponent, three for its error.
    """
    x, y = np.log(np.asarray(n, float)), np.log(np.asarray(seconds, float))
    if len(x) < 2:
        return np.nan, np.nan, np.nan
    exponent, offset = np.polyfit(x, y, 1)
    error = np.nan
    if len(x) > 2:
        spread = np.sum((y - exponent * x - offset) ** 2) / (len(x) - 2)
        error = float(np.sqrt(spread / np.sum((x - x.mean()) ** 2)))
    return float(np.exp(offset)), float(exponent), error


def exponents(frame):
    """Yield fits (model, kind, from, to, prefactor, exponent, error) where there are two sizes or more."""
    for model in ("exact", *MODELS):
        for kind in ("single", "batch"):
            part = chosen(frame, model, kind)
            part = part[part.n_sites >= FROM[model]]
            if len(part) > 1:
                sizes = part.n_sites.min(), part.n_sites.max()
                yield (model, kind, *sizes, *power_law(part.n_sites, part.seconds_per_replica))


def speedups(frame, model, kind):
    """Return the time of exact diagonalization over that of a model, a Series by size."""
    own, exact = (chosen(frame, name, kind).set_index("n_sites") for name in (model, "exact"))
    return (exact.seconds_per_replica / own.seconds_per_replica).dropna().sort_index()


def crossover(gains):
    """Return (N, text): where a model becomes faster than exact diagonalization.

    N is interpolated between logarithms; NaN if the model is faster, or slower, at every size.
    """
    n, gain = gains.index.to_numpy(float), np.log(gains.to_numpy(float))
    if not len(n):
        return np.nan, "not measured"
    if (gain > 0).all():
        return np.nan, f"faster at every size from N = {n[0]:.0f} on"
    if gain[-1] <= 0:
        return np.nan, f"slower at every size up to N = {n[-1]:.0f}"
    below = np.flatnonzero(gain <= 0)[-1]
    weight = -gain[below] / (gain[below + 1] - gain[below])
    crossing = float(np.exp(np.log(n[below]) + weight * np.log(n[below + 1] / n[below])))
    return crossing, f"faster from N = {crossing:.0f} on"


def row(ratio, case, values, target=np.nan, unit="", why=""):
    """Return a row of the table; `values` is (median, low, high) or a number. No target, no verdict."""
    median, low, high = values if np.ndim(values) else (values, np.nan, np.nan)
    verdict = "for information" if np.isnan(target) else "met" if median <= target else "missed"
    found = {"ratio": ratio, "case": case, "measured": median, "low": low, "high": high, "unit": unit}
    return found | {"target": target, "verdict": verdict, "why": why if verdict == "missed" else ""}


def against_bounds(folder):
    """Yield the rows of times and memory against their bounds."""

    def rows(name, ratio, case, column="ratio", why=None):
        for record in read(folder, name).itertuples():
            values = tuple(getattr(record, column + end) for end in ("", "_low", "_high"))
            yield row(ratio, case(record), values, record.target, why=why or record.where)

    def batch(record):
        return f"R = {record.replicas}, N = {record.n_sites}"

    yield from rows("exact_labels", "exact label / bare LAPACK call",
                    lambda record: f"N = {record.n_sites}, {record.processes} processes")  # fmt: skip
    yield from rows("training_step", "training step / its matrix products",
                    lambda record: f"{LABELS[record.network]}, {threads(record)}")  # fmt: skip
    yield from rows("network_times", "network / its matrix products",
                    lambda record: f"{LABELS[record.network]}, {batch(record)}, {threads(record)}")  # fmt: skip
    memory = read(folder, "network_memory")
    words, deviation = fit(memory.n_sites, memory.replicas, memory.peak_mib)
    yield row("peak memory, largest deviation from a function linear in N and R", words, deviation, LINEAR_TARGET,
              why="see network_memory.csv")  # fmt: skip
    yield from rows("dynamics", "share of an LLG step that is not the force",
                    lambda record: f"{LABELS[record.network]}, {record.integrator}, {batch(record)}",
                    "share", "thermal noise, integrator and checks")  # fmt: skip


def threads(record):
    """Return a number of threads in words."""
    return f"{record.threads} thread" + ("s" if record.threads > 1 else "")


def against_each_other(frame, errors):
    """Yield the rows of exact diagonalization, networks and pair model against each other."""
    for model, kind, start, stop, _, exponent, error in exponents(frame):
        target = EXPONENT_TARGET if model != "exact" and kind == "single" else np.nan
        case = f"{LABELS[model]}, {kind}, N = {start} to {stop}"
        band = (exponent, exponent - error, exponent + error)
        yield row("exponent of the time against N", case, band, target, why="caches, see scaling_models.csv")
    for model in MODELS:
        largest = chosen(frame, model, "single").iloc[-1]
        case = f"{LABELS[model]}, N = {largest.n_sites}: {largest.seconds:.2g} s, set-up {largest.setup_s:.2g} s"
        yield row("peak memory", case, largest.peak_mib / 1024, MEMORY_TARGET_GIB, "GiB",
                  why="the sparse descriptor and its transpose")  # fmt: skip
        for kind in ("single", "batch"):
            gains = speedups(frame, model, kind)
            where, words = crossover(gains)
            yield row(
                "crossover with exact diagonalization", f"{LABELS[model]}, {kind}: {words}", where, unit="sites"
            )
            for n in sorted({100, 500, gains.index.max()} & {*gains.index}):
                yield row("speed-up over exact diagonalization", f"{LABELS[model]}, {kind}, N = {n}", gains[n])
    pair = chosen(frame, "pair", "batch").set_index("n_sites")
    for model in MODELS[:2]:
        own = chosen(frame, model, "batch").set_index("n_sites")
        common = pair.index.intersection(own.index)
        n = 500 if 500 in common else common.max()
        relative = own.seconds_per_replica[n] / pair.seconds_per_replica[n]
        found = row("time of the network / pair model at no better accuracy",
                    f"{LABELS[model]}, R = {own.replicas[n]}, N = {n}", relative, 1.0)  # fmt: skip
        mine, theirs = (errors[errors.model == name].iloc[0] for name in (model, "pair"))
        better = mine.high < theirs.low
        found["verdict"] = "met" if relative <= 1.0 or better else "missed"
        found["why"] = (
            f"torque errors {mine.rmse:.3g} ({mine.low:.3g} to {mine.high:.3g}) and "
            f"{theirs.rmse:.3g} ({theirs.low:.3g} to {theirs.high:.3g}) t0; "
            "the pair model is one sparse product of N rows, the network's layers come on top"
        )
        yield found


def options(doc, errors=False, out=False):
    """Return the parsed options of what is made from the tables of the benchmarks."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", required=True, help="folder of the benchmarks' tables")
    if errors:
        parser.add_argument("--errors", required=True, help="folder of a study's tables")
    if out:
        parser.add_argument("--out", required=True, help="table to write, .csv")
    for kind in ("png", "pdf"):
        parser.add_argument(f"--{kind}", help="figure to write")
    return parser.parse_args()


def torque_errors(folder):
    """Return the torque errors of a study on its test structures, one row per model."""
    frame = pd.read_csv(Path(folder) / "torque_errors.csv")
    return frame[(frame.set == "test") & (frame.stage == "all") & frame.member.isin(["-", "single"])]


def main():
    """Write the summary."""
    args = options(__doc__, errors=True, out=True)
    frame, errors = scaling(args.tables), torque_errors(args.errors)
    table = pd.DataFrame([*against_bounds(args.tables), *against_each_other(frame, errors)])
    machine = read(args.tables, "scaling_models").iloc[0]
    table = table.assign(**{name: machine[name] for name in ("cpu", "cores", "python", "numpy", "torch", "blas")})
    write_csv(args.out, table)
    shown = table[["ratio", "case", "measured", "target", "verdict", "why"]]
    print(shown.to_string(index=False, float_format="%.3g"))


if __name__ == "__main__":
    main()
