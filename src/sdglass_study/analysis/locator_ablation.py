"""What each ingredient of the locator force field buys, and how few labels it needs.

Every row is a fit of its own on the same training sets (or the part that it names), judged on realizations
outside of them. Fits with the same cutoffs share their least-squares rows, so that only new cutoffs cost time.
"""

import dataclasses

import numpy as np
import pandas as pd

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.behler_parrinello.linear import fit_linear_model
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.locator.coefficients import PAIR_FEATURES, LocatorSettings, locator_lists
from sdglass.forcefields.locator.fit import configuration_weights, solve_coefficients, torque_design
from sdglass.io import write_csv
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass.spins import torque
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.jobs.descriptors import add_descriptor, descriptor
from sdglass_study.jobs.fit_locator import add_settings
from sdglass_study.model_errors import root_mean_square

LOOP_CUTOFFS = (2.0, 2.5, 3.0)
PAIR_CUTOFFS = (3.5, 4.25)
DRAWS = 8  # random choices of the training configurations, for the learning curve


def main():
    """Write the table of the ingredients and the learning curve."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--sets", nargs="+", required=True, help="set of each dataset")
    parser.add_argument("--trained", nargs="+", required=True, help="sets that are fitted to; the others judge")
    add_settings(parser)
    add_descriptor(parser)
    parser.add_argument("--ridge", type=float, required=True, help="of the symmetry functions' fit")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out-ablation", required=True)
    parser.add_argument("--out-learning", required=True)
    args = parser.parse_args()
    data = [LabelledConfigurations.load(path) for path in args.data]
    labels = np.array(args.sets)
    trained = np.isin(labels, args.trained)
    settings = LocatorSettings(**args.settings)
    others = {f"loop cutoff {r:g}": dataclasses.replace(settings, loop_cutoff=r) for r in LOOP_CUTOFFS}
    others |= {f"pair cutoff {r:g}": dataclasses.replace(settings, pair_cutoff=r) for r in PAIR_CUTOFFS}
    with progress_bar(len(data) * (1 + len(others)), "ablation", "realization") as bar:
        rows_of = Rows(data, settings, args.weight_exponent, bar.update)
        found = list(ingredients(rows_of, labels, trained, args.confidence))
        learning = list(learning_curve(rows_of, labels, trained, args.seed))
        for name, changed in others.items():
            rows = Rows(data, changed, args.weight_exponent, bar.update)
            coefficients = rows.fit(np.flatnonzero(trained), rows.everything)
            found += rows.judge(name, coefficients, rows.terms(), labels, ~trained, args.confidence)
    found += symmetry_functions(data, labels, trained, descriptor(args, chirality=False), args)
    write_csv(args.out_ablation, pd.DataFrame(found))
    write_csv(args.out_learning, pd.DataFrame(learning))


class Rows:
    """Least-squares rows of all datasets with one set of cutoffs.

    Attributes
    ----------
    everything : list of numpy.ndarray of bool
        For each dataset, all of its configurations.
    """

    def __init__(self, data, settings, weight_exponent, progress):
        self.data, self.settings, self.exponent = data, settings, weight_exponent
        self.targets = [one.torque for one in data]
        self.everything = [np.ones(len(one), bool) for one in data]
        self.designs = []
        for one in data:
            self.designs.append(torque_design(locator_lists(one.structure, one.model, settings), one.spins))
            progress()

    def terms(self, pairs=None, loops=None):
        """Return the mask of the first `pairs` pair features and the last `loops` loops; all by default."""
        n_loops = len(self.settings.screening)
        pairs = len(PAIR_FEATURES) if pairs is None else pairs
        loops = n_loops if loops is None else loops
        return np.r_[np.arange(len(PAIR_FEATURES)) < pairs, np.arange(n_loops) >= n_loops - loops]

    def fit(self, datasets, configurations, terms=None):
        """Return the coefficients fitted to the chosen `configurations` (masks) of `datasets` (numbers)."""
        chosen = [(k, configurations[k]) for k in datasets if configurations[k].any()]
        weights = configuration_weights([self.targets[k][some] for k, some in chosen], self.exponent)
        return solve_coefficients(
            [self.designs[k][some] for k, some in chosen],
            [self.targets[k][some] for k, some in chosen],
            weights,
            self.terms() if terms is None else terms,
        )

    def squares(self, coefficients, dataset, configurations):
        """Return the mean squared torque error of some configurations of a dataset."""
        error = self.designs[dataset][configurations] @ coefficients - self.targets[dataset][configurations]
        return np.square(error).mean()

    def judge(self, name, coefficients, terms, labels, judged, confidence):
        """Return table rows: the errors of one fit on the sets that were not fitted to."""
        return summarize(
            name,
            int(terms.sum()),
            lambda k, some: self.squares(coefficients, k, some),
            self.data,
            labels,
            judged,
            confidence,
        )


def summarize(name, parameters, squares, data, labels, judged, confidence):
    """Return rows per set and stage; `squares(dataset, configurations)` gives mean squared errors."""
    rows = []
    for label in dict.fromkeys(labels[judged]):
        members = np.flatnonzero(judged & (labels == label))
        for stage in ("random", "frozen"):
            masks = [data[k].random == (stage == "random") for k in members]
            values = np.array([squares(k, some) for k, some in zip(members, masks, strict=True)])
            rmse, low, high = root_mean_square(values, np.array([some.sum() for some in masks]), confidence)
            signal = [np.square(data[k].torque[some]).mean() for k, some in zip(members, masks, strict=True)]
            row = {"ingredient": name, "parameters": parameters, "set": label, "stage": stage}
            row |= {"n_sites": data[members[0]].structure.n_sites, "realizations": len(members)}
            rows.append(
                row | {"rmse": rmse, "low": low, "high": high, "relative": rmse / np.sqrt(np.mean(signal))}
            )
    return rows


def ingredients(rows, labels, trained, confidence):
    """Yield the rows of fits that leave something out."""
    datasets = np.flatnonzero(trained)
    bare = rows.terms(1, 0).astype(float)

    def judged(name, coefficients, terms):
        return rows.judge(name, coefficients, terms, labels, ~trained, confidence)

    yield from judged("series to two spins, nothing fitted", bare, np.zeros(len(bare), bool))
    for name, terms in (
        ("pairs fitted", rows.terms(loops=0)),
        ("pairs and loops of one hop", rows.terms(loops=1)),
        ("no pair corrections", rows.terms(pairs=1)),
        ("all", rows.terms()),
    ):
        yield from judged(name, rows.fit(datasets, rows.everything, terms), terms)
    whole = rows.terms()
    for label in dict.fromkeys(labels[trained]):
        some = np.flatnonzero(labels == label)
        name = f"trained at N = {rows.data[some[0]].structure.n_sites} only"
        yield from judged(name, rows.fit(some, rows.everything), whole)
    random = [one.random for one in rows.data]
    yield from judged("trained on random spins only", rows.fit(datasets, random), whole)
    yield from judged("trained on frozen states only", rows.fit(datasets, [~some for some in random]), whole)


def learning_curve(rows, labels, trained, seed):
    """Yield the errors of fits to 1, 2, 4, .. of the training configurations, several random choices of each."""
    available = [(k, c) for k in np.flatnonzero(trained) for c in range(len(rows.data[k]))]
    sizes = [2**power for power in range(20) if 2**power < len(available)] + [len(available)]
    for size in sizes:
        for draw in range(DRAWS if size < len(available) else 1):
            order = generator(seed, f"locator learning {size}", draw).permutation(len(available))[:size]
            masks = [np.zeros(len(one), bool) for one in rows.data]
            for number in order:
                dataset, configuration = available[number]
                masks[dataset][configuration] = True
            coefficients = rows.fit(np.flatnonzero(trained), masks)
            for label in dict.fromkeys(labels[~trained]):
                members = np.flatnonzero(~trained & (labels == label))
                for stage in ("random", "frozen"):
                    some = [rows.data[k].random == (stage == "random") for k in members]
                    squares = [rows.squares(coefficients, k, mask) for k, mask in zip(members, some, strict=True)]
                    row = {"configurations": size, "draw": draw, "set": label, "stage": stage}
                    yield row | {
                        "n_sites": rows.data[members[0]].structure.n_sites,
                        "rmse": np.sqrt(np.mean(squares)),
                    }


def symmetry_functions(data, labels, trained, functions, args):
    """Return the rows of the symmetry functions' linear models, fitted to the same data."""
    maps = [build_feature_maps(one.structure, functions) for one in data]
    train = np.flatnonzero(trained)
    rows = []
    for name, use_g3 in (("coupling J(R), symmetry functions", False), ("with three-site functions", True)):
        model = fit_linear_model([data[k] for k in train], [maps[k] for k in train], use_g3, args.ridge)

        def squares(k, some, model=model):
            field = model.engine(data[k].structure, maps[k]).evaluate(data[k].spins[some]).field
            return np.square(torque(data[k].spins[some], field) - data[k].torque[some]).mean()

        rows += summarize(name, len(model.coefficients), squares, data, labels, ~trained, args.confidence)
    return rows


if __name__ == "__main__":
    run(main)
