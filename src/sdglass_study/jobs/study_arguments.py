"""The command line of the steps that concern a study as a whole: its configuration is named as for snakemake."""

from sdglass_study.overrides import parse_assignments, study_config

SCHEMA = "workflow/schemas/config.schema.yaml"


def add_study(parser):
    """Add the overlays and the parameters of a configuration."""
    parser.add_argument("--configfile", nargs="*", default=[], help="overlays on config.yaml, as for snakemake")
    parser.add_argument("--config", nargs="*", default=[], metavar="NAME=VALUE", help="as for snakemake")


def parsed_study(args):
    """Return the configuration that parsed arguments name."""
    return study_config(["config.yaml", *args.configfile], parse_assignments(args.config), SCHEMA)
