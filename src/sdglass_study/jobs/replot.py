"""Draw every figure again whose tables exist; say which were skipped and why. Nothing is computed.

python -m sdglass_study.jobs.replot --tables results/paper/tables --figures results/paper/figures
"""

from sdglass_study.figures.make import make_all
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Parse the command line and draw."""
    parser = step_parser(__doc__)
    parser.add_argument("--tables", required=True, help="folder of the tables")
    parser.add_argument("--figures", required=True, help="folder for NAME.png and NAME.pdf")
    parser.add_argument("--names", help="JSON, what the networks are called: sdglass_study.figures.networks")
    args = parser.parse_args()
    outcome = make_all(args.tables, args.figures, args.names)
    for name, reason in outcome.items():
        print(f"{name}: drawn" if reason is None else f"{name}: skipped, {reason}")


if __name__ == "__main__":
    run(main)
