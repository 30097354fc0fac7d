"""Training the network: Adam on the loss of Eq. 19, early stopping, resumable checkpoints."""

from dataclasses import asdict

import numpy as np
import torch

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.training_set import array_digest
from sdglass.random_streams import generator


def train_network(
    training_set,
    train,
    validation,
    network_settings,
    settings,
    *,
    seed,
    fold=0,
    start=None,
    checkpoint=None,
    progress=None,
    tick=None,
):
    """Train one network; return the one with the smallest validation loss (CPU, float32), and the history.

    The history holds per epoch the training and validation loss, the validation torque and energy RMSE [t0], and
    the rate.

    Parameters
    ----------
    training_set : TrainingSet
    train, validation : numpy.ndarray, shape (S, 2)
        Samples as (realization, configuration).
    network_settings : dict
        ``layers``, ``activation``, ``linear_term`` of `SiteEnergy`.
    settings : TrainingSettings
    seed, fold : int
        Key the initial weights, the order of samples and the time-reversal augmentation.
    start : array_like, optional
        Coefficients of a linear model for the linear term to start from.
    checkpoint : path-like or Checkpoint, optional
        What an interrupted training goes on from, with the same result bit for bit; the caller discards it once
        the result is safe.
    progress, tick : callable, optional
        Called with each row of the history, and after each step of the optimiser.

    Raises
    ------
    InputError
        If the training diverged at once.
    CheckpointError
        If the checkpoint is damaged or of another training. It is left as it is.
    """
    functions = training_set.functions
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(seed, "network weights", fold).integers(2**62)))
        network = SiteEnergy(functions.n_features, **network_settings)
    network.mean.copy_(torch.as_tensor(training_set.mean))
    network.scale.copy_(torch.as_tensor(training_set.scale))
    network.energy_scale.fill_(training_set.torque_rms)
    if start is not None and network.linear is not None:
        network.start_from_linear(start)
    network.to(training_set.device, training_set.dtype)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    identity = {
        "settings": asdict(settings),
        "network": network_settings,
        "functions": functions.to_dict(),
        "torque_rms": training_set.torque_rms,
        "seed": int(seed),
        "fold": int(fold),
        "data": training_set.digest(),
        "samples": array_digest(train),
        "validation": array_digest(validation),
        "start": None if start is None else array_digest(np.asarray(start, dtype=float)),
    }
    checkpoint = Checkpoint.of_run(checkpoint, identity)
    state = _State(network, optimizer)
    if checkpoint is not None and checkpoint.exists:
        state.load(checkpoint)
    while state.epoch < settings.epochs and state.epoch - state.best_epoch < settings.patience:
        row = _run_epoch(state, training_set, train, validation, settings, seed, fold, tick)
        if progress is not None:
            progress(row)
        if checkpoint is not None and checkpoint.due():
            state.save(checkpoint)
    if settings.epochs and not state.best_epoch:
        raise InputError(
            f"the validation loss was never finite; expected a learning_rate below {settings.learning_rate}"
        )
    network.load_state_dict(state.best)
    return network.to("cpu", torch.float32), state.history


def _run_epoch(state, training_set, train, validation, settings, seed, fold, tick):
    rng = generator(seed, "training order", fold, state.epoch)
    order = rng.permutation(len(train))
    augment = training_set.functions.chirality
    rate = settings.rate(state.epoch)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    losses, parameters = [], list(state.network.parameters())
    for begin in range(0, len(order), settings.batch):
        batch = train[order[begin : begin + settings.batch]]
        reversed_time = bool(augment and rng.random() < 0.5)
        loss, _, _ = training_set.loss(state.network, batch, settings, True, reversed_time)
        state.optimizer.zero_grad(set_to_none=True)
        # Nobody asks for the derivative with respect to the features.
        loss.backward(inputs=parameters)
        state.optimizer.step()
        losses.append(float(loss.detach()))
        if tick is not None:
            tick()
    validation_loss, torque_error, energy_error = validation_errors(
        training_set, state.network, validation, settings
    )
    row = {
        "epoch": state.epoch + 1,
        "train_loss": float(np.mean(losses)),
        "validation_loss": validation_loss,
        "validation_torque_rmse": torque_error,
        "validation_energy_rmse": energy_error,
        "learning_rate": rate,
    }
    state.finish_epoch(row)
    return row


def validation_errors(training_set, network, samples, settings, block=16):
    """Return (loss, torque RMSE [t0], energy RMSE [t0]) over samples (S, 2), in blocks of fixed size."""
    sums = np.zeros(3)
    for begin in range(0, len(samples), block):
        part = samples[begin : begin + block]
        values = training_set.loss(network, part, settings, False)
        sums += len(part) * np.array([float(v.detach()) for v in values])
    loss, torque2, energy2 = sums / len(samples)
    return loss, float(np.sqrt(torque2)), float(np.sqrt(energy2))


class _State:
    """Everything a training needs to continue."""

    _NUMBERS = ("epoch", "best_epoch", "best_loss", "history")

    def __init__(self, network, optimizer):
        self.network, self.optimizer = network, optimizer
        self.epoch, self.best_epoch, self.best_loss = 0, 0, np.inf
        self.history = []
        self.best = {k: v.clone() for k, v in network.state_dict().items()}

    def finish_epoch(self, row):
        """Record an epoch and keep its weights if they are the best so far."""
        self.epoch += 1
        self.history.append(row)
        if row["validation_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = row["validation_loss"], self.epoch
            self.best = {k: v.clone() for k, v in self.network.state_dict().items()}

    def save(self, checkpoint):
        """Write the state."""
        groups = {"now": self.network.state_dict(), "best": self.best}
        groups |= {f"adam.{k}": moments for k, moments in self.optimizer.state_dict()["state"].items()}
        tensors = {f"{group}.{k}": v for group, part in groups.items() for k, v in part.items()}
        arrays = {name: torch.as_tensor(tensor).cpu().numpy() for name, tensor in tensors.items()}
        checkpoint.write({name: getattr(self, name) for name in self._NUMBERS}, arrays)

    def load(self, checkpoint):
        """Read the state, refusing that of another training."""
        weights, moments = list(self.network.state_dict()), ("step", "exp_avg", "exp_avg_sq")
        places = range(len(list(self.network.parameters())))
        names = [f"{group}.{k}" for group in ("now", "best") for k in weights]
        names += [f"adam.{place}.{k}" for place in places for k in moments]
        numbers, arrays = checkpoint.read(names)
        tensors = {name: torch.as_tensor(array) for name, array in arrays.items()}
        try:
            self.network.load_state_dict({k: tensors[f"now.{k}"] for k in weights})
            self.best = {k: tensors[f"best.{k}"].to(self.network.mean.device) for k in weights}
            adam = {place: {k: tensors[f"adam.{place}.{k}"] for k in moments} for place in places}
            groups = self.optimizer.state_dict()["param_groups"]
            self.optimizer.load_state_dict({"state": adam, "param_groups": groups})
            for name in self._NUMBERS:
                setattr(self, name, numbers[name])
        except (KeyError, TypeError, RuntimeError) as error:
            raise checkpoint.unreadable(error) from None
