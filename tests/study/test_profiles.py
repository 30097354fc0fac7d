"""The profiles for clusters and GPUs: what they ask for, how jobs share a Slurm job, what is said without a GPU.

A real Slurm runs the study in tests/slurm/run.sh; here are dry runs, and what can be tried of it without Slurm.
"""

import importlib.util
import json
import re
import shlex
import subprocess
from collections import Counter
from functools import cache

import pytest
import torch
import yaml
from conftest import ROOT
from test_workflow import SMOKE, copy_study, snakemake

SLURM, GPU = "workflow/profiles/slurm", "workflow/profiles/gpu"
PROFILE = yaml.safe_load((ROOT / SLURM / "config.yaml").read_text())

pytestmark = pytest.mark.workflow


def rules():
    """Return the names of the rules that are jobs of a cluster."""
    sources = [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]
    blocks = [block for path in sources for block in re.split(r"^(?=\S)", path.read_text(), flags=re.MULTILINE)]
    jobs = {re.match(r"rule (\w+):", one)[1] for one in blocks if one.startswith("rule ") and "shell:" in one}
    local = [re.findall(r"^ +(\w+),", one, re.MULTILINE) for one in blocks if one.startswith("localrules:")]
    return jobs - {name for names in local for name in names}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study in which nothing has been made."""
    folder = tmp_path_factory.mktemp("profiles")
    copy_study(folder)
    return folder


@cache
def dry_run(folder, *arguments):
    """Return what a dry run prints."""
    result = snakemake(folder, "-n", *arguments)
    assert result.returncode == 0, result.stdout[-3000:]
    return result.stdout


def groups(printed):
    """Return {group: number of Slurm jobs} of a dry run."""
    return Counter(re.findall(r"Group job ([\w-]+)", printed))


def asked(printed, rule):
    """Return the resources that a dry run prints for each job of a rule, as dicts of text."""
    jobs = re.findall(rf"^ *rule {rule}:\n((?: +\w+: .*\n)+)", printed, re.MULTILINE)
    lines = [re.search(r"resources: (.*)", job)[1] for job in jobs]
    assert lines, f"no job of rule {rule}"
    return [dict(one.split("=", 1) for one in line.split(", ")) for line in lines]


def test_every_rule_has_memory_and_time_that_grow_with_the_attempt():
    assert set(PROFILE["set-resources"]) == rules()
    for rule, resources in PROFILE["set-resources"].items():
        for name in ("mem_mb", "runtime"):
            assert re.fullmatch(r"\d+ \* attempt", resources[name]), f"{rule}: {name}"
    assert PROFILE["retries"] >= 2
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        assert not re.search(r"\b(attempt|retries)\b", path.read_text()), f"{path.name}: retries are the profile's"


def test_groups_are_of_rules_and_of_the_paper_s_study(folder):
    assert set(PROFILE["groups"]) <= rules()
    assert set(PROFILE["group-components"]) <= set(groups(dry_run(folder, "--profile", SLURM)))


def test_a_second_attempt_asks_for_twice_as_much(folder):
    arguments = ("--profile", SLURM, "--configfile", SMOKE, "--until", "two_site")
    first, second = (asked(dry_run(folder, "--attempt", str(n), *arguments), "two_site")[0] for n in (1, 2))
    for name in ("mem_mb", "runtime"):
        assert int(second[name]) == 2 * int(first[name])


@pytest.mark.parametrize("scale", [(), ("--configfile", SMOKE)], ids=["paper", "smoke"])
def test_short_steps_share_slurm_jobs(folder, scale):
    printed = dry_run(folder, "--profile", SLURM, *scale)
    jobs = sum(int(count) for count in re.findall(r"^(?!total)\w+ +(\d+)$", printed.split("Job stats:")[1], re.M))
    blocks = groups(printed)
    grouped = len(re.findall(r"^    rule \w+:", printed, re.MULTILINE))
    submitted = jobs - grouped + sum(blocks.values())
    assert blocks["analysis"] == 1
    assert submitted < jobs / 2.5
    # A step of a second or two is never a Slurm job of its own.
    alone = set(re.findall(r"^rule (\w+):", printed, re.MULTILINE))
    assert not alone & {"structure", "features", "figure", "observables_small", "observables_large", "two_site"}


@pytest.mark.parametrize("profiles", [("--profile", GPU), ("--profile", SLURM, "--profile", GPU)])
def test_networks_ask_for_a_gpu_and_nothing_else_does(folder, profiles):
    printed = dry_run(folder, *profiles, "-p", "--configfile", SMOKE)
    for rule in ("train", "quench_small", "quench_large", "errors"):
        assert {"0", "1"} >= {one["gpu"] for one in asked(printed, rule)} >= {"1"}, rule
    assert {one["gpu"] for one in asked(printed, "train")} == {"1"}
    assert not any("gpu" in one for one in asked(printed, "dataset"))
    assert "--device cuda" in printed
    without = dry_run(folder, "--profile", SLURM, "--configfile", SMOKE)
    assert {one["gpu"] for one in asked(without, "train")} == {"0"}


@pytest.mark.parametrize(
    ("words", "device"),
    [
        (("--profile", GPU, "--config", "filling=0.25"), "cuda"),
        (("--profile", GPU, "--config", "device=cpu"), "cpu"),
        (("--profile", GPU, "--resources", "gpu=2", "mem_mb=8000"), "cuda"),
        (("--profile", GPU, "--resources", "gpu=0"), "cpu"),
        (("--config", "filling=0.25"), "cpu"),
    ],
    ids=" ".join,
)
def test_the_profile_and_the_command_line_go_together(folder, words, device):
    printed = dry_run(folder, "-p", "--until", "train", "--configfile", SMOKE, *words)
    assert set(re.findall(r"--device (\w+)", printed)) == {device}
    assert {one["gpu"] for one in asked(printed, "train")} == {"1" if device == "cuda" else "0"}


def test_a_sweep_takes_the_gpu_along(folder):
    words = ("--profile", GPU, "--config", "sweep={parameter: filling, values: [0.25, 0.5]}")
    printed = dry_run(folder, "sweep", "-p", "--configfile", SMOKE, *words)
    (command,) = re.findall(r"python -m sdglass\.steps\.sweep .*", printed)
    words = shlex.split(command)
    members = json.loads(words[words.index("--members") + 1])
    assert [said["device"] for _, _, said in members] == ["cuda", "cuda"]


def test_resources_that_replace_the_profile_s_are_refused(folder):
    result = snakemake(folder, "-n", "--profile", GPU, "--configfile", SMOKE, "--resources", "mem_mb=8000")
    assert result.returncode != 0
    assert "expected gpu=1 among it" in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_starts(folder):
    result = snakemake(folder, "--profile", GPU, "--configfile", SMOKE)
    assert result.returncode != 0
    assert "device = 'cuda', but no GPU is available; use device cpu" in result.stdout
    assert "Traceback" not in result.stdout
    assert not (folder / "results").exists()


@pytest.mark.parametrize(("offered", "fine"), [("gpu:h100:4(S:0-1)\n(null)\n", True), ("(null)\n", False)])
def test_on_a_cluster_its_nodes_are_asked(tmp_path, monkeypatch, offered, fine):
    from sdglass.devices import require_device
    from sdglass.errors import InputError

    program = tmp_path / "sinfo"
    program.write_text(f"#!/bin/sh\nprintf '{offered}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if fine:
        require_device("cuda", on_cluster=True)
    else:
        with pytest.raises(InputError, match=r"no node of this Slurm cluster .*sinfo says \(null\)"):
            require_device("cuda", on_cluster=True)
    program.unlink()
    with pytest.raises(InputError, match="Slurm does not say what it offers"):
        require_device("cuda", on_cluster=True)
    require_device("cpu", on_cluster=True)


def test_where_there_can_be_no_slurm_the_test_says_why():
    result = subprocess.run(
        ["bash", "-c", "uname() { echo Darwin; }; export -f uname; tests/slurm/run.sh python3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 77
    assert result.stdout.splitlines()[-1] == "skipped: this is no Linux"


@pytest.fixture
def check():
    """Return the module that compares results on the real Slurm."""
    spec = importlib.util.spec_from_file_location("check", ROOT / "tests" / "slurm" / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_comparison_of_results_sees_a_byte(check, tmp_path):
    for name in ("one", "other"):
        (tmp_path / name / "tables").mkdir(parents=True)
        (tmp_path / name / "logs").mkdir()
        (tmp_path / name / "tables" / "a.csv").write_text("1.0\n")
        (tmp_path / name / "logs" / "a.log").write_text(name)
    check.same(tmp_path / "one", tmp_path / "other")
    (tmp_path / "other" / "tables" / "a.csv").write_text("1.1\n")
    with pytest.raises(SystemExit, match="with other contents"):
        check.same(tmp_path / "one", tmp_path / "other")
    (tmp_path / "other" / "tables" / "a.csv").unlink()
    with pytest.raises(SystemExit, match=r"only in one of both: \['tables/a.csv'\]"):
        check.same(tmp_path / "one", tmp_path / "other")


def test_the_check_for_finished_work_sees_a_file_that_is_made_again(check, tmp_path):
    import base64

    def make(name):
        path = tmp_path / check.RESULTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        record = base64.urlsafe_b64encode(str(check.RESULTS / name).encode()).decode()
        (tmp_path / ".snakemake" / "metadata").mkdir(parents=True, exist_ok=True)
        (tmp_path / ".snakemake" / "metadata" / record).touch()
        return path

    for name in check.EARLY[1:]:
        make(name)
    with pytest.raises(SystemExit, match=f"not finished when the study was interrupted: {check.EARLY[0]}"):
        check.finished(tmp_path)
    first = make(check.EARLY[0])
    stamps = check.finished(tmp_path)
    with pytest.raises(SystemExit, match="the second start made nothing"):
        check.untouched(tmp_path, stamps)
    make("tables/a.csv")
    check.untouched(tmp_path, stamps)
    first.unlink()
    make(check.EARLY[0])
    with pytest.raises(SystemExit, match="1 finished files were made again"):
        check.untouched(tmp_path, stamps)
