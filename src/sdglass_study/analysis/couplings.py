"""The pair couplings of Eq. 15 as the models have learned them, against distance."""

import numpy as np
import pandas as pd

from sdglass.forcefields.loading import load_force_field
from sdglass.forcefields.model_file import TrainedModel
from sdglass.io import write_csv
from sdglass.progress import tracked
from sdglass.structures.neighbours import neighbour_pairs
from sdglass_study.jobs.arguments import run, step_parser, threads_from_environment, use_threads
from sdglass_study.jobs.descriptors import load_realizations

CONFIGURATIONS = 10


def main():
    """Write the mean coupling per pair and its spread over pairs, per distance bin and model."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--features", nargs="+", required=True)
    parser.add_argument("--network", required=True)
    parser.add_argument("--linear", required=True)
    parser.add_argument("--pair", required=True)
    parser.add_argument("--bin-width", type=float, required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    use_threads(threads_from_environment())
    trained = {name: TrainedModel.load(getattr(args, name)) for name in ("network", "linear", "pair")}
    # Bond couplings come from the bond features alone; a chirality network adds none to them.
    data, maps = load_realizations(args.data, args.features, trained["network"].functions)
    linear_maps = load_realizations(args.data, args.features, trained["linear"].functions)[1]
    distances, values = {}, {}

    def add(model, distance, coupling):
        distances.setdefault(model, []).append(distance)
        values.setdefault(model, []).append(coupling)

    realizations = list(zip(data, maps, linear_maps, strict=True))
    for one, its_maps, bond_maps in tracked(realizations, "couplings", "realization"):
        pairs = neighbour_pairs(one.structure, trained["linear"].functions.cutoff)
        for name in ("linear", "pair"):
            add(name, pairs.distance, trained[name].linear.couplings(bond_maps))
        hopping = one.model.hopping(pairs.distance)
        if one.model.coupling != 0:
            add("second-order", pairs.distance, hopping**2 / (2.0 * abs(one.model.coupling)))
        engine = load_force_field(args.network, one.structure, maps=its_maps, members=[0])
        # Random spins: the mean slope of the energy is then the two-spin part of Eq. 14.
        spins = one.spins[one.random][:CONFIGURATIONS]
        couplings, first, second = engine.pair_couplings(spins)
        if not (np.array_equal(first, pairs.first) and np.array_equal(second, pairs.second)):
            raise AssertionError("descriptor and neighbour list must order their pairs alike")
        add("network", pairs.distance, couplings.mean(0))
    rows = []
    for model in distances:
        distance, coupling = np.concatenate(distances[model]), np.concatenate(values[model])
        edges = np.arange(0.0, distance.max() + args.bin_width, args.bin_width)
        bins = np.digitize(distance, edges) - 1
        for b in np.unique(bins):
            chosen = coupling[bins == b]
            low, high = np.percentile(chosen, [16, 84])
            rows.append(
                {
                    "model": model,
                    "distance": 0.5 * (edges[b] + edges[b + 1]) if b + 1 < len(edges) else edges[b],
                    "coupling": chosen.mean(),
                    "low": low,
                    "high": high,
                    "pairs": len(chosen),
                }
            )
    write_csv(args.out, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
