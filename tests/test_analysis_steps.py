"""Steps that turn trajectories and predictions into tables, on planted data."""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small_study import BONDS, MODEL, REFERENCE, exact_data, random_network, sites

from sdglass.correlation import EnsembleCorrelation
from sdglass.correlation_length import correlation_length
from sdglass.dataset import LabelledConfigurations
from sdglass.errors import InputError
from sdglass.feature_cache import save_feature_maps
from sdglass.model_file import TrainedModel
from sdglass.neighbours import neighbour_pairs
from sdglass.quench import Trajectory
from sdglass.spins import random_spins
from sdglass.steps import correlation, couplings, freezing, torque_errors
from sdglass.steps import correlation_length as length_step
from sdglass.steps.ensembles import load_ensembles
from sdglass.symmetry_functions import build_feature_maps

LABELS = {"run": "slow", "damping": 0.05, "engine": "exact"}
TIMES = np.array([0.0, 1.0, 10.0, 100.0, 1000.0])


def run_step(module, monkeypatch, **options):
    """Run a step's main with options as on the command line."""
    words = [module.__name__]
    for name, value in options.items():
        words.append(f"--{name.replace('_', '-')}")
        words += [str(one) for one in value] if isinstance(value, list) else [str(value)]
    monkeypatch.setattr(sys, "argv", words)
    module.main()


# ---- C(r, t) and its events -----------------------------------------------------------------------------------

R = np.arange(0.55, 3.0, 0.1)


def planted_average(scatter=0.0, seed=0, n_units=4, samples=60):
    """Return -c(t) cos(pi (r - 0.55) / 1.9) with c = 0, 0.2, 0.4, 0.6, 0.6: zero at 1.5, positive beyond."""
    depth = np.array([0.0, 0.2, 0.4, 0.6, 0.6])
    mean = -depth[:, None] * np.cos(np.pi * (R - 0.55) / 1.9)
    noise = scatter * np.random.default_rng(seed).standard_normal((samples, *mean.shape))
    return EnsembleCorrelation(mean, mean + noise, np.ones((samples, n_units)), "realizations")


def values(rows):
    return {row["quantity"]: row for row in rows}


def test_first_time_is_interpolated_in_the_logarithm():
    assert correlation._first_time(TIMES, [0.0, -0.1, -0.3, -0.5, -0.5], -0.4) == pytest.approx(10**1.5)
    assert correlation._first_time(TIMES, [0.0, -0.4, -0.5, -0.5, -0.5], -0.4) == 1.0  # nothing before but t = 0
    assert np.isnan(correlation._first_time(TIMES, [0.0, -0.1, -0.2, -0.3, -0.39], -0.4))


def test_events_of_a_planted_curve():
    events = values(correlation._events(LABELS, TIMES, R, planted_average(1e-4), 0.95))
    assert events["contact_time"]["value"] == pytest.approx(10.0, rel=1e-6)
    # Linear interpolation between bins of h = 0.1: off by less than k^2 h^3 / 8 with k = pi / 1.9.
    for name in ("contact", "early", "late"):
        assert events[f"zero_crossing_{name}"]["value"] == pytest.approx(1.5, abs=4e-4)
    assert events["contact_early"]["value"] == pytest.approx(-0.4)  # t = 10 is the snapshot next to 30
    assert events["contact_late"]["value"] == pytest.approx(-0.6)
    assert np.isnan(events["peak_position_late"]["value"])  # still rises at the edge of the window, 2.2
    assert events["peak_time"]["value"] == 1.0  # C in 1.4 < r < 1.8 is positive from the first snapshot on
    for name in ("contact_time", "contact_late", "zero_crossing_contact", "band_peak_late"):
        assert events[name]["low"] < events[name]["value"] < events[name]["high"]


def test_zero_crossing_at_contact_uses_each_curve_s_own_time():
    """The zero moves out with time; a curve that gets to -0.4 later is read off later."""
    zero = np.array([1.0, 1.0, 1.2, 1.4, 1.6])
    shape = (R - zero[:, None]) / (zero[:, None] - R[0])  # -1 at contact
    depth = np.array([0.0, 0.2, 0.4, 0.6, 0.6])[:, None]
    late = np.array([0.0, 0.1, 0.2, 0.4, 0.6])[:, None]
    never = np.array([0.0, 0.1, 0.2, 0.2, 0.2])[:, None]
    for factor, expected in ((depth, 1.2), (late, 1.4), (never, np.nan)):
        curve = factor * shape
        average = EnsembleCorrelation(curve, np.stack([curve] * 5), np.ones((5, 4)), "realizations")
        event = values(correlation._events(LABELS, TIMES, R, average, 0.95))["zero_crossing_contact"]
        assert event["value"] == pytest.approx(expected, nan_ok=True)
        assert event["low"] == pytest.approx(expected, nan_ok=True)


def test_differences_of_identical_ensembles_are_exactly_zero():
    average = planted_average(0.1)
    rows = values(correlation._differences(LABELS, TIMES, average, average, 0.95))
    for name in ("max", "rms", "noise", "late_rms", "late_noise"):
        assert rows[f"difference_{name}"]["value"] == 0.0
    assert rows["difference_within_two_sigma"]["value"] == 1.0
    assert (rows["difference_rms"]["low"], rows["difference_rms"]["high"]) == (0.0, 0.0)


def test_differences_of_a_planted_offset():
    exact, other = planted_average(0.1), planted_average(0.1)
    shift = np.array([0.0, 0.0, 0.0, 0.0, 0.03])[:, None] + 0 * R
    noise = 0.01 * np.random.default_rng(3).standard_normal((60, *shift.shape))
    other = EnsembleCorrelation(other.mean + shift, other.samples + shift + noise, other.weights, "realizations")
    rows = values(correlation._differences(LABELS, TIMES, other, exact, 0.95))
    assert rows["difference_max"]["value"] == pytest.approx(0.03)
    assert rows["difference_late_rms"]["value"] == pytest.approx(0.03)
    assert rows["difference_rms"]["value"] == pytest.approx(0.03 / 2)  # one of four times
    # Scatter 0.01 of the resamples of four units stands for sqrt(4 / 3) 0.01; 25 bins of 60 resamples: 2 %.
    # The scatter of 0.1 that both engines share is not in it, which is what pairing is for.
    assert rows["difference_late_noise"]["value"] == pytest.approx(0.01 * np.sqrt(4 / 3), rel=0.08)
    assert rows["difference_chi2"]["value"] == pytest.approx(0.03**2 * 3 / 4 / 0.01**2 / 4, rel=0.1)
    assert rows["difference_within_two_sigma"]["value"] == pytest.approx(0.75)  # 0.03 is 2.6 sigma
    row = rows["difference_late_rms"]
    assert 0 < row["low"] < row["value"] < row["high"]


# ---- trajectories ---------------------------------------------------------------------------------------------


def trajectory(structure, engine="exact", ensemble="small-slow", times=TIMES, seed=0, replicas=3):
    spins = random_spins(structure.n_sites, np.random.default_rng(seed), len(times) * replicas)
    return Trajectory(
        times,
        spins.reshape(len(times), replicas, structure.n_sites, 3),
        np.zeros((len(times), replicas)),
        np.ones((len(times), replicas)),
        {"structure": structure.digest(), "ensemble": ensemble, "engine": engine, "damping": 0.05},
    )


@pytest.fixture(scope="module")
def structures():
    return [sites(120, seed) for seed in range(3)]  # half the box is 2.66: room for a peak


def write(folder, structures, trajectories):
    """Save everything; return the paths of the trajectories and of the structures."""
    for kind, things in (("s", structures), ("t", trajectories)):
        for number, thing in enumerate(things):
            thing.save(folder / f"{kind}{number}.{'npz' if kind == 's' else 'h5'}")
    return tuple([str(p) for p in sorted(folder.glob(pattern))] for pattern in ("t*.h5", "s*.npz"))


def test_ensembles_are_matched_by_digest(tmp_path, structures):
    runs = [trajectory(s, engine) for engine in ("exact", "bond") for s in structures[::-1]]
    paths, sites_paths = write(tmp_path, structures, runs)
    ensembles = load_ensembles(paths, sites_paths)
    assert [one.engine for one in ensembles] == ["exact", "bond"]
    assert ensembles[0].labels == {"ensemble": "small-slow", "engine": "exact", "damping": 0.05}
    for ensemble in ensembles:
        assert [s.digest() for s, _ in ensemble.members] == [s.digest() for s in structures[::-1]]
    with pytest.raises(InputError, match=r"t0\.h5: its structure is not among those given"):
        load_ensembles(paths, sites_paths[:2])
    later = trajectory(structures[1], "exact", times=TIMES * 2)
    paths, sites_paths = write(tmp_path, structures, [runs[0], later])
    with pytest.raises(InputError, match=r"t1\.h5: its snapshot times differ"):
        load_ensembles(paths[:2], sites_paths)


def correlation_tables(folder, structures, runs, monkeypatch):
    paths, sites_paths = write(folder, structures, runs)
    outputs = {f"out_{name}": folder / f"{name}.csv" for name in ("correlation", "difference", "events")}
    numbers = {"r_min": 0.5, "bin_width": 0.25, "bootstrap": 40, "confidence": 0.95, "seed": 1}
    run_step(correlation, monkeypatch, trajectories=paths, structures=sites_paths, **numbers, **outputs)
    return [pd.read_csv(path) for path in outputs.values()]


def test_correlation_step_pairs_the_engines(tmp_path, structures, monkeypatch):
    runs = [trajectory(s, engine, seed=n) for engine in ("exact", "bond") for n, s in enumerate(structures)]
    curves, difference, events = correlation_tables(tmp_path, structures, runs, monkeypatch)
    assert ((curves.low <= curves.correlation) & (curves.correlation <= curves.high)).all()
    # The same spins under another name: no difference at all, though each curve has an error.
    assert (curves.high - curves.low).min() > 0
    assert (difference[["difference", "low", "high"]] == 0).all(axis=None)
    assert (events[events.quantity == "difference_late_rms"].value == 0).all()
    swapped = [*runs[:3], runs[4], runs[3], runs[5]]
    with pytest.raises(InputError, match="realizations or times of bond, exact differ"):
        correlation_tables(tmp_path, structures, swapped, monkeypatch)


def test_correlation_length_step_has_every_estimate_inside_its_interval(tmp_path, structures, monkeypatch):
    times = np.array([0.0, 2.0, 4.0, 8.0, 16.0])
    runs = [trajectory(s, ensemble="large-slow", times=times, seed=n) for n, s in enumerate(structures)]
    paths, sites_paths = write(tmp_path, structures, runs)
    outputs = {f"out_{name}": tmp_path / f"{name}.csv" for name in ("length", "fits", "correlation")}
    numbers = {"r_min": 0.5, "bin_width": 0.25, "bootstrap": 40, "splits": 4, "confidence": 0.95, "seed": 1}
    fits = {"fit_start": [2.0], "fit_stop": [16.0], "time_units": [1.0]}
    run_step(length_step, monkeypatch, trajectories=paths, structures=sites_paths, **numbers, **fits, **outputs)
    length, fit, curves = (pd.read_csv(path) for path in outputs.values())
    naive = length[length.estimator == "naive"]
    assert ((naive.low < naive.xi) & (naive.xi < naive.high)).all()
    first = curves[curves.time == 0.0]
    edges = np.append(first.distance - 0.125, first.distance.iloc[-1] + 0.125)
    assert naive.xi.iloc[0] == pytest.approx(correlation_length(edges, first.correlation))
    fit = fit[fit.estimator == "naive"]
    assert set(fit.model) == {"barrier", "power_law"}
    assert ((fit.slope_low < fit.slope) & (fit.slope < fit.slope_high)).all()


def test_freezing_of_planted_trajectories(structures):
    """Replicas along z, -z and x, then all along z: magnetization 1/3 with an error, then 1 with none."""
    runs = [trajectory(s) for s in structures]
    for run in runs:
        run.spins[:] = [0.0, 0.0, 1.0]
        run.spins[0, 1], run.spins[0, 2] = [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]
    members = list(zip(structures, runs, strict=True))
    table = freezing._freezing(SimpleNamespace(labels=LABELS, times=TIMES, members=members))
    assert table.ratio.tolist() == pytest.approx([np.nan, np.nan, 10.0, 10.0, 10.0], nan_ok=True)
    assert table.magnetization.tolist() == pytest.approx([1 / 3, 1, 1, 1, 1])
    # Nine vectors: three each of z, -z, x. Variances per component 1/4, 0 and 3/4, with 8 degrees of freedom.
    assert table.magnetization_error[0] == pytest.approx(np.sqrt((1 / 4 + 3 / 4) / 9))
    assert (table.magnetization_error[1:] == 0).all()
    # From the first to the second snapshot z, -z, x become z: overlaps 1, -1, 0.
    assert table.step_overlap.tolist() == pytest.approx([np.nan, 0, 1, 1, 1], nan_ok=True)
    assert (table.torque_rms == 1).all()


# ---- torque errors --------------------------------------------------------------------------------------------


def dataset(structure, times, seed=0):
    """Return configurations with random fields; nan times are random spins."""
    rng, count = np.random.default_rng(seed), len(times)
    spins = random_spins(structure.n_sites, rng, count)
    field = rng.standard_normal(spins.shape)
    return LabelledConfigurations(structure, MODEL, spins, np.zeros(count), field, np.array(times, float), {})


def off_by(data, amount):
    """Return (energy, torque) with every component of the torque wrong by `amount` (C,)."""
    return data.energy + amount, data.torque + np.reshape(amount, (-1, 1, 1))


def judge(data, amount):
    energy, torque = off_by(data, np.broadcast_to(amount, len(data)))
    return torque_errors.Judged(data, energy, torque)


def test_stages_of_a_realization(structures):
    judged = judge(dataset(structures[0], [np.nan, np.nan, 0.0, 10.0, 30.0, 90.0]), 0.0)
    assert judged.stage("random").tolist() == [True, True, False, False, False, False]
    assert judged.stage("relaxed").tolist() == [False, False, True, True, True, True]
    assert judged.stage("frozen").tolist() == [False, False, False, False, True, True]  # the last two thirds
    judged.chosen = np.arange(6) % 2 == 0
    assert judged.stage("all").tolist() == [True, False] * 3
    assert not judge(dataset(structures[0], [np.nan, np.nan]), 0.0).stage("frozen").any()


def test_judged_sets_pick_the_members_that_held_out_or_trained(structures):
    data = [dataset(s, [np.nan] * 6, seed) for seed, s in enumerate(structures)]
    owner = np.random.default_rng(5).permutation(np.arange(12) % 3).reshape(2, 6)  # fold that holds each out
    members = [{"validation": np.argwhere(owner == fold).tolist()} for fold in range(3)]
    trained = SimpleNamespace(networks=[None] * 3, info={"members": members})

    def predictions(wrong_by):
        """Member k is wrong by wrong_by(k, owner) (C,) on the two training realizations, by k + 1 on the third."""
        result = []
        for i, one in enumerate(data):
            parts = [off_by(one, wrong_by(k, owner[i]) if i < 2 else np.full(6, k + 1.0)) for k in range(3)]
            result.append(tuple(np.array(part) for part in zip(*parts, strict=True)))
        return result

    def judged(wrong_by):
        sets = torque_errors.judged_sets(trained, data, ["training", "training", "unseen"], predictions(wrong_by))
        return {(label, kind): chosen for label, kind, chosen in sets}

    def errors(chosen):
        return np.concatenate([np.abs(one.torque - one.data.torque).max(axis=(1, 2)) for one in chosen])

    right_on_held_out = judged(lambda k, owners: (owners != k).astype(float))
    assert errors(right_on_held_out["validation", "single"]) == pytest.approx(0.0)
    assert errors(right_on_held_out["training", "single"]) == pytest.approx(1.0)
    right_on_trained = judged(lambda k, owners: (owners == k).astype(float))
    assert errors(right_on_trained["validation", "single"]) == pytest.approx(1.0)
    assert errors(right_on_trained["training", "single"]) == pytest.approx(0.0)
    assert set(right_on_trained) == {
        *(("training", "single"), ("validation", "single"), ("unseen", "committee"), ("unseen", "single"))
    }
    assert errors(right_on_trained["unseen", "committee"]) == pytest.approx(2.0)  # mean of 1, 2, 3
    assert errors(right_on_trained["unseen", "single"]) == pytest.approx(1.0)  # the first member's turn


def test_error_rows_have_student_s_interval(structures):
    offsets = [0.01, 0.02, 0.03]
    judged = [
        judge(dataset(s, [np.nan] * 4, n), d) for n, (s, d) in enumerate(zip(structures, offsets, strict=True))
    ]
    rows = torque_errors._error_rows("pair", "unseen", "-", judged, 0.95)
    assert [row["stage"] for row in rows] == ["random", "all"]
    squares = np.square(offsets)
    low, high = stats.t.interval(0.95, 2, squares.mean(), stats.sem(squares))
    assert low < 0  # a mean square is not negative: the interval ends at zero
    row = rows[1]
    assert (row["rmse"], row["low"], row["high"]) == pytest.approx((squares.mean() ** 0.5, 0.0, high**0.5))
    assert row["relative"] == pytest.approx(row["rmse"] / row["rms"])
    assert row["energy_rmse_within"] == pytest.approx(0.0)  # the energies' offsets are one per realization
    assert row["energy_rmse_per_site"] == pytest.approx(row["rmse"] / 120)
    assert (row["realizations"], row["configurations"]) == (3, 12)
    alone = torque_errors._error_rows("pair", "unseen", "-", judged[:1], 0.95)[0]
    assert alone["rmse"] == pytest.approx(0.01)
    assert np.isnan([alone["low"], alone["high"]]).all()


def test_error_rows_weigh_realizations_by_their_configurations(structures):
    judged = [judge(dataset(structures[0], [np.nan] * 2), 1.0), judge(dataset(structures[1], [np.nan] * 6), 2.0)]
    row = torque_errors._error_rows("pair", "unseen", "-", judged, 0.68)[0]
    assert row["rmse"] ** 2 == pytest.approx((2 * 1 + 6 * 4) / 8)
    # Deviations -2.25 and 0.75, times 2 / 4 and 6 / 4: +-1.125. Standard error sqrt(2 * 1.125^2 / (2 * 1)).
    half = stats.t.ppf(0.84, 1) * 1.125
    assert row["high"] ** 2 - row["rmse"] ** 2 == pytest.approx(half)


def test_paired_ratios_do_not_see_what_both_models_share():
    share = np.array([1.0, 10.0, 100.0])  # squared errors differ by realization, their ratio hardly does
    square = {"random": share, "relaxed": share, "frozen": np.array([np.nan, 10.0, np.nan]), "all": share}
    noise = np.array([1.0, 1.1, 1 / 1.1])
    squares = {
        ("pair", "unseen"): ("-", square),
        ("linear", "unseen"): ("-", square),
        ("bond", "unseen"): ("committee", {k: 0.25 * v * noise for k, v in square.items()}),
    }
    table = pd.DataFrame(torque_errors._paired_rows(squares, 0.95)).set_index(
        ["numerator", "denominator", "stage"]
    )
    assert set(zip(*table.index.droplevel("stage").unique().to_flat_index(), strict=True)) == {
        ("bond", "linear", "bond"),
        ("pair", "pair", "linear"),
    }
    row = table.loc[("bond", "pair", "all")]
    half = stats.t.ppf(0.975, 2) * stats.sem(0.5 * np.log(noise))
    assert (row.ratio, row.low, row.high) == pytest.approx((0.5, 0.5 * np.exp(-half), 0.5 * np.exp(half)))
    assert (row.set, row.member, row.realizations) == ("unseen", "committee", 3)
    single = table.loc[("bond", "pair", "frozen")]
    assert single.ratio == pytest.approx(0.5 * 1.1**0.5)
    assert np.isnan(single.low)
    assert single.realizations == 1
    same = table.loc[("linear", "pair", "all")]
    assert (same.ratio, same.low, same.high, same.member) == (1.0, 1.0, 1.0, "-")


# ---- couplings ------------------------------------------------------------------------------------------------


def test_couplings_of_a_linear_network_are_those_of_the_linear_model(tmp_path, monkeypatch):
    coefficients = 0.1 * np.random.default_rng(6).standard_normal(BONDS.n_bond)
    pair = np.where(np.arange(BONDS.n_bond) < BONDS.n_g2, coefficients, 0.0)[: BONDS.n_g2]
    network = random_network(BONDS, linear_term=True)
    network.start_from_linear(coefficients)
    options = {"bin_width": 0.2, "out": tmp_path / "couplings.csv"}
    data = exact_data(2, 3)
    paths = {"data": [], "features": []}
    for number, one in enumerate(data):
        paths["data"].append(tmp_path / f"d{number}.h5")
        paths["features"].append(tmp_path / f"f{number}.h5")
        one.save(paths["data"][-1])
        save_feature_maps(paths["features"][-1], build_feature_maps(one.structure, BONDS), one.structure, {})
    models = {
        "network": TrainedModel(MODEL, BONDS, [REFERENCE], [network]),
        "linear": TrainedModel(MODEL, BONDS, [REFERENCE], coefficients=coefficients),
        "pair": TrainedModel(MODEL, BONDS, [REFERENCE], coefficients=pair),
    }
    for name, model in models.items():
        model.save(tmp_path / f"{name}.safetensors")
        options[name] = tmp_path / f"{name}.safetensors"
    run_step(couplings, monkeypatch, **paths, **options)
    table = pd.read_csv(options["out"]).set_index(["model", "distance"])
    assert set(table.index.levels[0]) == {"network", "linear", "pair", "second-order"}
    pairs = [neighbour_pairs(one.structure, BONDS.cutoff).distance for one in data]
    for model in table.index.levels[0]:
        assert table.loc[model].pairs.sum() == sum(map(len, pairs))
    # Of a network without its perceptron, and of a model of G2 alone, what they were planted with.
    columns = ["coupling", "low", "high"]
    # Weights are read back in single precision: 6e-8 of a few terms of 0.3.
    np.testing.assert_allclose(table.loc["network"][columns], table.loc["linear"][columns], atol=1e-7, rtol=0)
    planted = np.concatenate([models["pair"].linear.pair_coupling(distance) for distance in pairs])
    bins = np.digitize(np.concatenate(pairs), np.arange(0.0, 2.0, 0.2))
    expected = [planted[bins == b].mean() for b in np.unique(bins)]
    # What the descriptor drops, 1e-7 of a shell, twice for each of six shells.
    np.testing.assert_allclose(table.loc["pair"].coupling, expected, atol=1e-6)
    assert table.loc["second-order"].coupling.is_monotonic_decreasing  # exp(-2 r) / (2 J)
