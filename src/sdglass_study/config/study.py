"""A study: the typed configuration, and where each of its files is.

Four tables say what there is: ``structures``, ``labels``, ``models``, ``quenches``. Each entry has a name, and each
name is a folder below ``results/<study>/``. The section ``analysis`` says which tables are made of them.
"""

import dataclasses
import shlex
from dataclasses import dataclass, field
from functools import cached_property

from sdglass.dynamics.llg import LLG
from sdglass.dynamics.trajectory import SNAPSHOTS_PER_DECADE, log_times
from sdglass.electrons.hopping import HOPPING_LAWS
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.registry import FITTED_MODELS
from sdglass.observables import OBSERVABLES
from sdglass.structures import STRUCTURES
from sdglass_study.analysis import ANALYSES
from sdglass_study.config.shortcuts import effective
from sdglass_study.config.typed import Problems, build, plain

EXACT = "exact"  # the model that needs no fit
SWEPT = ("fig2", "fig3", "fig4", "fig5")  # what a sweep compares


@dataclass(frozen=True)
class Statistics:
    """How intervals are made.

    Attributes
    ----------
    confidence : float
        Probability inside an interval.
    bootstrap : int
        Resamples over realizations.
    splits : int
        Random halvings of the replicas for the unbiased |C|.
    bin_width : float
        Of C(r) [ell].
    """

    confidence: float = 0.95
    bootstrap: int = 1000
    splits: int = 20
    bin_width: float = 0.1

    def __post_init__(self):
        if not 0 < self.confidence < 1:
            raise InputError(f"confidence = {self.confidence}; expected a number between 0 and 1")
        for name in ("bootstrap", "splits", "bin_width"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} = {getattr(self, name)}; expected a positive number")


@dataclass(frozen=True)
class Dynamics:
    """A run of the LLG equation; the integrator is the study's.

    Attributes
    ----------
    damping : float
        alpha [gamma].
    temperature : float
        Of the spins [t0].
    duration, time_step : float
        [1/(gamma t0)]
    """

    damping: float
    temperature: float
    duration: float
    time_step: float

    def __post_init__(self):
        LLG(self.damping, self.temperature, self.time_step)
        log_times(self.duration, self.time_step)  # refuses a duration that is no multiple of the step


@dataclass(frozen=True)
class Structures:
    """Realizations of one kind of structure.

    Attributes
    ----------
    kind : object
        Of the registry of structures; its ``make(rng)`` makes one.
    realizations : int
    first : int
        Number of the first realization in the whole study; the number keys every random stream of a realization,
        so no two entries may share one.
    """

    kind: object
    realizations: int
    first: int

    def numbers(self):
        """Return the numbers of the realizations, a range."""
        return range(self.first, self.first + self.realizations)


@dataclass(frozen=True)
class Quenched(Dynamics):
    """States along quenches from random spins.

    Attributes
    ----------
    trajectories : int
        Quenches of each realization.
    snapshots : int
        Log-spaced states of each.
    model : str
        The model that drives them; their labels are exact all the same.
    """

    trajectories: int
    snapshots: int
    model: str = EXACT

    def __post_init__(self):
        super().__post_init__()
        steps = round(self.duration / self.time_step)
        if not 0 < self.snapshots <= steps:
            raise InputError(f"snapshots = {self.snapshots}; expected at most one per time step, {steps} in all")


@dataclass(frozen=True)
class Minimised:
    """States that random spins reach downhill: S <- S - step S x (S x H), renormalized.

    Attributes
    ----------
    steps : int
    step : float
        [1/t0]
    """

    steps: int
    step: float


@dataclass(frozen=True)
class Labels:
    """Spin configurations with exact energies and fields.

    Attributes
    ----------
    structures : str
    random : int
        Configurations with independent random spins, of each realization.
    realizations : int, optional
        How many of the structures are labelled; all by default.
    quenched : Quenched, optional
    minimised : Minimised, optional
        As many as there are random ones, which they start from.
    """

    structures: str
    random: int
    realizations: int | None = None
    quenched: Quenched | None = None
    minimised: Minimised | None = None


@dataclass(frozen=True)
class Model:
    """A force field to be fitted.

    Attributes
    ----------
    kind : str
        Of the registry of fitted models.
    labels : tuple of str
        What it is fitted to.
    settings : object
        The ``Settings`` of that kind.
    label : str
        What figures call it.
    dtype : {"float32", "float64"}
        Its arithmetic in quenches.
    """

    kind: str
    labels: tuple
    settings: object
    label: str
    dtype: str


@dataclass(frozen=True)
class Quench(Dynamics):
    """An ensemble of quenches from random spins, with each of several models.

    Attributes
    ----------
    structures : str
    models : tuple of str
        ``exact``, or of the table of models; the first one is the reference of figures.
    replicas : int
        Initial states of each realization; the same for every model.
    realizations : int, optional
        How many of the structures; all by default.
    first_snapshot : float, optional
        Time of the snapshot after that at t = 0 [1/(gamma t0)]; one step by default.
    snapshots_per_decade : float
    """

    structures: str
    models: tuple[str, ...]
    replicas: int
    realizations: int | None = None
    first_snapshot: float | None = None
    snapshots_per_decade: float = SNAPSHOTS_PER_DECADE

    def __post_init__(self):
        super().__post_init__()
        log_times(self.duration, self.time_step, self.snapshots_per_decade, self.first_snapshot)


@dataclass(frozen=True)
class Study:
    """Everything that a configuration says, checked; and the paths of the files that follow from it.

    Attributes
    ----------
    study : str
        Its name: everything goes to ``results/<study>/``.
    seed : int
        Every random number derives from it.
    electrons : SDModel
    structures, labels, models, quenches : dict
        {name: `Structures`, `Labels`, `Model`, `Quench`}.
    descriptor : dict
        Parameters of the symmetry functions that models share and whose values are cached.
    observables : tuple of str
        What is measured on the quenches.
    statistics : Statistics
    analysis : dict
        {name of an analysis: its settings}.
    published : tuple of str
        Models that are joined to one file, with their errors inside.
    integrator, device : str
    plugins : tuple of str
        A user's own Python files, which register what the tables name.
    """

    study: str
    seed: int
    electrons: SDModel
    structures: dict
    labels: dict
    models: dict
    quenches: dict
    analysis: dict
    descriptor: dict = field(default_factory=dict)
    observables: tuple[str, ...] = ("correlation", "energy")
    statistics: Statistics = Statistics()
    published: tuple[str, ...] = ()
    integrator: str = "heun"
    device: str = "cpu"
    plugins: tuple[str, ...] = ()
    config: dict = field(init=False, default_factory=dict)  # what it was made of, as plain data

    # Paths ------------------------------------------------------------------------------------------------

    @property
    def folder(self):
        """``results/<study>``."""
        return f"results/{self.study}"

    def structure_file(self, name, index):
        """Return the path of realization `index` of an entry of ``structures``."""
        return f"{self.folder}/structures/{name}/{int(index):03d}.npz"

    def label_files(self, *names):
        """Return the paths of the labels of some entries, realization by realization."""
        return [
            f"{self.folder}/labels/{name}/{index:03d}.h5" for name in names for index in range(self.labelled(name))
        ]

    def descriptor_file(self, structures, index):
        """Return the path of the cached descriptor of a structure."""
        return f"{self.folder}/descriptors/{structures}/{int(index):03d}.h5"

    def fit_files(self, model, suffix="safetensors"):
        """Return the paths of a model's fits, one per fold."""
        return [f"{self.folder}/fits/{model}/fold-{fold}.{suffix}" for fold in self.models[model].settings.folds]

    def driver_file(self, model):
        """Return the path of the fit that drives dynamics: that of the first fold; nothing for exact fields."""
        return self.fit_files(model)[0] if model != EXACT else []

    def trajectory_file(self, quench, model, index):
        """Return the path of the trajectories of a realization."""
        return f"{self.folder}/trajectories/{quench}/{model}/{int(index):03d}.h5"

    def observable_files(self, *quenches):
        """Return the paths of what is measured on some quenches, model by model, realization by realization."""
        return [
            f"{self.folder}/observables/{name}/{model}/{index:03d}.h5"
            for name in quenches
            for model in self.quenches[name].models
            for index in range(self.quenched(name))
        ]

    def table_files(self, *names):
        """Return the paths of tables."""
        return [f"{self.folder}/tables/{name}.csv" for name in names]

    def error_file(self, model):
        """Return the path of a model's errors on all labelled sets."""
        return f"{self.folder}/errors/{model}.h5"

    # What is behind a name --------------------------------------------------------------------------------

    def labelled(self, name):
        """Return how many realizations of an entry of ``labels`` there are."""
        labels = self.labels[name]
        return labels.realizations or self.structures[labels.structures].realizations

    def quenched(self, name):
        """Return how many realizations of an entry of ``quenches`` there are."""
        quench = self.quenches[name]
        return quench.realizations or self.structures[quench.structures].realizations

    def uses_descriptor(self, model):
        """Return whether a model reads the cached descriptors."""
        own = getattr(self.models[model].settings, "descriptor", None) if model != EXACT else None
        return own is not None and dataclasses.replace(own, chirality=False) == self._cached

    @cached_property
    def _cached(self):
        from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions

        return SymmetryFunctions(**self.descriptor)

    def descriptors_of(self, model, structures, indices):
        """Return the paths of the cached descriptors that a model wants of some realizations; none if none."""
        if not self.uses_descriptor(model):
            return []
        return [self.descriptor_file(structures, index) for index in indices]

    def dynamics(self, run):
        """Return the parameters of the `LLG` of a run, as plain data."""
        return {
            "damping": run.damping,
            "temperature": run.temperature,
            "time_step": run.time_step,
            "integrator": self.integrator,
        }

    def tables(self):
        """Return {name of an analysis: its tables} of the study."""
        return {name: ANALYSES[name].tables_of(settings) for name, settings in self.analysis.items()}

    def model_modules(self, model):
        """Return the modules that a model of the study runs, besides those of every force field."""
        return [] if model == EXACT else [FITTED_MODELS.module_of(self.models[model].kind)]

    def electron_modules(self):
        """Return the module of the hopping law."""
        return [type(self.electrons.hopping).__module__]

    def model_labels(self):
        """Return {model: what figures call it}."""
        return {EXACT: "exact (ED)"} | {name: model.label for name, model in self.models.items()}

    # Commands ---------------------------------------------------------------------------------------------

    def figures(self):
        """Return {name: figure} of the figures whose tables the study makes."""
        from sdglass_study.figures import study_figures

        return study_figures({table for tables in self.tables().values() for table in tables})

    def numbers(self):
        """Return {station of the method: lines of text}, for the picture of the method in the report."""
        kind, small = next(iter(self.structures.values())).kind, next(iter(self.labels.values()))
        quenched = small.quenched
        states = small.random + (quenched.trajectories * quenched.snapshots if quenched else 0)
        runs = self.quenches.values()
        dampings = sorted({run.damping for run in runs})
        return {
            "structure": [f"{name} = {value:g}" for name, value in plain(kind).items() if isinstance(value, (int, float))],
            "electrons": [
                f"J = {self.electrons.coupling:g} t0, filling {self.electrons.filling:g}",
                f"{self.labelled(next(iter(self.labels)))} × {states} labelled states",
            ],
            "descriptor": [f"R_c = {self.descriptor['cutoff']:g} ell"] if "cutoff" in self.descriptor else [],
            "network": [model.label for name, model in self.models.items() if name in self.published],
            "dynamics": [
                f"T = {max(run.temperature for run in runs):g} t0, t up to {max(run.duration for run in runs):g}",
                f"alpha = {', '.join(f'{damping:g}' for damping in dampings)}",
            ]
            if runs
            else [],
            "growth": [f"{max(run.replicas for run in runs)} replicas of each realization"] if runs else [],
        }

    def swept_name(self, parameter, value):
        """Return the name of the study of one value of a sweep."""
        return effective({**self.config, parameter: value})["study"]

    @staticmethod
    def options(files, given):
        """Return the options of snakemake that make this configuration: overlays, and what the command line said."""
        said = [f"{name}={value}" for name, value in given.items() if name != "sweep"]
        options = [("--configfile", files), ("--config", said)]
        return shlex.join(word for option, words in options if words for word in (option, *words))

    @staticmethod
    def sweep_commands(sweep, options, cores):
        """Return the shell commands that make the studies of a sweep, ``{parameter: values}``, one after the other."""
        if not sweep:
            return "echo \"sweep: expected --config sweep='{filling: [0.25, 0.5]}'\" >&2; exit 2"
        ((parameter, values),) = sweep.items()
        files, _, said = options.partition("--config ")
        return " && ".join(
            f"snakemake {' '.join(SWEPT)} --cores {cores} {files} --config {said} {parameter}={value}"
            for value in values
        )


def make_study(config):
    """Return the `Study` of a configuration, as YAML gives it.

    Raises
    ------
    InputError
        With one line per problem: the key, its value, what is expected and, for an unknown key, the nearest name.
    """
    problems = Problems()
    study = build(Study, config, "", problems, _PARTS)
    problems.refuse()
    _contradictions(study, problems)
    problems.refuse()
    study.config.update(config)
    return study


def _electrons(data, key, problems):
    return build(SDModel, data, key, problems, {"hopping": _hopping})


def _hopping(data, key, problems):
    return _tagged(data, "law", HOPPING_LAWS, key, problems)


def _tagged(data, tag, registry, key, problems, *also):
    """Return the object of a mapping whose key `tag` names its class in a registry; `also` are left out."""
    if not isinstance(data, dict) or tag not in data:
        problems.add(f"{key}.{tag}", f" is missing; expected one of {', '.join(registry)}")
        return None
    try:
        kind = registry[data[tag]]
    except InputError as error:
        problems.add(f"{key}.{tag}", str(error))
        return None
    return build(
        kind, {name: part for name, part in data.items() if name != tag and name not in also}, key, problems
    )


def _structures(data, key, problems):
    result = {}
    for name, entry in _entries(data, key, problems):
        where = f"{key}.{name}"
        kind = _tagged(entry, "kind", STRUCTURES, where, problems, "realizations", "first")
        rest = {
            part: entry[part] for part in ("realizations", "first") if isinstance(entry, dict) and part in entry
        }
        result[name] = build(Structures, {"kind": kind, **rest}, where, problems)
    return result


def _labels(data, key, problems):
    return {name: build(Labels, entry, f"{key}.{name}", problems) for name, entry in _entries(data, key, problems)}


def _quenches(data, key, problems):
    return {name: build(Quench, entry, f"{key}.{name}", problems) for name, entry in _entries(data, key, problems)}


def _models(data, key, problems):
    """Return the models; where a kind has a descriptor, it is the study's with what the entry says."""
    result = {}
    for name, entry in _entries(data, key, problems):
        where = f"{key}.{name}"
        if not isinstance(entry, dict) or "kind" not in entry or "labels" not in entry:
            problems.add(where, f" = {entry}; expected the keys kind, labels and the settings of that kind")
            continue
        own = {"kind", "labels", "label", "dtype"}
        try:
            kind = FITTED_MODELS[entry["kind"]].Settings
        except InputError as error:
            problems.add(f"{where}.kind", str(error))
            continue
        settings = {part: value for part, value in entry.items() if part not in own}
        if "descriptor" in kind.__dataclass_fields__:
            settings["descriptor"] = settings.get("descriptor", {})
        labels = entry["labels"] if isinstance(entry["labels"], list) else [entry["labels"]]
        dtype = entry.get("dtype", "float64")
        if dtype not in ("float32", "float64"):
            problems.add(f"{where}.dtype", f" = {dtype}; expected float32 or float64")
        made = build(kind, settings, where, problems)
        result[name] = Model(entry["kind"], tuple(map(str, labels)), made, str(entry.get("label", name)), dtype)
    return result


def _analysis(data, key, problems):
    result = {}
    for name, entry in (data or {}).items():
        where = f"{key}.{name}"
        try:
            analysis = ANALYSES[name]
        except InputError as error:
            problems.add(where, str(error))
            continue
        result[name] = build(analysis.settings, entry or {}, where, problems)
    return result


def _entries(data, key, problems):
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        problems.add(key, " is no table; expected a name and its settings for each entry")
        return []
    for name in data:
        if not name.replace("-", "").replace("+", "").replace(".", "").isalnum():
            problems.add(f"{key}.{name}", "a name is letters, digits and hyphens, since it names a folder")
    return list(data.items())


_PARTS = {
    "electrons": _electrons,
    "structures": _structures,
    "labels": _labels,
    "models": _models,
    "quenches": _quenches,
    "analysis": _analysis,
}


def _contradictions(study, problems):
    """Note what only several keys together show."""
    taken = {}
    for name, structures in study.structures.items():
        for number in structures.numbers():
            if number in taken:
                problems.add(
                    f"structures.{name}.first",
                    f" = {structures.first}; realization {number} belongs to structures.{taken[number]} too, which "
                    "would share its random numbers; expected numbers of its own",
                )
                break
            taken[number] = name
    for table, entries in (("labels", study.labels), ("quenches", study.quenches)):
        for name, entry in entries.items():
            known = study.structures.get(entry.structures)
            if known is None:
                problems.add(f"{table}.{name}.structures", _one_of(entry.structures, study.structures))
            elif (entry.realizations or 0) > known.realizations:
                problems.add(
                    f"{table}.{name}.realizations",
                    f" = {entry.realizations}; expected at most the {known.realizations} of {entry.structures}",
                )
    for name, labels in study.labels.items():
        if labels.quenched is not None and labels.quenched.model not in (EXACT, *study.models):
            problems.add(f"labels.{name}.quenched.model", _one_of(labels.quenched.model, (EXACT, *study.models)))
    for name, model in study.models.items():
        if name == EXACT:
            problems.add(f"models.{EXACT}", "the name stands for exact diagonalization; expected another one")
        for labels in model.labels:
            if labels not in study.labels:
                problems.add(f"models.{name}.labels", _one_of(labels, study.labels))
    for name, quench in study.quenches.items():
        for model in quench.models:
            if model not in (EXACT, *study.models):
                problems.add(f"quenches.{name}.models", _one_of(model, (EXACT, *study.models)))
    for name in study.observables:
        if name not in OBSERVABLES:
            problems.add("observables", _one_of(name, OBSERVABLES))
    for name in study.published:
        if name not in study.models:
            problems.add("published", _one_of(name, study.models))
    if study.device not in ("cpu", "cuda"):
        problems.add("device", f" = {study.device}; expected cpu or cuda")
    if problems.lines:
        return
    for name, settings in study.analysis.items():
        tables = {"quenches": study.quenches, "labels": study.labels, "structures": study.structures}
        tables["models"] = {EXACT: None, **study.models}
        for part in dataclasses.fields(settings):
            known = tables.get(part.metadata.get("of"))
            given = getattr(settings, part.name)
            for one in () if known is None or given is None else [given] if isinstance(given, str) else given:
                if one not in known:
                    problems.add(f"analysis.{name}.{part.name}", _one_of(one, known))


def _one_of(value, known):
    return f" = {value}; expected one of {', '.join(known)}"
