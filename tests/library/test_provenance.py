"""The record in each artefact: complete, and the same wherever it is made."""

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import sdglass
from sdglass.errors import InputError
from sdglass.provenance import file_digest, provenance

SOURCE = Path(sdglass.__file__).resolve().parent


@pytest.fixture
def inputs(tmp_path):
    for name, text in (("b.npz", "second"), ("a.h5", "first")):
        (tmp_path / name).write_text(text)
    return [tmp_path / "b.npz", tmp_path / "a.h5"]


def copied_package(folder):
    """Return a folder that holds just what `sdglass.provenance` needs, as a package of its own."""
    package = folder / "src" / "sdglass"
    package.mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "provenance.py"):
        shutil.copy(SOURCE / name, package / name)
    return package


def described(package):
    """Return what `describe_code` says in the copied package."""
    command = "from sdglass.provenance import describe_code; print(describe_code())"
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "GIT_CEILING_DIRECTORIES": ""}
    done = subprocess.run(
        [sys.executable, "-P", "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def git(folder, *arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, "-c", "core.hooksPath=none", *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def test_record_names_code_versions_inputs_and_parameters(inputs):
    record = provenance(inputs, seed=np.int64(3), cutoff=2.5, layers=(8, 4), model={"filling": np.float64(0.5)})
    assert record["sdglass"] == sdglass.__version__
    assert record["versions"] == {
        "python": ".".join(map(str, sys.version_info[:3])),
        **{name: metadata.version(name) for name in ("numpy", "scipy", "torch")},
    }
    assert record["inputs"] == {"a.h5": file_digest(inputs[1]), "b.npz": file_digest(inputs[0])}
    assert record["parameters"] == {"seed": 3, "cutoff": 2.5, "layers": [8, 4], "model": {"filling": 0.5}}
    assert json.loads(json.dumps(record)) == record


def test_record_does_not_depend_on_place_or_order(inputs, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = [Path(shutil.copy(path, elsewhere)) for path in reversed(inputs)]
    assert json.dumps(provenance(inputs, seed=1)) == json.dumps(provenance(moved, seed=1))
    assert str(tmp_path) not in json.dumps(provenance(inputs, table=inputs[0]))


def test_inputs_of_the_same_name_are_told_apart_or_refused(tmp_path):
    paths = [tmp_path / folder / "x.npz" for folder in ("one", "two", "deep/one")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(path))
    assert list(provenance([*paths[:2], paths[0]])["inputs"]) == ["one/x.npz", "two/x.npz"]
    with pytest.raises(InputError, match=r"two different files are called one/x\.npz"):
        provenance(paths)


def test_code_is_described_by_its_own_repository(tmp_path):
    package = copied_package(tmp_path)
    assert described(package) == "unknown"  # no repository at all
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "another project")
    assert described(package) == "unknown"  # in a repository that does not hold it
    git(tmp_path, "add", "src")
    git(tmp_path, "commit", "-m", "the package")
    git(tmp_path, "tag", "v1.2.3")
    assert described(package) == "v1.2.3"
    (tmp_path / "results.csv").write_text("a result is not code")
    git(tmp_path, "add", "results.csv")
    assert described(package) == "v1.2.3"
    with open(package / "errors.py", "a") as stream:
        stream.write("# edited\n")
    assert described(package) == "v1.2.3-dirty"
