"""The tables of the paper's study as they were before models, sets and stages were renamed, with the new names."""

from pathlib import Path

import pandas as pd

TABLES = {
    "large_difference": "fig5_difference",
    "large_paired": "fig5_paired",
    "psi_multiverse": "psi_specifications",
}
MODELS = {
    "bond": "paper",
    "bond-long": "paper-long",
    "chirality": "paper-chirality",
    "bond-configurations": "paper-configurations",
    "chirality-configurations": "paper-chirality-configurations",
    "network": "small",
}
SETS = {"unseen": "test", "large": "test-500", "n1000": "test-1000"}
LABELS = {
    "exact": "exact (ED)",
    "pair": "pair model",
    "linear": "linear model",
    "paper": "paper's network",
    "small": "small network",
    "paper-chirality": "paper's network + chirality",
    "small-chirality": "small network + chirality",
    "paper-configurations": "small network, split by configuration",
    "paper-chirality-configurations": "small network + chirality, split by configuration",
    "paper-long": "paper's network, 30 epochs",
    "tiny": "tiny network",
    "medium": "medium network",
    "small-relu": "small network, ReLU",
    "small-silu": "small network, SiLU",
    "small-unstarted": "small network, from random weights",
    "locator": "locator expansion",
}


def renamed(name, frame):
    """Return the table `name` with the new names; unchanged if it has them already."""
    if name == "fig5_fits" and "engine" in frame:
        frame = frame.rename(columns={"model": "law"})
    frame = frame.rename(columns={"engine": "model", "variant": "model"})
    for column in {"model", "numerator", "denominator", "reference"} & set(frame):
        frame[column] = frame[column].replace(MODELS)
    if "set" in frame:
        frame["set"] = frame["set"].replace(SETS)
    if "stage" in frame:
        frame["stage"] = frame["stage"].replace("frozen", "minimised" if name.startswith("locator") else "late")
    for column in {"ensemble", "reference_ensemble"} & set(frame):
        frame[column] = frame[column].map(_ensemble)
    if "run" in frame:
        kind = "fig4-" if name.startswith("fig4") else "fig5-"
        frame["run"] = [run if run.startswith(kind) else kind + _model_of_run(run) for run in frame["run"]]
    if "ingredient" in frame:
        frame["ingredient"] = frame["ingredient"].str.replace("frozen states", "minimised states")
    return frame


def _ensemble(name):
    if not isinstance(name, str):
        return name
    if name.startswith("large-locator-"):
        return name.removeprefix("large-")
    for old, new in (("small-", "fig4-"), ("large-", "fig5-")):
        if name.startswith(old):
            return new + _model_of_run(name.removeprefix(old))
    return name


def _model_of_run(name):
    model, dash, rest = name.partition("-")
    return MODELS.get(model, model) + dash + rest


def write_renamed(source, folder):
    """Write the tables of `source` to `folder` with the new names."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(Path(source).glob("*.csv")):
        frame = renamed(path.stem, pd.read_csv(path, low_memory=False))
        frame.to_csv(Path(folder) / f"{TABLES.get(path.stem, path.stem)}.csv", index=False)


if __name__ == "__main__":
    import sys

    write_renamed(*sys.argv[1:])
