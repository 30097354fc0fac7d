"""YAML: each quirk either means what it looks like or is refused in one line."""

import pytest
from workflow_runs import ROOT

from sdglass.errors import InputError
from sdglass.yaml_file import load_yaml

REFUSED = {
    b"electrons: {coupling: 6}\nseed: 1\nelectrons: {}\n": "'electrons' stands twice, in lines 1 and 3",
    b"a:\n  b: 1\n  c: 2\n  b: 3\n": "'b' stands twice, in lines 2 and 4",
    b"a: {b: [{c: 1, c: 2}]}\n": "'c' stands twice, in lines 1 and 1",
    b"a: 1\n'a': 2\n": "'a' stands twice",
    b'{"a": 1, "a": 2}': "'a' stands twice",
    b"a: on\n": "line 1: on may mean",
    b"a: 1\nb: [x, No]\n": "line 2: No may mean",
    b"a: 010\n": "010 may be read in another base",
    b"a: 0o10\n": "0o10 may be read in another base",
    b"a: 1:30\n": "1:30 may be read in another base",
    b"a: 0b11\n": "0b11 may be read in another base",
    b"a: 1_000\n": "underscores",
    b"a:\n\tb: 1\n": "line 2: no YAML",
    b"": "holds nothing at the top",
    b"# only words\n": "holds nothing at the top",
    b"- a\n- b\n": "holds no mapping at the top",
    b"words\n": "holds no mapping",
    b"x: &x {a: 1}\ny:\n  <<: *x\n  <<: {b: 1}\n": "'<<' stands twice, in lines 3 and 4",
    b"1: a\n": "key 1 is not text",
    b"on: a\n": "key on is not text",
    b"? [a]\n: 1\n": "key a list or a table is not text",
    b"a: \xe9\n": "line 1: not UTF-8",
    b"a: 1\n---\nb: 2\n": "no YAML",
    b"a: {b\n": "no YAML",
    b"a: &x [*x]\n": "no YAML",
    b"a: !!python/object:os.system {}\n": "no YAML",
    b"a: 2020-13-45\n": "no YAML",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_nobody_means_is_refused_with_its_line(tmp_path, text):
    path = tmp_path / "overlay.yaml"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        load_yaml(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert REFUSED[text] in said
    assert "\n" not in said


def test_what_means_what_it_looks_like_is_read(tmp_path):
    path = tmp_path / "overlay.yaml"
    text = "\ufeffa: 1.0e-3\nb: 'on'\nc: true\nd: 0\ne: 0.5\nf: '010'\ng: -7\nh: ell\ni: null\nj: café\r\n"
    path.write_bytes(text.encode())
    expected = {"a": 1e-3, "b": "on", "c": True, "d": 0, "e": 0.5, "f": "010", "g": -7, "h": "ell"}
    assert load_yaml(path) == {**expected, "i": None, "j": "café"}


def test_our_own_files_are_read():
    files = [ROOT / "config.yaml", *(ROOT / "workflow/presets").glob("*.yaml")]
    assert len(files) > 1
    assert all(load_yaml(path) for path in files)
