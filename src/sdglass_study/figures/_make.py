"""Draw figures by their names and write them."""

from pathlib import Path

from sdglass.errors import InputError
from sdglass_study.figures import FIGURES, _style
from sdglass_study.figures._labels import Look
from sdglass_study.figures._tables import read_tables


def make_figure(name, tables, png=None, pdf=None, labels=None, of_paper=True):
    """Draw one figure from its tables and write it.

    `tables` are {name: CSV file}, or the files; more than the figure needs may be given. `labels` are {model:
    label} and `of_paper` are as in `sdglass_study.figures._labels.Look`.
    """
    figure = FIGURES[name]
    if not isinstance(tables, dict):
        tables = {Path(path).stem: path for path in tables}
    with _style.journal():
        _style.save(figure.draw(read_tables(tables, figure), Look(labels, of_paper)), png, pdf)


def make_all(folder, out, labels=None, of_paper=True):
    """Draw every figure whose tables are in `folder`, as ``out/NAME.png`` and ``.pdf``.

    Returns {name of a figure: None where it was made, otherwise the reason why not}.
    """
    tables = {path.stem: path for path in sorted(Path(folder).glob("*.csv"))}
    outcome = {}
    for name, figure in FIGURES.items():
        absent = [f"{table}.csv" for table in figure.tables if table not in tables]
        outcome[name] = f"{', '.join(absent)} not in {folder}" if absent else None
        if not absent:
            try:
                files = [Path(out) / f"{name}.{kind}" for kind in ("png", "pdf")]
                make_figure(name, tables, *files, labels, of_paper)
            except InputError as error:
                outcome[name] = str(error)
    return outcome
