"""The report: complete, self-contained, escaped, and plain about the network against the pair model."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from conftest import LABELS
from matplotlib.image import imsave

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass_study.claims import COLUMNS, Tables
from sdglass_study.figures import FIGURES
from sdglass_study.jobs import report
from sdglass_study.report.page import render
from sdglass_study.report.runtimes import job_times, runtimes
from sdglass_study.report.sentences import bad_model, beats_pair_model, locator, locator_growth, networks
from sdglass_study.report.typeset import typeset
from sdglass_study.text import estimate

CLAIMS = pd.DataFrame(
    [
        ("sigma", "Error <b>small</b> & fine", "0.001", "7e-4 t0", "6e-4", "reproduced", "at most", "fig3", "n1"),
        ("psi", "psi", "1.02", "9", "5 to inf", "not reproduced", "interval holds 1.02", "fig5", ""),
        ("contact", "contact", "early", "9", "3", "depends on the damping", "t <= 36", "a/two_site.csv", ""),
        ("pairs", "pairs", "beyond", "0.9", "0.1", "partly", "below 0.8", "x/tables/torque_errors.csv", ""),
    ],
    columns=list(COLUMNS),
)  # fmt: skip


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


def write_study(folder, picture, tables):
    """Write a study like results/<study>, every figure a picture; return inputs and settings of the job."""
    (folder / "figures").mkdir()
    for name in FIGURES:
        imsave(folder / "figures" / f"{name}.png", picture)
    write_csv(folder / "claims.csv", CLAIMS)
    record = {"code": "abc1234", "versions": {"numpy": "2.4"}, "files": {"tables/a.csv": 64 * "f"}}
    (folder / "provenance.json").write_text(json.dumps(record))
    for name, seconds in (("quench/a-000", 30), ("quench/a-001", 90), ("claims", 1)):
        path = folder / "benchmarks" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\tmean_load\n{seconds}\t0:00:30\t{100 * seconds}\t-\n")
    (folder / "benchmarks" / "broken.tsv").write_text("")
    inputs = {"claims": folder / "claims.csv", "provenance": folder / "provenance.json"}
    inputs |= {"figures": sorted((folder / "figures").iterdir()), "tables": sorted(tables.glob("*.csv"))}
    settings = {
        "study": "quick",
        "options": "--configfile workflow/presets/quick.yaml",
        "labels": LABELS,
        "seed": 7,
    }
    settings |= {"numbers": {"structure": ["N = 100, L = 5 ell"]}, "benchmarks": folder / "benchmarks"}
    return inputs, settings


@pytest.fixture(scope="module")
def study(tmp_path_factory, paper_tables):
    picture = np.random.default_rng(1).random((20, 30, 3))
    return write_study(tmp_path_factory.mktemp("study"), picture, paper_tables)


@pytest.fixture(scope="module")
def html(study):
    inputs, settings = study
    return render(report.TEMPLATE, **inputs, **settings)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_every_figure_is_inside_with_its_caption_and_the_command_that_makes_it(page, html, study):
    assert len(page.images) == len(FIGURES)
    for source, path in zip(sorted(page.images), sorted(study[0]["figures"]), strict=True):
        kind, data = source.split(",", 1)
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data) == path.read_bytes()  # all the same picture
    for figure in FIGURES.values():
        assert f'<figure id="{figure.name}">' in html
        assert printed(figure.caption) in page.text
        assert f"snakemake {figure.name} --cores N --configfile workflow/presets/quick.yaml" in page.text


def test_every_claim_is_inside_and_beside_its_figure(page, html):
    for row in CLAIMS.to_dict("records"):
        for key in ("statement", "where", "value", "uncertainty", "verdict", "rule", "note"):
            assert printed(row[key]) in page.text
        assert row["target"] in page.text
    assert "1 depends on the damping" in page.text
    for figure, statement in (("fig5", "ψ"), ("rkky", "contact"), ("torque_errors", "pairs")):
        shown = html[html.index(f'<figure id="{figure}">') :]
        assert f'<span class="claim">{statement}</span>' in shown[: shown.index("</figure>")]


def test_nothing_is_loaded_from_elsewhere(page, html):
    assert all(source.startswith("data:") for source in page.loads)
    assert not {"script", "link", "iframe", "object", "embed"} & set(page.tags)
    assert not re.search(r"url\(|@import", html)


def test_page_is_well_formed_and_escaped(page):
    assert page.open == []
    assert "b" not in page.tags  # from the first claim
    assert "<b>small</b> &" in page.text


def test_settings_provenance_and_tables_are_shown(page):
    for words in ("N = 100, L = 5 ℓ", "abc1234", "numpy2.4", "seed, 7", "2.0 min", "ratio_to_t2_over_J"):
        assert words in page.text
    assert 64 * "f" not in page.text
    assert "Too long for this page" in page.text


def test_a_study_with_less_has_a_shorter_page(study, tmp_path):
    inputs, _ = study
    (tmp_path / "claims.csv").write_text(",".join(COLUMNS) + "\n")
    text = Page(render(report.TEMPLATE, inputs["figures"][:1], [], tmp_path / "claims.csv", study="mine")).text
    for words in ("none of the tables", "No runtimes", "No tables", "Study “mine”"):
        assert words.lower() in text.lower()


def test_the_job_writes_the_same_page_every_time(study, html, tmp_path):
    inputs, settings = study
    report.run(inputs, {"report": tmp_path / "report.html"}, settings)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html
    assert len(html) < 1e7


def test_times_of_jobs_that_ran_elsewhere_are_kept(study, tmp_path):
    """A job that was run again counts once, with its new time; jobs that differ in a number share a row."""
    archived = pd.DataFrame(
        [("quench/a-000", 10.0, 50.0), ("quench/b-000", 30.0, 60.0), ("claims", 99.0, 1.0)],
        columns=["job", "seconds", "memory_mb"],
    )
    write_csv(tmp_path / "runtimes.csv", archived)
    times = runtimes(job_times(study[1]["benchmarks"], tmp_path / "runtimes.csv"))
    assert (times["count"], times["total"]) == (4, "2.5 min")
    rows = {row["kind"]: row for row in times["rows"]}
    assert rows["claims"]["seconds"] == 1
    assert (rows["quench: a"]["jobs"], rows["quench: a"]["total"], rows["quench: a"]["longest"]) == (
        2,
        "2.0 min",
        "90.0 s",
    )
    assert (rows["quench: a"]["memory"], rows["quench: b"]["memory"]) == ("9000 MB", "60 MB")
    write_csv(tmp_path / "runtimes.csv", archived.drop(columns="seconds"))
    with pytest.raises(InputError, match=r"runtimes\.csv: column 'seconds' is missing"):
        job_times(None, tmp_path / "runtimes.csv")


def test_damaged_input_is_named(study, tmp_path):
    inputs, settings = study

    def refused(match, **changes):
        with pytest.raises(InputError, match=match):
            render(**{"template": report.TEMPLATE, **inputs, **changes}, **settings)

    write_csv(tmp_path / "claims.csv", CLAIMS.drop(columns="verdict"))
    refused(r"claims\.csv: column 'verdict' is missing", claims=tmp_path / "claims.csv")
    write_csv(tmp_path / "claims.csv", CLAIMS.assign(verdict="maybe"))
    refused(r"claims\.csv: verdict 'maybe' of sigma", claims=tmp_path / "claims.csv")
    (tmp_path / "p.json").write_text("{")
    refused(r"p\.json: not a JSON file", provenance=tmp_path / "p.json")
    refused(r"none\.j2: no such file", template=tmp_path / "none.j2")
    (tmp_path / "fig1.png").write_text("no image")
    refused(r"fig1\.png: not a PNG", figures=[tmp_path / "fig1.png"])
    (tmp_path / "a.csv").write_text("")
    refused(r"a\.csv: not a readable table", tables=[tmp_path / "a.csv"])


def paired(ratios, half=0.05, realizations=4):
    """Table of paired ratios, network against pair model, with relative intervals."""
    rows = [
        ("paper", "pair", "test", stage, ratio, ratio * (1 - half), ratio * (1 + half), realizations)
        for stage, ratio in zip(("random", "late"), ratios, strict=True)
    ]
    return pd.DataFrame(rows, columns="numerator denominator set stage ratio low high realizations".split())


def tables_of(**frames):
    tables = Tables([], labels=LABELS)
    tables._frames = frames
    return tables


@pytest.mark.parametrize(
    ("ratios", "half", "realizations", "answer"),
    [
        (
            (0.5, 0.6),
            0.05,
            4,
            "Yes: on structures that it was not trained on the paper's network is better in 2 of 2",
        ),
        ((0.5, 2.0), 0.05, 4, "Only in part:"),
        ((2.0, 2.0), 0.05, 4, "No, the network is worse:"),
        ((0.9, 0.98), 0.2, 4, "No:"),
        ((0.5, 0.5), np.nan, 1, "Too few realizations to say."),
    ],
)
def test_network_against_pair_model(ratios, half, realizations, answer):
    """Only comparisons with the pair model count."""
    other = paired((2.0, 2.0)).assign(denominator="linear")
    frame = pd.concat([other, paired(ratios, half, realizations)])
    assert beats_pair_model(tables_of(paired=frame)).startswith(answer)
    assert beats_pair_model(tables_of()) is None


def test_a_bad_force_field_is_the_first_thing_said():
    curves = pd.DataFrame({"model": ["exact", "small"]})
    errors = pd.DataFrame(
        {
            "model": ["small", "small", "small", "pair"],
            "member": ["single", "single", "committee", "-"],
            "set": ["training", "test", "test", "test"],
            "stage": ["random", "late", "late", "late"],
            "relative": [0.9, 0.45, 0.95, 0.99],
        }
    )
    said = bad_model(tables_of(fig4_correlation=curves, torque_errors=errors))
    assert "up to 45 % of the rms torque (set test, late)" in said
    errors.loc[1, "relative"] = 0.09
    assert bad_model(tables_of(fig4_correlation=curves, torque_errors=errors)) is None
    assert bad_model(tables_of(torque_errors=errors)) is None


def test_whose_fields_drive_the_dynamics_is_said():
    models = pd.DataFrame({"model": ["paper", "small"], "layers": ["8-8", "4-4"], "parameters": [2045313, 57211]})
    curves = pd.DataFrame({"model": ["exact", "small", "pair"]})
    words = networks(tables_of(models=models, fig4_correlation=curves))
    assert words == (
        "ML-LLG has the fields of the small network (layers 4-4, 57,211 parameters); that of the paper has "
        "2,045,313 parameters."
    )
    assert networks(tables_of(models=models)) is None


def test_whether_a_better_force_field_changes_the_growth():
    """A clear difference of 2 % is little, one of 20 % is not; where all intervals hold zero none can be seen."""
    errors = {"model": ["locator", "pair"], "parameters": [7, 50], "set": "a", "stage": "random"}
    words = locator(tables_of(locator_errors=pd.DataFrame(errors | {"relative": [0.001, 0.05]})))
    assert words.startswith("With 7 fitted numbers")
    assert words.endswith("divided by 50.")
    keys = {"ensemble": "fig5-pair-fast", "model": "pair", "damping": 1.0, "reference": "locator"}
    keys |= {"reference_ensemble": "locator-fast", "time": 3000.0, "quantity": "xi_naive", "reference_value": 1.0}
    for difference, low, start in ((0.02, 0.01, "Hardly: 1"), (0.2, 0.1, "Yes: 1"), (0.02, -0.01, "Not as far")):
        frame = pd.DataFrame([keys | {"difference": difference, "low": low, "high": 2 * difference}])
        assert locator_growth(tables_of(locator_quench_difference=frame)).startswith(start)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("0.1 t0 at 2.5 ell", "0.1 t<sub>0</sub> at 2.5 ℓ"),
        ("6e-4 < S_i . S_j", "6 × 10<sup>−4</sup> &lt; S<sub>i</sub> · S<sub>j</sub>"),
        ("xi_0 ~ (log t)^(1/psi), N^0.90", "ξ<sub>0</sub> ~ (log t)<sup>1/ψ</sup>, N<sup>0.90</sup>"),
        ("S x H for J <= 0.1, t >= 150, E - E_F", "S × H for J ≤ 0.1, t ≥ 150, E − E<sub>F</sub>"),
        ("3 realizations x 2, max x-ray, C^2", "3 realizations × 2, max x-ray, C<sup>2</sup>"),
        ("psi_specifications, -1 and 128-64", "psi_specifications, −1 and 128-64"),
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
