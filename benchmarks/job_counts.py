r"""On paper: how many cluster jobs an ensemble of quenches takes, how long they run and what memory they ask for.

    python benchmarks/job_counts.py --tables results/benchmarks --out results/benchmarks/job_counts.csv \
        --page docs/cluster.md

Two ensembles of damping 1 to t = 3000 (1500 Heun steps of 2), with what was measured on one core:
10^4 trajectories of the paper's N = 500 (500 realizations with 20 replicas; seconds per step and spin from
`ensemble_scaling.csv`), and 10^6 spins in one box (4 realizations, one replica a job; time, set-up and memory
go on in proportion to N from the largest measured size in `scaling_models.csv` and `locator.csv`).

A realization is the smallest piece: replicas of it share its descriptor and are integrated together. Pieces
shorter than a block's minutes share a Slurm job; longer ones are cut by the time limit and go on from their
checkpoint.
"""

import argparse
import math
from pathlib import Path

import pandas as pd

from sdglass.io import write_csv, write_text
from sdglass_study.jobs.readme import with_part

STEPS = 1500  # of Heun's scheme: two evaluations each
BLOCK_MINUTES, LIMIT_HOURS = 10, 24
JOB_SECONDS = 6  # what a Slurm job costs besides its work: two snakemakes that read the workflow
WATCHERS_MIB = 350  # and their memory
TRAJECTORIES = {"n_sites": 500, "realizations": 500, "replicas": 20}
SPINS = {"n_sites": 10**6, "realizations": 4, "replicas": 1}


def job_count(piece_seconds, pieces, memory_mib):
    """Return the jobs that a number of equal pieces takes.

    Parameters
    ----------
    piece_seconds : float
        Of one realization with its replicas, set-up included.
    pieces : int
        Realizations.
    memory_mib : float
        Peak of the process of one piece.

    Returns
    -------
    dict
        ``pieces_per_job`` (1 or more), ``restarts_per_piece`` (0 within the time limit), ``jobs`` (Slurm jobs,
        restarts counted), ``job_minutes`` (of one Slurm job), ``overhead`` (share of the cores' time that goes to
        starting jobs), ``hours_on_100`` (wall time on 100 cores or nodes), ``core_hours``,
        ``memory_per_job_gib``.
    """
    per_job = max(1, min(pieces, round(60 * BLOCK_MINUTES / piece_seconds)))
    restarts = math.ceil(piece_seconds / (3600 * LIMIT_HOURS)) - 1
    submitted = math.ceil(pieces / per_job)
    jobs = submitted * (1 + restarts)
    rounds = math.ceil(submitted / 100)
    job_seconds = per_job * piece_seconds
    total = pieces * piece_seconds
    return {
        "pieces_per_job": per_job,
        "restarts_per_piece": restarts,
        "jobs": jobs,
        "job_minutes": min(job_seconds, 3600 * LIMIT_HOURS) / 60,
        "overhead": jobs * JOB_SECONDS / (total + jobs * JOB_SECONDS),
        "core_hours": (total + jobs * JOB_SECONDS) / 3600,
        "hours_on_100": rounds * (job_seconds + (1 + restarts) * JOB_SECONDS) / 3600,
        "memory_per_job_gib": (memory_mib + WATCHERS_MIB) / 1024,
    }


def measured_rates(scaling):
    """Return {engine: (seconds per step, replica and spin; seconds of a start)} of the table of ensemble scaling.

    Two runs of different length on one core give both.
    """
    rates = {}
    for engine, some in scaling[scaling.processes == 1].groupby("engine"):
        short, long = (some.loc[index] for index in (some.steps.idxmin(), some.steps.idxmax()))
        per_step = (long.seconds - short.seconds) / (long.steps - short.steps) / long.realizations
        start = long.seconds / long.realizations - per_step * long.steps
        rates[engine] = per_step / (long.replicas * long.n_sites), start
    return rates


def largest_row(table, model):
    """Return the row of one replica of a model at the largest measured size."""
    some = table[(table.model == model) & (table.replicas == 1)]
    return some.loc[some.n_sites.idxmax()]


def plans(scaling, models):
    """Return the rows of both ensembles; `models` holds times, set-ups and memory by model and size."""
    rows = []
    memory_of = {"network": "small", "pair": "pair"}
    for engine, (rate, start) in measured_rates(scaling).items():
        n_sites, replicas = TRAJECTORIES["n_sites"], TRAJECTORIES["replicas"]
        some = models[(models.model == memory_of[engine]) & (models.n_sites == n_sites)]
        piece = start + rate * STEPS * n_sites * replicas
        count = job_count(piece, TRAJECTORIES["realizations"], some.peak_mib.max())
        rows.append(
            {"ensemble": "10^4 trajectories", "engine": engine, "cores_per_job": 1, **TRAJECTORIES, **count}
        )
    for engine, model in {**memory_of, "locator": "locator", "paper's network": "paper"}.items():
        row = largest_row(models, model)
        growth = SPINS["n_sites"] / row.n_sites
        piece = growth * (row.setup_s + 2 * STEPS * row.seconds)
        memory = row.empty_mib + growth * (row.peak_mib - row.empty_mib)
        count = job_count(piece, SPINS["realizations"], memory)
        case = {"ensemble": "10^6 spins in one box", "engine": engine, "cores_per_job": int(row.threads), **SPINS}
        rows.append({**case, **count})
    found = pd.DataFrame(rows)
    found["core_hours"] *= found.cores_per_job
    return found


def scaling_lines(scaling):
    """Return the table of ensemble scaling as Markdown."""
    whole = scaling[scaling.steps == scaling.groupby("engine").steps.transform("max")]
    lines = [
        "| engine | ensemble | processes | seconds | speed-up | others' use of the cores |",
        "|---|---|---|---|---|---|",
    ]
    for row in whole.sort_values(["engine", "processes"]).itertuples():
        ensemble = f"{row.realizations} x {row.replicas} replicas of N = {row.n_sites}, {row.steps} steps"
        lines.append(
            f"| {row.engine} | {ensemble} | {row.processes} | {row.seconds:.1f} | {row.speed_up:.2f}"
            f" [{row.speed_up_low:.2f}, {row.speed_up_high:.2f}] | {row.cores_used_by_others} |"
        )
    return lines


def count_lines(found):
    """Return the plans as Markdown."""
    titles = "ensemble", "engine", "realizations x replicas", "jobs", "minutes each", "cores", "memory each [GiB]"
    lines = ["| " + " | ".join((*titles, "core hours", "hours on 100 nodes")) + " |", "|" + 9 * "---|"]
    for row in found.itertuples():
        lines.append(
            f"| {row.ensemble} | {row.engine} | {row.realizations} x {row.replicas} | {row.jobs}"
            f" | {row.job_minutes:.0f} | {row.cores_per_job} | {row.memory_per_job_gib:.1f}"
            f" | {row.core_hours:.1f} | {row.hours_on_100:.1f} |"
        )
    return lines


def with_lines(page, name, lines):
    """Return a page whose part between the markers of a name are these lines.

    Raises
    ------
    InputError
        If the markers are not there, in this order.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    return with_part(page, "\n".join(["", *lines, ""]), begin, end, name="the page")


def update_page(path, parts):
    """Rewrite the parts of a page, ``{name: lines}``; see `with_lines`."""
    page = path.read_text(encoding="utf-8")
    for name, lines in parts.items():
        page = with_lines(page, name, lines)
    write_text(path, page)


def main():
    """Write the table, and what the page shows of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True, help="folder of the measured tables")
    parser.add_argument("--out", required=True, help="table to write, .csv")
    parser.add_argument("--page", type=Path, help="documentation to bring up to date, .md")
    args = parser.parse_args()
    models = pd.concat([pd.read_csv(args.tables / name) for name in ("scaling_models.csv", "locator.csv")])
    scaling = pd.read_csv(args.tables / "ensemble_scaling.csv")
    found = plans(scaling, models)
    write_csv(args.out, found)
    print(found.to_string(index=False))
    if args.page:
        update_page(args.page, {"scaling": scaling_lines(scaling), "job counts": count_lines(found)})


if __name__ == "__main__":
    main()
