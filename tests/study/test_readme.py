"""The README keeps its promises: its numbers are those of the committed study, its commands exist."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sdglass.errors import InputError
from sdglass_study.jobs.readme import BEGIN, END, TIME_BEGIN, TIME_END, claims_table, with_part
from sdglass_study.report.runtimes import time_words

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_claims_are_those_of_the_committed_study():
    claims = "results/paper/claims.csv"
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", claims], cwd=ROOT, check=False).returncode
    if changed:
        pytest.skip("the study has been run again here, its last digits may differ from the committed ones")
    table = README.split(BEGIN)[1].split(END)[0].strip()
    assert table == claims_table(ROOT / "results" / "paper" / "claims.csv")


def test_only_the_part_between_the_markers_changes():
    assert with_part(f"a\n{BEGIN}old{END}\nb", "new") == f"a\n{BEGIN}new{END}\nb"
    with pytest.raises(InputError, match="expected the markers"):
        with_part("a", "new")


def test_the_runtime_is_that_of_the_committed_study():
    words = README.split(TIME_BEGIN)[1].split(TIME_END)[0]
    assert words == time_words(ROOT / "results" / "paper" / "runtimes.csv")


def test_files_that_it_names_exist():
    named = set(re.findall(r"\]\(((?!http)[^)#]+)\)", README)) | set(
        re.findall(r"`((?:engines|steps)/\w+\.py)`", README)
    )
    modules = set(re.findall(r"`(\w+\.py)`", README))
    missing = [
        name for name in named if not ((ROOT / name).exists() or (ROOT / "src" / "sdglass" / name).exists())
    ]
    missing += [name for name in modules if not (ROOT / "src" / "sdglass" / name).exists()]
    assert not missing


def test_its_python_example_runs(capsys):
    code = README.split("```python\n")[1].split("```")[0]
    exec(compile(code, "README.md", "exec"), {})
    assert 0.01 < float(capsys.readouterr().out) < 0.02  # rms torque of random spins, 0.0139 t0


def test_its_overlay_is_a_valid_config(tmp_path):
    from sdglass_study.config import load_config, validate_config

    overlay = tmp_path / "mine.yaml"
    overlay.write_text(README.split("```yaml\n")[1].split("```")[0])
    config = load_config(ROOT / "config.yaml", ROOT / "workflow" / "scales" / "quick.yaml", overlay)
    validate_config(config, ROOT / "workflow" / "schemas" / "config.schema.yaml")
    assert config["electrons"]["filling"] == 0.25
    assert config["study"] == "quarter-filling"


def test_its_commands_parse():
    from sdglass.cli.program import build_parser

    commands = [line.strip() for line in README.splitlines() if re.match(r"\s*sdglass \w+ ", line)]
    assert len(commands) >= 4
    for command in commands:
        build_parser().parse_args(command.split()[1:])


def test_its_snakemake_lines_plan_something(tmp_path):
    # Copied, so that nothing of the checkout is locked or touched.
    for name in ("Snakefile", "config.yaml", "workflow", "src", "envs"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, tmp_path / name)
    (tmp_path / "mine.yaml").write_text(README.split("```yaml\n")[1].split("```")[0])
    lines = {line for line in re.findall(r"`(snakemake [^`]*)`", README) if "..." not in line}
    assert len(lines) >= 5
    for line in sorted(lines):
        words = shlex.split(line.replace("--cores N", "--cores 1"))
        result = subprocess.run(
            [sys.executable, "-m", *words, "-n"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, f"{line}\n{result.stdout[-800:]}\n{result.stderr[-800:]}"
        assert "Job stats" in result.stdout + result.stderr, line
