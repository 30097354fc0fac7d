"""Predict energies and torques of one model, member by member, on labelled configurations."""

import json

import h5py
import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.engines.load import load_engine
from sdglass.feature_cache import load_feature_maps
from sdglass.files import atomic_path
from sdglass.model_file import TrainedModel
from sdglass.provenance import provenance
from sdglass.spins import torque
from sdglass.steps.arguments import run, step_parser, threads_from_environment, use_threads
from sdglass.trajectory import write_array


def main():
    """Write one HDF5 file with a group per dataset: energy (M, C) and torque (M, C, N, 3)."""
    parser = step_parser(__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--features", nargs="+", required=True)
    parser.add_argument("--dtype", default="float64", help="arithmetic of networks; float32 costs 1e-9 t0")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", required=True, help="predictions .h5")
    args = parser.parse_args()
    use_threads(threads_from_environment())
    trained = TrainedModel.load(args.model)
    members = [[m] for m in range(len(trained.networks))] or [None]
    made = provenance([args.model, *args.data, *args.features], dtype=args.dtype)
    with atomic_path(args.out) as temporary, h5py.File(temporary, "w") as handle:
        handle.attrs["provenance"] = json.dumps(made, sort_keys=True)
        for number, (path, features) in enumerate(zip(args.data, args.features, strict=True)):
            data = LabelledConfigurations.load(path)
            maps = load_feature_maps(features, data.structure, trained.functions)
            energies, torques = [], []
            for member in members:
                engine = load_engine(
                    args.model,
                    data.structure,
                    data.model,
                    maps=maps,
                    dtype=args.dtype,
                    device=args.device,
                    members=member,
                )
                result = engine.evaluate(data.spins)
                energies.append(result.energy)
                torques.append(torque(data.spins, result.field))
            group = handle.create_group(f"{number:03d}")
            write_array(group, "energy", np.array(energies))
            write_array(group, "torque", np.array(torques))


if __name__ == "__main__":
    run(main)
