"""Errors of models: which network judges what, the small file they are kept in, and the tables made from it."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from small_study import BONDS, MODEL, REFERENCE, exact_data, random_network

from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.folds import fold_splits, reduced_samples
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.spins import torque
from sdglass_study.analysis import data_frame, run_analysis, torque_errors
from sdglass_study.analysis.compare_models import compare
from sdglass_study.jobs import judge
from sdglass_study.model_errors import (
    HISTOGRAM_EDGES,
    ModelErrors,
    SetErrors,
    paired_ratio,
    root_mean_square,
    student,
)

SEED = 4
NETWORK = {
    "layers": [8],
    "activation": "celu",
    "linear_term": True,
    "chirality": False,
    "protocol": "realizations",
}


def errors_of(amounts, times=None, realizations=None, label_sites=100, **committee):
    """Return `SetErrors` in which network k is wrong by amounts[k][c] in every torque component."""
    amounts = np.atleast_2d(np.asarray(amounts, float))
    count = amounts.shape[1]
    realization = np.zeros(count, int) if realizations is None else np.asarray(realizations)
    time = np.full(count, np.nan) if times is None else np.asarray(times, float)
    latest = 0.0 if np.isnan(time).all() else np.nanmax(time)
    return SetErrors(
        label_sites, realization.max() + 1, latest, realization, np.arange(count), time, np.full(count, 4.0),
        amounts**2, amounts, **committee,
    )  # fmt: skip


def network(name, amounts, folds, **options):
    info = NETWORK | {"folds": folds, "parameters": 10, "realizations": 8, "configurations": 100}
    return ModelErrors(name, info, {"test": errors_of(amounts, **options)})


def linear(name, amounts, **options):
    info = dict.fromkeys(NETWORK) | {"folds": [], "parameters": 5, "chirality": False}
    info |= {"realizations": 10, "configurations": 125}
    return ModelErrors(name, info, {"test": errors_of(amounts, **options)})


# ---- stages, averages, ratios ---------------------------------------------------------------------------------


def test_stages():
    one = errors_of(np.ones(6), [np.nan, np.nan, 0.0, 10.0, 30.0, 90.0])
    assert one.stage("random").tolist() == [True, True, False, False, False, False]
    assert one.stage("relaxed").tolist() == [False, False, True, True, True, True]
    assert one.stage("late").tolist() == [False, False, False, False, True, True]  # the last two thirds
    assert one.stage("all").all()
    assert not errors_of(np.ones(2)).stage("late").any()


def test_intervals_are_student_s():
    values = np.square([0.01, 0.02, 0.03])
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    assert student(values, 0.95) == pytest.approx((values.mean(), low, high))
    assert low < 0  # a mean square is not negative: the interval of its root ends at zero
    rmse = root_mean_square(values, np.array([4, 4, 4]), 0.95)
    assert rmse == pytest.approx((values.mean() ** 0.5, 0.0, high**0.5))
    alone = root_mean_square(values, np.array([4, 0, 0]), 0.95)
    assert alone[0] == pytest.approx(0.01)
    assert np.isnan(alone[1:]).all()


def test_realizations_weigh_by_their_configurations():
    value, _, high = root_mean_square(np.array([1.0, 4.0]), np.array([2, 6]), 0.68)
    assert value**2 == pytest.approx((2 * 1 + 6 * 4) / 8)
    # Deviations -2.25 and 0.75, times 2 / 4 and 6 / 4: +-1.125. Standard error sqrt(2 * 1.125^2 / (2 * 1)).
    assert high**2 - value**2 == pytest.approx(stats.t.ppf(0.84, 1) * 1.125)


def test_paired_ratios_do_not_see_what_both_models_share():
    share = np.array([1.0, 10.0, 100.0])  # squared errors differ by realization, their ratio hardly does
    noise = np.array([1.0, 1.1, 1 / 1.1])
    ratio, low, high, count = paired_ratio(0.25 * share * noise, share, 0.95)
    half = stats.t.ppf(0.975, 2) * stats.sem(0.5 * np.log(noise))
    assert (ratio, low, high) == pytest.approx((0.5, 0.5 * np.exp(-half), 0.5 * np.exp(half)))
    assert count == 3
    ratio, low, _, count = paired_ratio(np.array([np.nan, 2.5]), np.array([1.0, 10.0]), 0.95)
    assert (ratio, count) == (pytest.approx(0.5), 1)
    assert np.isnan(low)
    assert paired_ratio(np.array([np.nan]), np.array([1.0]), 0.95)[3] == 0


# ---- the file -------------------------------------------------------------------------------------------------


def paper_size(folds=5):
    """Return errors as many as those of a committee at the paper's scale."""
    rng = np.random.default_rng(0)
    where = {"times": np.where(np.arange(2500) % 2, np.nan, 1.0), "realizations": np.repeat(np.arange(10), 250)}
    drawn = {"parity": rng.random((2000, 2)), "histogram": np.arange(82), "mean_error": 1e-5}
    several = ("committee_torque_error", "committee_energy_error", "spread") if folds > 1 else ()
    several = {name: rng.random(2500) for name in several}
    sets = {name: errors_of(rng.random((1, 2500)), **where, **drawn) for name in ("training", "validation")}
    sets["test"] = errors_of(rng.random((folds, 2500)), **where, **drawn, **several)
    made = {"provenance": {"inputs": {f"train-{k:03d}.h5": "0" * 64 for k in range(60)}}}
    info = NETWORK | {"folds": list(range(folds)), "parameters": 1, "realizations": 8, "configurations": 2000}
    return ModelErrors("paper", info, sets, {"test": {"torque_max_difference": 1e-8}}, made)


def test_the_file_is_small_and_the_same_every_time(tmp_path):
    errors = paper_size()
    for name in ("a.h5", "b.h5"):
        errors.save(tmp_path / name)
    content = (tmp_path / "a.h5").read_bytes()
    assert content == (tmp_path / "b.h5").read_bytes()
    assert len(content) < 300_000
    loaded = ModelErrors.load(tmp_path / "a.h5")
    assert (loaded.name, loaded.info, loaded.drift, loaded.attributes) == (
        errors.name, errors.info, errors.drift, errors.attributes,
    )  # fmt: skip
    assert list(loaded.sets) == list(errors.sets)
    for label, one in errors.sets.items():
        for name, value in vars(one).items():
            read = getattr(loaded.sets[label], name)
            if value is None:
                assert read is None
            else:  # stored in single precision
                np.testing.assert_allclose(read, value, rtol=1e-7)


# ---- judging --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three training realizations and one other; the networks of two folds of three, with random weights."""
    folder = tmp_path_factory.mktemp("study")
    data = exact_data(4, 5)
    data[3].time[3:] = [10.0, 90.0]
    labels = [str(folder / f"d{number}.h5") for number in range(4)]
    for path, labelled in zip(labels, data, strict=True):
        labelled.save(path)
    networks = [random_network(BONDS, seed, linear_term=True).float() for seed in range(2)]

    def models(realizations=None, configurations=None):
        files = []
        for network, fold in zip(networks, (0, 2), strict=True):
            train, held_out = fold_splits("realizations", [5, 5, 5], 3, SEED)[fold]
            train = reduced_samples(train, realizations, configurations, SEED)
            info = {"fold": fold, "validation": held_out.tolist(), "configurations": len(train)}
            files.append(str(folder / f"{realizations}-{fold}.safetensors"))
            NetworkModel(MODEL, BONDS, [REFERENCE], [network], info).save(files[-1])
        return files

    return SimpleNamespace(folder=folder, data=data, labels=labels, networks=networks, models=models)


def judged_by(study, name, models, **changes):
    """Run the job; return its result and the path."""
    out = study.folder / f"{name}.h5"
    fit = NETWORK | {"n_folds": 3, "realizations": None, "configurations": None}
    settings = {"name": name, "sets": ["training"] * 3 + ["test"], "drawn": ["training", "test"], "fit": fit}
    settings |= {"folds": [0, 2][: len(models)], "dtype": "float32", "device": "cpu", "seed": SEED} | changes
    inputs = {"models": models, "labels": study.labels, "descriptors": []}
    judge.run(inputs, {"errors": out}, settings)
    return ModelErrors.load(out), out


def expected(study, place, number):
    """Return energies minus exact (C,) and mean squared torque errors (C,) of a network, in double precision."""
    labelled = study.data[number]
    model = NetworkModel(MODEL, BONDS, [REFERENCE], [study.networks[place]])
    result = model.on(labelled.structure).evaluate(labelled.spins)
    error = torque(labelled.spins, result.field) - labelled.torque
    return result.energy - labelled.energy, np.square(error).mean((1, 2))


def test_networks_are_judged_one_by_one_and_as_a_committee(study):
    errors, path = judged_by(study, "paper", study.models())
    test = errors.sets["test"]
    singles = [expected(study, place, 3) for place in range(2)]
    np.testing.assert_allclose(test.torque_error, [torques for _, torques in singles], rtol=1e-4)
    np.testing.assert_allclose(test.energy_error, [energy for energy, _ in singles], rtol=1e-4)
    np.testing.assert_allclose(test.committee_energy_error, np.mean([e for e, _ in singles], axis=0), rtol=1e-4)
    np.testing.assert_allclose(test.signal, np.square(study.data[3].torque).mean((1, 2)), rtol=1e-6)
    # Mean squared error of a member = that of the mean + variance: with ddof = 1 the variance is twice that of 2.
    np.testing.assert_allclose(
        test.torque_error.mean(0), test.committee_torque_error + 0.5 * test.spread, rtol=1e-5
    )
    assert test.stage("late").tolist() == [False, False, False, False, True]
    assert test.parity.shape == (5 * 60, 2)  # all there are
    assert test.histogram.sum() == 2 * 5 * 60
    assert errors.info["folds"] == [0, 2]
    assert (errors.info["realizations"], errors.info["configurations"]) == (2, 10)
    assert "None-0.safetensors" in errors.attributes["provenance"]["inputs"]
    assert errors.kinds("test") == ["committee", "single"]
    assert errors.kinds("validation") == ["single"]
    # Single precision: relative 1e-7, on the sum of a few hundred terms.
    assert 0 < errors.drift["test"]["torque_rms_difference"] < 1e-5 * np.sqrt(test.torque_error.mean())
    summary = errors.summary()
    assert set(summary) == {"validation", "test"}
    assert summary["test"]["all"]["rmse"] == pytest.approx(np.sqrt(test.committee_torque_error.mean()))
    again = path.read_bytes()
    assert judged_by(study, "paper", study.models())[1].read_bytes() == again


def test_training_and_validation_are_judged_by_those_that_have_seen_them_and_those_that_have_not(study):
    errors, _ = judged_by(study, "paper", study.models())
    splits = [fold_splits("realizations", [5, 5, 5], 3, SEED)[fold] for fold in (0, 2)]
    for label, which in (("training", 0), ("validation", 1)):
        found = errors.sets[label]
        samples = {(r, c): place for place, split in enumerate(splits) for r, c in split[which].tolist()}
        judged = list(zip(found.realization.tolist(), found.configuration.tolist(), strict=True))
        assert sorted(judged) == sorted(samples)
        for (r, c), error in zip(judged, found.torque_error[0], strict=True):
            allowed = [place for place, split in enumerate(splits) if [r, c] in split[which].tolist()]
            assert any(error == pytest.approx(expected(study, place, r)[1][c], rel=1e-4) for place in allowed)
    # Fold 1 is not trained, so that its realization is nobody's validation, and everybody's training sample.
    assert len(errors.sets["validation"].realization) == 10
    assert len(errors.sets["training"].realization) == 15


def test_what_was_left_out_of_the_training_is_in_no_training_set(study):
    small = {"realizations": 1, "configurations": 2}
    models, fit = study.models(**small), NETWORK | {"n_folds": 3, **small}
    errors, _ = judged_by(study, "less", models, fit=fit)
    found = errors.sets["training"]
    used = [fold_splits("realizations", [5, 5, 5], 3, SEED)[fold][0] for fold in (0, 2)]
    used = np.unique(np.concatenate([reduced_samples(some, 1, 2, SEED) for some in used]), axis=0)
    assert np.array_equal(np.stack([found.realization, found.configuration], 1), used)
    assert (errors.info["realizations"], errors.info["configurations"]) == (1, 2)
    with pytest.raises(
        InputError, match=r"1-0.safetensors: fold 0, trained on 2 configurations that are not the 10"
    ):
        judged_by(study, "less", models)
    with pytest.raises(InputError, match="trained on 10 configurations that are not the 10"):  # other folds
        judged_by(study, "other", study.models(), seed=SEED + 1)


def test_a_single_network_has_no_committee_and_a_linear_model_no_networks(study):
    errors, _ = judged_by(study, "alone", study.models()[:1])
    assert errors.kinds("test") == ["single"]
    assert errors.sets["test"].committee_torque_error is None
    coefficients = 0.1 * np.random.default_rng(1).standard_normal(BONDS.n_bond)
    model = LinearModel(MODEL, BONDS, coefficients, REFERENCE)
    model.save(study.folder / "linear.safetensors")
    errors, _ = judged_by(study, "linear", [str(study.folder / "linear.safetensors")], fit={"g3": True}, folds=[0])
    assert list(errors.sets) == ["training", "test"]
    assert errors.kinds("training") == ["-"]
    assert errors.drift == {}
    assert (errors.info["parameters"], errors.info["configurations"]) == (BONDS.n_bond, 15)
    labelled = study.data[3]
    difference = (
        torque(labelled.spins, model.on(labelled.structure).evaluate(labelled.spins).field) - labelled.torque
    )
    np.testing.assert_allclose(errors.sets["test"].torque_error[0], np.square(difference).mean((1, 2)), rtol=1e-6)


# ---- tables ---------------------------------------------------------------------------------------------------


def test_single_networks_count_on_average():
    one = errors_of([[1.0, 1.0], [3.0, 3.0]], committee_torque_error=np.array([0.5, 0.5]),
                    committee_energy_error=np.zeros(2), spread=np.full(2, 8.0))  # fmt: skip
    (single,) = [r for r in torque_errors.error_rows("a", "test", "single", one, 0.95) if r["stage"] == "all"]
    assert single["rmse"] == pytest.approx(np.sqrt(5))
    assert single["energy_rmse_per_site"] == pytest.approx(np.sqrt(5) / 100)
    assert single["energy_rmse_within"] == pytest.approx(0.0)  # each network has an offset of its own
    (whole,) = [r for r in torque_errors.error_rows("a", "test", "committee", one, 0.95) if r["stage"] == "all"]
    assert whole["rmse"] == pytest.approx(np.sqrt(0.5))
    row = torque_errors.committee_rows("a", "test", one)[0]
    assert (row["spread"], row["ratio"]) == pytest.approx((np.sqrt(8), 4.0))


def test_errors_along_a_quench():
    """Two realizations; at the second time torques of 2 and 1, with errors of 0.2 and 0.4."""
    times = [np.nan, 5.0, 5.0, np.nan, 5.0, 5.0]
    one = errors_of([1.0, 0.2, 0.2, 1.0, 0.4, 0.4], times, [0, 0, 0, 1, 1, 1])
    one.signal[4:] = 1.0
    first, second = torque_errors.quench_rows("pair", "-", one, 0.95)
    assert (first["time"], second["time"]) == (0.0, 5.0)
    assert (first["relative"], first["relative_low"], first["relative_high"]) == pytest.approx((0.5, 0.5, 0.5))
    assert second["rmse"] == pytest.approx(np.sqrt((0.04 + 0.16) / 2))
    assert second["rms"] == pytest.approx(np.sqrt(2.5))
    assert second["relative"] == pytest.approx(np.sqrt(0.2 / 5.0))
    # Ratio of sums r = 0.04: residuals 0.04 - 4 r and 0.16 - r are -+0.12; over the mean signal of 2.5.
    half = stats.t.ppf(0.975, 1) * np.sqrt(2 * 0.12**2 / 2) / 2.5
    assert second["relative_high"] == pytest.approx(np.sqrt(0.04 + half))
    assert second["relative_low"] == 0.0
    assert second["realizations"] == 2


def test_the_histogram_is_a_density_and_its_width_that_of_all_errors():
    one = errors_of([[0.001, 0.003]], parity=np.array([[1.0, 2.0]]), histogram=np.zeros(82, int), mean_error=0.002)
    one.histogram[[1, 0]] = [3, 1]  # three components in the first bin, one to its left
    histogram, parity = torque_errors.figure_three("paper", "test", one)
    assert parity == [{"model": "paper", "set": "test", "exact": 1.0, "predicted": 2.0}]
    assert histogram[0]["density"] * np.diff(HISTOGRAM_EDGES)[0] == pytest.approx(0.75)
    assert sum(row["density"] for row in histogram[1:]) == 0
    assert histogram[0]["sigma"] == pytest.approx(0.001)


def test_pairs_of_models():
    committee = {"committee_torque_error": np.full(4, 0.25), "committee_energy_error": np.zeros(4)}
    committee |= {"spread": np.ones(4), "realizations": [0, 0, 1, 1]}
    models = [
        linear("pair", np.ones(4), realizations=[0, 0, 1, 1]),
        linear("linear", np.full(4, 2.0), realizations=[0, 0, 1, 1]),
        network("paper", [[1.0] * 4, [3.0] * 4], [0, 1], **committee),
        network("tiny", [[6.0] * 4], [1], realizations=[0, 0, 1, 1]),
        network("elsewhere", [[6.0] * 4], [2], realizations=[0, 0, 1, 1]),
    ]
    table = data_frame(torque_errors.paired_rows(models, ["test"], ["pair", "linear", "paper"], 0.95))
    table = table[table.stage == "all"].set_index(["numerator", "denominator"])
    assert set(table.index) == {
        *((name, "pair") for name in ("linear", "paper", "tiny", "elsewhere")),
        *((name, "linear") for name in ("pair", "paper", "tiny", "elsewhere")),
        ("tiny", "paper"),  # and not elsewhere: no fold in common
    }
    for names, ratio, member, networks in (
        (("paper", "pair"), 0.5, "committee", 2),
        (("tiny", "pair"), 6.0, "single", 1),
        (("tiny", "paper"), 2.0, "single", 1),  # against the network of fold 1
        (("linear", "pair"), 2.0, "-", 0),
    ):
        row = table.loc[names]
        assert (row.ratio, row.low, row.high) == pytest.approx((ratio, ratio, ratio))
        assert (row.member, row.networks, row.realizations) == (member, networks, 2)


def test_comparisons_use_the_folds_that_all_networks_have():
    models = [
        network("paper", [[1.0] * 4, [3.0] * 4], [0, 1], realizations=[0, 0, 1, 1]),
        network("tiny", [[6.0] * 4], [1], realizations=[0, 0, 1, 1]),
        linear("pair", np.full(4, 1.5), realizations=[0, 0, 1, 1]),
    ]
    table = data_frame(compare(models, 0.95))
    table = table[table.stage == "all"].set_index("model")
    assert table.rmse.to_dict() == pytest.approx({"paper": 3.0, "tiny": 6.0, "pair": 1.5})
    assert table.ratio.to_dict() == pytest.approx({"paper": 1.0, "tiny": 2.0, "pair": 0.5})
    assert set(table.reference) == {"paper"}
    assert table.loc["tiny"].layers == "8"
    assert table.loc["pair"].layers == ""


def test_tables_from_files(study):
    files = [str(judged_by(study, name, study.models()[:count])[1]) for name, count in (("a", 2), ("b", 1))]
    names = ["paper", "paper-chirality"]  # what the configuration calls them
    settings = {"models": names, "labels": ["test"], "drawn": names[:1], "baselines": names[:1]}
    found = run_analysis("torque_errors", settings, {"errors": files}, {"confidence": 0.95})
    assert found["models"].set_index("model").networks.to_dict() == {"paper": 2, "paper-chirality": 1}
    kinds = found["torque_errors"].groupby(["model", "set"]).member.unique().map(list).to_dict()
    assert kinds["paper", "test"] == ["committee", "single"]
    assert kinds["paper-chirality", "test"] == kinds["paper", "training"] == ["single"]
    assert set(found["committee"].model) == {"paper"}
    assert set(found["float32"].quantity) >= {"torque_rms_difference", "energy_per_site_max_difference"}
    assert set(found["fig3_parity"].set) == {"training", "test"}
    assert set(found["fig3_parity"].model) == {"paper"}
    # The same networks: their ratio is one, though the committee's would not be.
    both = found["paired"]
    assert set(both.numerator) == {"paper-chirality"}
    assert both.ratio.to_numpy() == pytest.approx(1.0, abs=1e-12)
    compared = run_analysis("compare_models", {"activation": names}, {"activation": files}, {"confidence": 0.95})
    assert compared["activation"].ratio.to_numpy() == pytest.approx(1.0, abs=1e-12)
    with pytest.raises(InputError, match=r"a\.h5: no errors on 'test-500'; it holds training, validation, test"):
        run_analysis("torque_errors", settings | {"labels": ["test-500"]}, {"errors": files}, {"confidence": 0.95})
