"""How long the jobs of a study took: from Snakemake's benchmark files, and from what is kept of earlier ones."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass_study.report.cells import duration

# Beside the tables of a study: the times of jobs that were run in other checkouts.
KEPT = "runtimes.csv"
COLUMNS = ["job", "seconds", "memory_mb"]


def job_times(*folders):
    """Return the jobs (``COLUMNS``) that have benchmark files, ``RULE.tsv`` or ``RULE/NAME.tsv``, in any folder.

    Of a job that is in several folders the last one counts. Files of interrupted jobs are passed over.
    """
    rows = {}
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.tsv")):
            try:
                frame = pd.read_csv(path, sep="\t")
            except ValueError:  # an interrupted job leaves an empty file
                continue
            if "s" in frame and len(frame):
                seconds, memory = (pd.to_numeric(frame.get(c, np.nan), errors="coerce") for c in ("s", "max_rss"))
                job = path.relative_to(folder).with_suffix("").as_posix()
                rows[job] = (job, float(np.nansum(seconds)), float(np.max(memory)))
    return pd.DataFrame(list(rows.values()), columns=COLUMNS)


def kept_times(path):
    """Return the jobs of a file that `job_times` was written to; none if it does not exist."""
    if not Path(path).is_file():
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.read_csv(path)
    missing = [column for column in COLUMNS if column not in frame]
    if missing:
        raise InputError(f"{path}: column '{missing[0]}' is missing; delete it, landing the study writes it again")
    return frame[COLUMNS]


def merged(kept, new):
    """Return the jobs of both, those of `new` where they are in both."""
    whole = pd.concat([frame for frame in (kept, new) if len(frame)] or [new])
    return whole.drop_duplicates("job", keep="last").sort_values("job", ignore_index=True)


def runtimes(benchmarks, kept=None, threads=None):
    """Return what the page says about time and memory.

    Times differ from run to run and from machine to machine; they are for orientation.

    Parameters
    ----------
    benchmarks : path or None
        Folder of Snakemake's benchmark files.
    kept : path, optional
        File of `kept_times`.
    threads : int, optional
        Threads of a job, where that is known.

    Returns
    -------
    dict
        ``rows``: a dictionary per kind of job, the slowest first; ``total``: all jobs together, as text;
        ``on_two_cores``: the time that they take there, "" unless a job has one thread; ``here`` and ``kept``: how
        many jobs each source gave.
    """
    here = job_times(benchmarks) if benchmarks is not None else job_times()
    earlier = kept_times(kept) if kept is not None else kept_times("")
    jobs = merged(earlier, here)
    rows = []
    for name, some in jobs.groupby(jobs.job.map(_kind)):
        memory = some.memory_mb.max()
        rows.append(
            {
                "rule": name,
                "jobs": len(some),
                "total": duration(some.seconds.sum()),
                "longest": duration(some.seconds.max()),
                "memory": f"{memory:.0f} MB" if np.isfinite(memory) else "",
                "seconds": float(some.seconds.sum()),
            }
        )
    return {
        "rows": sorted(rows, key=lambda row: (-row["seconds"], row["rule"])),
        "total": duration(float(jobs.seconds.sum())),
        "on_two_cores": duration(0.5 * float(jobs.seconds.sum())) if threads == 1 else "",
        "here": len(here),
        "kept": len(jobs) - len(here),
    }


def time_words(path):
    """Return in words how long the jobs of a file of `kept_times` take, which have one thread each."""
    jobs = kept_times(path)
    if jobs.empty:
        raise InputError(f"{path}: no jobs; landing a study writes them")
    seconds = float(jobs.seconds.sum())
    return f"{duration(seconds)} of processor time, {duration(0.5 * seconds)} on two cores that are always busy"


def _kind(job):
    """Return what a row of the page is: jobs of one rule that differ in a number alone are taken together."""
    rule, _, name = job.partition("/")
    numbered = re.fullmatch(r"(.+)-\d+", name)
    return f"{rule}: {numbered[1]}" if numbered else rule
