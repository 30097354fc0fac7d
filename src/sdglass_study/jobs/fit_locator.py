"""Fit the locator force field by least squares on exact torques."""

import argparse
import json

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.locator.fit import LocatorModel
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
    settings = LocatorModel.Settings(**args.settings, weight_exponent=args.weight_exponent)
    model, _ = LocatorModel.fit(data, settings, progress=True)
    made = provenance(args.data, settings=args.settings, weight_exponent=args.weight_exponent)
    model.info.update(name="locator", provenance=made, recipe=args.recipe)
    model.save(args.out)


if __name__ == "__main__":
    run(main)
