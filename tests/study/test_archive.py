"""Results that came with the checkout, and the digest of code that says what an edit concerns."""

import base64
import os

import pytest
import yaml

from sdglass.errors import InputError
from sdglass_study.archive import adopt
from sdglass_study.code_digest import code_digest

CONFIG = {"study": "mine", "seed": 1, "device": "cpu", "electrons": {"coupling": 6.0}}


@pytest.fixture
def archived(tmp_path, monkeypatch):
    """Return the folder of an archived study, its files of different ages."""
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(("config.yaml", "tables/a.csv", "figures/a.png", "observables/q/m/000.h5")):
        path = tmp_path / "results" / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(CONFIG) if name == "config.yaml" else name)
        os.utime(path, (1000 + age, 1000 + age))
    return tmp_path / "results" / "mine"


def times(folder):
    return {path.name: path.stat().st_mtime for path in folder.rglob("*") if path.is_file()}


def made_here(tmp_path, name):
    record = (
        tmp_path / ".snakemake" / "metadata" / base64.urlsafe_b64encode(f"results/mine/{name}".encode()).decode()
    )
    record.parent.mkdir(parents=True, exist_ok=True)
    record.touch()


def test_nothing_is_newer_than_anything(archived):
    adopt("results/mine", CONFIG)
    assert set(times(archived).values()) == {1000.0}


def test_what_was_made_here_keeps_its_time(archived, tmp_path):
    made_here(tmp_path, "figures/a.png")
    adopt("results/mine", CONFIG)
    assert times(archived)["a.png"] == 1002.0
    assert times(archived)["a.csv"] == 1000.0


def test_another_configuration_is_refused_by_name(archived):
    before = times(archived)
    with pytest.raises(InputError, match=r"electrons.coupling: 6.0 there, 5.0 now"):
        adopt("results/mine", CONFIG | {"electrons": {"coupling": 5.0}})
    assert times(archived) == before
    adopt("results/mine", CONFIG | {"device": "cuda"})  # how, not what


def test_where_it_was_made_snakemake_alone_decides(archived, tmp_path):
    for name in ("config.yaml", "tables/a.csv", "figures/a.png", "observables/q/m/000.h5"):
        made_here(tmp_path, name)
    before = times(archived)
    adopt("results/mine", CONFIG | {"seed": 2})
    assert times(archived) == before


def test_no_results_no_question(tmp_path):
    adopt(tmp_path / "results" / "none", CONFIG)


def test_a_digest_follows_imports_and_nothing_else():
    structure, quench = code_digest("sdglass_study.jobs.structure"), code_digest("sdglass_study.jobs.quench")
    assert structure != quench
    assert code_digest("sdglass_study.jobs.structure", "sdglass.structures.amorphous") != structure


def test_force_fields_of_other_kinds_do_not_count():
    """An edit of the network's code does not make exact labels again."""
    from sdglass_study.code_digest import _sources

    files = {path.name for path in _sources(["sdglass_study.jobs.label"])}
    assert "llg.py" in files
    assert not files & {"network.py", "training.py", "series.py", "fig4.py"}
