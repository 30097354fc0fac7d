"""Folds, the loss of Eq. 19, early stopping, and trainings that are killed and go on."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_study import BONDS, CHIRAL, MODEL, REFERENCE, exact_data, random_network, training_set

from sdglass.errors import CheckpointError, InputError
from sdglass.forcefields.behler_parrinello import training
from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField
from sdglass.forcefields.behler_parrinello.linear import fit_linear_model
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.behler_parrinello.training import TrainingSettings, train_network, validation_errors
from sdglass.forcefields.behler_parrinello.training_set import TrainingSet, fold_splits, reduced_samples
from sdglass.forcefields.model_file import write_tensors
from sdglass.spins import torque

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


def test_folds_are_a_function_of_the_seed():
    def validations(seed):
        return [v.tolist() for _, v in fold_splits("configurations", [10, 10], 5, seed)]

    assert validations(1) == validations(1)
    assert validations(1) != validations(2)


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


def test_less_data_is_chosen_at_random_by_the_seed():
    samples = np.array([(r, c) for r in range(2) for c in range(100)])
    first, again, other = (reduced_samples(samples, None, 50, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # Not the first ones, which would be random spins alone; and not the same ones of both realizations.
    assert 30 < np.mean(first[:, 1]) < 70
    assert not np.array_equal(first[:50, 1], first[50:, 1])


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


def test_a_batch_across_realizations_is_predicted_as_one_by_one(data):
    prepared = training_set(data, BONDS, all_samples(data), dtype=torch.float64)
    network = random_network(BONDS)
    batch = all_samples(data)[::2][::-1]
    seen = 0
    for realization, chosen, energy, torques in prepared.predict(network, batch):
        for index, one_energy, one_torque in zip(chosen.tolist(), energy, torques, strict=True):
            ((_, _, alone, torque_alone),) = prepared.predict(network, np.array([(realization, index)]))
            assert torch.allclose(alone[0], one_energy, rtol=1e-12, atol=1e-12)
            assert torch.allclose(torque_alone[0], one_torque, rtol=0, atol=1e-12)
            seen += 1
    assert seen == len(batch)


# Training


def test_training_lowers_the_validation_loss(data):
    # CELU and 30 epochs of 3 steps: a loss of 1 is what predicting zero torque would give, plus the energy.
    network, history = train(data, settings=TrainingSettings(batch=4, epochs=30, learning_rate=1e-2, patience=30))
    losses = [row["validation_loss"] for row in history]
    assert len(history) == 30
    assert min(losses) < 0.7 * losses[0]
    assert [row["epoch"] for row in history] == list(range(1, 31))
    assert network.output.weight.dtype == torch.float32


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
    linear = fit_linear_model(data, maps, True, 1e-4)
    engines = [linear.engine(one.structure) for one in data]
    errors = [
        torque(data[r].spins[c], engines[r].evaluate(data[r].spins[c]).field[0]) - data[r].torque[c]
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
    with pytest.raises(InputError, match="patience = 0; expected at least one epoch"):
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


@pytest.fixture
def checkpoint(tmp_path, monkeypatch, data):
    """A checkpoint after two of six epochs."""
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    path = tmp_path / "fold-0.checkpoint"
    interrupt(data, path)
    return path


def interrupt(data, path):
    def progress(row):
        if row["epoch"] == 3:  # the checkpoint on disk is that of epoch 2
            raise Killed

    with pytest.raises(Killed):
        train(data, checkpoint=path, progress=progress)


def test_interrupted_training_goes_on_bit_for_bit(data, checkpoint):
    whole, history = train(data)
    epochs = []
    resumed, resumed_history = train(data, checkpoint=checkpoint, progress=lambda row: epochs.append(row["epoch"]))
    assert epochs == [3, 4, 5, 6]
    assert resumed_history == history
    assert same_weights(resumed, whole)
    # The checkpoint of a finished training gives the result without another epoch.
    epochs.clear()
    finished, _ = train(data, checkpoint=checkpoint, progress=lambda row: epochs.append(row["epoch"]))
    assert epochs == []
    assert same_weights(finished, whole)


def test_no_checkpoint_is_written_before_its_time(data, tmp_path):
    train(data, settings=TrainingSettings(batch=4, epochs=2), checkpoint=tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["truncated", "flipped bit", "text", "empty"])
def test_damaged_checkpoint_is_named(data, checkpoint, damage):
    content = bytearray(checkpoint.read_bytes())
    if damage == "flipped bit":
        content[-100] ^= 1
    content = {"truncated": content[: len(content) // 2], "text": b"not a checkpoint", "empty": b""}.get(
        damage, content
    )
    checkpoint.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"fold-0\.checkpoint: damaged.*delete it to train afresh"):
        train(data, checkpoint=checkpoint)


def test_checkpoint_of_another_training_is_refused(data, checkpoint):
    with pytest.raises(InputError, match=r"fold-0\.checkpoint: checkpoint of another training, 'settings'"):
        train(data, settings=TrainingSettings(batch=4, epochs=7, learning_rate=3e-3), checkpoint=checkpoint)
    with pytest.raises(InputError, match="another training, 'functions'"):
        train(data, functions=BONDS, checkpoint=checkpoint)
    with pytest.raises(InputError, match="another training, 'torque_rms'"):
        train(data[::-1], checkpoint=checkpoint)
    with pytest.raises(CheckpointError, match="another training, 'start'"):
        train(data, start=[1.0], checkpoint=checkpoint)
    with pytest.raises(CheckpointError, match="another training, 'code' is None there and abc here"):
        train(data, identity={"code": "abc"}, checkpoint=checkpoint)
    write_tensors(checkpoint, {"a": torch.zeros(1)}, {"format": 1})
    with pytest.raises(CheckpointError, match=r"fold-0\.checkpoint: not a checkpoint"):
        train(data, checkpoint=checkpoint)


def test_checkpoint_of_other_labels_is_refused(data, checkpoint):
    """One energy and one held-out torque: neither shows in the settings, the samples or the training rms."""
    _, validation = split(data)
    realization, configuration = validation[0]
    for name in ("energy", "field"):
        changed = getattr(data[realization], name).copy()
        changed[configuration] *= 1.001
        other = list(data)
        other[realization] = replace(data[realization], **{name: changed})
        with pytest.raises(CheckpointError, match="another training, 'data'"):
            train(other, checkpoint=checkpoint)


KILLED_TRAINING = """
import sys, time, torch
sys.path.insert(0, {folder!r})
import test_training as t
torch.set_num_threads(1)
t.training.CHECKPOINT_SECONDS = 0.0
t.train(t.exact_data(), checkpoint={path!r}, progress=lambda row: time.sleep(0.2))
"""


def test_a_training_killed_by_the_system_goes_on_bit_for_bit(data, tmp_path):
    path = tmp_path / "fold-0.checkpoint"
    script = KILLED_TRAINING.format(folder=os.path.dirname(os.path.dirname(__file__)), path=str(path))
    process = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 60
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    epochs = []
    resumed, history = train(data, checkpoint=path, progress=lambda row: epochs.append(row["epoch"]))
    assert 1 < epochs[0] <= 6
    whole, whole_history = train(data)
    assert json.dumps(history) == json.dumps(whole_history)
    assert same_weights(resumed, whole)
