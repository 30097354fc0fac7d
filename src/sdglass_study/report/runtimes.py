"""How long the jobs of a study took: from Snakemake's benchmark files, and from those of earlier runs."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass_study.text import duration

COLUMNS = ["job", "seconds", "memory_mb"]


def job_times(benchmarks=None, archived=None):
    """Return a row per job with `COLUMNS`.

    They come from the folder `benchmarks` of Snakemake's files ``RULE.tsv`` or ``RULE/NAME.tsv``, those of
    interrupted jobs passed over, and for jobs that were not run again from `archived`, a CSV file of earlier rows.
    """
    jobs = {}
    if archived is not None and Path(archived).is_file():
        frame = pd.read_csv(archived)
        missing = [column for column in COLUMNS if column not in frame]
        if missing:
            raise InputError(f"{archived}: column '{missing[0]}' is missing; it holds {', '.join(frame)}")
        jobs = {row.job: row for row in frame[COLUMNS].itertuples(index=False)}
    for path in sorted(Path(benchmarks).rglob("*.tsv")) if benchmarks is not None else ():
        try:
            frame = pd.read_csv(path, sep="\t")
        except ValueError:  # an interrupted job leaves an empty file
            continue
        if "s" in frame and len(frame):
            seconds, memory = (pd.to_numeric(frame.get(c, np.nan), errors="coerce") for c in ("s", "max_rss"))
            job = path.relative_to(benchmarks).with_suffix("").as_posix()
            jobs[job] = (job, float(np.nansum(seconds)), float(np.max(memory)))
    return pd.DataFrame(list(jobs.values()), columns=COLUMNS).sort_values("job", ignore_index=True)


def runtimes(jobs):
    """Return {"rows": a dictionary per kind of job, the slowest first, "total": text, "count": number of jobs}.

    Times differ from run to run and from machine to machine; they are for orientation.
    """
    rows = []
    for kind, of_kind in jobs.groupby(jobs.job.map(_kind)):
        memory = of_kind.memory_mb.max()
        times = {"total": duration(of_kind.seconds.sum()), "longest": duration(of_kind.seconds.max())}
        row = {"kind": kind, "jobs": len(of_kind), "seconds": float(of_kind.seconds.sum())}
        rows.append(row | times | {"memory": f"{memory:.0f} MB" if np.isfinite(memory) else ""})
    rows.sort(key=lambda row: (-row["seconds"], row["kind"]))
    return {"rows": rows, "total": duration(float(jobs.seconds.sum())), "count": len(jobs)}


def _kind(job):
    """Return what a row is: jobs of one rule that differ in a number alone are taken together."""
    rule, _, name = job.partition("/")
    numbered = re.fullmatch(r"(.+)-\d+", name)
    return f"{rule}: {numbered[1]}" if numbered else rule
