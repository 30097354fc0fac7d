"""Draw one figure of the study from its tables.

    python -m sdglass_study.jobs.figure fig4 --tables results/paper/tables --out-png fig4.png --out-pdf fig4.pdf

The rule that runs it should list the drawing module too, `sdglass_study.figures.registry.FIGURES[NAME].module`.
"""

from sdglass_study.figures.make import make_figure
from sdglass_study.figures.registry import FIGURES
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Parse the command line and draw."""
    parser = step_parser(__doc__)
    parser.add_argument("name", metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--tables", required=True, help="folder of the tables")
    parser.add_argument("--names", help="JSON, what the networks are called: sdglass_study.figures.networks")
    parser.add_argument("--out-png", help="raster image, 200 dots per inch")
    parser.add_argument("--out-pdf", help="vector image")
    args = parser.parse_args()
    make_figure(args.name, args.tables, args.out_png, args.out_pdf, args.names)


if __name__ == "__main__":
    run(main)
