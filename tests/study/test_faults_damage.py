"""Damaged files: a bit flipped anywhere, or an end cut off, is an error that names the file, or harmless."""

import itertools
import re

import h5py
import numpy as np
import pytest
from small_jobs import make_inputs, told
from stored_files import kinds, listing

from sdglass.errors import InputError
from sdglass_study.jobs.__main__ import main

KINDS = {name: kind for name, kind in kinds().items() if kind.rewrite}
FLIPS, CUTS = 60, 6


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


def test_a_damaged_file_is_never_read(kind, tmp_path):
    """Cut off, or a bit flipped at random places all over the file; those in its unused parts harm nothing."""
    kind.write(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    assert outcome(kind, whole, tmp_path, whole) == "harmless"
    for length in {0, 1, len(whole) - 1, *np.linspace(2, len(whole) - 2, CUTS).astype(int)}:
        assert outcome(kind, whole[:length], tmp_path, whole) == "refused", length
    rng, outcomes = np.random.default_rng(0), []
    for begin, end in itertools.pairwise(np.linspace(0, len(whole), FLIPS + 1).astype(int)):
        content = bytearray(whole)
        content[rng.integers(begin, max(end, begin + 1))] ^= 1 << int(rng.integers(8))
        outcomes.append(outcome(kind, content, tmp_path, whole))
    assert outcomes.count("refused") > 0.2 * len(outcomes)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.mark.parametrize(
    ("job", "which", "array", "about"),
    [
        ("fit", "labels", "field", {}),
        ("fit", "descriptors", "bonds/data", {}),
        ("quench", "model", None, {"model": "paper"}),
        ("quench", "descriptor", "bonds/data", {"model": "paper"}),
        ("measure", "trajectory", "spins", {}),
    ],
)
def test_a_job_refuses_a_damaged_input(inputs, tmp_path, capsys, job, which, array, about):
    """One line that names the file and says what to do, status 2, and nothing written."""
    given = inputs["network" if about else job]
    path = given[which][-1] if isinstance(given[which], list) else given[which]
    with open(path, "r+b") as file:
        whole = file.read()
        place = len(whole) - 20
        if array:
            with h5py.File(path) as handle:
                place = handle[array].id.get_chunk_info(0).byte_offset + 5
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    for damaged in (whole[: len(whole) // 2], flipped):
        try:
            with open(path, "wb") as file:
                file.write(damaged)
            status = main(job, *told(job, given, tmp_path, **about))
        finally:
            with open(path, "wb") as file:
                file.write(whole)
        said = capsys.readouterr().err.splitlines()[-1]
        assert status == 2
        assert said.startswith(f"error: {path}: ")
        assert re.search("make it again|make or fetch it again", said)
        assert listing(tmp_path) == {}
