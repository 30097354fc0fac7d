"""Steps that judge the locator force field, on planted data: which states count as late, quenches side by side."""

import numpy as np
import pandas as pd
import pytest
from small_study import MODEL, sites
from test_analysis_steps import BOOTSTRAP, EDGES, LARGE_TIMES, run_step, trajectory, write

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.base import Evaluation
from sdglass.spins import random_spins, torque
from sdglass_study.jobs import locator_errors, locator_quench

# ---- errors by stage ------------------------------------------------------------------------------------------


def labelled(times, n=8):
    """Return labels with fields along z."""
    structure = sites(n)
    spins = random_spins(n, np.random.default_rng(1), len(times))
    field = np.broadcast_to([0.0, 0.0, 0.5], spins.shape)
    return LabelledConfigurations(structure, MODEL, spins, np.zeros(len(times)), field, np.array(times), {})


class Tilted:
    """Fields of the labels plus one along x: the torque error is known."""

    def evaluate(self, spins):
        return Evaluation(np.ones(len(spins)), np.broadcast_to([0.1, 0.0, 0.5], spins.shape))


def test_late_states_are_those_of_the_last_half_of_the_quenches():
    data = labelled([np.nan, 2.0, 400.0, 500.0, 1000.0, np.nan, 800.0])
    assert locator_errors.late_stage(data)["late"].tolist() == [False, False, False, True, True, False, True]
    assert locator_errors.late_stage(labelled([np.nan, np.nan])) == {}


def test_stages_are_judged_apart():
    data = labelled([np.nan, 12.0, np.nan, 12.0])
    found = locator_errors.judge(Tilted(), data, locator_errors.stages(data))
    error = torque(data.spins, np.broadcast_to([0.1, 0.0, 0.0], data.spins.shape))
    for stage, rows in (("random", [0, 2]), ("frozen", [1, 3])):
        assert found[stage]["error"] == pytest.approx(np.square(error[rows]).mean())
        assert found[stage]["signal"] == pytest.approx(np.square(data.torque[rows]).mean())
        assert found[stage]["configurations"] == 2
        np.testing.assert_allclose(found[stage]["energy"], 1 / 8)
        assert "covered" not in found[stage]


def test_table_has_a_row_per_stage_that_a_set_has():
    both, late = labelled([np.nan, 12.0]), labelled([np.nan, 1.0, 900.0])
    parts = [
        {"model": "tilted", "set": label, **locator_errors.judge(Tilted(), data, stages)}
        for label, data, stages in (
            ("descent", both, locator_errors.stages(both)),
            ("descent", both, locator_errors.stages(both)),
            ("quench", late, locator_errors.late_stage(late)),
            ("quench", late, locator_errors.late_stage(late)),
            ("unrelaxed", both, {}),
        )
    ]
    table = pd.DataFrame(locator_errors.summarize(parts, {"tilted": 3}, 0.95))
    assert table[["set", "stage"]].to_numpy().tolist() == [
        ["descent", "random"],
        ["descent", "frozen"],
        ["quench", "late"],
    ]
    assert (table.realizations == 2).all()
    assert table.configurations.tolist() == [2, 2, 2]
    np.testing.assert_allclose(table.relative, table.rmse / table.rms)


# ---- quenches side by side ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def structures():
    return [sites(120, seed) for seed in range(3)]


def tables(folder, structures, runs, monkeypatch):
    paths = write(folder, structures, runs)
    outputs = {f"out_{name}": folder / f"{name}.csv" for name in ("length", "difference", "correlation")}
    run_step(locator_quench, monkeypatch, observables=paths, **BOOTSTRAP, **outputs)
    return [pd.read_csv(path) for path in outputs.values()]


def run(structures, engine, name, energy=0.0, times=LARGE_TIMES):
    runs = [trajectory(s, engine, f"large-{name}", times, seed=n) for n, s in enumerate(structures)]
    for number, one in enumerate(runs):
        one.energy[:] = energy * one.spins.shape[2] * (1 + 0.01 * number)
    return runs


def test_engines_are_held_against_exact_dynamics_and_the_locator(tmp_path, structures, monkeypatch):
    runs = run(structures, "locator", "locator", -2.0) + run(structures[:2], "exact", "exact", -2.5)
    runs += run(structures, "pair", "pair", -1.0) + run(structures, "bond", "bond", -1.0)
    length, difference, correlation = tables(tmp_path, structures, runs, monkeypatch)
    pairs = set(difference[["engine", "reference"]].itertuples(index=False, name=None))
    assert pairs == {
        ("locator", "exact"),
        ("pair", "exact"),
        ("bond", "exact"),
        ("pair", "locator"),
        ("bond", "locator"),
    }
    # The same spins under other names: nothing differs but the planted energies.
    same = difference[difference.quantity != "energy"]
    assert set(same.quantity) == {"xi_naive", "xi_split", "contact"}
    assert (same[["difference", "low", "high"]].fillna(0.0) == 0).all(axis=None)
    energy = difference[(difference.quantity == "energy") & (difference.engine == "locator")]
    np.testing.assert_allclose(energy.difference, 0.5 * 1.005)  # mean of two realizations
    assert ((energy.low < energy.difference) & (energy.difference < energy.high)).all()
    assert (energy.realizations == 2).all()
    own = length[(length.quantity == "energy") & (length.engine == "pair")]
    np.testing.assert_allclose(own.value, -1.01)
    assert set(length.quantity) == {"xi_naive", "xi_split", "contact", "energy", "torque_rms"}
    assert (length.n_sites == 120).all()
    assert (correlation.time == LARGE_TIMES[-1]).all()
    assert len(correlation) == 4 * (len(EDGES) - 1)


def test_curves_are_shown_at_the_last_time_that_all_have(tmp_path, structures, monkeypatch):
    runs = run(structures, "locator", "locator") + run(structures, "exact", "exact", times=LARGE_TIMES[:-1])
    _, _, correlation = tables(tmp_path, structures, runs, monkeypatch)
    assert set(correlation.time) == {LARGE_TIMES[-2]}


def test_another_size_is_beside_and_not_paired(tmp_path, structures, monkeypatch):
    small, large = run(structures, "exact", "exact"), [sites(200, seed) for seed in range(2)]
    paths = write(tmp_path, structures, small)
    folder = tmp_path / "large"
    folder.mkdir()
    paths += write(folder, large, run(large, "locator", "wide"), 0.5 + 0.25 * np.arange(11))
    outputs = {f"out_{name}": tmp_path / f"{name}.csv" for name in ("length", "difference", "correlation")}
    run_step(locator_quench, monkeypatch, observables=paths, **BOOTSTRAP, **outputs)
    length, difference, correlation = (pd.read_csv(path) for path in outputs.values())
    assert set(difference.reference) == {"none"}
    assert set(length.n_sites) == {120, 200}
    # xi of both from the same range of distances: that of the small box.
    counts = correlation.groupby("ensemble").distance.max()
    assert counts["large-wide"] > counts["large-exact"]
    wide = length[(length.n_sites == 200) & (length.quantity == "xi_naive")]
    assert (wide.value < EDGES[-1]).all()
