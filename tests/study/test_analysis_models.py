"""Tables of force fields on planted data: the locator's stages, couplings, time steps, learning curves."""

import numpy as np
import pytest
from small_study import BONDS, MODEL, REFERENCE, exact_data, random_network, sites

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.base import Evaluation
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.io import write_csv
from sdglass.spins import random_spins, torque
from sdglass.structures.neighbours import neighbour_pairs
from sdglass_study.analysis import data_frame, locator_errors, run_analysis
from sdglass_study.analysis.learning_curves import summary

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
    for stage, rows in (("random", [0, 2]), ("minimised", [1, 3])):
        assert found[stage]["error"] == pytest.approx(np.square(error[rows]).mean())
        assert found[stage]["signal"] == pytest.approx(np.square(data.torque[rows]).mean())
        assert found[stage]["configurations"] == 2
        np.testing.assert_allclose(found[stage]["energy"], 1 / 8)
        assert "covered" not in found[stage]


def test_a_table_has_a_row_per_stage_that_a_set_has():
    both, late = labelled([np.nan, 12.0]), labelled([np.nan, 1.0, 900.0])
    chosen = {
        "minimised": (both, locator_errors.stages(both)),
        "quenched": (late, locator_errors.late_stage(late)),
    }
    parts = [
        {"model": "tilted", "set": name, **locator_errors.judge(Tilted(), *chosen[name])}
        for name in ("minimised", "minimised", "quenched", "quenched")
    ]
    parts.append({"model": "tilted", "set": "unrelaxed", "n_sites": 8})
    table = data_frame(locator_errors.summarize(parts, {"tilted": 3}, 0.95))
    rows = [["minimised", "random"], ["minimised", "minimised"], ["quenched", "late"]]
    assert table[["set", "stage"]].to_numpy().tolist() == rows
    assert (table.realizations == 2).all()
    assert table.configurations.tolist() == [2, 2, 2]
    np.testing.assert_allclose(table.relative, table.rmse / table.rms)


# ---- couplings ------------------------------------------------------------------------------------------------


def test_couplings_of_a_linear_network_are_those_of_the_linear_model(tmp_path):
    coefficients = 0.1 * np.random.default_rng(6).standard_normal(BONDS.n_bond)
    network = random_network(BONDS, linear_term=True)
    network.start_from_linear(coefficients)
    models = {
        "network": NetworkModel(MODEL, BONDS, [REFERENCE], [network]),
        "linear": LinearModel(MODEL, BONDS, coefficients, REFERENCE),
        "pair": LinearModel(MODEL, BONDS, coefficients[: BONDS.n_g2], REFERENCE),
    }
    data, inputs = exact_data(2, 3, 30), {"labels": [str(tmp_path / f"d{number}.h5") for number in range(2)]}
    for path, labels in zip(inputs["labels"], data, strict=True):
        labels.save(path)
    for role, model in models.items():
        inputs[role] = str(tmp_path / f"{role}.safetensors")
        model.save(inputs[role])
    settings = {"labels": "test", "network": "small", "linear": "linear", "pair": "pair"}
    table = run_analysis("couplings", settings, inputs, {"bin_width": 0.2})["couplings"]
    table = table.set_index(["model", "distance"])
    assert set(table.index.levels[0]) == {"small", "linear", "pair", "second-order"}
    pairs = [neighbour_pairs(labels.structure, BONDS.cutoff).distance for labels in data]
    for model in table.index.levels[0]:
        assert table.loc[model].pairs.sum() == sum(map(len, pairs))
    # Of a network without its perceptron, and of a model of G2 alone, what they were planted with.
    columns = ["coupling", "low", "high"]
    # Weights are read back in single precision: 6e-8 of a few terms of 0.3.
    np.testing.assert_allclose(table.loc["small"][columns], table.loc["linear"][columns], atol=1e-7, rtol=0)
    planted = np.concatenate([models["pair"].pair_coupling(distance) for distance in pairs])
    bins = np.digitize(np.concatenate(pairs), np.arange(0.0, 2.0, 0.2))
    binned = [planted[bins == b].mean() for b in np.unique(bins)]
    # What the descriptor drops, 1e-7 of a shell, twice for each of six shells.
    np.testing.assert_allclose(table.loc["pair"].coupling, binned, atol=1e-6)
    assert table.loc["second-order"].coupling.is_monotonic_decreasing  # exp(-2 r) / (2 J)


# ---- time steps -----------------------------------------------------------------------------------------------


def test_both_integrators_are_of_second_order(tmp_path):
    sites().save(tmp_path / "s.npz")
    settings = {
        "structures": "test",
        "model": "exact",
        "dampings": [0.5],
        "duration": 8.0,
        "time_steps": [1.0, 2.0],
    }
    inputs = {"structure": str(tmp_path / "s.npz"), "model": []}
    common = {"electrons": MODEL.to_dict(), "seed": 1}
    table = run_analysis("time_step", settings, inputs, common)["time_step"]
    for _, rows in table.groupby("integrator"):
        fine, coarse = rows.sort_values("time_step").error
        # Errors a dt^2 against the reference at dt = 1/2: (4 - 1/4) / (1 - 1/4) = 5 to leading order.
        assert coarse / fine == pytest.approx(5.0, rel=0.2)


# ---- learning curves ------------------------------------------------------------------------------------------


def learning_curve(loss):
    curve = data_frame({"epoch": range(1, len(loss) + 1), "validation_loss": loss, "train_loss": 1.0})
    return curve.assign(validation_torque_rmse=np.sqrt(loss))


def test_the_last_third_of_a_learning_curve():
    curve = learning_curve([9.0, 4.0, 5.0, 3.0, 3.5, 2.9])
    row = summary(curve)
    assert (row["epochs"], row["best_epoch"]) == (6, 6)
    assert row["last_third"] == pytest.approx(1 - np.sqrt(2.9 / 3.0))  # best of the first four epochs: 3
    assert row["validation_torque_rmse"] == pytest.approx(np.sqrt(2.9))
    assert summary(curve.head(5))["last_third"] == 0.0  # nothing better after the fourth
    assert summary(curve.head(1))["last_third"] == 0.0


def test_learning_curves_are_gathered_by_model_and_fold(tmp_path):
    histories = [str(tmp_path / f"{fold}.csv") for fold in (0, 3)]
    for path, fold in zip(histories, (0, 3), strict=True):
        write_csv(path, learning_curve([2.0, 1.0]).assign(model="small", fold=fold))
    fits = {"fits": [["small", 0], ["small", 3]]}
    found = run_analysis("learning_curves", {"models": ["small"]}, {"histories": histories}, {}, fits)
    assert found["learning_curves"][["model", "fold", "epoch"]].to_numpy().tolist() == [
        ["small", fold, epoch] for fold in (0, 3) for epoch in (1, 2)
    ]
    assert found["training"].fold.tolist() == [0, 3]


# ---- one neighbourhood ----------------------------------------------------------------------------------------


def test_the_descriptor_of_the_neighbourhood_of_fig_1(tmp_path):
    (data,) = exact_data(1, 3, 60)  # wider than two cutoffs: each neighbour is the nearest image
    data.save(tmp_path / "d.h5")
    common = {"descriptor": {**BONDS.to_dict(), "cutoff": 2.0}}
    found = run_analysis("neighbourhood", {"labels": "test"}, {"labels": str(tmp_path / "d.h5")}, common)
    table = found["fig1_neighbourhood"]
    assert table.is_centre.tolist() == [1] + [0] * (len(table) - 1)
    np.testing.assert_allclose(table[["sx", "sy", "sz"]], data.spins[-1][table.site])
    np.testing.assert_allclose(table.distance, data.structure.distances()[table.site[0], table.site])
    assert table.distance.max() <= 2.0
    write_csv(tmp_path / "n.csv", table)
    common = {"descriptor": BONDS.to_dict()}
    found = run_analysis("descriptor_example", {}, {"neighbourhood": str(tmp_path / "n.csv")}, common)
    table = found["descriptor"]
    assert list(table.function) == ["G2"] * BONDS.shells + ["G3"] * (BONDS.n_bond - BONDS.shells)
    assert table.shell[: BONDS.shells].to_numpy() == pytest.approx(BONDS.radii)
