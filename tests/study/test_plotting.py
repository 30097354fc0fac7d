"""Figures: drawn from tables alone, also from poor ones; readable files; the same bytes every time."""

import io
import subprocess
import sys
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from matplotlib.text import Text
from synthetic_tables import write_all

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass.observables.domain_growth import LEAST_RATIO
from sdglass_study.figures import style, tables
from sdglass_study.figures.fig5 import best_window
from sdglass_study.figures.make import make_all, make_figure
from sdglass_study.figures.registry import FIGURES, get_figure, study_figures

LOCATOR = ("locator_errors", "locator_ablation", "locator_quench")
ASKED = (*LOCATOR, "sweep")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables")
    write_all(path)
    return path


@pytest.fixture
def changed(folder, tmp_path):
    """Return a function: write `change(frame)` of one table to a folder with copies of the others."""

    def change(name, function):
        for other in folder.glob("*.csv"):
            (tmp_path / other.name).write_bytes(other.read_bytes())
        write_csv(tmp_path / name, function(pd.read_csv(folder / name)))
        return tmp_path

    return change


def check_image(path):
    """A decodable picture of the width of a journal page, with something on it."""
    pixels = imread(path)
    assert pixels.shape[1] == style.WIDTH * style.DPI
    assert pixels.shape[0] > 400
    # At least 1 % of the page is not white.
    assert np.mean(pixels[..., :3].min(axis=-1) < 0.95) > 0.01


def render(name, folder):
    """Draw one figure, coarsely and without its layout since only failures are of interest; return it."""
    figure = get_figure(name)
    with style.journal():
        drawn = import_module(figure.module).draw(tables.read_tables(folder, figure))
        drawn.set_layout_engine("none")
        drawn.savefig(buffer := io.BytesIO(), dpi=40)
    buffer.seek(0)
    pixels = imread(buffer)
    assert np.mean(pixels[..., :3].min(axis=-1) < 0.95) > 0.01
    return drawn


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn(name, folder, tmp_path):
    make_figure(name, folder, tmp_path / "x.png", tmp_path / "x.pdf")
    check_image(tmp_path / "x.png")
    start = (tmp_path / "x.pdf").read_bytes()
    assert start.startswith(b"%PDF")
    assert b"CreationDate" not in start


def test_the_same_bytes_every_time(folder, tmp_path):
    for place in ("one", "two"):
        make_figure("time_step", folder, tmp_path / f"{place}.png", tmp_path / f"{place}.pdf")
    for kind in ("png", "pdf"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_registry_lists_known_tables_and_does_not_load_matplotlib():
    for figure in FIGURES.values():
        assert {*figure.tables, *figure.optional} <= tables.COLUMNS.keys()
    code = "import sys, sdglass_study.figures.registry; sys.exit('matplotlib' in sys.modules or 'pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_study_has_the_figures_of_the_comparisons_that_it_makes():
    assert FIGURES.keys() - study_figures([]).keys() == {"network_size", "training_size", *ASKED}
    assert FIGURES.keys() - study_figures(["network_size", "activation"]).keys() == {"training_size", *ASKED}
    assert FIGURES.keys() - study_figures(["locator"]).keys() == {"network_size", "training_size", "sweep"}


def test_every_network_of_a_crowded_study_has_a_learning_curve(changed):
    """Sixteen variants in rows of four, the last of them short."""

    def copies(frame):
        some = frame[(frame.variant == "bond") & (frame.fold == 0)]
        return pd.concat([some.assign(variant=f"variant-{k}") for k in range(14)])

    axes = render("learning_curves", changed("learning_curves.csv", copies)).axes
    assert [one.get_title() for one in axes] == [f"variant-{k}" for k in range(14)]
    assert [bool(one.get_xlabel()) for one in axes] == [False] * 10 + [True] * 4


def test_models_of_one_size_stand_side_by_side(folder):
    """Drawn at the same number of parameters, the bars of one would hide those of the other."""
    panel = render("network_size", folder).axes[0]
    places = [line.get_xdata()[0] for line in panel.get_lines() if line.get_marker() not in ("", "None", None)]
    assert len(places) == len(set(places)) == 8


def test_no_words_smaller_than_seven_points(folder):
    for name in ("learning_curves", "fig1", "fig5", "freezing"):
        words = [text for text in render(name, folder).findobj(Text) if text.get_text()]
        assert min(text.get_fontsize() for text in words) >= 7


NO_BANDS = {
    "fig4": ("fig4_correlation.csv", ["low", "high"]),
    "fig5": ("fig5_length.csv", ["low", "high"]),
    "torque_errors": ("torque_errors.csv", ["low", "high", "relative"]),
    "couplings": ("couplings.csv", ["low", "high"]),
    "freezing": ("freezing.csv", ["torque_rms_error", "energy_error", "step_overlap", "step_overlap_error"]),
    "time_step": ("time_step.csv", ["energy_drift"]),
}


@pytest.mark.parametrize("name", NO_BANDS)
def test_intervals_that_are_not_numbers(name, changed):
    table, columns = NO_BANDS[name]
    path = changed(table, lambda frame: frame.assign(**dict.fromkeys(columns, np.nan)))
    render(name, path)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("fig4", "fig4_correlation.csv"),
        ("fig5", "fig5_length.csv"),
        ("large_correlation", "fig5_correlation.csv"),
        ("freezing", "freezing.csv"),
        ("error_along_quench", "error_along_quench.csv"),
    ],
)
@pytest.mark.parametrize("which", ["first", "last"])
def test_a_single_time(name, table, which, changed):
    """The first time is zero, which a logarithmic axis cannot show."""
    pick = {"first": pd.Series.min, "last": pd.Series.max}[which]
    path = changed(table, lambda frame: frame[frame.time == pick(frame.time)])
    render(name, path)


@pytest.mark.parametrize(
    ("name", "table", "choice"),
    [
        ("fig2", "fig2_density_of_states.csv", "coupling == 0"),
        ("fig3", "fig3_parity.csv", "model == 'bond' and set == 'unseen'"),
        ("fig4", "fig4_correlation.csv", "engine != 'exact' and run == 'fast'"),
        ("fig4", "fig4_correlation.csv", "engine == 'exact'"),
        ("fig5", "fig5_fits.csv", "model == 'power_law'"),
        ("fig5", "fig5_length.csv", "ensemble == 'pair-fast' and estimator == 'naive'"),
        ("torque_errors", "torque_errors.csv", "model == 'pair' and set == 'large'"),
        ("learning_curves", "learning_curves.csv", "variant == 'bond' and epoch == 1"),
        ("committee", "committee.csv", "set == 'unseen'"),
        ("network_size", "network_size.csv", "set == 'unseen' and stage == 'all'"),
        ("network_size", "network_size.csv", "model in ['pair', 'linear']"),
        ("training_size", "training_size.csv", "set == 'large' and model != 'pair'"),
        ("rkky", "rkky.csv", "coupling == 6"),
        ("time_step", "time_step.csv", "time_step == 1"),
        ("disconnected", "disconnected.csv", "ensemble == 'pair-fast'"),
        ("couplings", "couplings.csv", "model == 'second-order'"),
    ],
)
def test_a_part_of_the_models_is_enough(name, table, choice, changed):
    render(name, changed(table, lambda frame: frame.query(choice)))


def test_paired_differences_are_drawn_where_there_are_any(folder, changed):
    """All set to 0.25: the strips must show that, whatever the correlations are; without the table they do not."""

    def strips(path):
        axes = render("fig4", path).axes[2:]
        return [line.get_ydata() for panel in axes for line in panel.get_lines() if len(line.get_ydata()) > 2]

    paired = {"difference": 0.25, "low": 0.2, "high": 0.3}
    path = changed("fig4_difference.csv", lambda frame: frame.assign(**paired))
    lines = strips(path)
    assert len(lines) == 20  # two models, two runs, five times
    assert all(np.all(line == 0.25) for line in lines)
    (path / "fig4_difference.csv").unlink()
    lines = strips(path)
    assert len(lines) == 20
    assert max(np.abs(line).max() for line in lines) < 0.1


def test_fits_without_any_exponent(changed):
    columns = ["exponent", "exponent_low", "exponent_high", "amplitude"]
    path = changed("fig5_fits.csv", lambda frame: frame.assign(**dict.fromkeys(columns, np.nan)))
    render("fig5", path)


def test_captions_state_the_narrowest_window():
    for name in ("fig5", "psi_multiverse"):
        assert f"ends at no less than {LEAST_RATIO:g} times its start" in FIGURES[name].caption


def windows(rows):
    """Return fits: model, start, stop, exponent, end of its interval; in the unit of time 1."""
    fits = pd.DataFrame(rows, columns=["model", "start", "stop", "exponent", "exponent_high"])
    return fits.assign(time_unit=np.where(fits.model == "barrier", 1.0, np.nan), exponent_low=1.0)


def test_the_headline_exponent_is_of_the_latest_window_with_growth():
    fits = windows(
        [
            ("barrier", 30.0, 6000.0, 4.0, 9.0),
            ("barrier", 100.0, 1000.0, 5.0, 9.0),
            ("barrier", 100.0, 6000.0, 6.0, 9.0),
            ("barrier", 700.0, 6000.0, 8.0, np.inf),  # the slope may be zero
            ("barrier", 800.0, 6000.0, np.nan, np.nan),  # xi shrinks
            ("power_law", 30.0, 300.0, 40.0, 90.0),
        ]
    )
    assert best_window(fits, "barrier", 1.0).exponent == 6.0
    assert best_window(fits, "power_law").exponent == 40.0
    assert best_window(fits, "barrier", 10.0) is None
    assert best_window(fits[fits.start == 800.0], "barrier", 1.0) is None


def legends(figure):
    return [text.get_text() for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()]


def test_no_growth_is_said_only_where_no_window_has_it(changed):
    """One window of many grows: its exponent is in the legend, and nothing beside it says that there is none."""

    def one_window(frame):
        chosen = (frame.start == 100) & (frame.stop == 3000)
        ends = {"exponent": 5.0, "exponent_low": 4.0, "exponent_high": np.inf}
        frame = frame.assign(**ends)
        frame.loc[chosen, "exponent_high"] = 7.0
        return frame

    words = legends(render("fig5", changed("fig5_fits.csv", one_window)))
    assert sum(r"$\psi = 5\ [4,\,7]$, $100\leq t\leq3000$" in text for text in words) == 6  # 3 curves, 2 panels
    assert not any("no significant growth" in text for text in words)
    path = changed("fig5_fits.csv", lambda frame: frame.assign(exponent_high=np.inf))
    words = legends(render("fig5", path))
    assert sum(text == "no significant growth in any window" for text in words) == 6


def test_lengths_beyond_the_frame_are_marked(changed):
    def outlier(frame):
        first = frame[(frame.time > 2) & (frame.estimator == "naive")].index[0]
        frame = frame.reset_index(drop=True)
        frame.loc[first, ["xi", "low", "high"]] = 50.0, 40.0, 60.0
        return frame

    axes = render("fig5", changed("fig5_length.csv", outlier)).axes[0]
    top = axes.get_ylim()[1]
    assert top < 50
    marked = [line for line in axes.get_lines() if line.get_marker() == "^" and len(line.get_xdata()) == 1]
    assert any(0.95 * top < line.get_ydata()[0] < top for line in marked)


def test_the_shading_ends_at_the_first_bin(changed):
    """Bins of 0.1 whose first centre is 0.55 begin at 0.5; shifted by 0.2 they begin at 0.7."""
    path = changed("fig4_correlation.csv", lambda frame: frame.assign(distance=frame.distance + 0.2))
    (path / "fig4_difference.csv").unlink()
    shade = render("fig4", path).axes[0].patches[0]
    assert shade.get_x() == 0
    assert shade.get_width() == pytest.approx(0.7)


def test_steps_of_another_length_are_left_out(changed):
    """Only snapshots 0.1 decades after the one before are compared; here every second interval is longer."""
    path = changed("freezing.csv", lambda frame: frame.assign(ratio=np.where(frame.index % 2, 1.26, 1.5)))
    lines = [line.get_ydata() for line in render("freezing", path).axes[2].get_lines() if len(line.get_ydata())]
    frame = tables.read_table(path, "freezing.csv")
    expected = ((frame.index % 2 == 1) & (frame.time > 0) & frame.step_overlap.notna()).sum()
    assert sum(np.isfinite(np.asarray(line, float)).sum() for line in lines) == expected


def test_every_damping_has_its_curve(folder):
    left, right = render("time_step", folder).axes
    curves = [line for line in left.get_lines() if not line.get_label().startswith("_")]
    assert len(curves) == 4  # two integrators, two dampings
    assert len(right.get_lines()) == 2  # without damping


def test_optional_table_may_be_absent(folder, tmp_path):
    (tmp_path / "rkky.csv").write_bytes((folder / "rkky.csv").read_bytes())
    render("rkky", tmp_path)


@pytest.mark.parametrize("name", tables.COLUMNS)
def test_missing_column_is_named(name, changed):
    column = tables.COLUMNS[name].split()[-1]
    path = changed(name, lambda frame: frame.drop(columns=column))
    with pytest.raises(InputError, match=rf"{name}.*column '{column}' is missing"):
        tables.read_table(path, name)


def test_bad_tables_are_refused(changed, tmp_path):
    with pytest.raises(InputError, match=r"rkky\.csv: no such file"):
        tables.read_table(tmp_path, "rkky.csv")
    path = changed("rkky.csv", lambda frame: frame.head(0))
    with pytest.raises(InputError, match=r"rkky\.csv: holds no rows"):
        tables.read_table(path, "rkky.csv")
    path = changed("rkky.csv", lambda frame: frame.assign(coupling="strong"))
    with pytest.raises(InputError, match=r"rkky\.csv: column 'coupling' holds 'strong'; expected numbers"):
        tables.read_table(path, "rkky.csv")
    (tmp_path / "rkky.csv").write_text("")
    with pytest.raises(InputError, match=r"rkky\.csv: not a readable table"):
        tables.read_table(tmp_path, "rkky.csv")


def test_unknown_figure():
    with pytest.raises(InputError, match="figure 'fig9' does not exist; expected one of fig1, "):
        get_figure("fig9")


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


def test_steps_from_the_command_line(folder, tmp_path):
    def step(name, *arguments):
        command = [sys.executable, "-m", f"sdglass_study.jobs.{name}", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True)

    done = step("figure", "couplings", "--tables", folder, "--out-png", tmp_path / "c.png")
    assert done.returncode == 0, done.stderr
    check_image(tmp_path / "c.png")
    done = step("figure", "couplings", "--tables", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "couplings.csv: no such file" in done.stderr


def test_times_are_chosen_evenly_in_their_logarithm():
    times = np.concatenate([[0.0], np.geomspace(1, 1000, 31)])
    assert style.spread_out(times, 4) == pytest.approx([1, 10, 100, 1000])
    assert style.spread_out(times, 4, first=9.9)[0] == pytest.approx(10)
    assert list(style.spread_out([0.0], 4)) == [0.0]


def test_numbers_for_people():
    assert style.number(0.00123) == r"1.23\times 10^{-3}"
    assert style.number(12.54) == "12.5"
    assert style.number(163.0, 2) == "160"
    assert style.number(np.inf) == r"\infty"
    assert style.clock(3000.0) == "3000"
    assert style.clock(0.5) == "0.5"


def test_a_sweep_without_some_of_its_figures(changed):
    """What no value has is said to be missing; the rest is drawn."""
    some = changed("sweep.csv", lambda frame: frame[frame.quantity == "gap"])
    (some / "sweep_correlation.csv").unlink()
    panels = render("sweep", some).axes
    words = [[text.get_text() for text in axes.texts] for axes in panels]
    assert [("not made" in one) for one in words] == [True, True, True, True, False, True]
