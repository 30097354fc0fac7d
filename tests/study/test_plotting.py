"""Figures: drawn from tables alone, also from poor ones; readable files; the same bytes every time."""

import io
import subprocess
import sys
import textwrap
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from matplotlib.text import Text
from renamed_tables import LABELS, write_renamed
from synthetic_tables import write_all

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass.registry import load_plugin
from sdglass_study.figures import FIGURES, _style, study_figures
from sdglass_study.figures._labels import Look
from sdglass_study.figures._make import make_all, make_figure
from sdglass_study.figures._tables import read_table, read_tables
from sdglass_study.figures.fig5 import best_window
from sdglass_study.jobs import figure as figure_job

PAPER = Path(__file__).resolve().parents[2] / "results" / "paper" / "tables"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables")
    write_all(path)
    return path


@pytest.fixture(scope="module")
def paper_tables(tmp_path_factory):
    """The tables of the study at the paper's size, with the names of today."""
    if not PAPER.is_dir():
        pytest.skip("results/paper/tables is not there")
    path = tmp_path_factory.mktemp("paper")
    write_renamed(PAPER, path)
    return path


@pytest.fixture
def changed(folder, tmp_path):
    """Return a function: write `change(frame)` of one table to a folder with copies of the others."""

    def change(name, function):
        for other in folder.glob("*.csv"):
            (tmp_path / other.name).write_bytes(other.read_bytes())
        write_csv(tmp_path / f"{name}.csv", function(pd.read_csv(folder / f"{name}.csv")))
        return tmp_path

    return change


def render(name, folder):
    """Draw one figure, coarsely and without its layout since only failures are of interest; return it."""
    with _style.journal():
        tables = read_tables({path.stem: path for path in folder.glob("*.csv")}, FIGURES[name])
        drawn = FIGURES[name].draw(tables, Look(LABELS))
        drawn.set_layout_engine("none")
        drawn.savefig(buffer := io.BytesIO(), dpi=40)
    buffer.seek(0)
    assert np.mean(imread(buffer)[..., :3].min(axis=-1) < 0.95) > 0.01
    return drawn


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn(name, folder, tmp_path):
    """A picture of the width of a journal page with something on it, and a PDF without a date."""
    make_figure(name, list(folder.glob("*.csv")), tmp_path / "x.png", tmp_path / "x.pdf", LABELS)
    pixels = imread(tmp_path / "x.png")
    assert pixels.shape[1] == _style.WIDTH * _style.DPI
    assert np.mean(pixels[..., :3].min(axis=-1) < 0.95) > 0.01
    pdf = (tmp_path / "x.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "studies"])
def test_every_figure_is_drawn_from_the_tables_of_the_paper_s_study(name, paper_tables):
    render(name, paper_tables)


def test_the_same_bytes_every_time(folder, tmp_path):
    for place in ("a", "b"):
        make_figure("time_step", list(folder.glob("*.csv")), tmp_path / f"{place}.png", tmp_path / f"{place}.pdf")
    for kind in ("png", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_the_registry_costs_nothing_to_read():
    code = "import sys; from sdglass_study.figures import study_figures; study_figures(['fig3_parity'])"
    heavy = "sys.exit(str({'matplotlib', 'pandas', 'torch', 'numba'} & sys.modules.keys()).replace('set()', ''))"
    done = subprocess.run([sys.executable, "-c", f"{code}; {heavy}"], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_a_study_has_the_figures_whose_tables_it_makes():
    everything = {table for figure in FIGURES.values() for table in figure.tables}
    assert study_figures(everything).keys() == FIGURES.keys()
    assert study_figures([]) == {}
    assert list(study_figures(["two_site", "rkky", "fig3_parity", "freezing"])) == ["rkky", "freezing"]
    assert (
        not {"network_size", "locator_quench"}
        & study_figures(everything - {"network_size", "locator_quench"}).keys()
    )


def test_a_figure_is_one_file(tmp_path):
    """Written by a user, it is drawn, and part of a study that makes its table."""
    (tmp_path / "ages.py").write_text(
        textwrap.dedent("""
        from sdglass_study.figures import _style, figure

        @figure(tables={"ages": "model:str age"}, title="Ages", caption="How old models are.", chapter="models")
        def draw(tables, look):
            page = _style.new_figure(2.0)
            axes = page.subplots()
            for row in tables["ages"].itertuples():
                axes.bar(look.label(row.model), row.age, color=look.color(row.model))
            return page
        """)
    )
    try:
        load_plugin(tmp_path / "ages.py")
        (tmp_path / "ages.csv").write_text("model,age\nsmall,3\npair,60\n")
        make_figure("ages", [tmp_path / "ages.csv"], tmp_path / "ages.png", labels=LABELS)
        assert (tmp_path / "ages.png").is_file()
        assert study_figures(["ages"])["ages"].chapter == "models"
    finally:
        del FIGURES._found["ages"]


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


def test_models_of_one_size_stand_side_by_side(folder):
    """Drawn at the same number of parameters, the bars of one would hide those of the other."""
    panel = render("network_size", folder).axes[0]
    places = [line.get_xdata()[0] for line in panel.get_lines() if line.get_marker() not in ("", "None", None)]
    assert len(places) == len(set(places)) == 8


def test_no_words_smaller_than_seven_points(folder):
    for name in ("learning_curves", "fig1", "fig5", "freezing"):
        words = [text for text in render(name, folder).findobj(Text) if text.get_text()]
        assert min(text.get_fontsize() for text in words) >= 7


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("fig4_correlation", ["low", "high"]),
        ("fig5_length", ["low", "high"]),
        ("torque_errors", ["low", "high", "relative"]),
        ("couplings", ["low", "high"]),
        ("freezing", ["torque_rms_error", "energy_error", "step_overlap", "step_overlap_error"]),
        ("time_step", ["energy_drift"]),
        ("fig5_fits", ["exponent", "exponent_low", "exponent_high", "amplitude"]),
    ],
)
def test_intervals_that_are_not_numbers(name, columns, changed):
    path = changed(name, lambda frame: frame.assign(**dict.fromkeys(columns, np.nan)))
    for figure in FIGURES.values():
        if name in figure.tables:
            render(figure.name, path)


@pytest.mark.parametrize(
    "name", ["fig4_correlation", "fig5_length", "fig5_correlation", "freezing", "error_along_quench"]
)
@pytest.mark.parametrize("which", ["min", "max"])
def test_a_single_time(name, which, changed):
    """The first time is zero, which a logarithmic axis cannot show."""
    path = changed(name, lambda frame: frame[frame.time == getattr(frame.time, which)()])
    render(next(figure.name for figure in FIGURES.values() if name in figure.tables), path)


@pytest.mark.parametrize(
    ("name", "table", "choice"),
    [
        ("fig2", "fig2_density_of_states", "coupling == 0"),
        ("fig3", "fig3_parity", "model == 'paper' and set == 'test'"),
        ("fig4", "fig4_correlation", "model != 'exact' and run == 'fig4-fast'"),
        ("fig4", "fig4_correlation", "model == 'exact'"),
        ("fig5", "fig5_fits", "law == 'power_law'"),
        ("fig5", "fig5_length", "ensemble == 'fig5-pair-fast' and estimator == 'naive'"),
        ("torque_errors", "torque_errors", "model == 'pair' and set == 'test-500'"),
        ("learning_curves", "learning_curves", "model == 'paper' and epoch == 1"),
        ("committee", "committee", "set == 'test'"),
        ("network_size", "network_size", "set == 'test' and stage == 'all'"),
        ("network_size", "network_size", "model in ['pair', 'linear']"),
        ("training_size", "training_size", "set == 'test-500' and model != 'pair'"),
        ("rkky", "rkky", "coupling == 6"),
        ("time_step", "time_step", "time_step == 1"),
        ("disconnected", "disconnected", "ensemble == 'fig5-pair-fast'"),
        ("couplings", "couplings", "model == 'second-order'"),
        ("studies", "studies", "quantity == 'gap'"),
    ],
)
def test_a_part_of_the_models_is_enough(name, table, choice, changed):
    render(name, changed(table, lambda frame: frame.query(choice)))


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
        first = frame[(frame.time > 2) & (frame.estimator == "naive")].index[0]
        frame = frame.reset_index(drop=True)
        frame.loc[first, ["xi", "low", "high"]] = 50.0, 40.0, 60.0
        return frame

    axes = render("fig5", changed("fig5_length", outlier)).axes[0]
    top = axes.get_ylim()[1]
    assert top < 50
    marked = [line for line in axes.get_lines() if line.get_marker() == "^" and len(line.get_xdata()) == 1]
    assert any(0.95 * top < line.get_ydata()[0] < top for line in marked)


def test_the_shading_ends_at_the_first_bin(changed):
    """Bins of 0.1 whose first centre is 0.55 begin at 0.5; shifted by 0.2 they begin at 0.7."""
    path = changed("fig4_correlation", lambda frame: frame.assign(distance=frame.distance + 0.2))
    shade = render("fig4", path).axes[0].patches[0]
    assert (shade.get_x(), shade.get_width()) == (0, pytest.approx(0.7))


def test_steps_of_another_length_are_left_out(changed):
    """Only snapshots 0.1 decades after the one before are compared; here every second interval is longer."""
    path = changed("freezing", lambda frame: frame.assign(ratio=np.where(frame.index % 2, 1.26, 1.5)))
    lines = [line.get_ydata() for line in render("freezing", path).axes[2].get_lines() if len(line.get_ydata())]
    frame = pd.read_csv(path / "freezing.csv")
    expected = ((frame.index % 2 == 1) & (frame.time > 0) & frame.step_overlap.notna()).sum()
    assert sum(np.isfinite(np.asarray(line, float)).sum() for line in lines) == expected


def test_bad_tables_are_refused_in_one_line(folder, changed, tmp_path):
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


def test_replot_draws_what_it_can_and_says_what_not(folder, tmp_path):
    for name in ("time_step.csv", "couplings.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "rkky.csv").write_text("coupling\n1\n")
    outcome = make_all(tmp_path, tmp_path / "figures")
    assert {name for name, reason in outcome.items() if reason is None} == {"time_step", "couplings"}
    assert "fig1_neighbourhood.csv not in" in outcome["fig1"]
    assert "column 'model' is missing" in outcome["rkky"]
    files = {path.name for path in (tmp_path / "figures").iterdir()}
    assert files == {"time_step.png", "time_step.pdf", "couplings.png", "couplings.pdf"}


def test_the_job_draws_what_its_settings_name(folder, tmp_path):
    inputs = {"tables": [str(path) for path in folder.glob("*.csv")]}
    figure_job.run(inputs, {"png": str(tmp_path / "c.png")}, {"name": "couplings", "labels": LABELS})
    assert [path.name for path in tmp_path.iterdir()] == ["c.png"]


def test_times_are_chosen_evenly_in_their_logarithm():
    times = np.concatenate([[0.0], np.geomspace(1, 1000, 31)])
    assert _style.spread_out(times, 4) == pytest.approx([1, 10, 100, 1000])
    assert _style.spread_out(times, 4, first=9.9)[0] == pytest.approx(10)
    assert list(_style.spread_out([0.0], 4)) == [0.0]


def test_numbers_for_people():
    assert _style.number(0.00123) == r"1.23\times 10^{-3}"
    assert _style.number(12.54) == "12.5"
    assert _style.number(163.0, 2) == "160"
    assert _style.number(np.inf) == r"\infty"
    assert _style.clock(3000.0) == "3000"
    assert _style.clock(0.5) == "0.5"
