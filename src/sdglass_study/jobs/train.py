"""Train the network of one fold (paper Eqs. 6, 7, 19), resuming from its checkpoint if it has one of its own."""

import json
from pathlib import Path

import pandas as pd

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.behler_parrinello.settings import PROTOCOLS
from sdglass.io import discard, write_csv
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

    functions = descriptor(args, args.chirality)
    data, maps = load_realizations(args.data, args.features, functions)
    settings = NetworkModel.Settings(
        descriptor=functions,
        ridge=args.ridge,
        protocol=args.protocol,
        n_folds=args.folds,
        realizations=args.realizations,
        configurations=args.configurations,
        **args.network,
        **args.settings,
    )
    path = Path(f"{args.out}.checkpoint")
    path.parent.mkdir(parents=True, exist_ok=True)
    model, history = continued(
        NetworkModel.fit,
        data,
        settings,
        fold=args.fold,
        seed=args.seed,
        device=args.device,
        descriptors=maps,
        checkpoint=Checkpoint(path, {"code": code_digest("train")}, interval=10.0),
        progress=True,
    )
    model.info.update(name=args.variant, provenance=provenance(args.data, seed=args.seed), recipe=args.recipe)
    frame = pd.DataFrame(history)
    frame.insert(0, "fold", args.fold)
    frame.insert(0, "variant", args.variant)
    write_csv(args.history, frame)
    model.save(args.out)
    discard(path)


if __name__ == "__main__":
    run(main)
