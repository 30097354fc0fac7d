"""The benchmark programs at tiny size: they run, their tables fit together, and the words follow the numbers.

No time is asserted: what a tiny run on a busy machine measures means nothing.
"""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

FOLDER = ROOT / "benchmarks"
PROGRAMS = {
    "exact_labels": ["exact_labels.py"],
    "training_step": ["training_step.py"],
    "network_engine": ["network_engine.py"],
    "dynamics": ["dynamics.py"],
    "scaling_exact": ["scaling.py", "exact"],
    "scaling_models": ["scaling.py", "models"],
    "locator": ["locator.py"],
    "ensemble_scaling": ["ensemble_scaling.py"],
}
MACHINE = {"cpu", "cores", "threads", "numpy", "torch", "blas", "cores_used_by_others"}


def run(program, *arguments):
    """Run a benchmark program on one core."""
    command = [sys.executable, str(FOLDER / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Return the folder with the tables of all programs."""
    folder = tmp_path_factory.mktemp("benchmarks")
    for name, (program, *arguments) in PROGRAMS.items():
        run(program, *arguments, "--quick", "--threads", 1, "--out", folder / f"{name}.csv")
    return folder


@pytest.fixture
def comparison(monkeypatch):
    """Return the module that compares; programs find it beside themselves."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import comparison

    return comparison


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_table_says_where_it_was_measured(tables, name):
    frame = pd.read_csv(tables / f"{name}.csv")
    assert set(frame.columns) >= MACHINE
    times = frame[[c for c in frame.columns if c.startswith(("seconds", "time_ms", "label_ms", "step_ms"))]]
    assert times.shape[1] > 0
    assert (times > 0).all(axis=None)


def test_quartiles_enclose_the_median(tables):
    for name in PROGRAMS:
        frame = pd.read_csv(tables / f"{name}.csv")
        middles = [c.removesuffix("_low") for c in frame.columns if c.endswith("_low")]
        assert middles
        for middle in middles:
            measured = frame[frame[middle].notna()]
            assert len(measured)
            assert (measured[f"{middle}_low"] <= measured[middle]).all()
            assert (measured[middle] <= measured[f"{middle}_high"]).all()


def test_products_of_the_paper_s_network_are_counted(tables):
    """By hand: 250 features, the layers, one output; two operations per product of two numbers."""
    widths = [250, 1024, 1024, 512, 256, 128, 128, 128, 128, 1]
    per_site = sum(a * b for a, b in itertools.pairwise(widths))
    step = pd.read_csv(tables / "training_step.csv").iloc[0]
    assert step.gflop == pytest.approx(1e-9 * 2 * 8 * step.n_sites * (6 * per_site - 250 * 1024))
    engine = pd.read_csv(tables / "network_engine.csv").iloc[0]
    assert engine.network == "paper"
    assert engine.gflop == pytest.approx(1e-9 * 4 * engine.replicas * engine.n_sites * per_site)


def test_summary_and_figure_come_from_the_tables(tables, tmp_path):
    errors = study_errors(tmp_path)
    run(
        "summary.py",
        "--tables",
        tables,
        "--errors",
        tmp_path / "absent.csv",
        errors,
        "--out",
        tables / "summary.csv",
    )
    summary = pd.read_csv(tables / "summary.csv")
    assert sorted(summary.number.unique()) == [1, 2, 3, 4, 5, 6]
    judged = summary[summary.number < 6].dropna(subset=["target", "measured"])
    np.testing.assert_array_equal(judged.verdict == "met", judged.measured <= judged.target)
    assert (summary[summary.verdict == "missed"].why.str.len() > 0).all()
    pair = summary[summary.number == 6]
    assert pair.why.str.contains("torque errors 0.0006").any()
    assert (pair.errors_from == str(errors)).all()
    png, pdf = tmp_path / "figure.png", tmp_path / "figure.pdf"
    run("figure.py", "--tables", tables, "--errors", errors, "--png", png, "--pdf", pdf)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert pdf.read_bytes().startswith(b"%PDF")


def study_errors(folder, network_rmse=6e-4):
    """Write a study with a pair model and a small network; return its table of torque errors."""
    (folder / "tables").mkdir()
    layers = "[128, 128, 64]"
    (folder / "config.yaml").write_text(
        f"network: {{layers: {layers}, variants: {{chiral: {{protocol: realizations, chirality: true}}, "
        "short: {protocol: realizations, configurations: 50}, "
        "main: {protocol: realizations, chirality: false}}}\n"
    )
    rows = [
        ("pair", "-", 7e-4),
        ("chiral", "single", 1e-9),
        ("main", "single", network_rmse),
        ("short", "single", 1.0),
    ]
    pd.DataFrame(
        [
            {"model": m, "member": k, "set": "unseen", "stage": "all", "rmse": e, "low": 0.9 * e, "high": 1.1 * e}
            for m, k, e in rows
        ]
    ).to_csv(folder / "tables" / "torque_errors.csv", index=False)
    return folder / "tables" / "torque_errors.csv"


def test_errors_belong_to_the_network_of_the_same_shape(comparison, tmp_path):
    errors = comparison.torque_errors(study_errors(tmp_path, 3e-4))
    assert set(errors) == {"pair", "small"}
    assert errors["small"].rmse == 3e-4
    assert comparison.torque_errors(tmp_path / "absent.csv") == {}


def test_exponents_and_crossovers_of_known_laws(comparison):
    n = np.array([25, 50, 100, 250, 500, 1000, 2000])
    rows = [{"model": "exact", "n_sites": k, "seconds": 1e-8 * k**3.0} for k in n]
    rows += [{"model": "small", "n_sites": k, "seconds": 1e-4 * k} for k in n]
    frame = pd.DataFrame(rows)
    frame["replicas"], frame["seconds_per_replica"] = 1, frame.seconds
    fits = comparison.exponents(frame).set_index("model")
    assert fits.exponent["exact"] == pytest.approx(3.0)
    assert fits.prefactor_s["exact"] == pytest.approx(1e-8)
    gains = comparison.speedups(frame)
    crossing, words = comparison.crossover(gains[gains.model == "small"])
    assert crossing == pytest.approx(100.0)  # 1e-8 N^3 = 1e-4 N
    assert words == "faster from N = 100 on"
    always = gains.assign(speedup=2.0)
    assert comparison.crossover(always)[1] == "faster at every size from N = 25 on"
    assert comparison.crossover(gains.assign(speedup=0.5))[1] == "slower at every size up to N = 2000"


def test_error_of_an_exponent_is_that_of_linear_regression(comparison):
    from scipy import stats

    rng = np.random.default_rng(0)
    n = np.array([100.0, 200, 400, 800, 1600])
    seconds = n**1.3 * np.exp(0.1 * rng.standard_normal(5))
    expected = stats.linregress(np.log(n), np.log(seconds))
    prefactor, exponent, error = comparison.power_law(n, seconds)
    assert (exponent, error) == (pytest.approx(expected.slope), pytest.approx(expected.stderr))
    assert prefactor == pytest.approx(np.exp(expected.intercept))


def test_a_missing_table_is_named(comparison, tmp_path):
    from sdglass.errors import InputError

    with pytest.raises(InputError, match=r"dynamics\.csv: no such file"):
        comparison.read(Path(tmp_path), "dynamics")
    assert comparison.read(tmp_path, "dynamics", required=False) is None


# ---- targets of the locator force field


def planted_errors(scale=1.0):
    """Return a table of the study's errors in which every target is met, if `scale` is one."""
    rows = []
    for model, relative, parameters in (("pair", 0.06, 50), ("bond", 0.05, 2_000_000), ("locator", 1.5e-3, 7)):
        for n_sites in (100, 500, 1000):
            for stage, rms in (("random", 0.013), ("frozen", 1.8e-3), ("late", 3e-3)):
                value = scale * relative
                row = {"model": model, "parameters": parameters, "stage": stage, "n_sites": n_sites}
                row |= {"realizations": 4, "relative": value, "relative_low": 0.9 * value}
                row |= {"relative_high": 1.1 * value, "rmse": value * rms, "low": 0.9 * value * rms}
                rows.append(row | {"high": 1.1 * value * rms})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("scale", "verdicts"), [(1.0, {"met"}), (10.0, {"missed"})])
def test_targets_are_judged_by_their_numbers(tables, tmp_path, scale, verdicts):
    planted_errors(scale).to_csv(tmp_path / "errors.csv", index=False)
    outputs = {name: tmp_path / f"targets.{name}" for name in ("csv", "png", "pdf")}
    run(
        "locator_targets.py", "--times", tables / "locator.csv", "--errors", tmp_path / "errors.csv",
        "--out", outputs["csv"], "--png", outputs["png"], "--pdf", outputs["pdf"],
    )  # fmt: skip
    found = pd.read_csv(outputs["csv"])
    accuracy = found[found.number.str.startswith("torque error")]
    assert len(accuracy) == 9
    assert set(accuracy.verdict) == verdicts
    times = pd.read_csv(tables / "locator.csv")
    exact = times[times.model == "exact"].seconds_per_replica.iloc[0]
    for row in found[found.number.str.startswith("speed-up")].itertuples():
        replicas = 1 if "one replica" in row.case else int(row.case.rpartition(" ")[2])
        mine = times[(times.model == "locator") & (times.replicas == replicas) & (times.n_sites == 24)]
        assert row.measured == pytest.approx(exact / mine.seconds_per_replica.iloc[0])
        assert row.low <= row.measured <= row.high
        assert row.verdict == ("for information" if replicas == 1 else "met" if row.measured >= 1000 else "missed")
    for row in found[found.target.notna() & ~found.number.str.startswith("speed-up")].itertuples():
        assert row.verdict == ("met" if row.measured <= row.target else "missed")
    assert set(found.number) >= {"exponent of the time", "memory per spin", "memory per spin, set-up"}
    assert min(path.stat().st_size for path in outputs.values()) > 1000
