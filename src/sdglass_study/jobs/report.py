"""Write the report of a study: one HTML page with its figures inside.

    python -m sdglass_study.jobs.report --results results/paper --template workflow/report/report.html.j2 \\
        --provenance results/paper/provenance.json --out results/paper/report.html
"""

from sdglass.io import write_text
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.report.page import Results, render


def main():
    """Parse the command line and write the page."""
    parser = step_parser(__doc__)
    parser.add_argument("--results", required=True, help="folder with tables, figures, claims.csv, benchmarks")
    parser.add_argument("--template", required=True, help="Jinja2 template of the page")
    parser.add_argument("--provenance", help="JSON record of code, versions and seed")
    parser.add_argument("--options", default="", help="of snakemake in the commands that the page shows")
    parser.add_argument("--out", required=True, help="page .html")
    args = parser.parse_args()
    write_text(args.out, render(Results.of_study(args.results, args.provenance), args.template, args.options))


if __name__ == "__main__":
    run(main)
