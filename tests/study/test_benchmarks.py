"""The benchmarks at tiny size: they run, their tables fit together, and verdicts follow the numbers.

No time is asserted: what a tiny run on a busy machine measures means nothing.
"""

import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from sdglass_study.benchmarks import solvers_targets, summary

MEASURED = (
    *("exact_labels", "training_step", "network_times", "network_memory", "dynamics", "scaling_exact"),
    *(
        "scaling_models",
        "locator",
        "ensemble_scaling",
        "solvers",
        "force_fields",
        "coupling_filling",
    ),
)


def run(name, *arguments):
    """Run a benchmark where the study's models are."""
    command = [sys.executable, "-m", f"sdglass_study.benchmarks.{name}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Return the folder with the tables of all benchmarks."""
    folder = tmp_path_factory.mktemp("benchmarks")
    for name in MEASURED:
        run(name, "--quick", "--threads", 1, "--out", folder / f"{name}.csv")
    return folder


@pytest.fixture
def errors(tmp_path):
    """Return a folder with tables of errors in which every target is met."""
    columns = {
        "model": "pair paper small".split(),
        "member": "- single single".split(),
        "rmse": [7e-4, 6e-4, 6e-4],
    }
    frame = pd.DataFrame(columns).assign(set="test", stage="all")
    frame.assign(low=0.9 * frame.rmse, high=1.1 * frame.rmse).to_csv(tmp_path / "torque_errors.csv", index=False)
    rows = [
        {"model": model, "parameters": parameters, "stage": stage, "n_sites": n_sites, "realizations": 4,
         "relative": relative, "relative_low": 0.9 * relative, "relative_high": 1.1 * relative,
         "rmse": rms * relative, "low": 0.9 * rms * relative, "high": 1.1 * rms * relative}
        for model, relative, parameters in (("pair", 0.06, 50), ("paper", 0.05, 2_000_000), ("locator", 1.5e-3, 7))
        for n_sites in (100, 1000)
        for stage, rms in (("random", 0.013), ("minimised", 1.8e-3), ("late", 3e-3))
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "locator_errors.csv", index=False)
    return tmp_path


@pytest.mark.slow
def test_tables_say_where_they_were_measured_and_how_well(tables):
    for name in MEASURED:
        frame = pd.read_csv(tables / f"{name}.csv")
        assert {"cpu", "cores", "threads", "numpy", "torch", "cores_used_by_others"} <= {*frame.columns}, name
        for middle in [column.removesuffix("_low") for column in frame.columns if column.endswith("_low")]:
            ordered = frame[[f"{middle}_low", middle, f"{middle}_high"]].to_numpy()
            assert (np.diff(ordered, axis=1) >= 0).all(), (name, middle)
    # Matrix products of the paper's network by hand: 250 features, the layers, one output.
    widths = [250, 1024, 1024, 512, 256, 128, 128, 128, 128, 1]
    per_site = sum(a * b for a, b in itertools.pairwise(widths))
    step = pd.read_csv(tables / "training_step.csv").iloc[0]
    assert step.gflop == pytest.approx(1e-9 * 2 * 8 * step.n_sites * (6 * per_site - 250 * 1024))
    times = pd.read_csv(tables / "network_times.csv").iloc[0]
    assert times.gflop == pytest.approx(1e-9 * 4 * times.replicas * times.n_sites * per_site)


@pytest.mark.slow
def test_summary_and_figures_come_from_the_tables(tables, errors, tmp_path):
    run("summary", "--tables", tables, "--errors", errors, "--out", tmp_path / "summary.csv")
    found = pd.read_csv(tmp_path / "summary.csv")
    judged = found[found.target.notna() & ~found.ratio.str.startswith("time of the network")]
    np.testing.assert_array_equal(judged.verdict == "met", judged.measured <= judged.target)
    assert found[found.verdict == "missed"].why.notna().all()
    figure, pareto, targets = (tmp_path / name for name in ("figure.png", "pareto.png", "targets.csv"))
    run("figure", "--tables", tables, "--png", figure)
    run("locator_targets", "--tables", tables, "--errors", errors, "--out", targets, "--png", pareto)
    solvers = tmp_path / "solvers.png"
    run("solvers_targets", "--tables", tables, "--out", tmp_path / "solvers.csv", "--png", solvers)
    fields, plane = tmp_path / "force_fields.png", tmp_path / "coupling_filling.png"
    run("force_fields_targets", "--tables", tables, "--out", tmp_path / "fields.csv", "--png", fields)
    run("coupling_filling_figure", "--tables", tables, "--png", plane)
    assert {path.read_bytes()[:4] for path in (figure, pareto, solvers, fields, plane)} == {b"\x89PNG"}
    found = pd.read_csv(targets)
    assert set(found[found.number.str.startswith("torque error")].verdict) == {"met"}
    times = pd.read_csv(tables / "locator.csv").set_index(["model", "n_sites", "replicas"]).seconds_per_replica
    batch = found[found.case == "N = 24, batch of 16"].iloc[0]
    assert batch.measured == pytest.approx(times["exact", 24, 1] / times["locator", 24, 16])
    assert batch.verdict == ("met" if batch.measured >= 1000 else "missed")


def test_exponents_and_crossovers_of_known_laws():
    n = np.array([25, 50, 100, 250, 500, 1000, 2000])
    frame = pd.concat(
        [
            pd.DataFrame({"model": "exact", "n_sites": n, "seconds_per_replica": 1e-8 * n**3.0}),
            pd.DataFrame({"model": "small", "n_sites": n, "seconds_per_replica": 1e-4 * n}),
        ]
    ).assign(replicas=1)
    model, kind, start, stop, prefactor, exponent, _ = next(iter(summary.exponents(frame)))
    assert (model, kind, start, stop) == ("exact", "single", 250, 2000)
    assert (prefactor, exponent) == (pytest.approx(1e-8), pytest.approx(3.0))
    gains = summary.speedups(frame, "small", "single")
    crossing, words = summary.crossover(gains)
    assert crossing == pytest.approx(100.0)  # 1e-8 N^3 = 1e-4 N
    assert words == "faster from N = 100 on"
    assert summary.crossover(0.0 * gains + 2.0)[1] == "faster at every size from N = 25 on"
    assert summary.crossover(0.0 * gains + 0.5)[1] == "slower at every size up to N = 2000"


def test_targets_of_the_solvers_by_hand():
    rows = [
        {"magnet": "square J=6 f=0.485", "n_sites": n, "solver": solver, "options": options, "state": state,
         "seconds": seconds, "peak_mib": 2048.0, "error": error}
        for n, solver, options, state, seconds, error in (
            (900, "diagonalization", "", "random", 4.0, 0.0),
            (900, "greens-function", "", "random", 1.0, 1e-8),
            (3600, "greens-function", "", "random", 8.0, 1e-8),
            (10_000, "greens-function", "", "random", 16.0, 1e-8),
            (900, "kpm", "order=64 kernel=dirichlet", "random", 0.1, 0.08),
            (900, "kpm", "order=64 kernel=dirichlet", "relaxed", 0.1, 0.04),
            (900, "kpm", "order=32 kernel=dirichlet", "random", 0.1, 0.2),
            (10_000, "kpm", "order=64 kernel=dirichlet", "random", 2.0, 0.08),
            (10_000, "kpm", "order=32 kernel=dirichlet", "random", 1.0, 0.2),
        )
    ]  # fmt: skip
    found = {row["number"]: row["measured"] for row in solvers_targets.targets(pd.DataFrame(rows))}
    assert found["time / diagonalization"] == pytest.approx(0.25)
    assert found["time of an exact field"] == pytest.approx(16.0)
    assert found["peak memory"] == pytest.approx(2.0)
    assert found["polynomials / exact time"] == pytest.approx(0.125)  # of order 64, not of the faster one
    slope = np.polyfit(np.log([900, 3600, 10_000]), np.log([1.0, 8.0, 16.0]), 1)[0]
    assert found["exponent of the time in N"] == pytest.approx(slope)


def test_error_of_an_exponent_is_that_of_linear_regression():
    from scipy import stats

    n = np.array([100.0, 200, 400, 800, 1600])
    seconds = n**1.3 * np.exp(0.1 * np.random.default_rng(0).standard_normal(5))
    expected = stats.linregress(np.log(n), np.log(seconds))
    found = summary.power_law(n, seconds)
    assert found == pytest.approx((np.exp(expected.intercept), expected.slope, expected.stderr))
