"""Put the claims table of a study into the README, between two markers: no number there is typed by hand."""

import pandas as pd

from sdglass.errors import InputError
from sdglass.files import write_text
from sdglass.steps.arguments import run, step_parser

BEGIN, END = "<!-- claims: begin -->", "<!-- claims: end -->"


def claims_table(path):
    """Return the claims of ``claims.csv`` as a Markdown table."""
    frame = pd.read_csv(path)
    lines = ["| the paper says | we find | verdict |", "|---|---|---|"]
    for row in frame.itertuples():
        cells = (f"{row.claim} ({row.paper})", f"{row.ours} ({row.uncertainty})", row.verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def with_table(text, table, name="README"):
    """Return `text` with the part between the markers replaced by `table`."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise InputError(f"{name}: expected the markers {BEGIN} and {END} once each")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}"


def main():
    """Rewrite the README."""
    parser = step_parser(__doc__)
    parser.add_argument("--claims", required=True)
    parser.add_argument("--readme", required=True)
    args = parser.parse_args()
    with open(args.readme, encoding="utf-8") as stream:
        text = stream.read()
    write_text(args.readme, with_table(text, claims_table(args.claims), args.readme))


if __name__ == "__main__":
    run(main)
