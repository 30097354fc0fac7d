"""Draw figures by their names and write them."""

from importlib import import_module
from pathlib import Path

from sdglass.errors import InputError
from sdglass_study.figures import networks, style
from sdglass_study.figures.registry import FIGURES, get_figure
from sdglass_study.figures.tables import read_tables


def make_figure(name, folder, png=None, pdf=None, names=None):
    """Draw one figure of the registry from the tables in `folder` and write it.

    Parameters
    ----------
    name : str
    folder : path
    png, pdf : path, optional
    names : dict or str, optional
        What the networks of the study are called, as from `networks.network_names`, or JSON of it.

    Raises
    ------
    InputError
        If there is no such figure, or as in `tables.read_table`.
    """
    figure = get_figure(name)
    tables = read_tables(folder, figure)
    with style.journal(), networks.named(names):
        style.save(import_module(figure.module).draw(tables), png, pdf)


def make_all(folder, out, names=None):
    """Draw every figure whose tables are in `folder`, as ``out/NAME.png`` and ``.pdf``; `names` as for one.

    Returns
    -------
    dict
        Figure name -> None where it was made, otherwise the reason why not.
    """
    outcome = {}
    for name, figure in FIGURES.items():
        absent = [table for table in figure.tables if not (Path(folder) / table).is_file()]
        outcome[name] = f"{', '.join(absent)} not in {folder}" if absent else None
        if not absent:
            try:
                make_figure(name, folder, Path(out) / f"{name}.png", Path(out) / f"{name}.pdf", names)
            except InputError as error:
                outcome[name] = str(error)
    return outcome
