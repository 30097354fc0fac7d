"""The engines of the large quenches against each other, on the realizations and replicas that they share."""

from itertools import combinations

import numpy as np
import pandas as pd

from sdglass.io import write_csv
from sdglass_study.jobs.arguments import run
from sdglass_study.jobs.ensembles import ensemble_parser, load_ensembles, shared_part
from sdglass_study.jobs.paired import CURVE, NUMBERS, compare_shared, pair_labels

# The nearer to the electrons first: it is the reference of a pair. Variants of the network come after "exact".
_FIRST, _LAST = ("exact",), ("network", "linear", "pair")


def main():
    """Write the differences of C(r, t), and those of xi(t) and of C at contact."""
    parser = ensemble_parser(__doc__, resampled=True)
    parser.add_argument("--splits", type=int, required=True)
    parser.add_argument("--out-difference", required=True)
    parser.add_argument("--out-paired", required=True)
    args = parser.parse_args()
    ensembles = sorted(load_ensembles(args.observables), key=lambda one: _rank(one.engine))
    differences, paired = [], []
    for reference, other in combinations(ensembles, 2):
        if reference.damping != other.damping or reference.engine == other.engine:
            continue
        shared = shared_part(reference, other)
        if shared is None:
            continue
        curves, numbers = compare_shared(pair_labels(*shared), *shared, args)
        differences.append(curves)
        paired.append(numbers)
    if not paired:  # nothing to compare: the tables say so
        empty = [_nothing(ensemble) for ensemble in ensembles]
        differences = [pd.DataFrame(one | dict.fromkeys(CURVE, np.nan)) for one in empty]
        paired = [pd.DataFrame(one | {"quantity": "none"} | dict.fromkeys(NUMBERS, np.nan)) for one in empty]
    write_csv(args.out_difference, pd.concat(differences, ignore_index=True))
    write_csv(args.out_paired, pd.concat(paired, ignore_index=True))


def _rank(engine):
    if engine in _FIRST:
        return 0
    return 2 + _LAST.index(engine) if engine in _LAST else 1


def _nothing(ensemble):
    sizes = {"realizations": len(ensemble.members), "replicas": ensemble.replicas}
    return {**ensemble.labels, "reference": "none", "reference_ensemble": "none", **sizes, "time": [np.nan]}


if __name__ == "__main__":
    run(main)
