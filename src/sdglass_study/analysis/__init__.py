"""The tables of a study, each made by a module of this folder from labels, fits or observables.

A module registers what it makes:

    @analysis("two_site", settings=TwoSite, tables=("two_site",), common=("electrons",))
    def two_site(settings, inputs, electrons):
        return {"two_site": frame}

A study makes it if its configuration has a section of that name in ``analysis``, whose keys are the fields of
`settings`, a dataclass. A field made with ``of("quenches")`` names entries of that table.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field

from sdglass.registry import Registry

ANALYSES = Registry("analysis", "sdglass_study.analysis")


@dataclass(frozen=True)
class Nothing:
    """Settings of an analysis that has none."""


@dataclass(frozen=True)
class Analysis:
    """One way from files to tables.

    Attributes
    ----------
    module : str
        Where it is.
    make : callable
        ``make(settings, inputs, **common) -> {table: pandas.DataFrame}``; `inputs` are lists of paths by name.
    settings : type
        Dataclass of its section of the configuration.
    tables : tuple of str, or callable
        Names of the tables, or a function of the settings that returns them.
    inputs : callable
        ``inputs(study, settings) -> {name: paths}``, a list or a single path each.
    common : tuple of str
        What else of the study it depends on: electrons, seed, confidence, bootstrap, splits, bin_width, descriptor.
    """

    module: str
    make: Callable
    settings: type
    tables: tuple | Callable
    inputs: Callable
    common: tuple

    def tables_of(self, settings):
        """Return the names of the tables that it makes with some settings."""
        return tuple(self.tables(settings) if callable(self.tables) else self.tables)


def analysis(name, *, tables, settings=Nothing, inputs=lambda study, settings: {}, common=()):
    """Return a decorator that registers a function as the analysis `name`; see `Analysis`."""

    def add(make):
        ANALYSES.register(name)(Analysis(make.__module__, make, settings, tables, inputs, tuple(common)))
        return make

    return add


def of(table, default=MISSING):
    """Return a dataclass field that names entries of one of the study's tables, which is checked."""
    return field(metadata={"of": table}) if default is MISSING else field(default=default, metadata={"of": table})
