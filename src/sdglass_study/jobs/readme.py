"""Put a study's table of claims and its runtime into the README, between markers: neither is typed by hand.

    python -m sdglass_study.jobs.readme --claims results/paper/claims.csv --runtimes results/paper/runtimes.csv \\
        --readme README.md
"""

import pandas as pd

from sdglass.errors import InputError
from sdglass.io import write_text
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.report.runtimes import time_words

BEGIN, END = "<!-- claims: begin -->\n", "\n<!-- claims: end -->"
TIME_BEGIN, TIME_END = "<!-- runtime: begin -->", "<!-- runtime: end -->"


def claims_table(path):
    """Return the claims of ``claims.csv`` as a Markdown table."""
    frame = pd.read_csv(path)
    lines = ["| the paper says | we find | verdict |", "|---|---|---|"]
    for row in frame.itertuples():
        cells = (f"{row.claim} ({row.paper})", f"{row.ours} ({row.uncertainty})", row.verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def with_part(text, part, begin=BEGIN, end=END, name="README"):
    """Return `text` with what stands between the two markers replaced by `part`."""
    if text.count(begin) != 1 or text.count(end) != 1:
        raise InputError(f"{name}: expected the markers {begin.strip()} and {end.strip()} once each")
    before, rest = text.split(begin)
    return f"{before}{begin}{part}{end}{rest.split(end)[1]}"


def main():
    """Rewrite the README."""
    parser = step_parser(__doc__)
    parser.add_argument("--claims", required=True)
    parser.add_argument("--runtimes", required=True, help="runtimes.csv of the study")
    parser.add_argument("--readme", required=True)
    args = parser.parse_args()
    with open(args.readme, encoding="utf-8") as stream:
        text = stream.read()
    text = with_part(text, claims_table(args.claims), name=args.readme)
    write_text(args.readme, with_part(text, time_words(args.runtimes), TIME_BEGIN, TIME_END, args.readme))


if __name__ == "__main__":
    run(main)
