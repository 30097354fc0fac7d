"""Fit the locator force field by least squares on exact torques."""

import argparse
import dataclasses
import json

from sdglass.dataset import LabelledConfigurations, require_same_model
from sdglass.forcefields.locator.coefficients import LocatorSettings
from sdglass.forcefields.locator.fit import fit_locator_model
from sdglass.forcefields.training_domain import describe_structures
from sdglass.progress import progress_bar
from sdglass.provenance import provenance
from sdglass_study.jobs.arguments import run, step_parser


def add_settings(parser: argparse.ArgumentParser):
    """Add the settings of the force field, config section ``locator``."""
    parser.add_argument("--settings", type=json.loads, required=True, help="JSON of LocatorSettings")
    parser.add_argument("--weight-exponent", type=float, required=True)


def main():
    """Write the model."""
    parser = step_parser(__doc__)
    parser.add_argument("--data", nargs="+", required=True)
    add_settings(parser)
    parser.add_argument("--recipe", default="", help="digest of what the result depends on, kept with it")
    parser.add_argument("--out", required=True, help="model .safetensors")
    args = parser.parse_args()
    data = [LabelledConfigurations.load(path) for path in args.data]
    require_same_model(data[0], data[1:])
    with progress_bar(len(data), "locator fit", "realization") as bar:
        model = fit_locator_model(
            data, LocatorSettings(**args.settings), args.weight_exponent, progress=bar.update
        )
    info = {
        "name": "locator",
        "configurations": sum(map(len, data)),
        "structures": describe_structures([one.structure for one in data]),
        "provenance": provenance(args.data, settings=args.settings, weight_exponent=args.weight_exponent),
        "recipe": args.recipe,
    }
    dataclasses.replace(model, info=info).save(args.out)


if __name__ == "__main__":
    run(main)
