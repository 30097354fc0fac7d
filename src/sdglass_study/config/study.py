"""A study: the typed configuration, and where each of its files is.

Four tables say what there is: ``structures``, ``labels``, ``models``, ``quenches``. Each entry has a name, and
each name is a folder below ``results/<study>/``. The section ``analysis`` says which tables are made of them.
"""

import dataclasses
import shlex
from dataclasses import dataclass, field
from functools import cached_property

from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS, FITTED_MODELS
from sdglass_study.analysis import ANALYSES
from sdglass_study.config.entries import EXACT, Film, Statistics
from sdglass_study.config.shortcuts import effective
from sdglass_study.config.typed import plain

SWEPT = ("fig2", "fig3", "fig4", "fig5")  # what a sweep compares


@dataclass(frozen=True)
class Study:
    """Everything that a configuration says, checked; and the paths of the files that follow from it.

    Attributes
    ----------
    study : str
        Its name: everything goes to ``results/<study>/``.
    about : str
        What it is about, if not the paper; its report begins with it, and of ``config.yaml`` nothing holds.
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
    film : Film
        If there is a quench of that name.
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
    labels: dict = field(default_factory=dict)
    models: dict = field(default_factory=dict)
    quenches: dict = field(default_factory=dict)
    analysis: dict = field(default_factory=dict)
    descriptor: dict = field(default_factory=dict)
    observables: tuple[str, ...] = ("correlation", "energy")
    statistics: Statistics = field(default_factory=Statistics)
    film: Film = field(default_factory=Film)
    published: tuple[str, ...] = ()
    integrator: str = "heun"
    device: str = "cpu"
    plugins: tuple[str, ...] = ()
    about: str = ""
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
        """Return the path of the fit that drives dynamics: that of the first fold; nothing if electrons do."""
        return self.fit_files(model)[0] if self.is_fitted(model) else []

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

    def is_fitted(self, model):
        """Return whether a model is a fit, or solves the electrons."""
        return model != EXACT and self.models[model].fitted

    def electrons_of(self, quench):
        """Return the electrons of an entry of ``quenches``."""
        if quench.coupling is None:
            return self.electrons
        return dataclasses.replace(self.electrons, coupling=quench.coupling)

    def uses_descriptor(self, model):
        """Return whether a model reads the cached descriptors."""
        own = getattr(self.models[model].settings, "descriptor", None) if self.is_fitted(model) else None
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

    def device_of(self, model):
        """Return where a model computes: the study's device, or the processor if it knows no other."""
        kind = FITTED_MODELS[self.models[model].kind] if self.is_fitted(model) else None
        return self.device if self.device in getattr(kind, "devices", ()) else "cpu"

    def model_modules(self, model):
        """Return the modules that a model of the study runs, besides those of every force field."""
        if model == EXACT:
            return []
        registry = FITTED_MODELS if self.is_fitted(model) else ELECTRON_FORCE_FIELDS
        return [registry.module_of(self.models[model].kind)]

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
        electrons, runs = self.electrons, self.quenches.values()
        coupling = electrons.coupling if isinstance(electrons.coupling, dict) else f"{electrons.coupling:g}"
        fixed = electrons.filling is not None
        count = f"filling {electrons.filling:g}" if fixed else f"mu = {electrons.chemical_potential:g} t0"
        dampings = sorted({run.damping for run in runs})
        return {
            "structure": [
                f"{name} = {value:g}" for name, value in plain(kind).items() if isinstance(value, (int, float))
            ],
            "electrons": [
                f"J = {coupling} t0, {count}",
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
    def options(files, given, snakefile="Snakefile"):
        """Return the options of snakemake that make this configuration."""
        said = [f"{name}={value}" for name, value in given.items() if name != "sweep"]
        elsewhere = [] if snakefile == "Snakefile" else [snakefile]
        options = [("--snakefile", elsewhere), ("--configfile", files), ("--config", said)]
        return shlex.join(word for option, words in options if words for word in (option, *words))

    @staticmethod
    def sweep_commands(sweep, options, cores):
        """Return the shell commands that make the studies of a sweep, ``{parameter: values}``."""
        if not sweep:
            return "echo \"sweep: expected --config sweep='{filling: [0.25, 0.5]}'\" >&2; exit 2"
        ((parameter, values),) = sweep.items()
        files, _, said = options.partition("--config ")
        return " && ".join(
            f"snakemake {' '.join(SWEPT)} --cores {cores} {files} --config {said} {parameter}={value}"
            for value in values
        )
