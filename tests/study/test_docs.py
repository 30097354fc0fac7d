"""The documentation is true: every command on its pages runs, every link and every name in it exists.

A comment above each block of commands says how it is run here, in a copy of the project with a finished study at
smoke scale, page by page and block by block:

- ``run``: as it stands;
- ``run: smoke``: at smoke scale where it says quick;
- ``run: smoke plan``: the same, but only planned (``snakemake -n``, ``make -n``);
- ``run: slurm``: by ``tests/slurm/run.sh``, on a real Slurm;
- ``run: fails``: it has to be refused, with the words of the next block of text;
- ``file: NAME``: the block is written to a file, which later blocks use;
- ``insert: FILE before LINE``: the block is put into a file of the copy.
"""

import csv
import importlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (
    *("index", "tutorial", "howto-parameters", "howto-structure", "howto-hopping", "howto-engine"),
    *("equations", "formats", "decisions", "cluster"),
)
OTHERS = ("reliability",)  # tested with what they are about
COMMANDS = ("sh", "bash", "console", "python")
RUNS = ("run", "run: smoke", "run: smoke plan", "run: slurm", "run: fails")
_BLOCK = re.compile(r"(?:<!-- (?P<how>[^>]+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.S | re.M)


@dataclass
class Block:
    """One fenced block of a page: its language, the comment above it, its text, its first line in the page."""

    language: str
    how: str
    text: str
    line: int


def page(name):
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(name):
    """Return the blocks of a page."""
    text = page(name)
    return [
        Block(one["language"], one["how"] or "", one["text"], text[: one.start()].count("\n") + 1)
        for one in _BLOCK.finditer(text)
    ]


def test_every_page_is_tested_here_or_elsewhere():
    assert {path.stem for path in DOCS.glob("*.md")} <= {*PAGES, *OTHERS}
    assert set(PAGES) <= {path.stem for path in DOCS.glob("*.md")}


@pytest.mark.parametrize("name", PAGES)
def test_no_block_of_commands_is_left_out(name):
    for block in blocks(name):
        kinds = RUNS if block.language in COMMANDS else ()
        made = block.how.startswith(("file: ", "insert: "))
        place = f"{name}.md, line {block.line}"
        assert block.language in (*COMMANDS, "yaml", "text"), f"{place}: a block of {block.language!r}"
        if block.language in COMMANDS:
            assert block.how in kinds or made, f"{place}: no comment says how the commands are run"
        if block.language == "yaml":
            assert made, f"{place}: no comment says which file this is"
    assert page(name).count("```") == 2 * len(blocks(name)), "a block that is not recognised"


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", page(name)):
        assert (DOCS / target).exists(), f"{name}.md: {target}"


@pytest.mark.parametrize("name", PAGES)
def test_files_that_are_named_exist(name):
    """Paths of the project in code marks, but for those of results that are not kept and of placeholders."""
    named = re.findall(r"`((?:src|workflow|tests|envs|results/(?:paper|quick))/[\w./-]+\.\w+)`", page(name))
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_readme_leads_to_the_pages():
    assert "](docs/index.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", page("index")))
    assert linked >= {*PAGES} - {"index"}


# ---- commands -------------------------------------------------------------------------------------------------


@pytest.fixture
def project(smoke_study, tmp_path):
    """A copy of the project with the finished smoke study, and an environment that runs the copy's own code."""
    folder = tmp_path / "project"
    shutil.copytree(smoke_study, folder, symlinks=True)  # with times: it knows that it is finished
    shutil.copy2(ROOT / "Makefile", folder)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    for part in ("paper/models", "paper/tables", "quick/tables", "quick/models"):
        shutil.copytree(ROOT / "results" / part, folder / "results" / part)
    for name in ("manifest.json", "claims.csv"):
        shutil.copy2(ROOT / "results" / "paper" / name, folder / "results" / "paper")
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    start = f'#!/bin/sh\nexport PYTHONPATH="{folder}/src:{folder}"\nexec "{sys.executable}"'
    for program, arguments in (
        ("python", ""),
        ("snakemake", " -m snakemake"),
        ("sdglass", " -m sdglass.cli"),
    ):
        (programs / program).write_text(f'{start}{arguments} "$@"\n')
        (programs / program).chmod(0o755)
    (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
    for stamp in ("study.installed", "test.installed"):  # what `make` takes for a finished installation
        (folder / ".venv" / stamp).touch()
    return folder


def execute(project, block):
    """Run the commands of a block as its comment says; return the finished process."""
    text = block.text
    if "smoke" in block.how:
        text = text.replace("quick", "smoke").replace("--cores N", "--cores 2")
    if "plan" in block.how:
        text = re.sub(r"^(snakemake|make)\b", r"\1 -n", text, flags=re.M)
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment["PATH"] = f"{project / '.venv' / 'bin'}:{environment['PATH']}"
    environment |= {"OMP_NUM_THREADS": "2", "MPLBACKEND": "Agg", "COLUMNS": "200"}
    command = ["python", "-c", text] if block.language == "python" else ["bash", "-euo", "pipefail", "-c", text]
    command[0] = shutil.which(command[0], path=environment["PATH"])
    return subprocess.run(
        command,
        cwd=project,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def write(project, block):
    """Do what a block with the comment `file` or `insert` says."""
    kind, _, rest = block.how.partition(": ")
    if kind == "file":
        (project / rest).write_text(block.text)
        return
    name, _, line = rest.partition(" before ")
    text = (project / name).read_text()
    assert text.count(f"\n{line}") == 1, f"{name} has no single line that begins with {line!r}"
    (project / name).write_text(text.replace(f"\n{line}", f"\n{block.text}\n\n{line}"))


@pytest.mark.workflow
@pytest.mark.parametrize("name", [name for name in PAGES if any(block.how for block in blocks(name))])
def test_the_commands_of_a_page_run(name, project):
    followed = blocks(name)
    for number, block in enumerate(followed):
        if block.how.startswith(("file: ", "insert: ")):
            write(project, block)
        elif block.how and block.how != "run: slurm":
            done = execute(project, block)
            place = f"{name}.md, line {block.line}:\n{textwrap.indent(block.text, '  ')}"
            if block.how == "run: fails":
                assert done.returncode != 0, place
                assert "Traceback" not in done.stdout, f"{place}{done.stdout[-2000:]}"
                assert followed[number + 1].text.strip() in done.stdout, f"{place}{done.stdout[-2000:]}"
            else:
                assert done.returncode == 0, f"{place}{done.stdout[-4000:]}"
    if name == "tutorial":
        check_the_tutorial(project)


def test_a_test_on_slurm_runs_what_the_page_says_to_do_after_a_kill(tmp_path):
    """Jobs of this study are cancelled and no other ones, and the folder is unlocked."""
    script = (ROOT / "tests" / "slurm" / "run.sh").read_text(encoding="utf-8")
    assert 'cleanup=$(documented_commands "$root/docs/cluster.md")' in script
    assert 'eval "$cleanup"' in script
    programs = {"squeue": "printf '7 sdglass_a1\\n8 another\\n9 sdglass_a1\\n'"}
    programs |= {name: f'echo {name} "$@"' for name in ("scancel", "snakemake")}
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    command = '. tests/slurm/one_node.sh; eval "$(documented_commands docs/cluster.md)"'
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["scancel 7 9", "snakemake --unlock"], done.stderr


def check_the_tutorial(project):
    """A reader who followed it has Fig. 4 for the other filling, and nothing else has changed."""
    for study in ("smoke", "smoke-filling-0.25"):
        figure = project / "results" / study / "figures" / "fig4.png"
        assert figure.read_bytes().startswith(b"\x89PNG")
    config = project / "results" / "smoke-filling-0.25"
    assert (config / "tables" / "fig4_correlation.csv").is_file()
    assert not (config / "report.html").exists()  # one figure, and only what it needs


# ---- equations ------------------------------------------------------------------------------------------------


def found(name):
    """Return the object of a dotted name below sdglass, a module or something inside one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(["sdglass", *parts[:length]]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            thing = thing.__dataclass_fields__[part] if part not in dir(thing) else getattr(thing, part)
        return thing
    raise AssertionError(f"sdglass.{name} does not exist")


def test_everything_in_the_equation_map_exists():
    names = re.findall(r"`([\w.]+)`", page("equations").split("| equation |")[1])
    assert len(names) > 40
    for name in names:
        assert found(name) is not None


def test_the_equation_map_holds_every_equation_of_the_paper():
    rows = re.findall(r"^\| ([\d, ]+) \|", page("equations"), re.M)
    numbers = [int(number) for row in rows for number in row.split(", ")]
    assert numbers == list(range(1, 21))


def test_equations_that_the_code_names_are_in_the_map():
    """A module whose docstring begins with an equation is in that row of the map."""
    table = page("equations")
    for path in sorted((ROOT / "src" / "sdglass").glob("*.py")):
        head = path.read_text(encoding="utf-8").split('"""')[1].split("\n")[0] if '"""' in path.read_text() else ""
        for begin, end in re.findall(r"Eqs?\. (\d+)(?:-(\d+))?", head):
            numbers = range(int(begin), int(end or begin) + 1)
            row = [line for line in table.splitlines() if re.match(rf"\| [\d, ]*\b{numbers[0]}\b[\d, ]* \|", line)]
            assert row, f"{path.name}: Eq. {begin}"
            assert f"`{path.stem}." in row[0], f"{path.name} says Eq. {begin}, the map says {row[0]}"


# ---- formats --------------------------------------------------------------------------------------------------


def documented_tables():
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\w, ]+) \|$", page("formats").split("## Tables")[1], re.M)
    return {name: columns.split(", ") for name, columns in rows}


def test_the_columns_of_all_tables_are_documented():
    documented = documented_tables()
    tables = [*ROOT.glob("results/paper/tables/*.csv"), *ROOT.glob("results/quick/tables/*.csv")]
    assert len(tables) > 50
    for path in tables:
        with open(path, newline="", encoding="utf-8") as stream:
            assert next(csv.reader(stream)) == documented[path.stem], path.name


def test_tables_are_known_to_the_study():
    """The page, the status and the files of the paper's scale agree on which tables there are."""
    from sdglass_study.config import load_config
    from sdglass_study.status import wanted_files

    wanted = {Path(path).stem for path in wanted_files(load_config(ROOT / "config.yaml"))["tables"]}
    assert wanted == {path.stem for path in ROOT.glob("results/paper/tables/*.csv")}
    assert set(documented_tables()) == wanted | {"sweep", "sweep_correlation"}


@pytest.mark.workflow
def test_the_status_of_a_finished_study_misses_nothing(smoke_study):
    from sdglass_study.overrides import study_config
    from sdglass_study.status import study_parts

    files = [smoke_study / "config.yaml", smoke_study / "workflow" / "scales" / "smoke.yaml"]
    config = study_config(files, {}, ROOT / "workflow" / "schemas" / "config.schema.yaml")
    parts = {part.name: part for part in study_parts(config, smoke_study / "results")}
    assert not {name: part.missing for name, part in parts.items() if part.missing}
    for folder, name in (("tables", "tables"), ("figures", "figures"), ("models", "models"), ("errors", "errors")):
        there = {f"{folder}/{path.name}" for path in (smoke_study / "results/smoke" / folder).iterdir()}
        assert there == set(parts[name].wanted), name
