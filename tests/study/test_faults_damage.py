"""Damaged files: a bit flipped anywhere, or an end cut off, is an error that names the file, or harmless."""

import itertools
import re
import sys

import numpy as np
import pytest
import torch
from small_steps import make_inputs, step_options, words
from stored_files import kinds, listing, trajectory

from sdglass.errors import InputError
from sdglass.structures.structure import Structure
from sdglass_study.jobs import fit_linear, observables, quench_model, train
from sdglass_study.jobs.arguments import run

KINDS = {name: kind for name, kind in kinds().items() if kind.rewrite}
FLIPS, CUTS = 150, 25


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def outcome(kind, content, folder, whole):
    """Return "refused" or "harmless" for a damaged file; anything else is an assertion."""
    path, again = folder / kind.name, folder / f"again-{kind.name}"
    path.write_bytes(content)
    said = None
    try:
        kind.rewrite(path, again)
    except InputError as error:
        said = str(error)
    if said is not None:
        assert said.startswith(f"{path}: ")
        assert re.search(r"\b(make|made|delete|fetch|version|expected|missing)\b", said), said
        return "refused"
    assert again.read_bytes() == whole, "read without an error, but not what was written"
    return "harmless"


def test_a_whole_file_is_read_as_it_was_written(kind, tmp_path):
    kind.write(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    assert outcome(kind, whole, tmp_path, whole) == "harmless"


def test_a_flipped_bit_is_never_read(kind, tmp_path):
    """Bits at random places all over the file; those in its unused parts harm nothing."""
    kind.write(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    rng = np.random.default_rng(0)
    edges = np.linspace(0, len(whole), FLIPS + 1).astype(int)
    outcomes = []
    for begin, end in itertools.pairwise(edges):
        content = bytearray(whole)
        content[rng.integers(begin, max(end, begin + 1))] ^= 1 << int(rng.integers(8))
        outcomes.append(outcome(kind, content, tmp_path, whole))
    assert outcomes.count("refused") > 0.3 * len(outcomes)


def test_a_truncated_file_is_never_read(kind, tmp_path):
    kind.write(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for length in {0, 1, len(whole) - 1, *np.linspace(2, len(whole) - 2, CUTS).astype(int)}:
        assert outcome(kind, whole[:length], tmp_path, whole) == "refused", length


# Steps of the study that are given a damaged file ----------------------------------------------------------------


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    made = make_inputs(folder)
    made["trajectory"] = folder / "T.h5"
    trajectory(Structure.load(made["structure"])).save(made["trajectory"])
    return made


def options_of(step, inputs, out):
    if step is observables:
        files = {name: inputs[name] for name in ("trajectory", "structure")}
        return {**files, "r_min": 0.5, "bin_width": 0.1, "out": out}
    if step is fit_linear:
        files = {name: inputs[name] for name in ("data", "features")}
        descriptor = step_options("train", inputs, out)["descriptor"]
        return {**files, "kind": "pair", "ridge": 1e-4, "descriptor": descriptor, "out": out}
    return step_options(step.__name__.rpartition(".")[2], inputs, out)


@pytest.mark.parametrize("damage", ["truncated", "flipped bit"])
@pytest.mark.parametrize(
    ("step", "which"),
    [
        (train, "data"),
        (train, "features"),
        (fit_linear, "data"),
        (fit_linear, "features"),
        (quench_model, "structure"),
        (quench_model, "model"),
        (quench_model, "structure_features"),
        (observables, "trajectory"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__.rpartition(".")[2],
)
def test_a_step_refuses_a_damaged_input(inputs, tmp_path, monkeypatch, capsys, step, which, damage):
    """One line that names the file and says what to do, status 2, and nothing written."""
    monkeypatch.setattr(torch, "set_num_interop_threads", lambda count: None)  # torch allows it once only
    options = options_of(step, inputs, tmp_path / "out")
    path = inputs[which][-1] if isinstance(inputs[which], list) else inputs[which]
    whole = path.read_bytes()
    content = bytearray(whole)
    if damage == "truncated":
        del content[len(content) // 2 :]
    else:
        content[first_number(which, path, whole)] ^= 1
    monkeypatch.setattr(sys, "argv", [step.__name__, *words(options)])
    try:
        path.write_bytes(content)
        with pytest.raises(SystemExit) as left:
            run(step.main)
    finally:
        path.write_bytes(whole)
    (line,) = capsys.readouterr().err.splitlines()
    assert left.value.code == 2
    assert line.startswith(f"error: {path}: ")
    assert re.search("make it again|make or fetch it again", line)
    assert listing(tmp_path) == {}


def first_number(which, path, content):
    """Return a place inside the numbers of a file."""
    import h5py

    name = {"data": "field", "features": "bonds/data", "structure_features": "bonds/data", "trajectory": "spins"}
    if which in name:
        with h5py.File(path) as handle:
            return handle[name[which]].id.get_chunk_info(0).byte_offset + 5
    return len(content) - 20 if which == "model" else content.index(b"NUMPY") + 200
