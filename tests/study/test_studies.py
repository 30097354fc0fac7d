"""The studies of other magnets: their analyses against what is known, and the whole of them at smoke scale."""

import csv

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from workflow_runs import copy_study, planned, snakemake

from sdglass import SDModel, Shells
from sdglass.observables.domains import Sheet
from sdglass_study.analysis import run_analysis
from sdglass_study.analysis._coarsening import DEFINITIONS, box_edge, length_rows, lengths_of, slope_rows
from sdglass_study.analysis._ensembles import Resampling
from sdglass_study.analysis._phi4 import Control, control_runs
from sdglass_study.claims import CLAIMS, MEASURED, Tables

STUDIES = ["tetrahedral"]
# What short runs on small lattices may not show.
MAY_LACK = {"porod", "growth-control", "linear-growth", "wall-directions"}
RESAMPLING = Resampling(seed=1, confidence=0.95, bootstrap=200, splits=2)


def test_energies_of_tetrahedral_order():
    """From exact diagonalization elsewhere: -2.62382 and a gap of 1.40 at J = 3; the ferromagnet wins at J = 5."""
    electrons = SDModel(coupling=3.0, filling=0.25, temperature=1e-3, hopping=Shells()).to_dict()
    settings = {"couplings": [3.0, 5.0], "fillings": [0.25], "grid": 60, "checked": 6}
    common = {"electrons": electrons}
    frame = run_analysis("tetrahedral_energies", settings, {}, common=common)["tetrahedral_energies"]
    assert frame.difference_to_ed.abs().max() < 1e-12
    energy = frame.pivot(index="coupling", columns="order", values="energy_per_site")
    assert energy.loc[3.0, "tetrahedral"] == pytest.approx(-2.62382, abs=2e-5)
    assert energy.loc[3.0, "ferromagnet"] == pytest.approx(-2.50040, abs=1e-3)
    assert energy.loc[5.0].idxmin() == "ferromagnet"
    assert energy.loc[3.0].idxmin() == "tetrahedral"
    assert frame.gap[0] == pytest.approx(1.40, abs=0.01)


def test_slopes_of_a_power_law_end_where_the_box_ends():
    times = np.geomspace(1.0, 1000.0, 31)
    spread = 1 + 0.01 * np.random.default_rng(0).standard_normal((6, 1))
    lengths = {"correlation": 0.1 * times**0.75 * spread}
    rows = slope_rows({}, times, lengths, 40.0, [(1.0, 1000.0), (900.0, 1000.0)], 4.0, RESAMPLING)
    (window,) = (row for row in rows if row["kind"] == "window")
    assert window["slope"] == pytest.approx(0.75, abs=1e-9)
    assert window["high"] - window["low"] < 1e-9  # the runs differ by a factor alone
    assert 0.15 < window["reach"] <= 0.2  # at 0.2 of the box, not at the end
    assert all(row["slope"] == pytest.approx(0.75) for row in rows)


def test_the_control_grows_with_the_root_of_time():
    """Before its walls have formed, diffusion does the same as curvature later."""
    structure, field = control_runs(Control(cells=64, runs=4), times := np.geomspace(1.0, 4.0, 7), seed=3)
    sheet = Sheet(structure)
    lengths = lengths_of(sheet, field)
    assert set(lengths) == set(DEFINITIONS)
    (row, *_) = slope_rows({}, times, {"walls": lengths["walls"]}, box_edge(sheet), [(1.0, 4.0)], 2.0, RESAMPLING)
    assert row["slope"] == pytest.approx(0.5, abs=0.1)
    table = length_rows({"ensemble": "a"}, times, lengths, RESAMPLING)
    assert len(table) == 3 * len(times)
    assert all(row["low"] <= row["length"] <= row["high"] for row in table)


def test_the_control_keeps_a_lattices_neighbours():
    structure, field = control_runs(Control(cells=6, runs=1), [0.0, 0.2], seed=1)
    before, after = field[:, 0]
    around = [
        sum(before[j] for j in range(36) if abs(_distance(structure, i, j) - 1) < 1e-6) - 6 * before[i]
        for i in range(36)
    ]
    np.testing.assert_allclose(after, before + 0.2 * (before - before**3 + np.array(around) / 1.5))


def _distance(structure, i, j):
    steps = [a * structure.cell[0] + b * structure.cell[1] for a in (-1, 0, 1) for b in (-1, 0, 1)]
    return np.linalg.norm(structure.positions[i] - structure.positions[j] + steps, axis=1).min()


def judge(claim, **tables):
    """Return the verdict of a claim on tables, lists of rows."""
    made = Tables([])
    made._frames.update({name: pd.DataFrame(rows) for name, rows in tables.items()})
    found = CLAIMS[claim].measure(made)
    return found and found.verdict


def slopes(*ends, damping=1.0, model="exact", ensemble="damped"):
    """Return windows of the definitions a, b, .. with the given intervals."""
    return [
        {"ensemble": ensemble, "model": model, "definition": name, "kind": "window", "damping": damping}
        | {"start": 1.0, "stop": 9.0, "slope": (low + high) / 2, "low": low, "high": high, "runs": 4, "reach": 0.1}
        for name, (low, high) in zip("abc", ends, strict=False)
    ]


LINEAR, HALF, BOTH = (0.9, 1.1), (0.4, 0.6), (0.4, 1.1)


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (slopes(LINEAR, LINEAR), "reproduced"),
        (slopes(HALF, HALF), "not reproduced"),
        (slopes(LINEAR, HALF), "depends on the analysis"),
        (slopes(BOTH, BOTH), "partly"),
        (slopes(LINEAR) + slopes(HALF, damping=0.05, ensemble="slow"), "depends on the damping"),
        (slopes(LINEAR) + slopes(HALF, model="pair"), "reproduced"),
        ([row | {"kind": "local"} for row in slopes(LINEAR)], None),
    ],
)
def test_linear_growth_is_judged_by_every_window(rows, verdict):
    assert judge("linear-growth", chirality_slopes=rows) == verdict


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((HALF, HALF, HALF), "reproduced"),
        ((HALF, HALF, LINEAR), "partly"),
        ((HALF, LINEAR, LINEAR), "not reproduced"),
    ],
)
def test_the_control_is_judged(ends, verdict):
    assert judge("growth-control", chirality_slopes=slopes(*ends, ensemble="control", model="control")) == verdict


@pytest.mark.parametrize(
    ("value", "half", "control", "verdict"),
    [(0.3, 0.1, 0.05, "reproduced"), (-0.3, 0.1, 0.4, "partly"), (0.01, 0.1, 0.05, "not reproduced")],
)
def test_walls_are_judged_beside_the_control(value, half, control, verdict):
    row = {"ensemble": "damped", "model": "exact", "time": 9.0, "runs": 4}
    rows = [row | {"sixfold": value, "low": value - half, "high": value + half}]
    rows += [row | {"ensemble": "control", "model": "control", "sixfold": control}]
    assert judge("wall-directions", chirality_anisotropy=rows) == verdict


@pytest.mark.parametrize(("value", "verdict"), [(3.1, "reproduced"), (2.6, "partly"), (2.0, "not reproduced")])
def test_tails_are_judged(value, verdict):
    row = {"model": "exact", "time": 9.0, "exponent": value, "low": value - 0.2, "high": value + 0.2}
    assert judge("porod", chirality_tail=[row | {"start": 1.0, "stop": 2.0}]) == verdict


@pytest.mark.parametrize(
    ("ends", "verdict"), [((0.7, 0.68), "reproduced"), ((0.7, 0.2), "partly"), ((0.1, 0.2), "not reproduced")]
)
def test_order_of_approximate_forces_is_judged(ends, verdict):
    models = dict(zip(("exact", "kernel", "pair"), (0.7, *ends), strict=True))
    order = [
        {"ensemble": "small", "model": name, "quantity": "local_chirality", "time": 9.0, "value": value}
        for name, value in models.items()
    ]
    errors = [{"ensemble": "small", "model": name, "relative": 0.1, "runs": 2} for name in ("kernel", "pair")]
    assert judge("tetrahedral-models", chirality_order=order, torque_along_quench=errors) == verdict


def test_the_range_of_order_is_judged():
    def rows(at_quarter, at_three):
        return [
            {"coupling": j, "filling": f, "order": order, "energy_per_site": e, "difference_to_ed": 1e-15}
            for f, ahead in ((0.25, at_quarter), (0.75, at_three))
            for j, a in zip((1.0, 2.0, 3.0), ahead, strict=True)
            for order, e in (("tetrahedral", -1.0), ("stripes", -1.0 + a))
        ]

    assert judge("tetrahedral-range", tetrahedral_energies=rows((1, 1, -1), (1, -1, -1))) == "reproduced"
    assert judge("tetrahedral-range", tetrahedral_energies=rows((-1, -1, -1), (1, -1, -1))) == "not reproduced"


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_another_magnet_is_complete(name, tmp_path):
    copy_study(tmp_path)
    files = [f"workflow/studies/{name}.yaml", f"workflow/studies/{name}-smoke.yaml"]
    done = snakemake(tmp_path, "--configfile", *files)
    assert done.returncode == 0, done.stdout[-3000:]
    results = tmp_path / "results" / f"{name}-smoke"
    with open(results / "claims.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    ours = [one for one in CLAIMS.values() if one.magnet == name]
    assert {row["id"] for row in rows} >= {one.id for one in ours} - MAY_LACK
    assert MEASURED not in {row["verdict"] for row in rows}
    page = (results / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(list((results / "figures").glob("*.png"))) >= 5
    assert "arXiv:2311.16964" not in page.partition('<h2 id="made">')[0]
    assert planned(tmp_path, "--configfile", *files) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("scale", ["", "-quick", "-large"])
def test_every_scale_can_be_planned(name, scale, tmp_path):
    copy_study(tmp_path)
    files = [f"workflow/studies/{name}.yaml", *([f"workflow/studies/{name}{scale}.yaml"] if scale else [])]
    assert planned(tmp_path, "--configfile", *files)["quench"] >= 10
    assert (ROOT / files[-1]).is_file()
