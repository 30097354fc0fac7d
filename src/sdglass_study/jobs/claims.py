"""Judge the paper's statements from the tables of the study."""

from dataclasses import asdict

import pandas as pd

from sdglass.io import write_csv
from sdglass_study.claims.dynamics import dynamics_claims
from sdglass_study.claims.electrons import electron_claims
from sdglass_study.claims.force_field import force_field_claims
from sdglass_study.claims.table import Tables
from sdglass_study.figures.networks import named
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write claims.csv; a claim without a number is an error."""
    parser = step_parser(__doc__)
    parser.add_argument("--tables", required=True, help="folder of the tables")
    parser.add_argument("--study", required=True, help="name in the targets")
    parser.add_argument("--confidence", type=float, required=True, help="of the tables' intervals")
    parser.add_argument("--names", help="JSON, what the networks are called: sdglass_study.figures.networks")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    tables = Tables(args.tables, args.confidence)
    with named(args.names):
        claims = electron_claims(tables) + force_field_claims(tables) + dynamics_claims(tables)
    frame = pd.DataFrame([asdict(claim) for claim in claims])
    frame["target"] = frame["target"].str.replace("<study>", args.study)
    write_csv(args.out, frame)


if __name__ == "__main__":
    run(main)
