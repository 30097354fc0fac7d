"""The table of ratios: what was measured, its target, met or missed, and for a missed one where the time goes.

    python benchmarks/summary.py --tables results/benchmarks --errors results/paper/tables/torque_errors.csv
                                 --out results/benchmarks/summary.csv

Exponents and speed-ups of the scaling benchmark are written beside it. Several ``--errors``: the first file that
is there is used; the errors belong to that study's networks, the times to networks of the same shape.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from comparison import LABELS, MODELS, batch, crossover, exponents, read, scaling, single, speedups, torque_errors

from sdglass.io import write_csv

MEMORY_TARGET_GIB, EXPONENT_TARGET, LINEAR_TARGET = 24.0, 1.1, 0.1


def row(number, ratio, case, values, target, unit="", why=""):
    """Return a row of the table; `values` is (median, low, high) or a number. No target, no verdict."""
    median, low, high = values if np.ndim(values) else (values, np.nan, np.nan)
    if target is None:
        verdict = "for information"
    else:
        verdict = "met" if median <= target else "missed"
    return {
        "number": number,
        "ratio": ratio,
        "case": case,
        "measured": median,
        "low": low,
        "high": high,
        "unit": unit,
        "target": np.nan if target is None else target,
        "verdict": verdict,
        "why": why if verdict != "met" else "",
    }


def _range(record, name):
    return record[name], record[f"{name}_low"], record[f"{name}_high"]


def _threads(record):
    return f"{record.threads} thread" + ("s" if record.threads > 1 else "")


def where_time_goes(profile, **keys):
    """Return the three largest parts of a profile in words."""
    if profile is None:
        return "no profile"
    for name, value in keys.items():
        profile = profile[profile[name] == value]
    top = profile.sort_values("share", ascending=False).head(3)
    return "; ".join(f"{one.part} {one.share:.0%}" for one in top.itertuples())


def ratios(folder):
    """Yield the rows of the first four ratios."""
    profile = read(folder, "exact_labels_profile", required=False)
    for record in read(folder, "exact_labels").itertuples():
        yield row(1, "exact label / bare LAPACK call", f"N = {record.n_sites}, {record.processes} processes",
                  _range(record._asdict(), "ratio"), record.target,
                  why=where_time_goes(profile, n_sites=record.n_sites))  # fmt: skip
    profile = read(folder, "training_step_profile", required=False)
    for record in read(folder, "training_step").itertuples():
        yield row(2, "training step / its matrix products", f"{LABELS[record.network]}, {_threads(record)}",
                  _range(record._asdict(), "ratio"), record.target,
                  why=where_time_goes(profile, threads=record.threads))  # fmt: skip
    profile = read(folder, "network_engine_profile", required=False)
    for record in read(folder, "network_engine").itertuples():
        target = None if np.isnan(record.target) else record.target
        case = f"{record.network} network, R = {record.replicas}, N = {record.n_sites}"
        yield row(3, "network engine / its matrix products", f"{case}, {_threads(record)}",
                  _range(record._asdict(), "ratio"), target,
                  why=where_time_goes(profile, threads=record.threads, case=case))  # fmt: skip
    fit = read(folder, "network_engine_memory_fit").iloc[0]
    case = (
        f"{fit.constant_mib:.0f} MiB, {fit.per_site_kib:.0f} KiB per site, {fit.per_spin_of_a_block_kib:.1f} KiB "
        f"per spin of a block of replicas, {fit.per_spin_kib:.2f} KiB per spin"
    )
    yield row(3, "peak memory, largest deviation from a function linear in N and R", case, fit.largest_deviation,
              LINEAR_TARGET, why="see network_engine_memory.csv")  # fmt: skip
    for record in read(folder, "dynamics").itertuples():
        case = f"{LABELS[record.network]}, {record.integrator}, R = {record.replicas}, N = {record.n_sites}"
        yield row(4, "share of an LLG step that is not the force", case, _range(record._asdict(), "share"),
                  record.target, why="thermal noise, integrator and checks")  # fmt: skip


def comparison(frame, errors):
    """Yield the rows of exact diagonalization, networks and pair model against each other."""
    for fit in exponents(frame).itertuples():
        target = EXPONENT_TARGET if fit.model != "exact" and fit.kind == "single" else None
        case = f"{LABELS[fit.model]}, {fit.kind}, N = {fit._3} to {fit.to}"
        band = (fit.exponent, fit.exponent - fit.exponent_error, fit.exponent + fit.exponent_error)
        why = "" if fit.model == "exact" else "caches, see scaling_models.csv"
        yield row(5, "exponent of the time against N", case, band, target, why=why)
    gains = speedups(frame)
    for model in MODELS:
        own = single(frame, model)
        largest = own.iloc[-1]
        case = f"{LABELS[model]}, N = {largest.n_sites}: {largest.seconds:.2g} s, set-up {largest.setup_s:.2g} s"
        yield row(5, "peak memory", case, largest.peak_mib / 1024, MEMORY_TARGET_GIB, "GiB",
                  why="the sparse descriptor and its transpose")  # fmt: skip
        for kind in ("single", "batch"):
            part = gains[(gains.model == model) & (gains.kind == kind)]
            where, words = crossover(part)
            yield row(5, "crossover with exact diagonalization", f"{LABELS[model]}, {kind}: {words}", where, None,
                      "sites")  # fmt: skip
            for one in part[part.n_sites.isin([100, 500, part.n_sites.max()])].itertuples():
                yield row(5, "speed-up over exact diagonalization", f"{LABELS[model]}, {kind}, N = {one.n_sites}",
                          one.speedup, None)  # fmt: skip
    pair = batch(frame, "pair").set_index("n_sites")
    for model in MODELS[:2]:
        own = batch(frame, model).set_index("n_sites")
        common = pair.index.intersection(own.index)
        n = 500 if 500 in common else common.max()
        relative = own.seconds_per_replica[n] / pair.seconds_per_replica[n]
        verdict, why = "missed", "the pair model is one sparse product of N rows; the network's layers come on top"
        if {"pair", model} <= errors.keys():
            mine, theirs = errors[model], errors["pair"]
            why = (
                f"torque errors {mine.rmse:.3g} ({mine.low:.3g} to {mine.high:.3g}) and "
                f"{theirs.rmse:.3g} ({theirs.low:.3g} to {theirs.high:.3g}) t0; {why}"
            )
            if relative <= 1.0 or mine.high < theirs.low:
                verdict = "met"
        else:
            why = f"no torque errors of a network of this shape were given; {why}"
        yield {**row(6, "time of the network / pair model at no better accuracy",
                     f"{LABELS[model]}, R = {own.replicas[n]}, N = {n}", relative, 1.0), "verdict": verdict,
               "why": why}  # fmt: skip


def main():
    """Write the summary, the exponents and the speed-ups."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tables", required=True, help="folder of the benchmark tables")
    arguments.add_argument("--errors", nargs="*", default=[], help="a study's tables/torque_errors.csv")
    arguments.add_argument("--out", required=True, help="table to write, .csv")
    args = arguments.parse_args()
    frame = scaling(args.tables)
    found = next((path for path in args.errors if Path(path).is_file()), None)
    table = pd.DataFrame([*ratios(args.tables), *comparison(frame, torque_errors(found))])
    table["errors_from"] = np.where(table.number == 6, found or "-", "-")
    machine = read(args.tables, "scaling_models").iloc[0]
    for name in ("cpu", "cores", "python", "numpy", "torch", "blas"):
        table[name] = machine[name]
    write_csv(args.out, table)
    write_csv(args.out.replace("summary", "scaling_fits"), exponents(frame))
    write_csv(args.out.replace("summary", "scaling_speedup"), speedups(frame))
    shown = table[["number", "ratio", "case", "measured", "target", "verdict", "why"]]
    print(shown.to_string(index=False, float_format="%.3g"))


if __name__ == "__main__":
    main()
