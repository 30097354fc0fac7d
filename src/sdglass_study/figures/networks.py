"""What the networks of a study are called in its figures and its report.

Importing this module does not load matplotlib, so that the workflow may ask it for the words.
"""

import json
from contextlib import contextmanager
from contextvars import ContextVar

from sdglass_study.config import variant_settings

PAPER_LAYERS = (1024, 1024, 512, 256, 128, 128, 128, 128)  # paper Sec. IV
_ACTIVATIONS = {"relu": "ReLU", "celu": "CELU", "silu": "SiLU"}
_UNKNOWN = {"driver": None, "words": {}}
_NAMES = ContextVar("names of a study's networks", default=_UNKNOWN)


def network_names(config):
    """Return {"driver": variant that drives the quenches, "words": {variant: words}}, plain data for JSON.

    The words say whether a variant has the layers of the paper's network or is the smaller one that drives the
    quenches, and in what it differs from the plain one of its size. Variants of yet another size have no words.

    Parameters
    ----------
    config : dict
        The configuration of a study; without its networks nothing is named.
    """
    network, driver = config.get("network"), config.get("force_field", {}).get("variant")
    if not network or "dataset" not in config or driver not in network.get("variants", {}):
        return _UNKNOWN
    settings = {name: variant_settings(network, name) for name in network["variants"]}
    plain = {}  # size -> the first variant of it, the driver first
    for name in (driver, *settings):
        plain.setdefault(tuple(settings[name]["layers"]), name)
    whole = config["dataset"]["random"] + config["dataset"]["relaxations"] * config["dataset"]["snapshots"]
    words = {}
    for name, one in settings.items():
        layers = tuple(one["layers"])
        if layers == PAPER_LAYERS:
            size = "paper's network"
        elif layers == tuple(settings[driver]["layers"]):
            size = "small network" if PAPER_LAYERS in plain else "network"
        else:
            continue
        reference = settings[plain[layers]]
        if one["chirality"] and not reference["chirality"]:
            size += " + chirality"
        words[name] = ", ".join([size, *_differences(one, reference, whole)])
    return {"driver": driver, "words": words}


def _differences(one, plain, whole):
    """Return in what else a variant differs from the plain one of its size, a few words each."""
    found = []
    if one["protocol"] != plain["protocol"]:
        found.append(f"split by {one['protocol'].removesuffix('s')}")
    if one["activation"] != plain["activation"]:
        found.append(_ACTIVATIONS.get(one["activation"], one["activation"]))
    if one["linear_term"] != plain["linear_term"]:
        found.append("with linear term" if one["linear_term"] else "from random weights")
    if {"realizations", "configurations"} & one.keys():
        each = one.get("configurations", whole)
        known = "realizations" in one
        found.append(f"{one['realizations']} × {each} configurations" if known else f"{each} configurations each")
    elif one["epochs"] != plain["epochs"]:
        found.append(f"{one['epochs']} epochs")
    return found


@contextmanager
def named(names):
    """Within the block `words_of` and `stands_for` answer with `names`, as from `network_names`, or JSON of it."""
    token = _NAMES.set(json.loads(names) if isinstance(names, str) else names or _UNKNOWN)
    try:
        yield
    finally:
        _NAMES.reset(token)


def words_of(name):
    """Return the words for a variant of the network, None if it has none."""
    return _NAMES.get()["words"].get(name)


def stands_for(name):
    """Return the variant behind the engine "network", where that is known; any other name stands for itself."""
    return _NAMES.get()["driver"] or name if name == "network" else name
