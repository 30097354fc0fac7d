"""What the tables of the scaling benchmark say: exponents, speed-ups, crossovers, and errors next to times."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from measuring import NETWORKS

from sdglass.errors import InputError

MODELS = ("paper", "small", "pair")
LABELS = {
    "exact": "exact diagonalization",
    "paper": "paper's network",
    "small": "small network (128-128-64)",
    "pair": "pair model J(R)",
}
# Sizes of the power-law fits; below, what does not grow with N is a part of the time.
FROM = {"exact": 250, "paper": 1000, "small": 1000, "pair": 1000}


def read(folder, name, required=True):
    """Return the table results/benchmarks/<name>.csv, or None if it is not there and need not be.

    Raises
    ------
    InputError
        If it is missing and required.
    """
    path = Path(folder) / f"{name}.csv"
    if not path.is_file():
        if required:
            raise InputError(f"{path}: no such file; expected the table of benchmarks/{name.split('_')[0]}*.py")
        return None
    return pd.read_csv(path)


def scaling(folder):
    """Return the times of all models, exact diagonalization included, in one frame."""
    return pd.concat([read(folder, "scaling_exact"), read(folder, "scaling_models")], ignore_index=True)


def single(frame, model):
    """Return the rows of one replica at a time, by size."""
    return frame[(frame.model == model) & (frame.replicas == 1)].sort_values("n_sites")


def batch(frame, model):
    """Return the rows of batches, by size."""
    return frame[(frame.model == model) & (frame.replicas > 1)].sort_values("n_sites")


def power_law(n, seconds):
    """Return (prefactor, exponent, standard error) of seconds = prefactor N^exponent.

    Least squares on logarithms. NaN where there are too few points: two for the exponent, three for its error.
    """
    x, y = np.log(np.asarray(n, float)), np.log(np.asarray(seconds, float))
    if len(x) < 2:
        return np.nan, np.nan, np.nan
    design = np.stack([x, np.ones_like(x)], axis=1)
    (exponent, offset), *_ = np.linalg.lstsq(design, y, rcond=None)
    error = np.nan
    if len(x) > 2:
        spread = np.sum((y - design @ [exponent, offset]) ** 2) / (len(x) - 2)
        error = float(np.sqrt(spread / np.sum((x - x.mean()) ** 2)))
    return float(np.exp(offset)), float(exponent), error


def exponents(frame):
    """Return a frame of fits (model, kind, from, to, prefactor, exponent, error) of times of one replica."""
    rows = []
    for model in ("exact", *MODELS):
        for kind, part in (("single", single(frame, model)), ("batch", batch(frame, model))):
            part = part[part.n_sites >= FROM[model]]
            if len(part) < 2:
                continue
            prefactor, exponent, error = power_law(part.n_sites, part.seconds_per_replica)
            rows.append(
                {
                    "model": model,
                    "kind": kind,
                    "from": part.n_sites.min(),
                    "to": part.n_sites.max(),
                    "points": len(part),
                    "prefactor_s": prefactor,
                    "exponent": exponent,
                    "exponent_error": error,
                }
            )
    columns = ["model", "kind", "from", "to", "points", "prefactor_s", "exponent", "exponent_error"]
    return pd.DataFrame(rows, columns=columns)


def speedups(frame):
    """Return a frame (model, kind, n_sites, speedup): time of exact diagonalization over that of a model."""
    rows = []
    for kind, choose in (("single", single), ("batch", batch)):
        exact = choose(frame, "exact").set_index("n_sites").seconds_per_replica
        for model in MODELS:
            own = choose(frame, model).set_index("n_sites").seconds_per_replica
            for n in exact.index.intersection(own.index):
                rows.append({"model": model, "kind": kind, "n_sites": n, "speedup": exact[n] / own[n]})
    return pd.DataFrame(rows, columns=["model", "kind", "n_sites", "speedup"])


def crossover(speedup):
    """Return (N, text): where the model becomes faster than exact diagonalization.

    N is interpolated between logarithms; NaN if the model is faster, or slower, at every size.
    """
    part = speedup.sort_values("n_sites")
    n, gain = part.n_sites.to_numpy(float), np.log(part.speedup.to_numpy(float))
    if not len(n):
        return np.nan, "not measured"
    if (gain > 0).all():
        return np.nan, f"faster at every size from N = {n[0]:.0f} on"
    if gain[-1] <= 0:
        return np.nan, f"slower at every size up to N = {n[-1]:.0f}"
    below = np.flatnonzero(gain <= 0)[-1]
    weight = -gain[below] / (gain[below + 1] - gain[below])
    crossing = float(np.exp(np.log(n[below]) + weight * np.log(n[below + 1] / n[below])))
    return crossing, f"faster from N = {crossing:.0f} on"


def torque_errors(path):
    """Return {model: row} of errors on unseen structures, for the models of the benchmark that a study trained.

    Parameters
    ----------
    path : path-like or None
        A study's ``tables/torque_errors.csv``; which of its networks has which layers is read from the study's
        ``config.yaml`` beside the folder of tables. Without a file there are no errors.
    """
    if path is None or not Path(path).is_file():
        return {}
    frame = pd.read_csv(path)
    frame = frame[(frame.set == "unseen") & (frame.stage == "all")]
    settings = yaml.safe_load((Path(path).parents[1] / "config.yaml").read_text())["network"]
    names = {"pair": "pair"}
    for variant, own in settings["variants"].items():
        whole = {**settings, **own}
        # The first variant with a network's layers that has seen all data, without chirality.
        special = own.keys() & {"activation", "realizations", "configurations"}
        if whole.get("chirality") or special or whole.get("protocol") != "realizations":
            continue
        for model, layers in NETWORKS.items():
            if tuple(whole["layers"]) == tuple(layers):
                names.setdefault(model, variant)
    errors = {}
    for model, name in names.items():
        rows = frame[(frame.model == name) & frame.member.isin(["-", "single"])]
        if len(rows):
            errors[model] = rows.iloc[0]
    return errors
