"""The paper is judged at its own parameters alone; of another magnet a report says what was measured."""

import copy
import dataclasses
import json
import re

import numpy as np
import pytest
import yaml
from conftest import LABELS, ROOT
from matplotlib.image import imsave

from sdglass import SDModel, Shells
from sdglass_study.claims import CLAIMS, MEASURED, Claim, Measured, Tables, judged
from sdglass_study.config import load_study
from sdglass_study.figures import FIGURES
from sdglass_study.figures._labels import Look
from sdglass_study.figures._tables import read_tables
from sdglass_study.jobs import claims as claims_job
from sdglass_study.jobs import report as report_job
from sdglass_study.paper import differences

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
# Words of a judgement, and what the paper says that no table of another magnet can hold.
JUDGEMENT = re.compile(
    r"reproduced|verdict|judged:|by which the paper|paper's 0\.001|(holds|psi =|paper's|neither) 1\.02|"
    r"depends on the (damp|analy|activ)"
)


def merged(base, overlay):
    """Lay one configuration over another as Snakemake does."""
    result = copy.deepcopy(base)
    for key, value in overlay.items():
        nested = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if nested else value
    return result


def differing(**changes):
    """Return in what a study with other parameters differs from the paper's."""
    return differences(load_study(merged(CONFIG, changes)))


@pytest.mark.parametrize("preset", ["", "quick", "smoke"])
def test_the_study_is_of_the_papers_magnet_at_every_scale(preset):
    overlay = yaml.safe_load((ROOT / f"workflow/presets/{preset}.yaml").read_text()) if preset else {}
    assert differing(**overlay) == []
    assert differing(**overlay, seed=1, integrator="semi_implicit", density=0.8, filling=0.5, coupling=6) == []


LATTICE = {
    "kind": "lattice",
    "lattice": "square",
    "cells": [10, 10],
    "n_sites": None,
    "box_length": None,
    "r_min": None,
}
OTHERS = {
    "filling f = 0.25 (paper 0.5)": {"filling": 0.25},
    "coupling J = 2 t0 (paper 6)": {"electrons": {"coupling": 2.0}},
    "density 0.5 ell^-3 (paper 0.8)": {"density": 0.5},
    "least distance 0.4 ell (paper 0.5)": {"structures": {"test": {"r_min": 0.4}}},
    "electrons at T = 0.01 t0 (paper 0.001)": {"electrons": {"temperature": 0.01}},
    "T = 0.02 t0 in quenches (paper 0.001)": {"quenches": {"fig5-pair-fast": {"temperature": 0.02}}},
    "hopping amplitude -1 (paper 1)": {"electrons": {"hopping": {"amplitude": -1.0}}},
    "hopping decay length 0.5 (paper 1)": {"electrons": {"hopping": {"decay_length": 0.5}}},
    "damping 0.5 gamma (paper 0.05)": {"quenches": {"fig4-fast": {"damping": 0.5}}},
    "structure lattice (paper amorphous)": {"structures": {"test": LATTICE}},
}


@pytest.mark.parametrize("words", OTHERS)
def test_another_magnet_is_told_by_its_parameters(words):
    assert differing(**OTHERS[words]) == [words]


def test_a_study_without_the_stated_damping_does_not_judge_it():
    changes = {name: {"damping": 1.0} for name in CONFIG["quenches"]}
    assert differing(quenches=changes) == ["no quench with the damping 0.05 gamma of the paper"]


@pytest.mark.parametrize(
    ("electrons", "words"),
    [
        (SDModel(-6.0), []),
        (SDModel({"Mn": 6.0, "Fe": 2.0}), ["coupling J = {'Fe': 2.0, 'Mn': 6.0} t0 (paper 6)"]),
        (SDModel(onsite={"Mn": 1.0}), ["onsite {'Mn': 1.0} (paper none)"]),
        (SDModel(chemical_potential=0.5), ["filling f = none (paper 0.5)", "chemical potential 0.5 (paper none)"]),
        (SDModel(hopping=Shells()), ["hopping shells (paper yukawa)"]),
        (SDModel(hopping=np.zeros((2, 2))), ["hopping matrix (paper yukawa)"]),
    ],
)
def test_electrons_of_any_kind(electrons, words):
    study = dataclasses.replace(load_study(CONFIG), electrons=electrons)
    assert differences(study) == words
    assert study.numbers()["electrons"][0].startswith("J = ")


def test_names_make_no_other_magnet():
    assert differing(study="glass") == []
    renamed = merged(CONFIG, {"electrons": {"coupling": 2.0}, "study": "paper"})
    assert differences(load_study(renamed)) != []


def test_of_another_magnet_the_same_is_measured_and_nothing_judged(paper_tables):
    files = sorted(paper_tables.glob("*.csv"))
    theirs, ours = (judged(Tables(files, 0.95, LABELS, of_paper=mine)) for mine in (True, False))
    assert [row["id"] for row in ours] == [row["id"] for row in theirs]
    assert {row["verdict"] for row in ours} == {MEASURED}
    assert {row["where"] + row["rule"] + row["note"] for row in ours} == {""}
    assert len({row["statement"] for row in ours}) == len(ours)
    for row in ours:
        assert not JUDGEMENT.search(row["statement"] + row["value"] + row["uncertainty"]), row
    assert next(row for row in ours if row["id"] == "metallic")["value"].startswith("gap of 7.54 t0")


def test_what_another_magnet_does_not_show_leaves_a_row(paper_tables):
    tables = Tables(paper_tables.glob("*.csv"), 0.95, LABELS, of_paper=False)
    frame = tables["couplings"]
    tables._frames["couplings"] = frame[frame.distance > 1.2]
    (row,) = judged(tables, only=["antiferromagnetic"])
    assert (row["value"], row["verdict"]) == ("none", MEASURED)
    assert "closer than 1 ell" in row["uncertainty"]


def test_a_claim_of_ones_own_is_judged_of_any_magnet(paper_tables, monkeypatch):
    def mine(tables):
        """The coupling of two sites."""
        return Measured("0.5", "none", "reproduced")

    own = Claim("mine", mine, statement="Half", where="mine", rule="always", target="fig2", tables="two_site")
    monkeypatch.setattr("sdglass_study.claims.CLAIMS", {"mine": own, "superexchange": CLAIMS["superexchange"]})
    rows = judged(Tables(paper_tables.glob("*.csv"), of_paper=False))
    assert {row["id"]: row["verdict"] for row in rows} == {"mine": "reproduced", "superexchange": MEASURED}


def test_the_report_of_another_magnet_is_about_that_magnet(paper_tables, tmp_path):
    (tmp_path / "figures").mkdir()
    for name in FIGURES:
        imsave(tmp_path / "figures" / f"{name}.png", np.ones((4, 4, 3)))
    (tmp_path / "provenance.json").write_text(json.dumps({"code": "a", "versions": {}, "files": {}}))
    study = load_study(CONFIG | {"filling": 0.25, "coupling": 2})
    claims, page = tmp_path / "claims.csv", tmp_path / "report.html"
    tables = sorted(paper_tables.glob("*.csv"))
    claims_job.run({"tables": tables}, {"claims": claims}, claims_job.settings(study))
    inputs = {"tables": tables, "claims": claims, "figures": sorted((tmp_path / "figures").iterdir())}
    settings = report_job.settings(study, "") | {"benchmarks": tmp_path / "none"}
    report_job.run(inputs | {"provenance": tmp_path / "provenance.json"}, {"report": page}, settings)
    text = page.read_text(encoding="utf-8")
    words = re.sub(r"<style>.*?</style>|data:[^\"]*", "", text, flags=re.DOTALL)
    assert "<h1>Machine-learned spin dynamics of an s-d magnet</h1>" in words
    assert "filling f = 0.25 (paper 0.5)" in words
    before_tables = words.partition('<h2 id="tables">')[0]
    assert not JUDGEMENT.search(before_tables), JUDGEMENT.search(before_tables)


def test_no_curve_of_the_paper_is_drawn_over_another_magnet(paper_tables):
    """Lines at the paper's 1.02 and 0.001 t0, and words that name it."""
    from matplotlib import pyplot

    for name in ("fig5", "psi_specifications", "torque_errors", "rkky"):
        figure = FIGURES[name]
        files = {table: paper_tables / f"{table}.csv" for table in [*figure.tables, *figure.optional]}
        shown = {}
        for mine in (True, False):
            page = figure.draw(read_tables(files, figure), Look(of_paper=mine))
            words = [text.get_text() for text in page.findobj(lambda artist: hasattr(artist, "get_text"))]
            shown[mine] = [word for word in words if re.search(r"\(paper\)|paper, .*\d\.|holds 1\.02", word)]
            pyplot.close("all")
        assert shown[True], name
        assert not shown[False], name


def test_brackets_never_reach_a_reader():
    for figure in FIGURES.values():
        for text in (figure.title, figure.caption, *figure.elsewhere):
            assert not re.search(r"\[\[|\]\]|\|\||  ", text)
            assert text.strip() == text
