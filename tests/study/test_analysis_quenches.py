"""Steps that turn trajectories and predictions into tables, on planted data."""

import sys

import numpy as np
import pandas as pd
import pytest
from small_study import BONDS, MODEL, REFERENCE, exact_data, random_network, sites

from sdglass.dynamics.quench import Trajectory
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.descriptor_file import save_feature_maps
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.model_file import TrainedModel
from sdglass.observables.correlation import EnsembleCorrelation
from sdglass.observables.correlation_length import correlation_length
from sdglass.observables.measure import measure
from sdglass.spins import random_spins
from sdglass.structures.neighbours import neighbour_pairs
from sdglass_study.jobs import correlation, couplings, freezing, large_paired, psi_multiverse
from sdglass_study.jobs import correlation_length as length_step
from sdglass_study.jobs.ensembles import Ensemble, load_ensembles, shared_part

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


# ---- observables of trajectories ------------------------------------------------------------------------------

EDGES = 0.5 + 0.25 * np.arange(9)  # to half of the box of 120 sites, 2.66


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


def write(folder, structures, trajectories, edges=EDGES):
    """Measure every trajectory on its structure; return the paths of the observables in the same order."""
    known, paths = {one.digest(): one for one in structures}, []
    for number, one in enumerate(trajectories):
        paths.append(str(folder / f"o{number}.h5"))
        measure(known[one.attributes["structure"]], one, edges).save(paths[-1])
    return paths


def test_observables_are_gathered_by_ensemble_engine_and_damping(tmp_path, structures):
    runs = [trajectory(s, engine) for engine in ("exact", "bond") for s in structures[::-1]]
    paths = write(tmp_path, structures, runs)
    ensembles = load_ensembles(paths)
    assert [one.engine for one in ensembles] == ["exact", "bond"]
    assert ensembles[0].labels == {"ensemble": "small-slow", "engine": "exact", "damping": 0.05}
    for ensemble in ensembles:
        assert ensemble.structures == [s.digest() for s in structures[::-1]]
        assert ensemble.replicas == 3
        assert ensemble.counts.shape == (3, 8)
    later = write(tmp_path, structures, [runs[0], trajectory(structures[1], "exact", times=TIMES * 2)])
    with pytest.raises(InputError, match=r"o1\.h5: its snapshot times differ"):
        load_ensembles(later)
    wider = [*write(tmp_path, structures, [runs[0]]), str(tmp_path / "wide.h5")]
    measure(structures[1], runs[1], EDGES[::2]).save(wider[1])
    with pytest.raises(InputError, match=r"wide\.h5: its bins of distance differ"):
        load_ensembles(wider)


def test_the_shared_part_of_two_ensembles_is_what_both_have(tmp_path, structures):
    """Other order of the realizations, fewer replicas, other times: what is left is the same trajectories."""
    times = np.array([0.0, 1.0, 30.0, 100.0 * (1 + 1e-15)])
    runs = [trajectory(s, "exact", seed=n, times=times) for n, s in enumerate(structures[:2])]
    runs += [trajectory(s, "bond", seed=n) for n, s in enumerate(structures[::-1])]
    exact, bond = load_ensembles(write(tmp_path, structures, runs))
    first, second = shared_part(exact, bond)
    assert first.structures == second.structures == [s.digest() for s in structures[:2]]
    assert first.times.tolist() == second.times.tolist()  # exactly, though the steps are rounded differently
    assert first.times == pytest.approx([0.0, 1.0, 100.0])
    assert first.members[1].correlation == pytest.approx(exact.members[1].correlation[[0, 1, 3]])
    assert second.members[0].correlation == pytest.approx(bond.members[2].correlation[[0, 1, 3]])
    single = [trajectory(s, "pair", replicas=2, seed=n) for n, s in enumerate(structures)]
    (pair,) = load_ensembles(write(tmp_path, structures, single))
    assert [one.replicas for one in shared_part(pair, bond)] == [2, 2]
    assert shared_part(pair, bond)[1].members[2].energy.shape == (5, 2)
    alone = write(tmp_path, structures, [trajectory(structures[0], "linear")])
    assert shared_part(bond, load_ensembles(alone)[0]) is None  # one realization says nothing of the scatter
    (narrow,) = load_ensembles(write(tmp_path, structures, single, EDGES[:-1]))
    with pytest.raises(InputError, match="bins of distance differ"):
        shared_part(bond, narrow)


def correlation_tables(folder, structures, runs, monkeypatch):
    paths = write(folder, structures, runs)
    outputs = {f"out_{name}": folder / f"{name}.csv" for name in ("correlation", "difference", "events")}
    run_step(correlation, monkeypatch, observables=paths, bootstrap=40, confidence=0.95, seed=1, **outputs)
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


LARGE_TIMES = np.array([0.0, 2.0, 4.0, 8.0, 16.0])
BOOTSTRAP = {"bootstrap": 40, "splits": 4, "confidence": 0.95, "seed": 1}


def test_correlation_length_step_has_every_estimate_inside_its_interval(tmp_path, structures, monkeypatch):
    runs = [trajectory(s, ensemble="large-slow", times=LARGE_TIMES, seed=n) for n, s in enumerate(structures)]
    paths = write(tmp_path, structures, runs)
    outputs = {f"out_{name}": tmp_path / f"{name}.csv" for name in ("length", "fits", "correlation")}
    fits = {"fit_start": [2.0], "fit_stop": [16.0], "time_units": [1.0]}
    run_step(length_step, monkeypatch, observables=paths, **BOOTSTRAP, **fits, **outputs)
    length, fit, curves = (pd.read_csv(path) for path in outputs.values())
    assert (length[["realizations", "replicas"]] == 3).all(axis=None)
    naive = length[length.estimator == "naive"]
    assert ((naive.low < naive.xi) & (naive.xi < naive.high)).all()
    first = curves[curves.time == 0.0]
    edges = np.append(first.distance - 0.125, first.distance.iloc[-1] + 0.125)
    assert naive.xi.iloc[0] == pytest.approx(correlation_length(edges, first.correlation))
    fit = fit[fit.estimator == "naive"]
    assert set(fit.model) == {"barrier", "power_law"}
    assert ((fit.slope_low < fit.slope) & (fit.slope < fit.slope_high)).all()


def paired_tables(folder, structures, runs, monkeypatch):
    paths = write(folder, structures, runs)
    outputs = {f"out_{name}": folder / f"{name}.csv" for name in ("difference", "paired")}
    run_step(large_paired, monkeypatch, observables=paths, **BOOTSTRAP, **outputs)
    return [pd.read_csv(path) for path in outputs.values()]


def test_engines_of_the_large_box_are_compared_on_what_they_share(tmp_path, structures, monkeypatch):
    """An exact run on two of three realizations; the pair model has the same spins, `bond` others at the end."""

    def run(name, engine, structures, times=LARGE_TIMES, change=0.0):
        runs = [trajectory(s, engine, f"large-{name}", times, seed=n) for n, s in enumerate(structures)]
        for one in runs:
            one.spins[-1] = (1 - change) * one.spins[-1] + change * one.spins[0]
            one.spins[-1] /= np.linalg.norm(one.spins[-1], axis=-1, keepdims=True)
        return runs

    exact = run("exact", "exact", structures[:2])
    runs = [*run("pair", "pair", structures), *exact, *run("bond", "bond", structures, change=0.5)]
    difference, paired = paired_tables(tmp_path, structures, runs, monkeypatch)
    pairs = list(paired[["engine", "reference"]].drop_duplicates().itertuples(index=False, name=None))
    # Of two engines the one that is nearer to the electrons is the reference.
    assert pairs == [("bond", "exact"), ("pair", "exact"), ("pair", "bond")]
    same = paired[(paired.engine == "pair") & (paired.reference == "exact")]
    assert (same.realizations == 2).all()
    assert set(same.quantity) == {"xi_naive", "xi_split", "contact"}
    assert (same[["difference", "low", "high"]].fillna(0.0) == 0).all(axis=None)
    other = paired[(paired.engine == "bond") & (paired.quantity == "contact")].set_index("time")
    assert (other.difference.loc[:8.0] == 0).all()
    assert other.low.loc[16.0] < other.difference.loc[16.0] < other.high.loc[16.0]
    assert other.value.loc[16.0] - other.reference_value.loc[16.0] == pytest.approx(other.difference.loc[16.0])
    curve = difference[(difference.engine == "bond") & (difference.time == 16.0)]
    assert np.allclose(curve.correlation - curve.reference_correlation, curve.difference, atol=2e-6)
    assert (curve.error > 0).all()


def test_large_runs_with_nothing_to_compare_say_so(tmp_path, structures, monkeypatch):
    runs = [trajectory(s, "pair", "large-pair", LARGE_TIMES, seed=n) for n, s in enumerate(structures)]
    difference, paired = paired_tables(tmp_path, structures, runs, monkeypatch)
    assert paired.reference.tolist() == difference.reference.tolist() == ["none"]
    assert paired[["time", "difference", "low", "high"]].isna().all(axis=None)


def test_multiverse_step_has_every_run_and_choice(tmp_path, structures, monkeypatch):
    times = np.array([0.0, *np.geomspace(2.0, 64.0, 11)])
    runs = []
    for engine in ("pair", "bond"):
        for n, s in enumerate(structures):
            runs.append(trajectory(s, engine, f"large-{engine}", times, seed=n))
    paths = write(tmp_path, structures, runs)
    outputs = {f"out_{name}": tmp_path / f"{name}.csv" for name in ("multiverse", "units")}
    choices = {"fit_start": [2.0], "fit_stop": [16.0, 64.0], "time_units": [0.5, 1.0]}
    choices |= {"bin_factors": [1, 2], "range_start": [0.75], "range_stop": [2.0]}
    run_step(psi_multiverse, monkeypatch, observables=paths, **BOOTSTRAP, **choices, **outputs)
    table, units = (pd.read_csv(path) for path in outputs.values())
    # 2 runs, 3 estimators, 2 windows; 4 ranges with the fine bins, 2 or 3 of them with three of the coarse ones;
    # 2 power laws and 6 fits for each of 2 units.
    ranges = len(table[["bin_width", "r_low", "r_max"]].drop_duplicates())
    assert len(table) == 2 * 3 * 2 * ranges * (2 + 2 * 6)
    assert set(table.run) == {"pair", "bond"}
    names = ["exponent", "exponent_low", "exponent_high", "identified"]
    both = [table[table.run == run][names].reset_index(drop=True) for run in ("pair", "bond")]
    pd.testing.assert_frame_equal(*both)  # the same spins, the same resamples
    assert set(units.estimator) == {"naive", "split", "subtracted"}
    assert len(units) == 2 * 3 * 2


def test_freezing_of_planted_trajectories(structures):
    """Replicas along z, -z and x, then all along z: magnetization 1/3 with an error, then 1 with none."""
    runs = [trajectory(s) for s in structures]
    for run in runs:
        run.spins[:] = [0.0, 0.0, 1.0]
        run.spins[0, 1], run.spins[0, 2] = [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]
    members = [measure(s, run, EDGES) for s, run in zip(structures, runs, strict=True)]
    table = freezing._freezing(Ensemble("small-slow", "exact", 0.05, members))
    assert (table.n_sites == 120).all()
    assert table.ratio.tolist() == pytest.approx([np.nan, np.nan, 10.0, 10.0, 10.0], nan_ok=True)
    assert table.magnetization.tolist() == pytest.approx([1 / 3, 1, 1, 1, 1])
    # Nine vectors: three each of z, -z, x. Variances per component 1/4, 0 and 3/4, with 8 degrees of freedom.
    assert table.magnetization_error[0] == pytest.approx(np.sqrt((1 / 4 + 3 / 4) / 9))
    assert (table.magnetization_error[1:] == 0).all()
    # From the first to the second snapshot z, -z, x become z: overlaps 1, -1, 0.
    assert table.step_overlap.tolist() == pytest.approx([np.nan, 0, 1, 1, 1], nan_ok=True)
    assert (table.torque_rms == 1).all()


def test_freezing_step_leaves_single_replicas_out_of_the_second_term(tmp_path, structures, monkeypatch):
    runs = [trajectory(s, engine, replicas=n) for engine, n in (("exact", 1), ("pair", 3)) for s in structures]
    paths = write(tmp_path, structures, runs)
    outputs = {f"out_{name}": tmp_path / f"{name}.csv" for name in ("freezing", "disconnected")}
    run_step(freezing, monkeypatch, observables=paths, **outputs)
    table, second = (pd.read_csv(path) for path in outputs.values())
    assert set(table.engine) == {"exact", "pair"}
    assert set(second.engine) == {"pair"}
    # Independent random spins: the product of different replicas is noise of 1 / sqrt(3 pairs), or less.
    assert abs(second.disconnected.mean()) < 0.02
    with pytest.raises(InputError, match="every ensemble has a single replica"):
        run_step(freezing, monkeypatch, observables=paths[:3], **outputs)


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
