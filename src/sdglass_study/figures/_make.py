"""Draw figures by their names and write them."""

from pathlib import Path

from sdglass.errors import InputError
from sdglass_study.figures import FIGURES, _style
from sdglass_study.figures._labels import Look
from sdglass_study.figures._tables import read_tables


def make_figure(name, tables, png=None, pdf=None, labels=None):
    """Draw one figure from its tables and write it.

    `tables` are {name: CSV file}, or the files; more than the figure needs may be given. `labels` are {model:
    label} as in `sdglass_study.figures._labels.Look`.
    """
    figure = FIGURES[name]
    if not isinstance(tables, dict):
        tables = {Path(path).stem: path for path in tables}
    with _style.journal():
        _style.save(figure.draw(read_tables(tables, figure), Look(labels)), png, pdf)


def make_all(folder, out, labels=None):
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
                make_figure(name, tables, Path(out) / f"{name}.png", Path(out) / f"{name}.pdf", labels)
            except InputError as error:
                outcome[name] = str(error)
    return outcome
