"""Figures: drawn from tables alone, also from poor ones; readable files; the same bytes every time."""

import io
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import LABELS, ROOT
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from matplotlib.text import Text

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass_study.config import load_study
from sdglass_study.figures import FIGURES, _style, study_figures
from sdglass_study.figures._labels import Look
from sdglass_study.figures._make import make_all, make_figure
from sdglass_study.figures._tables import read_table, read_tables
from sdglass_study.figures.fig5 import best_window
from sdglass_study.jobs import figure as figure_job


@pytest.fixture
def paths(paper_tables):
    """{name: path} of all tables of a study."""
    return {path.stem: path for path in paper_tables.glob("*.csv")}


@pytest.fixture
def changed(paths, tmp_path):
    """Return a function: change(frame) of one table, and the others as they are; returns {name: path}."""

    def change(name, function):
        write_csv(tmp_path / f"{name}.csv", function(pd.read_csv(paths[name])))
        return paths | {name: tmp_path / f"{name}.csv"}

    return change


def render(name, paths):
    """Draw one figure, coarsely and without its layout since only failures are of interest; return it."""
    with _style.journal():
        drawn = FIGURES[name].draw(read_tables(paths, FIGURES[name]), Look(LABELS))
        drawn.set_layout_engine("none")
        drawn.savefig(buffer := io.BytesIO(), dpi=40)
    buffer.seek(0)
    assert np.mean(imread(buffer)[..., :3].min(axis=-1) < 0.95) > 0.01
    return drawn


# Of the paper's study: the others draw theirs in test_studies.py, `studies` is in test_compare_studies.py.
@pytest.mark.parametrize("name", sorted(load_study(yaml.safe_load((ROOT / "config.yaml").read_text())).figures()))
def test_every_figure_is_drawn(name, paths, tmp_path):
    """A picture of the width of a journal page with something on it, and a PDF without a date."""
    make_figure(name, list(paths.values()), tmp_path / "x.png", tmp_path / "x.pdf", LABELS)
    pixels = imread(tmp_path / "x.png")
    assert pixels.shape[1] == _style.WIDTH * _style.DPI
    assert np.mean(pixels[..., :3].min(axis=-1) < 0.95) > 0.01
    pdf = (tmp_path / "x.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf


def test_the_same_bytes_every_time(paths, tmp_path):
    contents = set()
    for place in ("a", "b"):
        outputs = {kind: str(tmp_path / f"{place}.{kind}") for kind in ("png", "pdf")}
        settings = {"name": "time_step", "labels": LABELS}
        figure_job.run({"tables": list(map(str, paths.values()))}, outputs, settings)
        contents.add(tuple((tmp_path / f"{place}.{kind}").read_bytes() for kind in ("png", "pdf")))
    assert len(contents) == 1


def test_a_study_has_the_figures_whose_tables_it_makes():
    everything = {table for figure in FIGURES.values() for table in figure.tables}
    assert study_figures(everything).keys() == FIGURES.keys()
    assert study_figures([]) == {}
    assert list(study_figures(["two_site", "rkky", "fig3_parity", "freezing"])) == ["rkky", "freezing"]


def as_seen(color, kind):
    """Return a colour as it is seen with a colour vision deficiency (Machado et al. 2009, severity 1)."""
    matrix = {
        "normal": np.eye(3),
        "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    }[kind]
    return np.clip(np.asarray(matrix) @ np.asarray(to_rgb(color)) ** 2.2, 0, 1) ** (1 / 2.2)


@pytest.mark.parametrize("kind", ["normal", "protanopia", "deuteranopia"])
def test_the_main_models_are_told_apart_by_every_eye(kind):
    look = Look(LABELS)
    main = ("exact", "paper", "pair", "linear", "locator", "small")
    seen = {name: as_seen(look.color(name), kind) for name in main}
    assert min(np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(main, 2)) > 0.2
    assert len({(look.color(name), look.marker(name)) for name in LABELS}) == len(LABELS)


def test_models_look_the_same_in_every_figure():
    look = Look({"net": "my network", "pair": "pairs"})
    assert (look.label("net"), look.label("exact"), look.label("a_b")) == ("my network", "exact (ED)", "a b")
    assert look.color("net") == Look().color("anything") == _style.BLUE  # the first one that is learned
    assert look.color("pair") == _style.VERMILLION
    assert look.order(["x", "pair", "exact", "net", "x"]) == ["exact", "net", "pair", "x"]
    assert look.learned(["exact", "pair", "x", "net"]) == "x"
    assert look.learned(["exact", "pair"]) is None


def test_models_of_one_size_stand_side_by_side(paths):
    """Drawn at the same number of parameters, the bars of one would hide those of the other."""
    panel = render("network_size", paths).axes[0]
    places = [line.get_xdata()[0] for line in panel.get_lines() if line.get_marker() not in ("", "None", None)]
    assert len(places) == len(set(places)) > 3


def test_no_words_smaller_than_seven_points(paths):
    for name in ("learning_curves", "fig1", "fig5", "freezing"):
        words = render(name, paths).findobj(Text)
        assert min(text.get_fontsize() for text in words if text.get_text()) >= 7


def nan(*columns):
    return lambda frame: frame.assign(**dict.fromkeys(columns, np.nan))


def rows(choice):
    return lambda frame: frame.query(choice)


@pytest.mark.parametrize(
    ("name", "table", "change"),
    [
        ("fig4", "fig4_correlation", nan("low", "high")),
        ("fig4", "fig4_correlation", rows("model == 'exact'")),
        ("fig4", "fig4_correlation", rows("time == 0")),  # which a logarithmic axis cannot show
        ("fig5", "fig5_length", nan("low", "high")),
        ("fig5", "fig5_length", rows("time == 0")),
        ("fig5", "fig5_fits", nan("exponent", "exponent_low", "exponent_high", "amplitude")),
        ("torque_errors", "torque_errors", nan("low", "high", "relative")),
        ("torque_errors", "torque_errors", rows("model == 'pair' and set == 'test-500'")),
        ("freezing", "freezing", nan("torque_rms_error", "energy_error", "step_overlap", "step_overlap_error")),
        ("freezing", "freezing", rows("time == 0")),
        ("error_along_quench", "error_along_quench", rows("time == 0")),
        ("learning_curves", "learning_curves", rows("model == 'paper' and epoch == 1")),
        ("network_size", "network_size", rows("model in ['pair', 'linear']")),
        ("couplings", "couplings", rows("model == 'second-order'")),
    ],
)
def test_poor_tables_are_drawn_too(name, table, change, changed):
    """Without intervals, without most models, with a single time."""
    render(name, changed(table, change))


def test_the_strips_show_the_paired_differences(changed):
    """All set to 0.25: the strips must show that, whatever the correlations are."""

    def strips(path):
        axes = render("fig4", path).axes[2:]
        return [line.get_ydata() for panel in axes for line in panel.get_lines() if len(line.get_ydata()) > 2]

    path = changed("fig4_difference", lambda frame: frame.assign(difference=0.25, low=0.2, high=0.3))
    lines = strips(path)
    assert len(lines) == 20  # two models, two runs, five times
    assert all(np.all(line == 0.25) for line in lines)


def test_the_headline_exponent_is_of_the_latest_window_with_growth():
    rows = [
        ("barrier", 30.0, 6000.0, 4.0, 9.0),
        ("barrier", 100.0, 1000.0, 5.0, 9.0),
        ("barrier", 100.0, 6000.0, 6.0, 9.0),
        ("barrier", 700.0, 6000.0, 8.0, np.inf),  # the slope may be zero
        ("barrier", 800.0, 6000.0, np.nan, np.nan),  # xi shrinks
        ("power_law", 30.0, 300.0, 40.0, 90.0),
    ]
    fits = pd.DataFrame(rows, columns=["law", "start", "stop", "exponent", "exponent_high"])
    fits = fits.assign(time_unit=np.where(fits.law == "barrier", 1.0, np.nan), exponent_low=1.0)
    assert best_window(fits, "barrier", 1.0).exponent == 6.0
    assert best_window(fits, "power_law").exponent == 40.0
    assert best_window(fits, "barrier", 10.0) is None
    assert best_window(fits[fits.start == 800.0], "barrier", 1.0) is None


def test_no_growth_is_said_only_where_no_window_has_it(changed):
    """One window of many grows: its exponent is in the legend, and nothing beside it says that there is none."""

    def legends(path):
        boxes = [axes.get_legend() for axes in render("fig5", path).axes if axes.get_legend()]
        return [text.get_text() for box in boxes for text in box.get_texts()]

    def only_window(frame):
        chosen = (frame.start == 100) & (frame.stop == 3000)
        frame = frame.assign(exponent=5.0, exponent_low=4.0, exponent_high=np.inf)
        frame.loc[chosen, "exponent_high"] = 7.0
        return frame

    words = legends(changed("fig5_fits", only_window))
    assert sum(r"$\psi = 5\ [4,\,7]$, $100\leq t\leq3000$" in text for text in words) == 6  # 3 curves, 2 panels
    assert not any("no significant growth" in text for text in words)
    words = legends(changed("fig5_fits", lambda frame: frame.assign(exponent_high=np.inf)))
    assert sum(text == "no significant growth in any window" for text in words) == 6


def test_lengths_beyond_the_frame_are_marked(changed):
    def outlier(frame):
        shown = (frame.ensemble == "fig5-pair-slow") & (frame.estimator == "naive") & (frame.time > 2)
        first = frame.index[shown][0]
        frame = frame.reset_index(drop=True)
        frame.loc[first, ["xi", "low", "high"]] = 50.0, 40.0, 60.0
        return frame

    axes = render("fig5", changed("fig5_length", outlier)).axes[0]
    top = axes.get_ylim()[1]
    assert top < 50
    marked = np.concatenate([line.get_ydata() for line in axes.get_lines() if line.get_marker() == "^"])
    assert ((0.95 * top < marked) & (marked < top)).any()


def test_steps_of_another_length_are_left_out(changed):
    """Only snapshots 0.1 decades after the one before are compared; here every second interval is longer."""
    path = changed("freezing", lambda frame: frame.assign(ratio=np.where(frame.index % 2, 1.26, 1.5)))
    lines = [line.get_ydata() for line in render("freezing", path).axes[2].get_lines() if len(line.get_ydata())]
    frame = pd.read_csv(path["freezing"])
    expected = ((frame.index % 2 == 1) & (frame.time > 0) & frame.step_overlap.notna()).sum()
    assert sum(np.isfinite(np.asarray(line, float)).sum() for line in lines) == expected


def test_bad_tables_are_refused_in_one_line(changed, tmp_path):
    figure = FIGURES["rkky"]
    with pytest.raises(InputError, match=r"figure 'rkky' needs the table rkky\.csv"):
        read_tables({}, figure)
    with pytest.raises(InputError, match="figure 'fig9' is unknown"):
        make_figure("fig9", [])
    columns, path = figure.tables["rkky"], tmp_path / "rkky.csv"
    for change, words in (
        (lambda frame: frame.head(0), "holds no rows"),
        (lambda frame: frame.assign(coupling="strong"), "column 'coupling' holds 'strong'; expected numbers"),
        (
            lambda frame: frame.drop(columns="standard_error"),
            "column 'standard_error' is missing; it holds coupling,",
        ),
    ):
        changed("rkky", change)
        with pytest.raises(InputError, match=rf"rkky\.csv: {words}"):
            read_table(path, columns)
    path.write_text("")
    with pytest.raises(InputError, match=r"rkky\.csv: not a readable table"):
        read_table(path, columns)
    path.unlink()
    with pytest.raises(InputError, match=r"rkky\.csv: no such file"):
        read_table(path, columns)


def test_replot_draws_what_it_can_and_says_what_not(paper_tables, tmp_path):
    for name in ("time_step.csv", "couplings.csv"):
        (tmp_path / name).write_bytes((paper_tables / name).read_bytes())
    (tmp_path / "rkky.csv").write_text("coupling\n1\n")
    outcome = make_all(tmp_path, tmp_path / "figures")
    assert {name for name, reason in outcome.items() if reason is None} == {"time_step", "couplings"}
    assert "fig1_neighbourhood.csv not in" in outcome["fig1"]
    assert "column 'model' is missing" in outcome["rkky"]
    files = {path.name for path in (tmp_path / "figures").iterdir()}
    assert files == {"time_step.png", "time_step.pdf", "couplings.png", "couplings.pdf"}


def test_times_are_chosen_evenly_in_their_logarithm():
    times = np.concatenate([[0.0], np.geomspace(1, 1000, 31)])
    assert _style.spread_out(times, 4) == pytest.approx([1, 10, 100, 1000])
    assert _style.spread_out(times, 4, first=9.9)[0] == pytest.approx(10)
    assert list(_style.spread_out([0.0], 4)) == [0.0]
