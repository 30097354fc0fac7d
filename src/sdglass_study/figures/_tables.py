"""Reading the tables that figures are drawn from, with clear words about what is missing."""

from pathlib import Path

from sdglass.errors import InputError


def read_table(path, columns, empty=False):
    """Return a table as a `pandas.DataFrame`, words as text and everything else as numbers.

    `columns` are those that the CSV file has to hold, separated by blanks; words are marked by ``:str``. Only
    with `empty` may it have no rows. A file that does not fit is refused.
    """
    import pandas as pd

    wanted = dict(column.partition(":")[::2] for column in columns.split())
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; expected a table with {', '.join(wanted)}")
    try:
        frame = pd.read_csv(path, dtype={name: str for name, kind in wanted.items() if kind})
    except (ValueError, UnicodeDecodeError) as error:  # pandas' parser and empty-file errors are ValueErrors
        raise InputError(f"{path}: not a readable table ({error}); make it again") from None
    for name in wanted:
        if name not in frame:
            raise InputError(f"{path}: column '{name}' is missing; it holds {', '.join(map(str, frame))}")
    if frame.empty and not empty:
        raise InputError(f"{path}: holds no rows; expected at least one")
    for name, kind in wanted.items():
        if kind:
            frame[name] = frame[name].fillna("").astype(str)
        elif not pd.api.types.is_numeric_dtype(frame[name]):
            words = frame[name][pd.to_numeric(frame[name], errors="coerce").isna() & frame[name].notna()]
            raise InputError(f"{path}: column '{name}' holds {words.iloc[0]!r}; expected numbers")
    return frame


def read_tables(paths, figure):
    """Return {name: frame} of what a `Figure` needs, and of its optional tables, from {name: CSV file}."""
    missing = [name for name in figure.tables if name not in paths]
    if missing:
        raise InputError(f"figure '{figure.name}' needs the table {missing[0]}.csv, which was not given")
    wanted = figure.tables | {name: columns for name, columns in figure.optional.items() if name in paths}
    return {name: read_table(paths[name], columns) for name, columns in wanted.items()}
