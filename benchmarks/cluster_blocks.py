"""The Slurm jobs of the whole study: which jobs of rules share one, and how many minutes it takes.

    python benchmarks/cluster_blocks.py --times results/paper/runtimes.csv \
        --out results/benchmarks/cluster_blocks.csv --page docs/cluster.md

Snakemake plans the study as if nothing were there, with the blocks of `workflow/profiles/slurm`; the times are
those that the jobs took when the study was made, one thread each.
"""

import argparse
import math
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
from job_counts import update_page

from sdglass.errors import InputError
from sdglass.io import write_csv

ROOT = Path(__file__).resolve().parents[1]
STUDY = "cluster-blocks"  # a name under which there is nothing
PLAN = ("all", "--dry-run", "--nolock", "--profile", "workflow/profiles/slurm", "--config", f"study={STUDY}")
KINDS = {
    "prepare": "structures, features, labels (`prepare-...`)",
    "fit": "fits of pair, linear and locator models (`fit`)",
    "train": "trainings",
    "transfer_dataset": "labels of the transfer sets",
    "committee": "spread of the committee",
    "errors": "errors of models (`errors`)",
    "quench_small_exact": "exact quenches, N = 100",
    "quench_large_exact": "exact quenches, N = 500",
    "quench-small-network": "quenches with networks, N = 100 (`quench-small-network`)",
    "quench-small-pair": "quenches with the pair model, N = 100 (`quench-small-pair`)",
    "quench-large-network": "quenches with the network, N = 500",
    "quench-large-bond": "quenches with the paper's network, N = 500",
    "quench-large-locator": "quenches with the locator force field, N = 500 and 10 000",
    "quench-large-pair": "quenches with the pair model, N = 500 (`quench-large-pair`)",
    "observables": "observables (`observables`)",
    "electrons": "electrons (`electrons`)",
    "locator-tables": "tables of the locator force field (`locator-tables`)",
    "film": "film, spins in 3D (`film`)",
    "analysis": "other tables, figures, claims, report (`analysis`)",
}


def planned_jobs(plan):
    """Return the Slurm jobs of a dry run: a list of (block or rule, names of the jobs as in runtimes.csv).

    Raises
    ------
    InputError
        If the plan holds no jobs.
    """
    found = []
    for block in re.split(r"^\[[^]]+\]", plan.partition("Job stats:")[2], flags=re.MULTILINE)[1:]:
        group = re.match(r" Group job (\S+)", block)
        rule = re.search(r"^rule (\w+):", block, re.MULTILINE)
        names = re.findall(rf"benchmark: results/{STUDY}/benchmarks/(\S+)\.tsv", block)
        if group or (rule and rule[1] != "all"):  # which has nothing to run
            found.append((group[1] if group else rule[1], names))
    if not found:
        raise InputError(f"no job in the plan; snakemake said: {plan[-1000:]}")
    return found


def blocks(jobs, times):
    """Return a row per kind of Slurm job: ``block, rule_jobs, slurm_jobs, minutes, shortest, longest, timed``.

    Parameters
    ----------
    jobs : list
        Of `planned_jobs`.
    times : pandas.Series
        Seconds by name of a job. Jobs without a time count as nothing, and a block of such jobs has no minutes;
        ``timed`` says how many have one.
    """
    rows = []
    for name, members in jobs:
        known = [times[job] for job in members if job in times.index]
        kind = "prepare" if name.startswith("prepare-") else name
        rows.append((kind, len(members), 1, sum(known) / 60 if known else math.nan, len(known)))
    frame = pd.DataFrame(rows, columns=["block", "rule_jobs", "slurm_jobs", "minutes", "timed"])
    sums = frame.groupby("block")[["rule_jobs", "slurm_jobs", "minutes", "timed"]].sum()
    ends = frame.groupby("block").minutes.agg(shortest="min", longest="max")
    order = [name for name in KINDS if name in sums.index] + sorted(set(sums.index) - set(KINDS))
    return sums.join(ends).loc[order].reset_index()


def lines(found):
    """Return the table as Markdown, with its sum in words above it."""
    whole = found[["rule_jobs", "slurm_jobs", "timed"]].sum()
    mean = found.minutes.sum() / whole.slurm_jobs
    shown = [
        f"At the paper's scale {whole.rule_jobs} jobs of rules become {whole.slurm_jobs} Slurm jobs"
        f" of {mean:.0f} minutes on average (times of {whole.timed} jobs, one core each;"
        " `benchmarks/cluster_blocks.py`):",
        "",
        "| block | jobs of rules | Slurm jobs | minutes each |",
        "|---|---|---|---|",
    ]
    for row in found.itertuples():
        low, high = (f"{value:.1f}" if value < 10 else f"{value:.0f}" for value in (row.shortest, row.longest))
        each = low if low == high else f"{low} to {high}"
        shown.append(f"| {KINDS.get(row.block, row.block)} | {row.rule_jobs} | {row.slurm_jobs} | {each} |")
    return shown


def main():
    """Plan, write the table, and what the page shows of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", required=True, help="times of the study's jobs, runtimes.csv")
    parser.add_argument("--out", required=True, help="table to write, .csv")
    parser.add_argument("--page", type=Path, help="documentation to bring up to date, .md")
    args = parser.parse_args()
    times = pd.read_csv(args.times).set_index("job").seconds
    command = [sys.executable, "-m", "snakemake", *PLAN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"snakemake failed: {(done.stdout + done.stderr)[-2000:]}")
    found = blocks(planned_jobs(done.stdout + done.stderr), times)
    write_csv(args.out, found)
    print(found.to_string(index=False))
    if args.page:
        update_page(args.page, {"blocks": lines(found)})


if __name__ == "__main__":
    main()
