"""Judge force fields on realizations that none was trained on, several sizes.

Stages: random spins, frozen states (descended from random spins), and late states of quenches at temperature.
"""

import numpy as np
import pandas as pd

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.loading import load_force_field, load_model
from sdglass.io import write_csv
from sdglass.progress import progress_bar
from sdglass.spins import torque
from sdglass_study.jobs.arguments import run, step_parser, threads_from_environment, use_threads
from sdglass_study.model_errors import root_mean_square

# Two Gaussian components: the torque error of a site is inside with these probabilities.
COVERAGE = (0.68, 0.95)
STAGES = ("random", "frozen", "late")


def main():
    """Write one row per model, set and stage."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--sets", nargs="+", required=True, help="set of each dataset")
    parser.add_argument("--quenches", nargs="*", default=[], help="datasets whose relaxed states are of quenches")
    parser.add_argument("--quench-sets", nargs="*", default=[], help="set of each")
    parser.add_argument("--models", nargs="+", required=True, help=".safetensors")
    parser.add_argument("--names", nargs="+", required=True, help="name of each model")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    use_threads(threads_from_environment())
    parameters = {name: n_parameters(load_model(path)) for name, path in zip(args.names, args.models, strict=True)}
    parts = []
    files = [*zip(args.data, args.sets, strict=True), *zip(args.quenches, args.quench_sets, strict=True)]
    with progress_bar(len(files) * len(args.models), "errors", "model") as bar:
        for number, (path, label) in enumerate(files):
            data = LabelledConfigurations.load(path)
            chosen = stages(data) if number < len(args.data) else late_stage(data)
            for name, model in zip(args.names, args.models, strict=True):
                engine = load_force_field(model, data.structure, data.model)
                parts.append({"model": name, "set": label, **judge(engine, data, chosen)})
                bar.update()
    write_csv(args.out, pd.DataFrame(summarize(parts, parameters, args.confidence)))


def n_parameters(model):
    """Return the number of fitted numbers of a model; of a committee, those of one network."""
    if model.kind == "network":
        return sum(value.numel() for value in model.networks[0].parameters())
    return len(model.coefficients) if model.kind == "linear" else model.n_parameters


def stages(data):
    """Return {stage: mask (C,)} of random spins and the states descended from them."""
    return {"random": data.random, "frozen": ~data.random}


def late_stage(data):
    """Return {stage: mask (C,)} of the states in the last half of quenches; none if there are no quenches."""
    if data.random.all():
        return {}
    with np.errstate(invalid="ignore"):  # random spins have no time
        return {"late": data.time >= 0.5 * np.nanmax(data.time)}


def judge(engine, data, chosen):
    """Return squared errors and signals of a dataset's stages {name: mask}, and how often the error bar holds."""
    found = {"n_sites": data.structure.n_sites}
    for stage, mask in chosen.items():
        spins, exact = data.spins[mask], data.torque[mask]
        result = engine.evaluate(spins)
        error = torque(spins, result.field) - exact
        found[stage] = {
            "error": np.square(error).mean(),
            "signal": np.square(exact).mean(),
            "energy": (result.energy - data.energy[mask]) / data.structure.n_sites,
            "configurations": int(mask.sum()),
        }
        if hasattr(engine, "torque_uncertainty"):
            ratio = np.linalg.norm(error, axis=2) / engine.torque_uncertainty(spins)
            found[stage]["covered"] = [np.mean(ratio < np.sqrt(-2 * np.log(1 - p))) for p in COVERAGE]
    return found


def summarize(parts, parameters, confidence):
    """Return the rows of the table: errors over realizations with intervals."""
    rows = []
    for (model, label), group in pd.DataFrame(parts).groupby(["model", "set"], sort=False):
        for stage in (stage for stage in STAGES if stage in group and group[stage].notna().all()):
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
