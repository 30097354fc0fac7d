"""What the test on a real Slurm compares: files that were finished and then left alone, and two results folders.

python check.py finished STUDY            prints the files that Snakemake has recorded as made, with their times
python check.py untouched STUDY FILE      fails unless the files listed in FILE are still the same ones
python check.py same RESULTS RESULTS      fails unless both folders hold the same files, byte for byte
"""

import argparse
import base64
import json
import sys
from pathlib import Path

RESULTS = Path("results", "smoke")
# Of a run, not of the study: how long it took, what it printed, and the report, which says how long it took.
OF_A_RUN = ("benchmarks", "logs", "report.html")
# The study was interrupted after these: they have to be among the finished ones.
EARLY = ("structures/train-000.npz", "datasets/train-000.h5", "models/pair.safetensors")


def finished(study):
    """Return {path: [modification time, inode]} of the results that Snakemake has recorded as made in a study."""
    stamps = {}
    for path in sorted((study / RESULTS).rglob("*")):
        name = str(path.relative_to(study))
        record = base64.urlsafe_b64encode(name.encode()).decode()
        if path.is_file() and (study / ".snakemake" / "metadata" / record).is_file():
            stamps[name] = [path.stat().st_mtime_ns, path.stat().st_ino]
    missing = [name for name in EARLY if str(RESULTS / name) not in stamps]
    if missing:
        sys.exit(f"failed: not finished when the study was interrupted: {', '.join(missing)}")
    return stamps


def untouched(study, stamps):
    """Check that files are those of `finished`."""
    now = finished(study)
    redone = [name for name, stamp in stamps.items() if now.get(name) != stamp]
    if redone:
        sys.exit(f"failed: {len(redone)} finished files were made again: {', '.join(redone[:10])}")
    if len(now) <= len(stamps):
        sys.exit("failed: the second start made nothing; the study was finished when it was interrupted")
    print(f"{len(stamps)} finished files were left alone, {len(now) - len(stamps)} made by the second start")


def contents(results):
    """Return {path below a results folder: path} of what belongs to the study."""
    files = [path for path in sorted(results.rglob("*")) if path.is_file()]
    named = {path.relative_to(results): path for path in files}
    return {str(name): path for name, path in named.items() if name.parts[0] not in OF_A_RUN}


def same(first, second):
    """Check that two results folders hold the same files with the same bytes."""
    one, other = contents(first), contents(second)
    if not one:
        sys.exit(f"failed: {first} is empty")
    alone = sorted(set(one) ^ set(other))
    differ = [name for name in one if name in other and one[name].read_bytes() != other[name].read_bytes()]
    if alone or differ:
        sys.exit(f"failed: only in one of both: {alone[:10]}; with other contents ({len(differ)}): {differ[:10]}")
    print(f"{len(one)} files are the same, byte for byte")


def main():
    """Run one of the checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["finished", "untouched", "same"])
    parser.add_argument("paths", nargs="+", type=Path)
    args = parser.parse_args()
    if args.check == "finished":
        print(json.dumps(finished(*args.paths), indent=1))
    elif args.check == "untouched":
        untouched(args.paths[0], json.loads(args.paths[1].read_text()))
    else:
        same(*args.paths)


if __name__ == "__main__":
    main()
