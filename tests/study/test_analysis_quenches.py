"""Tables of quenches, on planted data: C(r, t), xi(t), pairs of models, freezing."""

import numpy as np
import pytest
from small_study import sites

from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.observables.correlation import EnsembleCorrelation
from sdglass.observables.correlation_length import correlation_length as length_of
from sdglass.observables.measure import measure
from sdglass.spins import random_spins
from sdglass_study.analysis import run_analysis
from sdglass_study.analysis._ensembles import Ensemble, Resampling, load_ensembles, shared_part
from sdglass_study.analysis.correlation import difference_rows, event_rows
from sdglass_study.analysis.freezing import over_time

LABELS = {"run": "fig4-slow", "damping": 0.05, "model": "exact"}
TIMES = np.array([0.0, 1.0, 10.0, 100.0, 1000.0])
BOOTSTRAP = {"seed": 1, "confidence": 0.95, "bootstrap": 40, "splits": 4}
RESAMPLING = Resampling(**BOOTSTRAP)


def tables(name, paths, **settings):
    """Return the tables of an analysis of observables."""
    common = {} if name == "freezing" else {"resampling": BOOTSTRAP}
    return run_analysis(name, {"quenches": ["any"], **settings}, {"observables": paths}, common)


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


def test_events_of_a_planted_curve():
    events = values(event_rows(LABELS, TIMES, R, planted_average(1e-4), RESAMPLING))
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
        event = values(event_rows(LABELS, TIMES, R, average, RESAMPLING))["zero_crossing_contact"]
        assert event["value"] == pytest.approx(expected, nan_ok=True)
        assert event["low"] == pytest.approx(expected, nan_ok=True)


def test_differences_of_a_planted_offset():
    exact, other = planted_average(0.1), planted_average(0.1)
    shift = np.array([0.0, 0.0, 0.0, 0.0, 0.03])[:, None] + 0 * R
    noise = 0.01 * np.random.default_rng(3).standard_normal((60, *shift.shape))
    other = EnsembleCorrelation(other.mean + shift, other.samples + shift + noise, other.weights, "realizations")
    rows = values(difference_rows(LABELS, TIMES, other, exact, RESAMPLING))
    assert rows["difference_max"]["value"] == pytest.approx(0.03)
    assert rows["difference_late_rms"]["value"] == pytest.approx(0.03)
    assert rows["difference_rms"]["value"] == pytest.approx(0.03 / 2)  # one of four times
    # Scatter 0.01 of the resamples of four units stands for sqrt(4 / 3) 0.01; 25 bins of 60 resamples: 2 %.
    # The scatter of 0.1 that both models share is not in it, which is what pairing is for.
    assert rows["difference_late_noise"]["value"] == pytest.approx(0.01 * np.sqrt(4 / 3), rel=0.08)
    assert rows["difference_chi2"]["value"] == pytest.approx(0.03**2 * 3 / 4 / 0.01**2 / 4, rel=0.1)
    assert rows["difference_within_two_sigma"]["value"] == pytest.approx(0.75)  # 0.03 is 2.6 sigma
    row = rows["difference_late_rms"]
    assert 0 < row["low"] < row["value"] < row["high"]


# ---- observables of trajectories ------------------------------------------------------------------------------

EDGES = 0.5 + 0.25 * np.arange(9)  # to half of the box of 120 sites, 2.66


def trajectory(structure, model="exact", quench="fig4-slow", times=TIMES, seed=0, replicas=3, energy=0.0):
    """Return random spins; the same seed gives the same ones, whatever the model."""
    spins = random_spins(structure.n_sites, np.random.default_rng(seed), len(times) * replicas)
    return Trajectory(
        times,
        spins.reshape(len(times), replicas, structure.n_sites, 3),
        np.full((len(times), replicas), energy * structure.n_sites),
        np.ones((len(times), replicas)),
        {"structure": structure.digest(), "ensemble": quench, "model": model, "damping": 0.05},
    )


def quenched(structures, model="exact", quench="fig4-slow", times=TIMES, **changes):
    """Return a trajectory on each structure."""
    return [trajectory(s, model, quench, times, seed=n, **changes) for n, s in enumerate(structures)]


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


def test_observables_are_gathered_by_quench_model_and_damping(tmp_path, structures):
    runs = [trajectory(s, model) for model in ("exact", "small") for s in structures[::-1]]
    ensembles = load_ensembles(write(tmp_path, structures, runs))
    assert [ensemble.model for ensemble in ensembles] == ["exact", "small"]
    assert ensembles[0].labels == {"ensemble": "fig4-slow", "model": "exact", "damping": 0.05}
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
    runs = quenched(structures[:2], times=np.array([0.0, 1.0, 30.0, 100.0 * (1 + 1e-15)]))
    runs += [trajectory(s, "small", seed=n) for n, s in enumerate(structures[::-1])]
    exact, small = load_ensembles(write(tmp_path, structures, runs))
    first, second = shared_part(exact, small)
    assert first.structures == second.structures == [s.digest() for s in structures[:2]]
    assert first.times.tolist() == second.times.tolist()  # exactly, though the steps are rounded differently
    assert first.times == pytest.approx([0.0, 1.0, 100.0])
    assert first.members[1].correlation == pytest.approx(exact.members[1].correlation[[0, 1, 3]])
    assert second.members[0].correlation == pytest.approx(small.members[2].correlation[[0, 1, 3]])
    two = quenched(structures, "pair", replicas=2)
    (pair,) = load_ensembles(write(tmp_path, structures, two))
    assert [part.replicas for part in shared_part(pair, small)] == [2, 2]
    assert shared_part(pair, small)[1].members[2].energy.shape == (5, 2)
    alone = write(tmp_path, structures, [trajectory(structures[0], "linear")])
    assert shared_part(small, load_ensembles(alone)[0]) is None  # one realization says nothing of the scatter
    (narrow,) = load_ensembles(write(tmp_path, structures, two, EDGES[:-1]))
    with pytest.raises(InputError, match="bins of distance differ"):
        shared_part(small, narrow)


def test_models_of_a_quench_are_paired(tmp_path, structures):
    runs = quenched(structures) + quenched(structures, "small")
    found = tables("correlation", write(tmp_path, structures, runs))
    curves, difference, events = (found[f"fig4_{name}"] for name in ("correlation", "difference", "events"))
    assert ((curves.low <= curves.correlation) & (curves.correlation <= curves.high)).all()
    # The same spins under another name: no difference at all, though each curve has an error.
    assert (curves.high - curves.low).min() > 0
    assert (difference[["difference", "low", "high"]] == 0).all(axis=None)
    assert (events[events.quantity == "difference_late_rms"].value == 0).all()
    swapped = [*runs[:3], runs[4], runs[3], runs[5]]
    with pytest.raises(InputError, match="realizations or times of small, exact differ"):
        tables("correlation", write(tmp_path, structures, swapped))
    alone = tables("correlation", write(tmp_path, structures, runs[:3]))["fig4_difference"]
    assert alone.difference.isna().tolist() == [True]  # nothing to compare


LARGE_TIMES = np.array([0.0, 2.0, 4.0, 8.0, 16.0])


def test_lengths_have_every_estimate_inside_its_interval(tmp_path, structures):
    paths = write(tmp_path, structures, quenched(structures, times=LARGE_TIMES))
    growth = {"fit_start": [2.0], "fit_stop": [16.0], "time_units": [1.0]}
    length, fit, curves = tables("correlation_length", paths, **growth).values()
    assert (length[["realizations", "replicas"]] == 3).all(axis=None)
    naive = length[length.estimator == "naive"]
    assert ((naive.low < naive.xi) & (naive.xi < naive.high)).all()
    first = curves[curves.time == 0.0]
    edges = np.append(first.distance - 0.125, first.distance.iloc[-1] + 0.125)
    assert naive.xi.iloc[0] == pytest.approx(length_of(edges, first.correlation))
    fit = fit[fit.estimator == "naive"]
    assert set(fit.law) == {"barrier", "power_law"}
    assert ((fit.slope_low < fit.slope) & (fit.slope < fit.slope_high)).all()
    with pytest.raises(InputError, match="fit_start"):
        tables("correlation_length", paths, **growth | {"fit_start": [0.0]})


def test_models_of_the_large_box_are_compared_on_what_they_share(tmp_path, structures):
    """An exact run on two of three realizations; the pair model has the same spins, `paper` others at the end."""
    exact = quenched(structures[:2], quench="fig5-exact", times=LARGE_TIMES)
    pair, paper = (quenched(structures, name, f"fig5-{name}", LARGE_TIMES) for name in ("pair", "paper"))
    for run in paper:
        run.spins[-1] += run.spins[0]
        run.spins[-1] /= np.linalg.norm(run.spins[-1], axis=-1, keepdims=True)
    paths = write(tmp_path, structures, [*pair, *exact, *paper])
    difference, paired = tables("fig5_paired", paths, references=["exact", "paper"]).values()
    pairs = list(paired[["model", "reference"]].drop_duplicates().itertuples(index=False, name=None))
    assert pairs == [("paper", "exact"), ("pair", "exact"), ("pair", "paper")]
    same = paired[(paired.model == "pair") & (paired.reference == "exact")]
    assert (same.realizations == 2).all()
    assert set(same.quantity) == {"xi_naive", "xi_split", "contact"}
    assert (same[["difference", "low", "high"]].fillna(0.0) == 0).all(axis=None)
    other = paired[(paired.model == "paper") & (paired.quantity == "contact")].set_index("time")
    assert (other.difference.loc[:8.0] == 0).all()
    assert other.low.loc[16.0] < other.difference.loc[16.0] < other.high.loc[16.0]
    assert other.value.loc[16.0] - other.reference_value.loc[16.0] == pytest.approx(other.difference.loc[16.0])
    curve = difference[(difference.model == "paper") & (difference.time == 16.0)]
    assert np.allclose(curve.correlation - curve.reference_correlation, curve.difference, atol=2e-6)
    assert (curve.error > 0).all()
    difference, paired = tables("fig5_paired", paths[:3]).values()  # one model alone
    assert paired.reference.tolist() == difference.reference.tolist() == ["none"]
    assert paired[["time", "difference", "low", "high"]].isna().all(axis=None)


def test_psi_has_every_run_and_choice(tmp_path, structures):
    times = np.array([0.0, *np.geomspace(2.0, 64.0, 11)])
    runs = [run for name in ("pair", "small") for run in quenched(structures, name, f"fig5-{name}", times)]
    choices = {"fit_start": [2.0], "fit_stop": [16.0, 64.0], "time_units": [0.5, 1.0]}
    choices |= {"bin_factors": [1, 2], "range_start": [0.75], "range_stop": [2.0]}
    table, units = tables("psi_specifications", write(tmp_path, structures, runs), **choices).values()
    # 2 runs, 3 estimators, 2 windows; 4 ranges with the fine bins, 2 or 3 of them with three of the coarse ones;
    # 2 power laws and 6 fits for each of 2 units.
    ranges = len(table[["bin_width", "r_low", "r_max"]].drop_duplicates())
    assert len(table) == 2 * 3 * 2 * ranges * (2 + 2 * 6)
    first, second = (table[table.run == run].drop(columns=["run", "model"]) for run in ("fig5-pair", "fig5-small"))
    assert first.reset_index(drop=True).equals(second.reset_index(drop=True))  # the same spins and resamples
    assert set(units.estimator) == {"naive", "split", "subtracted"}
    assert len(units) == 2 * 3 * 2


# ---- freezing -------------------------------------------------------------------------------------------------


def test_freezing_of_planted_trajectories(structures):
    """Replicas along z, -z and x, then all along z: magnetization 1/3 with an error, then 1 with none."""
    runs = quenched(structures)
    for run in runs:
        run.spins[:] = [0.0, 0.0, 1.0]
        run.spins[0, 1], run.spins[0, 2] = [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]
    members = [measure(s, run, EDGES) for s, run in zip(structures, runs, strict=True)]
    table = over_time(Ensemble("fig4-slow", "exact", 0.05, members))
    assert (table.n_sites == 120).all()
    assert table.ratio.tolist() == pytest.approx([np.nan, np.nan, 10.0, 10.0, 10.0], nan_ok=True)
    assert table.magnetization.tolist() == pytest.approx([1 / 3, 1, 1, 1, 1])
    # Nine vectors: three each of z, -z, x. Variances per component 1/4, 0 and 3/4, with 8 degrees of freedom.
    assert table.magnetization_error[0] == pytest.approx(np.sqrt((1 / 4 + 3 / 4) / 9))
    assert (table.magnetization_error[1:] == 0).all()
    # From the first to the second snapshot z, -z, x become z: overlaps 1, -1, 0.
    assert table.step_overlap.tolist() == pytest.approx([np.nan, 0, 1, 1, 1], nan_ok=True)
    assert (table.torque_rms == 1).all()


# ---- the locator force field beside the others ----------------------------------------------------------------


def test_models_are_held_against_exact_dynamics_and_the_locator(tmp_path, structures):
    runs = []
    energies = {"locator": -2.0, "exact": -2.5, "pair": -1.0, "small": -1.0}
    for name, energy in energies.items():
        some = quenched(structures[:2] if name == "exact" else structures, name, f"fig5-{name}", LARGE_TIMES)
        for number, run in enumerate(some):
            run.energy[:] = 120 * energy * (1 + 0.01 * number)
        runs += some
    found = tables("locator_quench", write(tmp_path, structures, runs))
    length, difference, correlation = found.values()
    pairs = set(difference[["model", "reference"]].itertuples(index=False, name=None))
    others = ("pair", "small")
    assert pairs == {("locator", "exact"), *((m, r) for m in others for r in ("exact", "locator"))}
    # The same spins under other names: nothing differs but the planted energies.
    same = difference[difference.quantity != "energy"]
    assert set(same.quantity) == {"xi_naive", "xi_split", "contact"}
    assert (same[["difference", "low", "high"]].fillna(0.0) == 0).all(axis=None)
    energy = difference[(difference.quantity == "energy") & (difference.model == "locator")]
    np.testing.assert_allclose(energy.difference, 0.5 * 1.005)  # mean of two realizations
    assert ((energy.low < energy.difference) & (energy.difference < energy.high)).all()
    assert (energy.realizations == 2).all()
    own = length[(length.quantity == "energy") & (length.model == "pair")]
    np.testing.assert_allclose(own.value, -1.01)
    assert set(length.quantity) == {"xi_naive", "xi_split", "contact", "energy", "torque_rms"}
    assert (correlation.time == LARGE_TIMES[-1]).all()
    assert len(correlation) == 4 * (len(EDGES) - 1)


def test_another_size_and_a_shorter_run_are_beside_and_not_paired(tmp_path, structures):
    paths = write(tmp_path, structures, quenched(structures, times=LARGE_TIMES[:-1]))
    large = [sites(200, seed) for seed in range(2)]
    (tmp_path / "large").mkdir()
    wide = quenched(large, "locator", "locator-wide", LARGE_TIMES)
    paths += write(tmp_path / "large", large, wide, 0.5 + 0.25 * np.arange(11))
    length, difference, correlation = tables("locator_quench", paths).values()
    assert set(difference.reference) == {"none"}
    assert set(length.n_sites) == {120, 200}
    assert set(correlation.time) == {LARGE_TIMES[-2]}  # the last that all have
    furthest = correlation.groupby("ensemble").distance.max()
    assert furthest["locator-wide"] > furthest["fig4-slow"]
    # xi of both from the same range of distances: that of the small box.
    wide = length[(length.n_sites == 200) & (length.quantity == "xi_naive")]
    assert (wide.value < EDGES[-1]).all()
