"""Say what of a study is done and what is missing. Nothing is computed, nothing written.

    python -m sdglass_study.jobs.status --configfile workflow/scales/quick.yaml --config filling=0.25

A file counts as done when it is there, or kept with the parameters of this configuration. Whether newer code asks
for it again is a question for `snakemake -n`.
"""

from pathlib import Path

from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.jobs.study_arguments import add_study, parsed_study
from sdglass_study.status import INTERMEDIATE, study_parts, unfinished_jobs

SHOWN = 3  # missing files named of each part
RECENT = 24 * 3600.0  # a log that was written longer ago is not of this run


def main():
    """Print the table."""
    parser = step_parser(__doc__)
    add_study(parser)
    parser.add_argument("--missing", action="store_true", help="name every file that is missing")
    args = parser.parse_args()
    config = parsed_study(args)
    folder = Path("results", config["study"])
    parts = study_parts(config)
    print(f"{folder}/" if folder.is_dir() else f"{folder}/ does not exist yet")
    print("\n".join(table(parts)))
    print("\n".join([*missing_lines(parts, None if args.missing else SHOWN), *job_lines(folder)]))


def table(parts):
    """Return the lines of the table: part, done, wanted, and a note."""
    complete = all(not part.missing for part in parts if part.name not in INTERMEDIATE)
    width = max(len(part.name) for part in parts)
    lines = [f"  {'part':<{width}}  done  wanted"]
    for part in parts:
        note = f"{part.kept} kept" if part.kept else ""
        if part.missing and part.name in INTERMEDIATE:
            note = "not needed: what is made from them is there" if complete else "made when something needs them"
        elif part.missing:
            note = "; ".join(filter(None, (note, f"{len(part.missing)} missing")))
        lines.append(f"  {part.name:<{width}}  {part.done:>4}  {len(part.wanted):>6}  {note}".rstrip())
    return lines


def missing_lines(parts, most):
    """Return what is missing, at most `most` files of each part (all if None), and how to get it."""
    incomplete = [part for part in parts if part.missing and part.name not in INTERMEDIATE]
    if not incomplete:
        return ["everything is there (snakemake -n says whether newer code would make some of it again)"]
    lines = ["missing:"]
    for part in incomplete:
        lines += [f"  {path}" for path in part.missing[:most]]
        more = 0 if most is None else len(part.missing) - most
        lines += [f"  ... and {more} more of {part.name}"] if more > 0 else []
    return lines


def job_lines(folder):
    """Return the lines on jobs that have begun and not ended."""
    locked, jobs, checkpoints = unfinished_jobs(folder)
    jobs = [job for job in jobs if job[1] < RECENT]
    if not jobs:
        return ["snakemake is running here, or was killed (then: snakemake --unlock)"] if locked else []
    lines = ["running:" if locked else "begun and not ended (nothing runs now; the same command continues):"]
    lines += [f"  {folder / log}, {duration(age)} ago: {text[:120]}" for log, age, text in jobs]
    return lines + [f"  {folder / path}: it goes on from here" for path in checkpoints]


def duration(seconds):
    """Return seconds in words: 12 s, 3 min, 2 h."""
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (float("inf"), 3600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    raise AssertionError("unreachable")


if __name__ == "__main__":
    run(main)
