"""The pages are true: their commands run, their links and the names in the equation map lead somewhere.

A comment above each block of commands says how it is run:

- ``run``: as it stands, in a folder with the archived results, block by block;
- ``run: plan``: snakemake with ``-n``, in a copy of the project;
- ``run: study``: in a copy of the project with a finished study, at smoke scale where it says quick;
- ``run: fails``: there it has to be refused, with the words of the next block of text;
- ``run: slurm``: by ``tests/slurm/run.sh``, on a real Slurm;
- ``file: NAME``: the block is written to a file, which later blocks use.
"""

import importlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT
from workflow_runs import copy_study

PAGES = {
    path.stem: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
}
_BLOCK = re.compile(r"(?:<!-- (?P<how>[^>]+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.S | re.M)


@dataclass
class Block:
    """One fenced block: its language, the comment above it, its text."""

    language: str
    how: str
    text: str


def blocks(name, *hows):
    """Return the blocks of a page that are run in one of these ways, and the files that it writes."""
    found = [Block(one["language"], one["how"] or "", one["text"]) for one in _BLOCK.finditer(PAGES[name])]
    return [block for block in found if not hows or block.how in hows or block.how.startswith("file: ")]


def pages(*hows):
    return [name for name in sorted(PAGES) if any(block.how in hows for block in blocks(name))]


def execute(folder, block):
    """Run the commands of a block; return the exit status and what it said."""
    text = block.text
    if block.how == "run: study":
        text = text.replace("quick", "smoke")
    if block.how == "run: plan":
        text = re.sub(r"^snakemake\b", "snakemake -n", text, flags=re.M).replace("SCALE=quick", "SCALE=smoke")
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    source = folder / "src" if (folder / "src").is_dir() else ROOT / "src"
    environment |= {"PYTHONPATH": f"{source}:{folder}", "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    command = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
    done = subprocess.run(
        [*command, text],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stdout


def follow(name, folder, *hows):
    """Do what the blocks of a page say, in their order."""
    for block in blocks(name, *hows):
        if block.how.startswith("file: "):
            (folder / block.how.removeprefix("file: ")).write_text(block.text)
            continue
        status, said = execute(folder, block)
        assert status == 0, f"{name}.md:\n{block.text}\n{said[-4000:]}"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_block_of_commands_is_run_and_links_lead_somewhere(name):
    for block in blocks(name):
        commands = block.language in ("sh", "bash", "python", "yaml")
        assert block.how or not commands, f"{name}.md: no comment says how this is run:\n{block.text}"
    folder = ROOT if name == "README" else ROOT / "docs"
    links = re.findall(r"\]\(((?!https?:)[^)#]+)\)", PAGES[name])
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("name", pages("run"))
def test_commands_of_the_library(name, tmp_path):
    (tmp_path / "results").symlink_to(ROOT / "results")
    follow(name, tmp_path, "run")


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks(path, tmp_path):
    """Its cells run one after another, and it was saved with its pictures."""
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells), "run the notebook and save it with its output"
    code = "\n".join("".join(cell["source"]) for cell in cells)
    status, said = execute(
        tmp_path, Block("python", "run", f"{code}\nassert abs(measured['chirality'][-1] - 0.75) < 0.02")
    )
    assert status == 0, said


@pytest.mark.slow
@pytest.mark.parametrize("name", pages("run: plan", "run: fails"))
def test_plans_of_the_study(name, tmp_path):
    copy_study(tmp_path)
    follow(name, tmp_path, "run: plan")
    found = blocks(name)
    for block, words in itertools.pairwise(found):
        if block.how == "run: fails":
            status, said = execute(tmp_path, block)
            assert status != 0
            assert "Traceback" not in said
            assert words.text.strip() in said


@pytest.mark.slow
@pytest.mark.parametrize("name", pages("run: study"))
def test_commands_of_a_study(name, smoke_study, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(smoke_study, folder, symlinks=True)  # with times: it knows that it is finished
    follow(name, folder, "run: study")


def found(name):
    """Return the object of a dotted name below sdglass, a module or something inside one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(["sdglass", *parts[:length]]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            thing = getattr(thing, part)
        return thing
    raise AssertionError(f"sdglass.{name} does not exist")


def test_the_equation_map_holds_every_equation_and_names_what_exists():
    table = PAGES["equations"].split("| equation |")[1]
    numbers = [int(n) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for n in row.split(", ")]
    assert numbers == list(range(1, 21))
    for name in re.findall(r"`([\w.]+)`", table):
        assert found(name) is not None


def test_what_a_page_says_to_do_after_a_kill_cancels_the_jobs_of_the_study_alone(tmp_path):
    """And unlocks; tests/slurm/run.sh does it on a real Slurm."""
    programs = {"squeue": "printf '7 sdglass_a1\\n8 another\\n9 sdglass_a1\\n'"}
    programs |= {name: f'echo {name} "$@"' for name in ("scancel", "snakemake")}
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-euc", '. tests/slurm/one_node.sh; eval "$(documented_commands docs/cluster.md)"'],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["scancel 7 9", "snakemake --unlock"], done.stderr
