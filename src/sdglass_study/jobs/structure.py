"""Make one realization of a structure (paper Sec. IV)."""

import dataclasses

from sdglass.random_streams import generator
from sdglass.structures import STRUCTURES


def modules(study, name, index):
    """Return the module of the kind of structure."""
    return [type(study.structures[name].kind).__module__]


def settings(study, name, index):
    """Return the kind with its parameters, and what keys the random positions."""
    structures = study.structures[name]
    return {
        "kind": STRUCTURES.name_of(structures.kind),
        "parameters": dataclasses.asdict(structures.kind),
        "seed": study.seed,
        "realization": structures.first + int(index),
    }


def run(inputs, outputs, settings):
    """Write the structure."""
    kind = STRUCTURES[settings["kind"]](**settings["parameters"])
    kind.make(generator(settings["seed"], "structure", settings["realization"])).save(outputs["structure"])
