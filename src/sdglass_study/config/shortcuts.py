"""Parameters that are changed on the command line, ``snakemake ... --config filling=0.25``, and what follows.

A handful of physical parameters have a short name of their own. Each stands for every key of the configuration
that has to change with it, and gives the study another name, so that nothing that was computed is overwritten.
"""

import copy

from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.registry import FITTED_MODELS
from sdglass.structures.amorphous import cube_edge

_DIGITS = 3  # of a box edge that follows from a density


def _coupling(config, value):
    if not value > 0:
        raise InputError(f"--config coupling={value}; expected J > 0 [t0] (its sign changes nothing)")
    config["electrons"]["coupling"] = value


def _filling(config, value):
    if not 0 < value < 1:
        raise InputError(f"--config filling={value}; expected electrons per state, a number between 0 and 1")
    config["electrons"]["filling"] = value


def _density(config, value):
    """Set the edge of every box, unless the edge as it is, rounded, stands for the same density."""
    for box in config["structures"].values():
        if {"n_sites", "box_length"} <= box.keys():
            edge = cube_edge(box["n_sites"], value)
            if round(edge, 2) != round(box["box_length"], 2):
                box["box_length"] = round(edge, _DIGITS)


def _temperature(config, value):
    """Set one temperature, of electrons and of spins, in the labels and in the quenches."""
    if not value >= 0:
        raise InputError(f"--config temperature={value}; expected a number >= 0 [t0]")
    config["electrons"]["temperature"] = value
    runs = [
        *config.get("quenches", {}).values(),
        *(one.get("quenched") for one in config.get("labels", {}).values()),
    ]
    for run in runs:
        if run:
            run["temperature"] = value


SHORTCUTS = {"coupling": _coupling, "filling": _filling, "density": _density, "temperature": _temperature}


def effective(config, given=None):
    """Return the configuration that a merged one stands for.

    Parameters
    ----------
    config : dict
        Files and command line merged, as Snakemake does; keys set to null are taken away, short names applied.
    given : dict, optional
        What the command line said: a seed that it gave is part of the study's name too.

    Returns
    -------
    dict
        Its ``study`` is that of `config` with every parameter that changes something: ``quick-filling-0.25``.

    Raises
    ------
    InputError
        If a parameter has no sensible value.
    """
    given = given or {}
    result = _without_nulls(config)
    values = {name: result.pop(name) for name in SHORTCUTS if name in result}
    suffix = ""
    for name, value in values.items():
        before = copy.deepcopy(result)
        try:
            SHORTCUTS[name](result, float(value))
        except (TypeError, ValueError):
            raise InputError(f"--config {name}={value}; expected a number") from None
        if result != before:
            suffix += f"-{name}-{float(value):.10g}"
    if "seed" in given:
        suffix += f"-seed-{given['seed']}"
    if "study" not in given:
        result["study"] = f"{result.get('study')}{suffix}"
    return _possible(result) if "filling" in values else result


def _without_nulls(data):
    if not isinstance(data, dict):
        return copy.deepcopy(data)
    return {key: _without_nulls(value) for key, value in data.items() if value is not None}


def _possible(config):
    """Return a configuration without the models that cannot be made for its electrons, and what needs them."""
    electrons = SDModel.from_dict(config["electrons"])
    fitted = {name: entry for name, entry in config.get("models", {}).items() if "labels" in entry}
    out = {name for name, entry in fitted.items() if not FITTED_MODELS[entry["kind"]].suits(electrons)}
    if not out:
        return config
    config["models"] = {name: entry for name, entry in config["models"].items() if name not in out}
    config["published"] = [name for name in config.get("published", []) if name not in out]
    for entry in config["quenches"].values():
        entry["models"] = [name for name in entry["models"] if name not in out]
    gone = {name for name, entry in config["quenches"].items() if not entry["models"]}
    config["quenches"] = {name: entry for name, entry in config["quenches"].items() if name not in gone}
    config["analysis"] = {
        name: _less(section, out | gone)
        for name, section in config["analysis"].items()
        if not any(isinstance(value, str) and value in out | gone for value in section.values())
        and not name.startswith(tuple(out))
    }
    return config


def _less(section, out):
    return {
        key: [one for one in value if one not in out] if isinstance(value, list) else value
        for key, value in section.items()
    }
