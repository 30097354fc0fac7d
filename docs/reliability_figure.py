"""Draw the figure of docs/reliability.md, faults against outcomes, from the table in it.

python docs/reliability_figure.py --page docs/reliability.md --out docs/reliability.svg
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

from sdglass.io import atomic_path
from sdglass_study.figures import style

OUTCOMES = {
    "same files": style.GREEN,
    "rounding": style.BLUE,
    "begun anew": style.PURPLE,
    "refused": style.VERMILLION,
}
# Shown on a screen, not in a journal: wider, in larger type.
_WIDTH, _TYPE = 9.4, 9.5  # inches, points
_COLUMNS = ["fault", "where", "outcome", "what happens", "tests"]


@dataclass(frozen=True)
class Row:
    """One fault that was tried: what it hits, the outcome, and the tests that show it."""

    fault: str
    where: str
    outcome: str
    tests: tuple


def read_rows(text):
    """Return the rows of the table in the page, in order.

    Raises
    ------
    ValueError
        If there is no table of that kind, or a row has other cells or an unknown outcome.
    """
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"
    ]
    if not lines or lines[0] != _COLUMNS:
        raise ValueError(f"no table with the columns {', '.join(_COLUMNS)}")
    rows = []
    for cells in lines[2:]:
        if len(cells) != len(_COLUMNS) or cells[2] not in OUTCOMES:
            raise ValueError(
                f"{' | '.join(cells)}: expected {len(_COLUMNS)} cells and one of {', '.join(OUTCOMES)}"
            )
        rows.append(Row(cells[0], cells[1].replace("`", ""), cells[2], tuple(re.findall("`([^`]+)`", cells[4]))))
    return rows


def draw(rows):
    """Return the figure: a line for each row of the table, a mark in the column of its outcome."""
    figure = style.new_figure(0.8 + 0.195 * len(rows))
    figure.set_figwidth(_WIDTH)
    axes = figure.subplots()
    columns = list(OUTCOMES)
    for place, row in enumerate(rows):
        first = place == 0 or rows[place - 1].fault != row.fault
        if first and place:
            axes.axhline(place - 0.5, color=style.GREY, linewidth=0.4)
        axes.text(-2.9, place, row.fault if first else "", va="center", fontsize=_TYPE, fontweight="bold")
        axes.text(-1.75, place, row.where, va="center", fontsize=_TYPE)
        axes.plot(columns.index(row.outcome), place, "o", color=OUTCOMES[row.outcome], markersize=6)
    axes.set(xlim=(-2.95, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5), yticks=[])
    axes.xaxis.tick_top()
    counts = [sum(row.outcome == name for row in rows) for name in columns]
    axes.set_xticks(
        range(len(columns)), [f"{name} ({count})" for name, count in zip(columns, counts, strict=True)]
    )
    axes.tick_params(length=0, labelsize=_TYPE)
    axes.spines[:].set_visible(False)
    return figure


def main():
    """Parse the command line, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", required=True, help="page with the table, .md")
    parser.add_argument("--out", required=True, help="figure, .svg")
    args = parser.parse_args()
    with style.journal(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sdglass"}):
        figure = draw(read_rows(Path(args.page).read_text(encoding="utf-8")))
        with atomic_path(args.out) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
