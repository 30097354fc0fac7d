"""What each ingredient of the locator force field buys, and how few labels it needs.

Every row is a fit of its own on the same training sets (or the part that it names), judged on realizations
outside of them. Fits with the same cutoffs share their least-squares rows, so that only new cutoffs cost time.
"""

from dataclasses import dataclass, replace

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.forcefields.locator.coefficients import PAIR_FEATURES, LocatorSettings, locator_coefficients
from sdglass.forcefields.registry import FITTED_MODELS
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass.spins import torque
from sdglass_study.analysis import analysis, data_frame, of, plain
from sdglass_study.model_errors import error_columns

LOOP_CUTOFFS = (2.0, 2.5, 3.0)
PAIR_CUTOFFS = (3.5, 4.25)
DRAWS = 8  # random choices of the training configurations, for the learning curve
STAGES = ("random", "minimised")


@dataclass(frozen=True)
class LocatorAblation:
    """What is fitted and judged."""

    model: str = of("models")  # the locator model that things are left out of
    test: tuple[str, ...] = of("labels")  # that it was not fitted to
    ridge: float  # of the symmetry functions' fit

    def __post_init__(self):
        if not self.ridge >= 0:
            raise InputError(f"ridge = {self.ridge}; expected a number >= 0")


def _inputs(study, settings):
    return {
        "training": study.label_files(*study.models[settings.model].labels),
        "test": study.label_files(*settings.test),
    }


def _parameters(study, settings):
    model = study.models[settings.model]
    sets = [name for name in (*model.labels, *settings.test) for _ in range(study.labelled(name))]
    return {"sets": sets, "fit": plain(model.settings)}


@analysis(
    "locator_ablation",
    LocatorAblation,
    inputs=_inputs,
    parameters=_parameters,
    tables=("locator_ablation", "locator_learning"),
)
def locator_ablation(settings, inputs, sets, fit, descriptor, confidence, seed):
    """Return the tables of the ingredients and of the learning curve.

    `sets` are those of the labels' files, those of training first, `fit` the settings of the model.
    """
    data = [LabelledConfigurations.load(path) for path in (*inputs["training"], *inputs["test"])]
    trained = np.arange(len(data)) < len(inputs["training"])
    exponent = fit["weight_exponent"]
    shape = LocatorSettings(**{name: fit[name] for name in ("pair_cutoff", "loop_cutoff", "taper", "screening")})
    others = {f"loop cutoff {r:g}": replace(shape, loop_cutoff=r) for r in LOOP_CUTOFFS}
    others |= {f"pair cutoff {r:g}": replace(shape, pair_cutoff=r) for r in PAIR_CUTOFFS}
    judging = Judging(data, np.array(sets), trained, confidence)
    with progress_bar(len(data) * (1 + len(others)), "ablation", "realization") as bar:
        rows = Rows(data, shape, exponent, bar.update)
        found = list(ingredients(rows, judging))
        learning = list(learning_curve(rows, judging, seed))
        for name, changed in others.items():
            rows = Rows(data, changed, exponent, bar.update)
            found += judging.rows(name, int(rows.terms().sum()), rows.errors(rows.fit(judging.training)))
    found += symmetry_functions(judging, descriptor, settings.ridge)
    return {"locator_ablation": data_frame(found), "locator_learning": data_frame(learning)}


@dataclass(frozen=True, eq=False)
class Judging:
    """All labels: those that are fitted to, and those that judge."""

    data: list  # of LabelledConfigurations
    sets: np.ndarray  # name of the set of each
    trained: np.ndarray  # whether each is fitted to
    confidence: float

    @property
    def training(self):
        """Numbers of the labels that are fitted to."""
        return np.flatnonzero(self.trained)

    def squares(self, errors):
        """Yield (columns, squares, labels, masks) of every set that judges and stage.

        ``errors(number, configurations)`` gives the mean squared torque error of some configurations.
        """
        for name in dict.fromkeys(self.sets[~self.trained]):
            members = np.flatnonzero(~self.trained & (self.sets == name))
            for stage in STAGES:
                masks = [self.data[k].random == (stage == "random") for k in members]
                values = np.array([errors(k, some) for k, some in zip(members, masks, strict=True)])
                columns = {"set": name, "stage": stage, "n_sites": self.data[members[0]].structure.n_sites}
                yield columns, values, [self.data[k] for k in members], masks

    def rows(self, name, parameters, errors):
        """Return table rows: the errors of a fit on every set that judges."""
        rows = []
        for columns, values, members, masks in self.squares(errors):
            signal = [np.square(labels.torque[some]).mean() for labels, some in zip(members, masks, strict=True)]
            counts, rms = np.array([some.sum() for some in masks]), np.sqrt(np.mean(signal))
            row = {"ingredient": name, "parameters": parameters, **columns, "realizations": len(members)}
            row |= error_columns(values, counts, rms, self.confidence)
            del row["rms"]  # the same for all ingredients
            rows.append(row)
        return rows


class Rows:
    """Least-squares rows of all labels with one set of cutoffs."""

    def __init__(self, data, shape, weight_exponent, progress):
        from sdglass.forcefields.locator.fit import torque_design

        self.data, self.shape, self.exponent = data, shape, weight_exponent
        self.targets = [labels.torque for labels in data]
        self.designs = []
        for labels in data:
            coefficients = locator_coefficients(labels.structure, labels.model, shape)
            self.designs.append(torque_design(coefficients, labels.spins))
            progress()

    def terms(self, pairs=None, loops=None):
        """Return the mask of the first `pairs` pair features and the last `loops` loops; all by default."""
        n_pairs, n_loops = len(PAIR_FEATURES), len(self.shape.screening)
        pairs, loops = n_pairs if pairs is None else pairs, n_loops if loops is None else loops
        return np.r_[np.arange(n_pairs) < pairs, np.arange(n_loops) >= n_loops - loops]

    def fit(self, numbers, configurations=None, terms=None):
        """Return the coefficients fitted to the chosen `configurations` (masks; all by default) of some labels."""
        from sdglass.dataset import configuration_weights
        from sdglass.forcefields.locator.fit import solve_coefficients

        masks = [np.ones(len(labels), bool) for labels in self.data] if configurations is None else configurations
        chosen = [(k, masks[k]) for k in numbers if masks[k].any()]
        targets = [self.targets[k][some] for k, some in chosen]
        designs = [self.designs[k][some] for k, some in chosen]
        weights = configuration_weights(targets, self.exponent)
        return solve_coefficients(designs, targets, weights, self.terms() if terms is None else terms)

    def errors(self, coefficients):
        """Return the function that gives mean squared torque errors of a fit, see `Judging.squares`."""

        def squares(number, configurations):
            predicted = self.designs[number][configurations] @ coefficients
            return np.square(predicted - self.targets[number][configurations]).mean()

        return squares


def ingredients(rows, judging):
    """Yield the rows of fits that leave something out."""
    training = judging.training
    bare, whole = rows.terms(1, 0).astype(float), int(rows.terms().sum())
    yield from judging.rows("series to two spins, nothing fitted", 0, rows.errors(bare))
    for name, terms in (
        ("pairs fitted", rows.terms(loops=0)),
        ("pairs and loops of one hop", rows.terms(loops=1)),
        ("no pair corrections", rows.terms(pairs=1)),
        ("all", rows.terms()),
    ):
        yield from judging.rows(name, int(terms.sum()), rows.errors(rows.fit(training, terms=terms)))
    for label in dict.fromkeys(judging.sets[judging.trained]):
        some = np.flatnonzero(judging.sets == label)
        name = f"trained at N = {rows.data[some[0]].structure.n_sites} only"
        yield from judging.rows(name, whole, rows.errors(rows.fit(some)))
    random = [labels.random for labels in rows.data]
    for words, masks in (("random spins", random), ("minimised states", [~some for some in random])):
        yield from judging.rows(f"trained on {words} only", whole, rows.errors(rows.fit(training, masks)))


def learning_curve(rows, judging, seed):
    """Yield the errors of fits to 1, 2, 4, .. of the training configurations, several random choices of each."""
    available = [(k, c) for k in judging.training for c in range(len(rows.data[k]))]
    sizes = [2**power for power in range(20) if 2**power < len(available)] + [len(available)]
    for size in sizes:
        for draw in range(DRAWS if size < len(available) else 1):
            order = generator(seed, f"locator learning {size}", draw).permutation(len(available))[:size]
            masks = [np.zeros(len(labels), bool) for labels in rows.data]
            for number, configuration in (available[place] for place in order):
                masks[number][configuration] = True
            errors = rows.errors(rows.fit(judging.training, masks))
            for columns, squares, *_ in judging.squares(errors):
                yield {"configurations": size, "draw": draw, **columns, "rmse": np.sqrt(np.mean(squares))}


def symmetry_functions(judging, descriptor, ridge):
    """Return the rows of the symmetry functions' linear models, fitted to the same data."""
    linear, functions = FITTED_MODELS["linear"], SymmetryFunctions(**descriptor)
    maps = [build_feature_maps(labels.structure, functions) for labels in judging.data]
    part = [[values[k] for k in judging.training] for values in (judging.data, maps)]
    rows = []
    for name, g3 in (("coupling J(R), symmetry functions", False), ("with three-site functions", True)):
        settings = linear.Settings(descriptor=functions, g3=g3, ridge=ridge)
        model, _ = linear.fit(part[0], settings, descriptors=part[1])

        def squares(k, some, model=model):
            labels = judging.data[k]
            field = model.on(labels.structure, descriptor=maps[k]).evaluate(labels.spins[some]).field
            return np.square(torque(labels.spins[some], field) - labels.torque[some]).mean()

        rows += judging.rows(name, model.n_parameters, squares)
    return rows
