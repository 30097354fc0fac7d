"""The report: complete, self-contained, escaped, and plain about the network against the pair model."""

import base64
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imsave
from synthetic_tables import write_all

from sdglass.errors import InputError
from sdglass.files import write_csv
from sdglass.plotting.registry import FIGURES
from sdglass.report import Results, beats_pair_model, error_table, render, runtimes, summary

TEMPLATE = Path(__file__).resolve().parents[1] / "workflow" / "report" / "report.html.j2"
CLAIMS = pd.DataFrame(
    [
        (
            "Torque error <b>small</b> & fine",
            "0.001",
            "7e-4 t0",
            "6e-4 to 8e-4",
            "reproduced",
            "at most",
            "fig3",
            "n1",
        ),
        ("psi", "1.02", "9", "5 to inf", "not reproduced", "interval holds 1.02", "fig5", ""),
        (
            "contact",
            "t <= 30",
            "t = 402",
            "",
            "depends on",
            "by t = 36",
            "results/x/tables/two_site.csv",
            "damping",
        ),
        ("pairs", "beyond", "0.9", "", "partly", "below 0.8", "tables/torque_errors.csv", ""),
    ],
    columns=["claim", "paper", "ours", "uncertainty", "verdict", "rule", "target", "note"],
)


class Page(HTMLParser):
    """Collects text, images, everything that would be loaded, and checks that tags are closed in order."""

    VOID = frozenset({"meta", "img", "br", "link", "rect", "line", "path"})

    def __init__(self, text):
        super().__init__()
        self.words, self.images, self.loads, self.open, self.tags = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        if tag == "img":
            self.images.append(attributes["src"])
        links = ("src", "data", "poster", "srcset", "action", "xlink:href")
        self.loads += [attributes[key] for key in links if key in attributes]
        if tag != "a" and "href" in attributes:
            self.loads.append(attributes["href"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder like results/<study>, with small noise images for figures."""
    folder = tmp_path_factory.mktemp("study")
    write_all(folder / "tables")
    (folder / "figures").mkdir()
    rng = np.random.default_rng(1)
    for name in FIGURES:
        imsave(folder / "figures" / f"{name}.png", rng.random((20, 30, 3)))
    write_csv(folder / "claims.csv", CLAIMS)
    record = {"code": "abc1234", "versions": {"numpy": "2.4"}, "parameters": {"seed": 2311}}
    record["rules"] = [{"rule": "figure", "output": "fig1.png", "command": "python -m x", "seed": 2311}]
    (folder / "provenance.json").write_text(json.dumps(record))
    for name, seconds in (("quench/a", 30), ("quench/b", 90), ("claims", 1)):
        path = folder / "benchmarks" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\tmean_load\n{seconds}\t0:00:30\t{100 * seconds}\t-\n")
    (folder / "benchmarks" / "broken.tsv").write_text("")
    return folder


@pytest.fixture(scope="module")
def page(study):
    return Page(render(Results.of_study(study, study / "provenance.json"), TEMPLATE))


def test_every_figure_is_inside(page, study):
    assert len(page.images) == len(FIGURES)
    for name, source in zip(FIGURES, page.images, strict=True):
        kind, data = source.split(",", 1)
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data) == (study / "figures" / f"{name}.png").read_bytes()
    for figure in FIGURES.values():
        assert figure.caption in page.text
        assert figure.title in page.text


def test_every_claim_is_inside(page):
    for row in CLAIMS.fillna("").to_dict("records"):
        for value in row.values():
            assert value in page.text, value
    assert page.text.count("not reproduced") >= 2  # table, and beside Fig. 5
    assert "1 depends on" in page.text


def test_nothing_is_loaded_from_elsewhere(page, study):
    assert all(source.startswith("data:") for source in page.loads)
    assert not {"script", "link", "iframe", "object", "embed"} & set(page.tags)
    text = render(Results.of_study(study), TEMPLATE)
    assert "url(http" not in text
    assert "@import" not in text


def test_page_is_well_formed_and_escaped(page):
    assert page.open == []
    assert "b" not in page.tags  # from the first claim
    assert "<b>small</b> &" in page.text


def test_provenance_and_runtimes(page, study):
    for word in ("abc1234", "2311", "python -m x", "numpy"):
        assert word in page.text
    rows = {row["rule"]: row for row in runtimes(study / "benchmarks")}
    assert rows.keys() == {"quench", "claims"}
    assert (rows["quench"]["jobs"], rows["quench"]["total"], rows["quench"]["longest"]) == (2, "2.0 min", "90.0 s")
    assert rows["quench"]["memory"] == "9000 MB"


def test_short_tables_are_shown_and_long_ones_named(page):
    assert "fig4_correlation.csv" in page.text
    assert "Too long for this page" in page.text
    assert "ratio_to_t2_over_J" in page.text


def test_missing_parts_are_said(tmp_path):
    text = Page(render(Results.of_study(tmp_path), TEMPLATE)).text
    for words in ("No claims table", "No torque errors", "Not drawn in this study", "No tables"):
        assert words in text


def errors(pair, committee, half=0.05):
    """Table of torque errors (pair model, committee) on unseen structures, with relative intervals."""
    rows = []
    for model, member, values in (("pair", "-", pair), ("bond", "committee", committee)):
        for stage, value in zip(("random", "frozen"), values, strict=True):
            rows.append(
                {
                    "model": model,
                    "member": member,
                    "set": "unseen",
                    "stage": stage,
                    "n_sites": 100,
                    "rmse": value,
                    "low": value * (1 - half),
                    "high": value * (1 + half),
                    "rms": 0.01,
                    "relative": value / 0.01,
                }
            )
    return pd.DataFrame(rows)


def paired(ratios, half=0.05, realizations=4):
    """Table of paired ratios, network against pair model on unseen structures, with relative intervals."""
    rows = [
        ("bond", "pair", "unseen", stage, "committee", ratio, ratio * (1 - half), ratio * (1 + half), realizations)
        for stage, ratio in zip(("random", "frozen"), ratios, strict=True)
    ]
    names = "numerator denominator set stage member ratio low high realizations"
    return pd.DataFrame(rows, columns=names.split())


@pytest.mark.parametrize(
    ("ratios", "half", "realizations", "outcomes", "answer"),
    [
        ((0.5, 0.6), 0.05, 4, ["better", "better"], "Yes:"),
        ((0.5, 2.0), 0.05, 4, ["better", "worse"], "Only in part:"),
        ((2.0, 2.0), 0.05, 4, ["worse", "worse"], "No, the network is worse:"),
        ((0.9, 0.98), 0.2, 4, ["no clear difference"] * 2, "No:"),
        ((0.5, 0.5), 0.05, 2, ["too few realizations"] * 2, "Too few realizations to say:"),
        ((0.5, 0.5), np.nan, 1, ["too few realizations"] * 2, "Too few realizations to say:"),
    ],
)
def test_network_against_pair_model(ratios, half, realizations, outcomes, answer, tmp_path):
    write_csv(tmp_path / "paired.csv", paired(ratios, half, realizations))
    sentences = beats_pair_model(tmp_path)
    assert [s["outcome"] for s in sentences] == outcomes
    assert summary(sentences).startswith(answer)
    assert f"ratio of torque errors {ratios[0]:.3f}" in sentences[0]["text"]


def test_overlapping_intervals_do_not_hide_a_paired_difference(tmp_path):
    """Realizations differ more than models do: each error has a wide interval, their ratio a narrow one."""
    write_csv(tmp_path / "torque_errors.csv", errors((1e-3, 1e-3), (9e-4, 9e-4), half=0.5))
    write_csv(tmp_path / "paired.csv", paired((0.9, 0.9)))
    sentences = beats_pair_model(tmp_path, "95 % interval")
    assert [s["outcome"] for s in sentences] == ["better", "better"]
    assert "(0.855 to 0.945, 95 % interval over 4 realizations)" in sentences[0]["text"]
    assert "9.0 % (committee) against 10.0 %" in sentences[0]["text"]


def test_only_the_comparison_with_the_pair_model_counts(tmp_path):
    other = paired((2.0, 2.0)).assign(denominator="linear")
    write_csv(tmp_path / "paired.csv", pd.concat([other, paired((0.5, 0.5))]))
    assert [s["outcome"] for s in beats_pair_model(tmp_path)] == ["better", "better"]


def test_settings_are_named_only_where_they_are_known(study, tmp_path):
    def text(config):
        if config:
            (tmp_path / "config.yaml").write_text(config)
        places = Results(
            study / "tables", study / "figures", study / "claims.csv", config=tmp_path / "config.yaml"
        )
        return Page(render(places, TEMPLATE)).text

    unknown = text("")
    assert "% interval" not in unknown
    assert "all but one of the folds" in unknown
    assert "least-squares one" not in unknown
    known = text("analysis: {confidence: 0.9}\nnetwork: {folds: 4, linear_term: true}\n")
    assert "90 % interval" in known
    assert "95 %" not in known
    assert "a single network 3 of 4 folds" in known
    assert "starts from the least-squares one" in known
    assert "least-squares one" not in text("network: {folds: 4, linear_term: false}\n")


def test_error_table_takes_single_networks_together(tmp_path):
    frame = errors((1e-3, 1e-3), (5e-4, 5e-4))
    singles = pd.concat(
        [frame[frame.member == "committee"].assign(member=str(k), rmse=v) for k, v in ((0, 3e-4), (1, 4e-4))]
    )
    write_csv(tmp_path / "torque_errors.csv", pd.concat([frame, singles]))
    row = error_table(tmp_path)["rows"][0]
    # Root of the mean square: sqrt((9 + 16) / 2) = 3.54.
    assert row["cells"]["network"]["text"] == "3.54e-4"
    assert row["cells"]["network"]["best"]
    assert row["cells"]["network"]["interval"] == ""
    assert row["cells"]["committee"]["interval"] == "4.75e-4 to 5.25e-4"
    assert row["cells"]["pair"]["relative"] == "10.0 %"


def test_damaged_input_is_named(study, tmp_path):
    write_csv(tmp_path / "claims.csv", CLAIMS.drop(columns="verdict"))
    with pytest.raises(InputError, match=r"claims\.csv: column 'verdict' is missing"):
        render(Results.of_study(tmp_path), TEMPLATE)
    (tmp_path / "claims.csv").unlink()
    (tmp_path / "p.json").write_text("{")
    with pytest.raises(InputError, match=r"p\.json: not JSON"):
        render(Results.of_study(tmp_path, tmp_path / "p.json"), TEMPLATE)
    with pytest.raises(InputError, match=r"none\.j2: no such file"):
        render(Results.of_study(study), tmp_path / "none.j2")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "fig1.png").write_text("no image")
    with pytest.raises(InputError, match=r"fig1\.png: not a PNG"):
        render(Results.of_study(tmp_path), TEMPLATE)


def test_step_writes_the_same_page_every_time(study, tmp_path):
    for name in ("one", "two"):
        out = tmp_path / f"{name}.html"
        command = [sys.executable, "-m", "sdglass.steps.report", "--results", study, "--template", TEMPLATE]
        done = subprocess.run([*command, "--out", out], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert (tmp_path / "one.html").stat().st_size < 1e7
