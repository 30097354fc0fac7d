"""Job counts on paper: hand-made measurements whose plans are known."""

import sys

import pandas as pd
import pytest
from conftest import ROOT


@pytest.fixture
def job_counts(monkeypatch):
    """Return the program; programs find each other beside themselves."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import job_counts

    yield job_counts
    sys.modules.pop("job_counts")


def test_short_pieces_share_a_job(job_counts):
    plan = job_counts.job_count(60.0, 500, 650.0)
    assert plan["pieces_per_job"] == 10  # ten minutes
    assert plan["jobs"] == 50
    assert plan["restarts_per_piece"] == 0
    assert plan["core_hours"] == pytest.approx((500 * 60 + 50 * 6) / 3600)
    assert plan["overhead"] == pytest.approx(0.0099, rel=1e-2)
    assert plan["hours_on_100"] == pytest.approx(606 / 3600)  # all at once
    assert plan["memory_per_job_gib"] == pytest.approx(1000 / 1024)


def test_long_pieces_are_cut_by_the_time_limit(job_counts):
    plan = job_counts.job_count(50 * 3600.0, 4, 1000.0)
    assert (plan["pieces_per_job"], plan["restarts_per_piece"], plan["jobs"]) == (1, 2, 12)
    assert plan["job_minutes"] == 24 * 60
    assert plan["hours_on_100"] == pytest.approx(50, rel=1e-3)


def test_more_jobs_than_cores_take_turns(job_counts):
    plan = job_counts.job_count(600.0, 250, 100.0)
    assert plan["jobs"] == 250
    assert plan["hours_on_100"] == pytest.approx(3 * 606 / 3600)


def scaling(start, rate):
    """Return a table of runs whose realizations take `start` + `rate` per step, replica and spin [s]."""
    common = {"engine": "pair", "processes": 1, "n_sites": 500, "replicas": 20, "realizations": 4}
    rows = [{**common, "steps": n, "seconds": 4 * (start + rate * n * 20 * 500)} for n in (60, 15)]
    return pd.DataFrame([*rows, {**rows[0], "processes": 2, "seconds": rows[0]["seconds"] / 2}])


def test_two_runs_of_one_core_tell_a_step_from_a_start(job_counts):
    assert job_counts.measured_rates(scaling(3.0, 2e-6)) == {"pair": pytest.approx((2e-6, 3.0))}


def test_plans_of_both_ensembles(job_counts):
    measured = {"replicas": 1, "setup_s": 10.0, "empty_mib": 300.0, "threads": 2}
    models = pd.DataFrame(
        [
            {**measured, "model": model, "n_sites": n, "seconds": 1e-5 * n, "peak_mib": 300 + 0.1 * n}
            for model in ("pair", "small", "paper", "locator")
            for n in (500, 1000)
        ]
    )
    found = job_counts.plans(scaling(3.0, 2e-6), models).set_index(["ensemble", "engine"])
    many = found.loc["10^4 trajectories", "pair"]
    assert many.realizations * many.replicas == 10**4
    assert many.pieces_per_job == 18  # of 3 + 2e-6 x 1500 x 20 x 500 = 33 s
    assert many.jobs == 28
    assert many.memory_per_job_gib == pytest.approx((350 + 350) / 1024)
    for engine in ("pair", "network", "paper's network", "locator"):
        large = found.loc["10^6 spins in one box", engine]
        assert large.memory_per_job_gib == pytest.approx((300 + 0.1 * 10**6 + 350) / 1024)
        seconds = 10.0 * 1000 + 3000 * 10.0  # a thousand times the measured set-up and evaluations
        assert large.core_hours == pytest.approx(2 * 4 * (seconds + 6) / 3600)
        assert large.jobs == 4


def test_the_page_shows_the_tables(job_counts):
    from sdglass.errors import InputError

    page = "a\n<!-- scaling: begin -->\nold\n<!-- scaling: end -->\nb\n"
    table = scaling(3.0, 2e-6).assign(speed_up=[1.0, float("nan"), 2.0], cores_used_by_others=0.1)
    table = table.assign(speed_up_low=table.speed_up, speed_up_high=table.speed_up)
    lines = job_counts.scaling_lines(table)
    assert len(lines) == 4  # a head of two lines, one and two processes; not the shorter run
    assert "| pair | 4 x 20 replicas of N = 500, 60 steps | 2 | 8.4 | 2.00 [2.00, 2.00] | 0.1 |" in lines
    assert job_counts.with_lines(page, "scaling", lines).splitlines() == [
        "a",
        "<!-- scaling: begin -->",
        *lines,
        "<!-- scaling: end -->",
        "b",
    ]
    with pytest.raises(InputError, match="job counts: begin"):
        job_counts.with_lines(page, "job counts", lines)
    shown = (ROOT / "docs" / "cluster.md").read_text()
    for name in ("scaling", "job counts"):
        assert job_counts.with_lines(shown, name, lines) != shown


def test_what_the_page_shows_is_what_was_measured(job_counts):
    tables = ROOT / "results" / "benchmarks"
    shown = (ROOT / "docs" / "cluster.md").read_text()
    lines = job_counts.scaling_lines(pd.read_csv(tables / "ensemble_scaling.csv"))
    assert job_counts.with_lines(shown, "scaling", lines) == shown
    lines = job_counts.count_lines(pd.read_csv(tables / "job_counts.csv"))
    assert job_counts.with_lines(shown, "job counts", lines) == shown


@pytest.mark.parametrize(("engine", "run"), [("network", "network-fast"), ("pair", "pair-fast")])
def test_plans_are_of_the_jobs_that_the_study_runs(engine, run):
    """The quenches of Fig. 5 are such pieces: the same box, replicas and duration."""
    plans = pd.read_csv(ROOT / "results" / "benchmarks" / "job_counts.csv").set_index(["ensemble", "engine"])
    plan = plans.loc["10^4 trajectories", engine]
    times = pd.read_csv(ROOT / "results" / "paper" / "runtimes.csv")
    taken = times[times.job.str.startswith(f"quench/large-{run}-")].seconds.median()
    assert 0.5 < 60 * plan.job_minutes / plan.pieces_per_job / taken < 2
