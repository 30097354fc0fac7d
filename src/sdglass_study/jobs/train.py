"""Train the network of one fold (paper Eqs. 6, 7, 19), resuming from its checkpoint if it has one of its own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sdglass.forcefields.behler_parrinello.linear import fit_linear_model
from sdglass.forcefields.behler_parrinello.training import TrainingSettings, train_network
from sdglass.forcefields.behler_parrinello.training_set import PROTOCOLS, TrainingSet, fold_splits, reduced_samples
from sdglass.forcefields.model_file import TrainedModel
from sdglass.forcefields.training_domain import describe_structures
from sdglass.io import discard, write_csv
from sdglass.progress import progress_bar
from sdglass.provenance import provenance
from sdglass_study.jobs.arguments import run, step_parser, threads_from_environment, use_threads
from sdglass_study.jobs.checkpoints import code_digest, continued
from sdglass_study.jobs.descriptors import add_descriptor, descriptor, load_realizations


def main():
    """Write the weights of one fold and its learning curve."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--features", nargs="+", required=True)
    add_descriptor(parser)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--chirality", action="store_true")
    parser.add_argument("--protocol", choices=PROTOCOLS, required=True)
    parser.add_argument("--fold", type=int, required=True)
    parser.add_argument("--folds", type=int, required=True)
    parser.add_argument("--realizations", type=int, help="training realizations used; all if not given")
    parser.add_argument("--configurations", type=int, help="configurations used of each; all if not given")
    parser.add_argument("--network", type=json.loads, required=True, help='{"layers": ..., "activation": ...}')
    parser.add_argument("--settings", type=json.loads, required=True, help='{"learning_rate": ..., ...}')
    parser.add_argument("--ridge", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--recipe", default="", help="digest of what the result depends on, kept with it")
    parser.add_argument("--out", required=True, help="model .safetensors")
    parser.add_argument("--history", required=True, help="learning curve .csv")
    args = parser.parse_args()
    use_threads(threads_from_environment())

    data, maps = load_realizations(args.data, args.features, descriptor(args, args.chirality))
    train, validation = fold_splits(args.protocol, [len(one) for one in data], args.folds, args.seed)[args.fold]
    train = reduced_samples(train, args.realizations, args.configurations, args.seed)
    # The two-spin part is fitted to this fold's training samples alone, so that what is held out stays unseen.
    part, part_maps = training_part(data, maps, train)
    linear = fit_linear_model(part, part_maps, True, args.ridge)
    training_set = TrainingSet(data, maps, linear.reference, train, args.device)
    checkpoint = Path(f"{args.out}.checkpoint")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    settings = TrainingSettings(**args.settings)
    steps = -(-len(train) // settings.batch)  # of the optimiser, in an epoch
    with progress_bar(settings.epochs * steps, f"{args.variant} fold {args.fold}", "step") as bar:

        def show(row):
            bar.n = row["epoch"] * steps  # also of the epochs that a checkpoint had made already
            bar.set_postfix_str(
                f"epoch {row['epoch']}/{settings.epochs}, validation torque RMSE "
                f"{row['validation_torque_rmse']:.3e} t0, loss {row['validation_loss']:.4g}"
            )

        network, history = continued(
            train_network,
            training_set,
            train,
            validation,
            args.network,
            settings,
            seed=args.seed,
            fold=args.fold,
            start=linear.coefficients,
            checkpoint=checkpoint,
            identity={"code": code_digest("train")},
            progress=show,
            tick=bar.update,
        )
    info = {
        "name": args.variant,
        "protocol": args.protocol,
        "fold": args.fold,
        "folds": args.folds,
        "validation": validation.tolist(),
        "configurations": len(train),
        "structures": describe_structures([one.structure for one in part]),
        "parameters": network.n_parameters,
        "best": min(history, key=lambda row: row["validation_loss"]),
        "settings": args.settings,
        "provenance": provenance(args.data, seed=args.seed),
        "recipe": args.recipe,
    }
    frame = pd.DataFrame(history)
    frame.insert(0, "fold", args.fold)
    frame.insert(0, "variant", args.variant)
    write_csv(args.history, frame)
    TrainedModel(data[0].model, training_set.functions, [linear.reference], [network], None, info).save(args.out)
    discard(checkpoint)


def training_part(data, maps, samples):
    """Return the datasets reduced to `samples` (S, 2), without emptied realizations, and their maps."""
    parts = []
    for realization in np.unique(samples[:, 0]):
        chosen = samples[samples[:, 0] == realization, 1]
        one = data[realization]
        arrays = {name: getattr(one, name)[chosen] for name in ("spins", "energy", "field", "time")}
        parts.append((replace(one, **arrays), maps[realization]))
    return [list(column) for column in zip(*parts, strict=True)]


if __name__ == "__main__":
    run(main)
