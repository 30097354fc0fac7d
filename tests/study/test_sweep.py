"""The comparison of studies: the numbers of each study's tables, found again in one table."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from synthetic_tables import write_all

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass_study.jobs import sweep as step


@pytest.fixture
def tables(tmp_path):
    """Tables of a study as its steps write them."""
    write_all(tmp_path)
    rows = [
        ("slow", 0.05, "exact", "contact_late", -0.5, -0.6, -0.4),
        ("slow", 0.05, "exact", "peak_time", 9, 9, 9),
    ]
    names = ["run", "damping", "engine", "quantity", "value", "low", "high"]
    write_csv(tmp_path / "fig4_events.csv", pd.DataFrame(rows, columns=names))
    rows = [
        ("gap", "J=0, N=100", 0.0, 0.01, 0.001),
        ("dos_at_fermi_level", "J=0, N=100", 0.0, 1.9, 0.1),
        ("dos_at_fermi_level", "J=0, N=500", 0.0, 5.0, 0.1),
        ("dos_at_fermi_level", "J=6, N=100", 6.0, 0.05, 0.1),
        ("gap", "J=6, N=100", 6.0, 7.5, 0.25),
    ]
    frame = pd.DataFrame(rows, columns=["quantity", "system", "coupling", "value", "standard_error"])
    write_csv(tmp_path / "electrons.csv", frame)
    return tmp_path


def compared(tables, *figures):
    return pd.DataFrame(step.compared(tables, figures, "bond", 0.95))


def test_electrons(tables):
    found = compared(tables, "fig2").set_index(["quantity", "run"])
    assert set(found.index) == {
        ("dos_at_fermi_level", "free"),
        ("dos_at_fermi_level", "coupled"),
        ("gap", "coupled"),
    }
    gap = found.loc["gap", "coupled"]
    assert (gap.result, gap.low, gap.high) == pytest.approx((7.5, 7.5 - 1.96 * 0.25, 7.5 + 1.96 * 0.25), abs=1e-3)
    assert found.loc["dos_at_fermi_level", "free"].result == 1.9
    assert found.loc["dos_at_fermi_level", "coupled"].low == 0.0  # a density


def test_torque_errors_are_those_of_unseen_structures(tables):
    found = compared(tables, "fig3")
    assert set(zip(found.engine, found.run, strict=True)) == {
        (engine, stage) for engine in ("pair", "network") for stage in ("random", "frozen")
    }
    source = pd.read_csv(tables / "torque_errors.csv")
    one = source[(source.model == "bond") & (source.member == "single") & (source.set == "unseen")]
    one = one[one.stage == "random"].iloc[0]
    row = found[(found.engine == "network") & (found.run == "random")].iloc[0]
    assert (row.result, row.low, row.high) == pytest.approx((one.relative, one.low / one.rms, one.high / one.rms))


def test_correlations_at_the_end(tables):
    found = compared(tables, "fig4")
    assert found[["run", "engine", "result", "low", "high"]].to_numpy().tolist() == [
        ["slow", "exact", -0.5, -0.6, -0.4]
    ]
    curves = step.last_correlation(tables)
    source = pd.read_csv(tables / "fig4_correlation.csv")
    for (run, engine), some in curves.groupby(["run", "engine"]):
        whole = source[(source.run == run) & (source.engine == engine)]
        assert set(some.time) == {whole.time.max()}
        assert len(some) == whole.distance.nunique()
    assert len(curves.groupby(["run", "engine"])) == len(source.groupby(["run", "engine"]))


def test_lengths_at_the_end(tables):
    found = compared(tables, "fig5")
    source = pd.read_csv(tables / "fig5_length.csv")
    for row in found.itertuples():
        some = source[(source.ensemble.str.removeprefix("large-") == row.run) & (source.engine == row.engine)]
        some = some[some.estimator == row.quantity.removeprefix("correlation_length_")]
        last = some.sort_values("time").iloc[-1]
        np.testing.assert_array_equal([row.result, row.low, row.high], [last.xi, last.low, last.high])
    assert len(found) == len(source.groupby(["ensemble", "engine", "estimator"]))


def command(tmp_path, members, **sweep):
    return [
        *(
            sys.executable,
            "-m",
            "sdglass_study.jobs.sweep",
            "--sweep",
            json.dumps(sweep),
            "--members",
            json.dumps(members),
        ),
        *shlex.split("--variant bond --confidence 0.95 --snakefile Snakefile --cores 1 --out out"),
    ]


def test_nothing_to_compare_is_said_with_an_example(tmp_path):
    done = subprocess.run(command(tmp_path, []), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--config sweep='{parameter: filling, values: [0.25, 0.5]}'" in done.stderr


def test_a_study_that_fails_stops_the_sweep(tmp_path):
    """There is no Snakefile here."""
    members = [[0.25, "quick-filling-0.25", {"filling": 0.25}]]
    made = command(tmp_path, members, parameter="filling", values=[0.25, 0.5])
    done = subprocess.run(made, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the study of filling=0.25 failed" in done.stderr
    assert not (tmp_path / "out").exists()


def test_options_go_to_the_snakemake_of_every_study(tmp_path):
    members = [[0.25, "quick-filling-0.25", {"filling": 0.25}]]
    options = "--profile no/such/profile --default-resources 'slurm_account=a b'"
    made = command(tmp_path, members, parameter="filling", values=[0.25, 0.5], options=options)
    done = subprocess.run(made, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no/such/profile" in done.stderr + done.stdout


def compare(monkeypatch, tables, root, *figures):
    """Run the step in `root` on two studies that are there, both with those tables."""
    members = [[value, f"quick-filling-{value}", {"filling": value}] for value in (0.25, 0.4)]
    for _, study, _ in members:
        place = root / "results" / study / "tables"
        if not place.exists():
            place.parent.mkdir(parents=True)
            place.symlink_to(tables)
    monkeypatch.chdir(root)
    monkeypatch.setattr(step, "make_study", lambda *_: None)
    sweep = {"parameter": "filling", "values": [0.25, 0.4], "figures": figures}
    monkeypatch.setattr(sys, "argv", command(root, members, **sweep)[2:])
    step.main()
    return root / "out" / "tables"


def test_a_sweep_without_fig4_keeps_no_correlations_of_an_earlier_one(tables, tmp_path_factory, monkeypatch):
    """The figure draws what tables there are: the values of both sweeps in one figure."""
    root = tmp_path_factory.mktemp("sweep")
    out = compare(monkeypatch, tables, root, "fig2", "fig4")
    assert set(pd.read_csv(out / "sweep_correlation.csv").value) == {0.25, 0.4}
    out = compare(monkeypatch, tables, root, "fig2")
    assert [path.name for path in out.iterdir()] == ["sweep.csv"]
    assert set(pd.read_csv(out / "sweep.csv").quantity) == {"gap", "dos_at_fermi_level"}


def test_a_table_that_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"fig5_length\.csv: no such file"):
        compared(tmp_path, "fig5")
