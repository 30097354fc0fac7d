"""The examples in docstrings run, and give what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import sdglass

FOLDER = Path(sdglass.__file__).parent
MODULES = [
    ".".join(("sdglass", *path.relative_to(FOLDER).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(FOLDER.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", MODULES)
def test_examples(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(import_module(module))
    assert tried
    assert not failed
    assert not list(tmp_path.iterdir())
