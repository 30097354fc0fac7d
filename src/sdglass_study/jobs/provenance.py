"""Record what the study was made from: configuration, code, versions, checksums of models and tables."""

import json
import os

import yaml

from sdglass.io import write_text
from sdglass.provenance import file_digest, provenance
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write the effective configuration and the record."""
    parser = step_parser(__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="merged configuration, JSON")
    parser.add_argument("--rules", type=json.loads, required=True, help="[{rule, output, command}], JSON")
    parser.add_argument("--files", nargs="+", required=True, help="models and tables to record")
    parser.add_argument("--out-config", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    write_text(args.out_config, yaml.safe_dump(args.config, sort_keys=False))
    folder = os.path.dirname(args.out)
    record = provenance([args.out_config], seed=args.config["seed"], study=args.config["study"])
    # Tables and models of one name in different folders are told apart by their path in the study.
    record["files"] = {os.path.relpath(path, folder): file_digest(path) for path in args.files}
    record["rules"] = [{**rule, "seed": args.config["seed"]} for rule in args.rules]
    write_text(args.out, json.dumps(record, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run(main)
