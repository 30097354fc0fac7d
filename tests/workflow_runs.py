"""Runs of the real workflow in folders of their own, which several test files share."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SMOKE = "workflow/presets/smoke.yaml"


def copy_study(folder):
    """Copy what a study needs, without results, so that neither the checkout nor its results are touched."""
    for name in ("Snakefile", "config.yaml"):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("workflow", "src"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (folder / "profiles").symlink_to("workflow/profiles")


def snakemake(folder, *arguments):
    """Run snakemake in `folder`; return the finished process, both streams in stdout."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def planned(folder, *arguments):
    """Return {rule: number of jobs} of a dry run."""
    result = snakemake(folder, "-n", *arguments)
    assert result.returncode == 0, result.stdout[-3000:]
    if "Nothing to be done" in result.stdout:
        return {}
    table = result.stdout.split("Job stats:")[1].split("total")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}


def finished_smoke_study(folder):
    """Run the whole study at smoke scale in `folder`, a copy of what it needs."""
    copy_study(folder)
    result = snakemake(folder, "--configfile", SMOKE)
    logs = "\n".join(
        f"{path.name}: {path.read_text()[-800:]}"
        for path in (folder / "results").rglob("*.log")
        if "rror" in path.read_text()
    )
    assert result.returncode == 0, f"{result.stdout[-3000:]}\n{logs}"
    return folder


def assert_ends_silently(command, **options):
    """A program whose reader leaves early, as `| head` does, ends without a word, as if SIGPIPE had ended it."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **options)
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == ("", 128 + signal.SIGPIPE)
    process.stderr.close()
