"""What to see in each figure, in sentences whose numbers are read from its tables."""

from pathlib import Path

from sdglass_study.figures.tables import COLUMNS, read_csv, read_table
from sdglass_study.report import readings_dynamics, readings_models

READINGS = readings_models.READINGS | readings_dynamics.READINGS
# Columns of tables that no figure is drawn from.
_OTHERS = {"electrons.csv": "quantity system n_sites box_length coupling value"}


def what_to_see(name, folder, config):
    """Return sentences on a figure; none if there are none for it, or one of the tables that they need is missing.

    Parameters
    ----------
    name : str
        Of the figure.
    folder : path
        Of the tables.
    config : dict
        The configuration of the study; sentences that need a setting are left out where it is not known.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If a table is damaged or lacks a column.
    """
    if name not in READINGS:
        return []
    tables, read = READINGS[name]
    files = [f"{table}.csv" for table in tables]
    if not all((Path(folder) / file).is_file() for file in files):
        return []
    frames = [_table(folder, file) for file in files]
    return [sentence for sentence in read(config, *frames) if sentence]


def _table(folder, name):
    return read_table(folder, name) if name in COLUMNS else read_csv(Path(folder) / name, _OTHERS[name].split())
