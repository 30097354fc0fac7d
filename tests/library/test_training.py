"""Folds, the loss of Eq. 19, early stopping, and trainings that are killed and go on."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_study import BONDS, CHIRAL, MODEL, REFERENCE, exact_data, labelled, random_network, training_set

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import CheckpointError, InputError
from sdglass.forcefields.behler_parrinello import training
from sdglass.forcefields.behler_parrinello.folds import fold_splits, reduced_samples
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.behler_parrinello.settings import LinearSettings, NetworkSettings, TrainingSettings
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.behler_parrinello.training import train_network, validation_errors
from sdglass.forcefields.behler_parrinello.training_set import TrainingSet
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.registry import load_model
from sdglass.forcefields.training_domain import ZeroFeaturesWarning
from sdglass.spins import normalize, torque
from sdglass.structures.lattices import square_lattice

NETWORK = {"layers": (10, 8), "activation": "silu", "linear_term": False}
SETTINGS = TrainingSettings(batch=4, epochs=6, learning_rate=3e-3)


@pytest.fixture(scope="module")
def data():
    return exact_data()


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in the same order, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def all_samples(data):
    return np.array([(r, c) for r, one in enumerate(data) for c in range(len(one))])


def split(data, fold=0):
    return fold_splits("configurations", [len(one) for one in data], 3, 0)[fold]


def train(data, functions=CHIRAL, settings=SETTINGS, **kwargs):
    samples, validation = split(data)
    prepared = training_set(data, functions, samples)
    return train_network(prepared, samples, validation, NETWORK, settings, seed=1, **kwargs)


# Folds


@pytest.mark.parametrize("protocol", ["realizations", "configurations"])
def test_folds_are_disjoint_and_cover_everything(protocol):
    counts = [7, 5, 6, 8, 5, 6, 7]
    everything = {(r, c) for r, count in enumerate(counts) for c in range(count)}
    splits = fold_splits(protocol, counts, 5, seed=3)
    seen = []
    for samples, validation in splits:
        held_out, trained = set(map(tuple, validation.tolist())), set(map(tuple, samples.tolist()))
        assert held_out
        assert held_out | trained == everything
        assert not held_out & trained
        if protocol == "realizations":
            assert not set(validation[:, 0]) & set(samples[:, 0])
        seen += sorted(held_out)
    assert sorted(seen) == sorted(everything)
    sizes = [len({r for r, _ in v.tolist()} if protocol == "realizations" else v) for _, v in splits]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("protocol", "counts", "folds", "message"),
    [
        ("atoms", [4, 4], 2, "protocol = 'atoms'; expected one of realizations, configurations"),
        ("realizations", [4, 4], 3, "folds = 3; expected between 2 and 2, the number of realizations"),
        ("configurations", [4, 4], 1, "folds = 1; expected between 2 and 8, the number of configurations"),
        ("realizations", [], 2, "folds = 2; expected between 2 and 0"),
    ],
)
def test_impossible_folds_are_refused(protocol, counts, folds, message):
    with pytest.raises(InputError, match=message):
        fold_splits(protocol, counts, folds, 0)


def test_less_data_is_a_part_of_more():
    """The first realizations of the fold, and of each a random choice that grows into the larger ones."""
    samples = fold_splits("realizations", [7, 5, 6, 8, 5], 5, seed=3)[1][0]
    present = np.unique(samples[:, 0])
    parts = {(r, c): reduced_samples(samples, r, c, seed=2) for r in (1, 3, None) for c in (2, 5, None)}
    for (realizations, configurations), part in parts.items():
        assert np.array_equal(np.unique(part[:, 0]), present[:realizations])
        counts = np.bincount(part[:, 0], minlength=5)[present[:realizations]]
        whole = np.bincount(samples[:, 0], minlength=5)[present[:realizations]]
        assert np.array_equal(counts, whole if configurations is None else np.full(len(counts), configurations))
        mine = set(map(tuple, part.tolist()))
        assert len(mine) == len(part)
        for (r, c), other in parts.items():
            if all(b is None or (a is not None and a <= b) for a, b in ((realizations, r), (configurations, c))):
                assert mine <= set(map(tuple, other.tolist()))
    assert np.array_equal(parts[None, None], samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"realizations": 3}, "realizations = 3; expected at most 2, those of the fold"),
        ({"configurations": 5}, "configurations = 5; expected at most 4, those of realization 7"),
    ],
)
def test_more_data_than_there_is_is_refused(options, message):
    samples = np.array([(2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (7, 0), (7, 1), (7, 2), (7, 3)])
    with pytest.raises(InputError, match=message):
        reduced_samples(samples, **options)


# The loss


def test_standardisation_is_that_of_the_training_samples(data):
    samples, _ = split(data)
    prepared = training_set(data, CHIRAL, samples, dtype=torch.float64)
    chosen = np.concatenate([prepared.features[r][c] for r, c in samples])
    raw = chosen * prepared.scale + prepared.mean
    constant = prepared.scale <= 1e-3 * prepared.scale.max()
    assert not constant.all()
    np.testing.assert_allclose(chosen[:, : CHIRAL.n_bond].mean(0), 0.0, atol=1e-12)
    np.testing.assert_allclose(chosen.std(0)[~constant], 1.0, rtol=1e-12)
    # G3-chi is odd under time reversal: it is scaled, but not shifted.
    assert not prepared.mean[CHIRAL.n_bond :].any()
    assert prepared.mean[: CHIRAL.n_bond].any()
    np.testing.assert_allclose(raw[:, 0].mean(), prepared.mean[0], atol=1e-12)


def test_loss_is_equation_19(data):
    """mu_H sum_i |torque difference|^2 + mu_E |E difference|^2, over 3 N rms(torque)^2, written with an engine."""
    samples, _ = split(data)
    prepared = training_set(data, CHIRAL, samples, dtype=torch.float64)
    network = random_network(CHIRAL)
    network.mean.copy_(torch.as_tensor(prepared.mean))
    network.scale.copy_(torch.as_tensor(prepared.scale))
    settings = TrainingSettings(torque_weight=0.7, energy_weight=0.3)
    batch = np.array([(2, 1), (0, 3), (2, 4), (1, 0)])
    torque_sum = energy_sum = 0.0
    for r, c in batch:
        one = data[r]
        reference = REFERENCE.energy(one.structure, MODEL.hopping)
        predicted = NetworkForceField(one.structure, network, CHIRAL, reference).evaluate(one.spins[c])
        torque_sum += np.sum((torque(one.spins[c], predicted.field[0]) - one.torque[c]) ** 2)
        energy_sum += (predicted.energy[0] - one.energy[c]) ** 2
    rms2 = np.mean([np.mean(data[r].torque[c] ** 2) for r, c in samples])
    loss, torque_mse, energy_mse = prepared.loss(network, batch, settings, create_graph=False)
    assert float(loss.detach()) == pytest.approx(
        (0.7 * torque_sum + 0.3 * energy_sum) / (3 * 4 * 20 * rms2), rel=1e-10
    )
    assert float(torque_mse) == pytest.approx(torque_sum / (3 * 4 * 20), rel=1e-10)
    assert float(energy_mse.detach()) == pytest.approx(energy_sum / 4, rel=1e-10)


@pytest.mark.parametrize("reversed_time", [False, True])
def test_loss_gradient_is_the_derivative_with_respect_to_the_weights(data, reversed_time):
    samples, _ = split(data)
    prepared = training_set(data, CHIRAL, samples, dtype=torch.float64)
    network = random_network(CHIRAL)
    batch = samples[:3]

    def loss(create_graph):
        return prepared.loss(network, batch, TrainingSettings(energy_weight=0.5), create_graph, reversed_time)[0]

    weights = list(network.parameters())
    gradients = torch.autograd.grad(loss(True), weights)
    rng = np.random.default_rng(5)
    for weight, gradient in zip(weights, gradients, strict=True):
        direction = torch.as_tensor(rng.standard_normal(weight.shape))
        values = []
        for step in (-2e-5, -1e-5, 1e-5, 2e-5):
            with torch.no_grad():
                weight.add_(step * direction)
            values.append(loss(False).item())
            with torch.no_grad():
                weight.sub_(step * direction)
        slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / 12e-5
        expected = (gradient * direction).sum().item()
        # Rounding: 1e-16 of the loss over the step of 1e-5.
        assert slope == pytest.approx(expected, rel=1e-6, abs=1e-9 * values[0])


def test_time_reversed_samples_are_exact(data):
    """Reversed features are those of reversed spins, and so are the prediction and the torque to compare with."""
    prepared = training_set(data, CHIRAL, all_samples(data), dtype=torch.float64)
    one, network = data[0], random_network(CHIRAL)
    network.mean.copy_(torch.as_tensor(prepared.mean))
    network.scale.copy_(torch.as_tensor(prepared.scale))
    maps = build_feature_maps(one.structure, CHIRAL)
    of_reversed = torch.as_tensor((maps.features(-one.spins) - prepared.mean) / prepared.scale)
    assert torch.equal(prepared.features[0] * prepared.flip, of_reversed)
    assert not torch.equal(prepared.features[0], of_reversed)
    engine = NetworkForceField(one.structure, network, CHIRAL, maps=maps).evaluate(-one.spins)
    batch = np.array([(0, c) for c in range(len(one))])
    ((_, _, energy, torques),) = prepared.predict(network, batch, reversed_time=True)
    np.testing.assert_allclose(energy.detach().numpy(), engine.energy, rtol=1e-12)
    np.testing.assert_allclose(torques.detach().numpy(), torque(-one.spins, engine.field), atol=1e-12)
    np.testing.assert_array_equal(torque(-one.spins, -one.field), one.torque)


def test_time_reversed_samples_are_exact_where_distances_tie():
    """Squares of the chirality do not change, what is odd does; the mean is over both."""
    lattice = square_lattice(6, 4)
    one = labelled(lattice, ExactForceField(lattice, SDModel()), 4)
    prepared = training_set([one], CHIRAL, all_samples([one]), dtype=torch.float64)
    maps = build_feature_maps(lattice, CHIRAL)
    assert 0 < maps.tied.sum() < len(maps.tied)
    both = np.stack([maps.features(one.spins), maps.features(-one.spins)])
    np.testing.assert_allclose(prepared.mean, both.mean(axis=(0, 1, 2)), atol=1e-14)
    network = random_network(CHIRAL)
    network.mean.copy_(torch.as_tensor(prepared.mean))
    network.scale.copy_(torch.as_tensor(prepared.scale))
    engine = NetworkForceField(lattice, network, CHIRAL, maps=maps).evaluate(-one.spins)
    batch = np.array([(0, c) for c in range(len(one))])
    ((_, _, energy, torques),) = prepared.predict(network, batch, reversed_time=True)
    np.testing.assert_allclose(energy.detach().numpy(), engine.energy, rtol=1e-12)
    np.testing.assert_allclose(torques.detach().numpy(), torque(-one.spins, engine.field), atol=1e-11)


def test_chirality_that_no_spins_have_gives_a_warning(data):
    flat = [replace(one, spins=normalize(one.spins * [1, 1, 0])) for one in data]  # in a plane: no triple product
    with pytest.warns(ZeroFeaturesWarning, match=r"the \d+ features G3-chi are zero in all training data"):
        training_set(flat, CHIRAL, all_samples(flat))


# Training


@pytest.mark.parametrize("functions", [BONDS, CHIRAL], ids=["bonds", "chirality"])
def test_time_reversal_is_learned_only_where_it_is_not_exact(data, functions, monkeypatch):
    """With chirality about half of all steps see reversed spins; validation sees the data as they are."""
    steps, validations = [], []
    original = TrainingSet.loss

    def loss(self, network, batch, settings, create_graph, reversed_time=False):
        (steps if create_graph else validations).append(reversed_time)
        return original(self, network, batch, settings, create_graph, reversed_time)

    monkeypatch.setattr(TrainingSet, "loss", loss)
    train(data, functions, TrainingSettings(batch=1, epochs=8, patience=8))
    assert not any(validations)
    # 96 steps with probability 1/2: four standard deviations are 20.
    assert len(steps) == 96
    assert abs(sum(steps) - 48) < 20 if functions.chirality else not any(steps)


def test_start_from_the_linear_model_is_its_torque_error(data):
    """Before the first step the network is the linear model; a tiny rate leaves it there for an epoch."""
    samples, validation = split(data)
    prepared = training_set(data, BONDS, samples)
    maps = [build_feature_maps(one.structure, BONDS) for one in data]
    linear, _ = LinearModel.fit(data, LinearSettings(BONDS, g3=True, ridge=1e-4), descriptors=maps)
    force_fields = [linear.on(one.structure) for one in data]
    errors = [
        torque(data[r].spins[c], force_fields[r].evaluate(data[r].spins[c]).field[0]) - data[r].torque[c]
        for r, c in validation
    ]
    _, history = train_network(
        prepared, samples, validation, NETWORK | {"linear_term": True},
        TrainingSettings(epochs=1, learning_rate=1e-12), seed=1, start=linear.coefficients,
    )  # fmt: skip
    # float32 arithmetic on torques that are a hundred times larger than their error
    assert history[0]["validation_torque_rmse"] == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=1e-4)


def test_early_stopping_returns_the_best_epoch(data):
    settings = TrainingSettings(batch=4, epochs=200, learning_rate=0.1, schedule="constant", patience=3)
    network, history = train(data, settings=settings)
    losses = [row["validation_loss"] for row in history]
    best = int(np.argmin(losses))
    assert len(losses) < 200
    assert len(losses) == best + 1 + settings.patience  # the best one, and the patience without a better one
    assert min(losses[best + 1 :]) > losses[best]
    samples, validation = split(data)
    prepared = training_set(data, CHIRAL, samples)
    assert validation_errors(prepared, network, validation, settings)[0] == losses[best]


def test_early_stopping_counts_epochs_since_the_best(data, monkeypatch):
    """Losses 3, 2, 2, 2.5, ...: an equal loss is no improvement, so patience 2 ends after the fourth epoch."""
    losses = iter([3.0, 2.0, 2.0, 2.5, 1.0, 1.0])
    monkeypatch.setattr(training, "validation_errors", lambda *_: (next(losses), 0.0, 0.0))
    _, history = train(data, settings=TrainingSettings(batch=12, epochs=6, patience=2))
    assert [row["validation_loss"] for row in history] == [3.0, 2.0, 2.0, 2.5]


def test_learning_rates():
    cosine = TrainingSettings(learning_rate=2e-3, epochs=10)
    assert cosine.rate(0) == pytest.approx(2e-3)
    assert cosine.rate(5) == pytest.approx(2e-3 * (0.01 + 0.99 / 2))
    assert cosine.rate(10) == pytest.approx(2e-5)
    assert TrainingSettings(learning_rate=2e-3, schedule="constant").rate(7) == 2e-3
    with pytest.raises(InputError, match="schedule = 'step'; expected constant or cosine"):
        TrainingSettings(schedule="step")
    with pytest.raises(InputError, match="patience = 0; expected an integer >= 1"):
        TrainingSettings(patience=0)


def test_the_seed_decides_everything(data):
    def result(**kwargs):
        samples, validation = split(data)
        prepared = training_set(data, CHIRAL, samples)
        torch.rand(3)  # whatever else has drawn random numbers
        settings = TrainingSettings(batch=4, epochs=2)
        return train_network(prepared, samples, validation, NETWORK, settings, **kwargs)

    state = torch.random.get_rng_state()
    first, history = result(seed=1)
    again, history_again = result(seed=1)
    assert history == history_again
    assert same_weights(first, again)
    assert not same_weights(first, result(seed=2)[0])
    assert not same_weights(first, result(seed=1, fold=1)[0])
    torch.random.set_rng_state(state)


def test_divergence_is_an_error_and_not_a_model(data):
    with pytest.raises(InputError, match="validation loss was never finite; expected a learning_rate below 1e"):
        train(data, settings=TrainingSettings(batch=4, epochs=3, learning_rate=1e30))


# Interruptions


def same_weights(one, other):
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


class Killed(Exception):
    pass


def often(path, **identity):
    """Return a checkpoint that is written after every epoch."""
    return Checkpoint(path, identity, interval=0.0)


@pytest.fixture
def checkpoint(tmp_path, data):
    """A checkpoint after two of six epochs."""
    path = tmp_path / "fold-0.checkpoint"

    def progress(row):
        if row["epoch"] == 3:  # the checkpoint on disk is that of epoch 2
            raise Killed

    with pytest.raises(Killed):
        train(data, checkpoint=often(path), progress=progress)
    return path


def test_interrupted_training_goes_on_bit_for_bit(data, checkpoint):
    whole, history = train(data)
    epochs = []
    again = often(checkpoint)
    resumed, resumed_history = train(data, checkpoint=again, progress=lambda row: epochs.append(row["epoch"]))
    assert epochs == [3, 4, 5, 6]
    assert resumed_history == history
    assert same_weights(resumed, whole)
    # The checkpoint of a finished training gives the result without another epoch.
    epochs.clear()
    finished, _ = train(data, checkpoint=checkpoint, progress=lambda row: epochs.append(row["epoch"]))
    assert epochs == []
    assert same_weights(finished, whole)


def test_checkpoint_of_another_training_is_refused(data, checkpoint):
    other = TrainingSettings(batch=4, epochs=7, learning_rate=3e-3)
    for options, name in (
        ({"settings": other}, "settings"),
        ({"functions": BONDS}, "functions"),
        ({"start": [1.0]}, "start"),
    ):
        with pytest.raises(CheckpointError, match=rf"fold-0\.checkpoint: .* of a run with {name} = "):
            train(data, checkpoint=checkpoint, **options)
    with pytest.raises(CheckpointError, match="of a run with torque_rms"):
        train(data[::-1], checkpoint=checkpoint)
    with pytest.raises(CheckpointError, match="of a run with code = None, but now it is abc"):
        train(data, checkpoint=often(checkpoint, code="abc"))


def test_checkpoint_of_other_labels_is_refused(data, checkpoint):
    """One energy and one held-out torque: neither shows in the settings, the samples or the training rms."""
    _, validation = split(data)
    realization, configuration = validation[0]
    for name in ("energy", "field"):
        changed = getattr(data[realization], name).copy()
        changed[configuration] *= 1.001
        other = list(data)
        other[realization] = replace(data[realization], **{name: changed})
        with pytest.raises(CheckpointError, match="of a run with data = "):
            train(other, checkpoint=checkpoint)


# The model of a fold, and of all of them

SHAPE = {"descriptor": CHIRAL, "layers": [6], "activation": "silu", "linear_term": True}
WHOLE = NetworkSettings(**SHAPE, batch=4, epochs=2, protocol="configurations", n_folds=3, trained=[0, 2])


@pytest.fixture(scope="module")
def fits(data):
    return [NetworkModel.fit(data, WHOLE, fold=fold, seed=1) for fold in WHOLE.folds]


def test_a_fit_says_what_it_saw(data, fits):
    for fold, (model, history) in zip((0, 2), fits, strict=True):
        train, validation = fold_splits("configurations", [len(one) for one in data], 3, 1)[fold]
        assert model.info["validation"] == validation.tolist()
        assert model.info["configurations"] == len(train)
        assert model.info["structures"]["realizations"] == len(data)
        assert (model.info["fold"], model.info["folds"], len(history)) == (fold, 3, 2)
        assert model.info["best"] in history
        assert model.n_parameters == model.info["parameters"]
        assert model.electrons == MODEL
        assert NetworkSettings(**json.loads(json.dumps(model.info["settings"]))) == WHOLE


def test_folds_join_to_a_committee(fits, tmp_path):
    models = [model for model, _ in fits]
    assert NetworkModel.join(models[:1]) is models[0]
    committee = NetworkModel.join(models)
    committee.save(tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    assert [member["fold"] for member in loaded.info["members"]] == [0, 2]
    assert dict(loaded.describe())["kind"] == "committee of 2 networks"
    assert all(same_weights(a, b.networks[0]) for a, b in zip(loaded.networks, models, strict=True))
    with pytest.raises(InputError, match="member 1 has another descriptor or other electrons than member 0"):
        NetworkModel.join([models[0], replace(models[1], electrons=replace(MODEL, coupling=5.0))])
    with pytest.raises(InputError, match="no networks to join"):
        NetworkModel.join([])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": [8, 0]}, r"layers = \[8, 0\]; expected a list of integers >= 1"),
        ({"activation": "tanh"}, "activation = 'tanh'; expected one of relu, celu, silu"),
        ({"linear_term": 1}, "linear_term = 1; expected true or false"),
        ({"torque_weight": -1.0}, "torque_weight = -1.0; expected a number >= 0"),
        ({"learning_rate": "fast"}, "learning_rate = 'fast'; expected a number > 0"),
        ({"batch": 0}, "batch = 0; expected an integer >= 1"),
        ({"protocol": "atoms"}, "protocol = 'atoms'; expected realizations or configurations"),
        ({"n_folds": 1}, "n_folds = 1; expected an integer >= 2"),
        ({"trained": [0, 3]}, r"trained = \[0, 3\]; expected different folds, from 0 to 2"),
        ({"realizations": 0}, "realizations = 0; expected an integer >= 1 or none"),
        ({"descriptor": {"colour": 1}}, "descriptor: .*colour"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        NetworkSettings(**{"n_folds": 3, **change})


def test_fits_that_cannot_be_are_refused(data):
    with pytest.raises(InputError, match="fold = 3; expected one of 0 to 2"):
        NetworkModel.fit(data, WHOLE, fold=3)
    with pytest.raises(InputError, match="no training data given"):
        NetworkModel.fit([], WHOLE)
    with pytest.raises(InputError, match="maps of 20 sites"):
        NetworkModel.fit(data, WHOLE, descriptors=[build_feature_maps(one.structure, BONDS) for one in data])
    with pytest.raises(InputError, match="ridge = -1; expected a number >= 0"):
        LinearSettings(ridge=-1)
    assert LinearSettings(CHIRAL).descriptor == BONDS
