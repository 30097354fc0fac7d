"""Training the network: Adam on the loss of Eq. 19, early stopping, resumable checkpoints."""

import json
import os
import time
from dataclasses import asdict, dataclass

import numpy as np
import torch

from sdglass.errors import CheckpointError, InputError
from sdglass.forcefields.behler_parrinello.network import SiteEnergy
from sdglass.forcefields.behler_parrinello.training_set import array_digest
from sdglass.forcefields.model_file import read_tensors, with_prefix, write_tensors
from sdglass.random_streams import generator

# Least time between two checkpoints: what a killed training loses at most, but for the epoch in progress.
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; the loss is that of Eq. 19.

        L = [mu_H sum_i |T_i - T_i^exact|^2 + mu_E (E - E^exact)^2] / [3 N rms(T^exact)^2],   T = S x H,

    averaged over the configurations. The divisor, not in the paper, takes rms(T^exact) [t0] over the torque
    components of all training samples, so that L / mu_H is the relative squared torque error.

    Attributes
    ----------
    torque_weight : float
        mu_H of Eq. 19, dimensionless.
    energy_weight : float
        mu_E of Eq. 19, dimensionless; it weighs the energy of a whole configuration.
    learning_rate : float
        Of Adam, dimensionless; that of the first epoch.
    schedule : {"constant", "cosine"}
        Whether the rate stays, or falls along half a cosine over `epochs`, towards 1 % of it (not to zero).
    batch : int
        Configurations per step of the optimiser.
    epochs : int
        Largest number of passes over the training samples.
    patience : int
        Epochs in a row without a smaller validation loss after which the training stops, at least 1.
    """

    torque_weight: float = 1.0
    energy_weight: float = 0.01
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    batch: int = 8
    epochs: int = 40
    patience: int = 10

    def __post_init__(self):
        if self.schedule not in ("constant", "cosine"):
            raise InputError(f"schedule = {self.schedule!r}; expected constant or cosine")
        if self.patience < 1:
            raise InputError(f"patience = {self.patience}; expected at least one epoch")

    def rate(self, epoch):
        """Return the learning rate of an epoch, numbered from 0; a cosine would be at 1 % in epoch `epochs`."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + np.cos(np.pi * epoch / self.epochs)))


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
    identity=None,
    progress=None,
    tick=None,
):
    """Train one network and return the one with the smallest validation loss.

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
    checkpoint : path-like, optional
        File that an interrupted training continues from, with the same result bit for bit; the caller
        removes it once the result is safe.
    identity : dict, optional
        What, besides the arguments here, a checkpoint must have been made with to be continued, such as a
        digest of the code. JSON data.
    progress : callable, optional
        Called with each row of the history.
    tick : callable, optional
        Called after each step of the optimiser.

    Returns
    -------
    network : SiteEnergy
        Best weights, on the CPU in float32.
    history : list of dict
        Per epoch: training loss, validation loss, validation torque and energy RMSE [t0], rate.

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
    # As JSON gives it back, to be compared with what a checkpoint holds.
    whole_identity = json.loads(
        json.dumps(
            {
                **(identity or {}),
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
        )
    )
    state = _State(network, optimizer, whole_identity)
    if checkpoint is not None and os.path.exists(checkpoint):
        state.load(checkpoint)
    saved = time.monotonic()
    while state.epoch < settings.epochs and state.epoch - state.best_epoch < settings.patience:
        row = _run_epoch(state, training_set, train, validation, settings, seed, fold, tick)
        if progress is not None:
            progress(row)
        if checkpoint is not None and time.monotonic() - saved >= CHECKPOINT_SECONDS:
            state.save(checkpoint)
            saved = time.monotonic()
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
    """Everything a training needs to continue, as one safetensors file."""

    def __init__(self, network, optimizer, identity):
        self.network, self.optimizer, self.identity = network, optimizer, identity
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

    def save(self, path):
        """Write the state."""
        tensors = {f"now.{k}": v.contiguous() for k, v in self.network.state_dict().items()}
        tensors |= {f"best.{k}": v.contiguous() for k, v in self.best.items()}
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{k}": torch.as_tensor(v).contiguous() for k, v in values.items()}
        keys = ("epoch", "best_epoch", "best_loss", "history", "identity")
        write_tensors(path, tensors, {"checkpoint": {k: getattr(self, k) for k in keys}})

    def load(self, path):
        """Read the state, refusing that of another training."""
        remedy = "delete it to train afresh"
        try:
            tensors, header = read_tensors(path)
        except InputError as error:
            raise CheckpointError(path, str(error).removeprefix(f"{path}: "), remedy) from None
        if "checkpoint" not in header:
            raise CheckpointError(path, "not a checkpoint", remedy)
        state = header["checkpoint"]
        old, new = state["identity"], self.identity
        for key in {**new, **old}:  # a key that only one of the two has differs as well
            if old.get(key) != new.get(key):
                raise CheckpointError(
                    path,
                    f"checkpoint of another training, '{key}' is {old.get(key)} there and {new.get(key)} here",
                    remedy,
                )
        self.network.load_state_dict(with_prefix(tensors, "now."))
        self.best = {k: v.to(self.network.mean.device) for k, v in with_prefix(tensors, "best.").items()}
        adam = {}
        for key, value in with_prefix(tensors, "adam.").items():
            index, name = key.split(".")
            adam.setdefault(int(index), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": adam, "param_groups": groups})
        self.epoch, self.best_epoch = state["epoch"], state["best_epoch"]
        self.best_loss, self.history = state["best_loss"], state["history"]
