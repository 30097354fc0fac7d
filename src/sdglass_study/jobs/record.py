"""Record what a study is made from: the effective configuration, code, versions."""

import json

import yaml

from sdglass.io import write_text
from sdglass.provenance import provenance


def settings(study):
    """Return the configuration as plain data."""
    return study.config


def run(inputs, outputs, settings):
    """Write ``config.yaml``, with which an archived study is compared, and ``provenance.json``."""
    write_text(outputs["config"], yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    record = provenance([outputs["config"]], seed=settings["seed"], study=settings["study"])
    write_text(outputs["record"], json.dumps(record, indent=1, sort_keys=True) + "\n")
