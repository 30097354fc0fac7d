"""Judge force fields on realizations that none was trained on: random spins and frozen states, several sizes."""

import numpy as np
import pandas as pd
from tqdm import tqdm

from sdglass.dataset import LabelledConfigurations
from sdglass.engines.load import load_engine, load_model
from sdglass.files import write_csv
from sdglass.model_errors import root_mean_square
from sdglass.spins import torque
from sdglass.steps.arguments import run, step_parser, threads_from_environment, use_threads

# Two Gaussian components: the torque error of a site is inside with these probabilities.
COVERAGE = (0.68, 0.95)


def main():
    """Write one row per model, set and stage."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--sets", nargs="+", required=True, help="set of each dataset")
    parser.add_argument("--models", nargs="+", required=True, help=".safetensors")
    parser.add_argument("--names", nargs="+", required=True, help="name of each model")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    use_threads(threads_from_environment())
    parameters = {name: n_parameters(path) for name, path in zip(args.names, args.models, strict=True)}
    parts = []
    with tqdm(total=len(args.data) * len(args.models), unit="model", desc="errors") as bar:
        for path, label in zip(args.data, args.sets, strict=True):
            data = LabelledConfigurations.load(path)
            for name, model in zip(args.names, args.models, strict=True):
                engine = load_engine(model, data.structure, data.model)
                parts.append({"model": name, "set": label, **judge(engine, data)})
                bar.update()
    write_csv(args.out, pd.DataFrame(summarize(parts, parameters, args.confidence)))


def n_parameters(path):
    """Return the number of fitted numbers of a model."""
    model = load_model(path)
    if model.kind == "network":
        return sum(value.numel() for value in model.networks[0].parameters())
    return len(model.coefficients) if model.kind == "linear" else model.n_parameters


def judge(engine, data):
    """Return squared errors and signals of a dataset's two stages, and how often the error bar holds."""
    result = engine.evaluate(data.spins)
    error = torque(data.spins, result.field) - data.torque
    found = {"n_sites": data.structure.n_sites}
    for stage, chosen in (("random", data.random), ("frozen", ~data.random)):
        found[stage] = {
            "error": np.square(error[chosen]).mean(),
            "signal": np.square(data.torque[chosen]).mean(),
            "energy": (result.energy - data.energy)[chosen] / data.structure.n_sites,
            "configurations": int(chosen.sum()),
        }
        if hasattr(engine, "torque_uncertainty"):
            sigma = engine.torque_uncertainty(data.spins[chosen])
            ratio = np.linalg.norm(error[chosen], axis=2) / sigma
            found[stage]["covered"] = [np.mean(ratio < np.sqrt(-2 * np.log(1 - p))) for p in COVERAGE]
    return found


def summarize(parts, parameters, confidence):
    """Return the rows of the table: errors over realizations with intervals."""
    rows = []
    for (model, label), group in pd.DataFrame(parts).groupby(["model", "set"], sort=False):
        for stage in ("random", "frozen"):
            some = group[stage].tolist()
            squares = np.array([one["error"] for one in some])
            counts = np.array([one["configurations"] for one in some])
            rmse, low, high = root_mean_square(squares, counts, confidence)
            rms = np.sqrt(np.average([one["signal"] for one in some], weights=counts))
            energy = np.concatenate([one["energy"] for one in some])
            covered = [one["covered"] for one in some if "covered" in one]
            row = {"model": model, "parameters": parameters[model], "set": label, "stage": stage}
            row |= {"n_sites": group.n_sites.iloc[0], "realizations": len(some), "configurations": counts.sum()}
            row |= {"rmse": rmse, "low": low, "high": high, "rms": rms, "relative": rmse / rms}
            row |= {"relative_low": low / rms, "relative_high": high / rms}
            row |= {"energy_rmse_per_site": np.sqrt(np.square(energy).mean())}
            for p, value in zip(COVERAGE, np.mean(covered, axis=0) if covered else (np.nan, np.nan), strict=True):
                row[f"covered_{round(100 * p)}"] = value
            rows.append(row)
    return rows


if __name__ == "__main__":
    run(main)
