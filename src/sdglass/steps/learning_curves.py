"""Gather the learning curves of all variants and folds in one table."""

import pandas as pd

from sdglass.files import write_csv
from sdglass.steps.arguments import run, step_parser


def main():
    """Write one table."""
    parser = step_parser(__doc__)
    parser.add_argument("--histories", nargs="+", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    write_csv(args.out, pd.concat([pd.read_csv(path) for path in args.histories], ignore_index=True))


if __name__ == "__main__":
    run(main)
