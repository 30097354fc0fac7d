"""The tables of a study, each made by a module of this folder from labels, fits or observables.

A module registers what it makes:

    @dataclass(frozen=True)
    class TwoSite:
        couplings: tuple[float, ...]

    @analysis("two_site", TwoSite)
    def two_site(settings, inputs, electrons):
        return {"two_site": frame}

A study makes it if its configuration has a section of that name in ``analysis``, whose keys are the fields of
`settings`, a dataclass. A field made with ``of("quenches")`` names entries of that table. Modules whose names
begin with an underscore are shared by the others.

A job makes the tables in a process of its own, from plain data alone: `arguments` says what these are, and a
change of any of them, or of an input, is a change of the tables.
"""

import inspect
import json
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, field
from functools import update_wrapper

from sdglass.registry import Registry

ANALYSES = Registry("analysis", "sdglass_study.analysis")

# What of the study is handed to an analysis that has an argument of that name, as plain data.
COMMON = {
    "electrons": lambda study: study.electrons.to_dict(),
    "descriptor": lambda study: dict(study.descriptor),
    "seed": lambda study: study.seed,
    "confidence": lambda study: study.statistics.confidence,
    "bin_width": lambda study: study.statistics.bin_width,
    "resampling": lambda study: {
        "seed": study.seed,
        **{name: getattr(study.statistics, name) for name in ("confidence", "bootstrap", "splits")},
    },
}


@dataclass(frozen=True)
class Nothing:
    """Settings of an analysis that has none."""


@dataclass(eq=False)
class Analysis:
    """One way from files to tables.

    Attributes
    ----------
    make : callable
        ``make(settings, inputs, **common, **parameters) -> {table: pandas.DataFrame}``; `inputs` are lists of
        paths by name.
    settings : type
        Dataclass of its section of the configuration.
    tables : tuple of str, or callable
        Names of the tables, or a function of the settings that returns them.
    inputs : callable
        ``inputs(study, settings) -> {name: paths}``, a list or a single path each.
    parameters : callable
        ``parameters(study, settings) -> dict`` of plain data: what it has to know of other entries of the study.
    common : tuple of str
        What of `COMMON` it depends on, by the arguments of `make`.
    """

    make: Callable
    settings: type
    tables: tuple | Callable
    inputs: Callable
    parameters: Callable
    common: tuple

    @property
    def module(self):
        """Dotted name of the module that it is defined in."""
        return self.make.__module__

    def tables_of(self, settings):
        """Return the names of the tables that it makes with some settings."""
        return tuple(self.tables(settings) if callable(self.tables) else self.tables)

    def inputs_of(self, study, settings):
        """Return {name: list of paths} of what it reads."""
        return {name: _listed(paths) for name, paths in self.inputs(study, settings).items()}


def _nothing(study, settings):
    return {}


def analysis(name, settings=Nothing, *, tables=None, inputs=_nothing, parameters=_nothing):
    """Return a decorator that registers a function as the analysis `name`; see `Analysis`.

    It makes one table of that name if `tables` says nothing else.
    """

    def add(make):
        common = tuple(key for key in inspect.signature(make).parameters if key in COMMON)
        entry = Analysis(make, settings, tables or (name,), inputs, parameters, common)
        ANALYSES.register(name)(update_wrapper(entry, make))
        return make

    return add


def of(table, default=MISSING):
    """Return a dataclass field that names entries of one of the study's tables, which is checked."""
    return field(metadata={"of": table}) if default is MISSING else field(default=default, metadata={"of": table})


def data_frame(rows, columns=None):
    """Return a `pandas.DataFrame`; pandas is imported when the first table is made, not with every analysis."""
    import pandas

    return pandas.DataFrame(rows, columns=columns)


def joined(frames):
    """Return tables under each other as one."""
    import pandas

    return pandas.concat(list(frames), ignore_index=True)


def labelled(frame, labels):
    """Return a table with the columns `labels`, of one value each, before its own."""
    return frame.assign(**labels)[[*labels, *frame]]


def read_table(path):
    """Return the table of a CSV file."""
    import pandas

    return pandas.read_csv(path)


def plain(settings):
    """Return a dataclass of settings as JSON gives it back: the plain data that it is rebuilt from."""
    return json.loads(json.dumps(asdict(settings)))


def arguments(study, name):
    """Return what an analysis of a study depends on beside its inputs, as plain data.

    Returns
    -------
    dict
        Keyword arguments of `run_analysis`, but for the inputs.
    """
    entry, settings = ANALYSES[name], study.analysis[name]
    return {
        "name": name,
        "settings": plain(settings),
        "parameters": entry.parameters(study, settings),
        "common": {key: COMMON[key](study) for key in entry.common},
    }


def run_analysis(name, settings, inputs, common=None, parameters=None):
    """Return {table: pandas.DataFrame} of an analysis.

    Parameters
    ----------
    name : str
    settings, common, parameters : dict
        See `arguments`.
    inputs : dict
        Paths by name, see `Analysis.inputs_of`.

    Raises
    ------
    InputError
        If there is no such analysis, its settings are no settings of it, or a file is unusable.
    """
    from sdglass.electrons.sd_model import SDModel
    from sdglass_study.analysis._ensembles import Resampling
    from sdglass_study.config.typed import Problems, build

    kinds = {"electrons": SDModel.from_dict, "resampling": lambda data: Resampling(**data)}
    entry, problems = ANALYSES[name], Problems()
    built = build(entry.settings, settings, f"analysis.{name}", problems)
    problems.refuse()
    given = {key: kinds[key](data) if key in kinds else data for key, data in (common or {}).items()}
    paths = {key: _listed(paths) for key, paths in inputs.items()}
    return entry.make(built, paths, **given, **(parameters or {}))


def _listed(paths):
    return [paths] if isinstance(paths, str) else [str(path) for path in paths]
