"""The report: complete, self-contained, escaped, and plain about the network against the pair model."""

import base64
import json
import re
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
from sdglass.io import write_csv
from sdglass_study.figures.registry import FIGURES
from sdglass_study.report.cells import estimate, typeset
from sdglass_study.report.chapters import CHAPTERS
from sdglass_study.report.locator import locator_story
from sdglass_study.report.made import command, rule_of
from sdglass_study.report.page import Results, render
from sdglass_study.report.readings import what_to_see
from sdglass_study.report.runtimes import job_times, kept_times, merged, runtimes
from sdglass_study.report.torque import beats_pair_model, error_table, summary

TEMPLATE = Path(__file__).resolve().parents[2] / "workflow" / "report" / "report.html.j2"
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
            "depends on the damping",
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

    VOID = frozenset({"meta", "img", "br", "link", "rect", "line", "path", "circle", "ellipse"})

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
        return " ".join("".join(self.words).split())


def printed(text):
    """Return plain text as it reads on the page, where symbols and subscripts are typeset."""
    return Page(f"<p>{typeset(text)}</p>").text


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
    order = [name for names in CHAPTERS.values() for name in names]
    order += [name for name in FIGURES if name not in order]
    assert len(page.images) == len(FIGURES)
    for name, source in zip(order, page.images, strict=True):
        kind, data = source.split(",", 1)
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data) == (study / "figures" / f"{name}.png").read_bytes()
    for figure in FIGURES.values():
        assert printed(figure.caption) in page.text
        assert printed(figure.title) in page.text


def test_every_figure_has_one_place_in_the_story():
    order = [name for names in CHAPTERS.values() for name in names]
    assert len(order) == len(set(order))
    assert FIGURES.keys() - set(order) == {"sweep"}  # of several studies
    assert set(order) <= FIGURES.keys()


def test_every_claim_is_inside(page):
    for row in CLAIMS.fillna("").to_dict("records"):
        for key, value in row.items():
            assert (value if key == "target" else printed(value)) in page.text, value
    assert page.text.count("not reproduced") >= 2  # table, and beside Fig. 5
    assert "1 depends on the damping" in page.text


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_says_what_to_see(name, study, page):
    config = {"electrons": {"coupling": 6.0}, "integrator": "heun"}
    config["quench_small"] = {"runs": {"slow": {"damping": 0.05, "time_step": 4.0}}}
    sentences = what_to_see(name, study / "tables", config)
    assert sentences
    assert all(re.search(r"\d", sentence) and sentence.endswith(".") for sentence in sentences)
    assert not any("nan" in sentence.split() for sentence in sentences)


def test_what_to_see_is_read_from_the_tables(tmp_path):
    """Planted: of four spins two are frustrated before and none after the quench."""
    frame = pd.DataFrame({"time": [0.0] * 4 + [9.0] * 4, "site": [0, 1, 2, 3] * 2, "engine": "pair"})
    frame["local_energy"] = [0.01, 0.03, -0.01, -0.01, -0.05, -0.03, -0.04, -0.04]
    columns = "box_x box_y box_z x y z sx sy sz damping".split()
    write_csv(tmp_path / "spins3d.csv", frame.assign(**dict.fromkeys(columns, 1.0)))
    words = " ".join(what_to_see("spins3d", tmp_path, {}))
    assert "falls from +0.0050 to -0.0400 t0" in words
    assert "Of 4 spins 2 are frustrated" in words
    assert "and 0 after the quench" in words
    assert what_to_see("fig2", tmp_path, {}) == []  # no table
    assert what_to_see("unknown", tmp_path, {}) == []


def test_a_line_that_does_not_describe_the_lengths_is_named(tmp_path):
    """Planted: xi grows fast up to t = 100 and then no more; the line goes on to the end."""
    times = np.array([10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0])
    law = 0.5 * np.log(times) ** 0.5
    labels = {"ensemble": "large-pair-slow", "engine": "pair", "damping": 0.05, "estimator": "naive"}
    fit = {"start": 10.0, "stop": 1e4, "model": "barrier", "time_unit": 1.0, "exponent": 2.0, "amplitude": 0.5}
    fits = pd.DataFrame([labels | fit | {"exponent_low": 1.8, "exponent_high": 2.3}])
    write_csv(tmp_path / "fig5_fits.csv", fits)

    def words(xi):
        ends = {"xi": xi, "low": xi - 0.05, "high": xi + 0.05, "realizations": 10, "replicas": 20}
        write_csv(tmp_path / "fig5_length.csv", pd.DataFrame(labels | {"time": times} | ends))
        return " ".join(what_to_see("fig5", tmp_path, {}))

    assert "psi = 2.00 [1.80, 2.30] for 10 <= t <= 10000" in words(law)
    assert "does not describe" not in words(law)
    assert "Nine tenths" not in words(law)
    bent = words(np.minimum(1.3 * law, 1.3 * law[2]))
    assert "at most 30 %" in bent
    assert "times the half width of their interval: it does not describe them." in bent
    assert "Nine tenths of the growth in this window are over at t = 100, on the line at t = 10000." in bent


def test_a_band_that_excludes_zero_is_named(tmp_path):
    times = np.array([1.0, 10.0, 100.0, 1000.0])
    frame = pd.DataFrame({"ensemble": "large-pair-fast", "engine": "pair", "damping": 1.0, "time": times})
    frame = frame.assign(reference="exact", reference_ensemble="large-exact-fast", realizations=4, replicas=2)
    frame = frame.assign(quantity="xi_naive", value=0.9, reference_value=0.89, difference=0.0112)
    low = np.array([0.001, -0.001, 0.002, 0.0044])
    write_csv(tmp_path / "large_paired.csv", frame.assign(low=low, high=0.0172))
    (sentence,) = what_to_see("fig5_control", tmp_path, {})
    assert sentence.startswith("Pair model minus exact (ED), alpha = 1, t = 1000, 4 × 2 quenches")
    assert "+0.0112 [+0.0044, +0.0172] ell; the band excludes zero from t = 100 on." in sentence
    write_csv(tmp_path / "large_paired.csv", frame.assign(low=-low[::-1], high=0.0172))
    assert "excludes" not in " ".join(what_to_see("fig5_control", tmp_path, {}))


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
    times = runtimes(study / "benchmarks")
    assert (times["here"], times["kept"], times["total"]) == (3, 0, "2.0 min")
    rows = {row["rule"]: row for row in times["rows"]}
    assert rows.keys() == {"quench", "claims"}
    assert (rows["quench"]["jobs"], rows["quench"]["total"], rows["quench"]["longest"]) == (2, "2.0 min", "90.0 s")
    assert rows["quench"]["memory"] == "9000 MB"


def test_times_of_jobs_that_ran_elsewhere_are_kept(study, tmp_path):
    """A job that was run again counts once, with its new time; jobs that differ in a number share a row."""
    kept = pd.DataFrame(
        [("quench/large-000", 10.0, 50.0), ("quench/large-001", 30.0, 60.0), ("claims", 99.0, 1.0)],
        columns=["job", "seconds", "memory_mb"],
    )
    write_csv(tmp_path / "runtimes.csv", merged(kept, job_times()))
    times = runtimes(study / "benchmarks", tmp_path / "runtimes.csv")
    assert (times["here"], times["kept"]) == (3, 2)
    rows = {row["rule"]: row for row in times["rows"]}
    assert rows["claims"]["seconds"] == 1
    assert (rows["quench: large"]["jobs"], rows["quench: large"]["seconds"]) == (2, 40)
    assert rows["quench: large"]["memory"] == "60 MB"
    write_csv(tmp_path / "runtimes.csv", kept.drop(columns="seconds"))
    with pytest.raises(InputError, match=r"runtimes\.csv: column 'seconds' is missing"):
        kept_times(tmp_path / "runtimes.csv")


def test_the_rule_and_the_command_behind_a_target():
    rules = [
        {"rule": "compare", "output": "tables/{comparison}.csv"},
        {"rule": "errors", "output": "tables/models.csv, tables/paired.csv"},
        {"rule": "figure", "output": "figures/{figure}.png, figures/{figure}.pdf"},
    ]
    assert rule_of("tables/paired.csv", rules) == "errors"
    assert rule_of("tables/network_size.csv", rules) == "compare"
    assert rule_of("figures/fig1.png", rules) == "figure"
    assert rule_of("claims.csv", rules) == ""
    assert command("fig4", "paper") == "snakemake fig4 --cores N"
    overlay = "--configfile workflow/scales/quick.yaml"
    expected = f"snakemake results/quick/figures/rkky.png --cores N {overlay}"
    assert command("rkky", "quick", overlay) == expected
    assert command("results/x/tables/a.csv", "x") == "snakemake results/x/tables/a.csv --cores N"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("0.1 t0 at 2.5 ell", "0.1 t<sub>0</sub> at 2.5 ℓ"),
        ("6e-4 < S_i . S_j", "6 × 10<sup>−4</sup> &lt; S<sub>i</sub> · S<sub>j</sub>"),
        ("xi ~ (log t)^(1/psi), N^0.90", "ξ ~ (log t)<sup>1/ψ</sup>, N<sup>0.90</sup>"),
        ("S x H for J <= 0.1, t >= 150, E - E_F", "S × H for J ≤ 0.1, t ≥ 150, E − E<sub>F</sub>"),
        ("3 realizations x 2, max x-ray, C^2", "3 realizations × 2, max x-ray, C<sup>2</sup>"),
        ("psi_multiverse, -1 and 128-64", "psi_multiverse, −1 and 128-64"),
    ],
)
def test_symbols_are_typeset(text, html):
    assert str(typeset(text)) == html


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((6.7366, 5.8501, 7.5234), "6.74 [5.85, 7.52]"),
        ((0.0024, -0.007046, 0.02261), "0.002 [-0.007, 0.023]"),
        ((-0.0001, -0.04, 0.03), "0.000 [-0.040, 0.030]"),
        ((4.0, 2.0, np.inf), "4.0 [2.0, ∞]"),
        ((512.0, 401.0, 620.0), "512 [401, 620]"),
    ],
)
def test_a_value_is_rounded_like_its_interval(numbers, text):
    assert estimate(*numbers) == text


def test_whether_a_better_force_field_changes_the_growth(tmp_path):
    """A clear difference of 2 % is little, one of 20 % is not; where all intervals hold zero none can be seen."""
    errors = {
        "model": ["locator", "pair"],
        "parameters": [7, 50],
        "set": "b100",
        "stage": "random",
        "n_sites": 100,
    }
    write_csv(tmp_path / "locator_errors.csv", pd.DataFrame(errors | {"relative": [0.001, 0.05]}))
    columns = {"ensemble": "large-pair-fast", "engine": "pair", "damping": 1.0, "reference": "locator"}
    columns |= {"reference_ensemble": "large-locator-fast", "time": 3000.0, "quantity": "xi_naive"}
    for difference, low, start in ((0.02, 0.01, "Hardly: 1"), (0.2, 0.1, "Yes: 1"), (0.02, -0.01, "Not as far")):
        row = columns | {"reference_value": 1.0, "difference": difference, "low": low, "high": 2 * difference}
        write_csv(tmp_path / "locator_quench_difference.csv", pd.DataFrame([row]))
        story = locator_story(tmp_path)
        assert story["growth"].startswith(start)
        assert "divided by 50" in story["what"]
    (tmp_path / "locator_errors.csv").unlink()
    assert locator_story(tmp_path) is None


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
    assert "95 % interval" not in known
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
    assert row["cells"]["network"]["text"] == "3.54"
    assert row["cells"]["network"]["best"]
    assert row["cells"]["network"]["interval"] == ""
    assert row["cells"]["committee"]["interval"] == "[4.75, 5.25]"
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
        command = [sys.executable, "-m", "sdglass_study.jobs.report", "--results", study, "--template", TEMPLATE]
        done = subprocess.run([*command, "--out", out], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert (tmp_path / "one.html").stat().st_size < 1e7
