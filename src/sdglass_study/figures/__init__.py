"""Figures of the study, each in a file of its own, drawn from tables alone: nothing here computes a result.

A module of this folder registers its figure by itself, and nothing else has to know of it::

    @figure(
        tables={"couplings": "model:str distance coupling low high"},
        title="Effective pair couplings that the models have learned",
        caption="Coupling per pair against distance ...",
        chapter="models",
    )
    def draw(tables, look): ...

`FIGURES` reads the folder when it is first asked; that loads neither matplotlib nor pandas, so that a workflow may
ask which figures there are. Modules that begin with an underscore hold what the figures share.
"""

import os
import re
import sys
from dataclasses import dataclass, field

from sdglass.registry import Registry

# Figures are drawn on canvases of their own. A backend that the shell of a notebook names may not be installed
# here, and matplotlib would refuse to be imported.
if "matplotlib" not in sys.modules:
    os.environ.pop("MPLBACKEND", None)

FIGURES = Registry("figure", "sdglass_study.figures")
_OF_PAPER = r"\[\[(.*?)(?:\|\|(.*?))?\]\]"


@dataclass(frozen=True)
class Figure:
    """One figure: what it is drawn from, by what, and what there is to see in it.

    Attributes
    ----------
    name : str
        That of its module.
    draw : callable
        ``draw(tables, look)`` returns a `matplotlib.figure.Figure`; ``tables`` is {name: `pandas.DataFrame`},
        ``look`` a `sdglass_study.figures._labels.Look`.
    title, caption : str
        Plain text; the caption says what is plotted and what to look at.
    tables, optional : dict
        {name of a table: its columns, separated by blanks}; a column of words is marked by ``:str``. What is
        optional is drawn where it exists.
    chapter : str
        Of the report; one that it does not tell comes at its end.
    order : float
        Place in the chapter.
    elsewhere : tuple of str
        Title and caption in the report of another magnet than the paper's; the same by default.
    """

    name: str
    draw: object
    title: str
    caption: str
    tables: dict
    optional: dict = field(default_factory=dict)
    chapter: str = "more"
    order: float = 0.0
    elsewhere: tuple = ()

    def __post_init__(self):
        # The registry tells by these two whether a name is registered again by its own module.
        vars(self).update(__module__=self.draw.__module__, __qualname__=self.draw.__qualname__)


def figure(*, tables, title, caption, chapter="more", order=0.0, optional=None):
    """Return a decorator that registers ``draw(tables, look)`` as the figure of its module; see `Figure`.

    What stands in ``[[...]]`` in title and caption is true of the paper's magnet alone; of ``[[...||...]]`` the
    second part is shown with another one.
    """
    texts = title, caption
    shown, elsewhere = (tuple(re.sub(_OF_PAPER, part, text) for text in texts) for part in (r"\1", r"\2"))

    def register(draw):
        name = draw.__module__.rpartition(".")[2].removeprefix("sdglass_plugin_")
        FIGURES.register(name)(Figure(name, draw, *shown, tables, optional or {}, chapter, order, elsewhere))
        return draw

    return register


def study_figures(tables):
    """Return {name: `Figure`} of the figures of a study that makes `tables`, a collection of their names."""
    made = set(tables)
    found = [drawn for drawn in FIGURES.values() if made.issuperset(drawn.tables)]
    return {
        drawn.name: drawn for drawn in sorted(found, key=lambda drawn: (drawn.chapter, drawn.order, drawn.name))
    }
