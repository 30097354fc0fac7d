"""Steps of the study in miniature: their inputs, and their options as on the command line."""

import json

from small_study import SHORT, exact_data, random_network, sites

from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.behler_parrinello.descriptor_file import save_feature_maps
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps

ELECTRONS = {
    "coupling": 6.0,
    "filling": 0.5,
    "electron_temperature": 1e-3,
    "hopping": {"law": "yukawa", "amplitude": 1.0, "decay_length": 1.0},
}
DYNAMICS = {
    "duration": 8.0,
    "damping": 0.5,
    "temperature": 1e-3,
    "time_step": 1.0,
    "integrator": "heun",
    "seed": 3,
    "realization": 0,
}
DATASET = {**ELECTRONS, **DYNAMICS, "random": 2, "relaxations": 2, "snapshots": 3}
QUENCH = {**ELECTRONS, **DYNAMICS, "engine_name": "exact", "ensemble": "small", "replicas": 2}
# Options of each step, but for files.
OPTIONS = {
    "dataset": DATASET,
    "transfer_dataset": DATASET,
    "quench_exact": QUENCH,
    "quench_model": QUENCH,
    "train": {
        "descriptor": {**SHORT, "pair_distances": [1.0]},
        "variant": "bond",
        "protocol": "configurations",
        "fold": 0,
        "folds": 3,
        "network": {"layers": [6], "activation": "silu", "linear_term": True},
        "settings": {"epochs": 5, "batch": 4, "patience": 5},
        "ridge": 1e-4,
        "seed": 1,
    },
}


def make_inputs(folder):
    """Write structure, model, datasets and descriptors of 10 to 12 sites; return their paths by kind."""
    structure, functions = sites(10), SymmetryFunctions(**SHORT)
    structure.save(folder / "S.npz")
    save_feature_maps(folder / "F.h5", build_feature_maps(structure, functions), structure, {})
    network = random_network(functions)
    network.energy_scale.fill_(1e-2)
    model = NetworkModel(SDModel(), functions, [EnergyReference(-6.0, -0.08)], [network.float()])
    model.save(folder / "M.safetensors")
    made = {
        "structure": folder / "S.npz",
        "model": folder / "M.safetensors",
        "structure_features": folder / "F.h5",
        "data": [],
        "features": [],
    }
    for number, one in enumerate(exact_data(realizations=2, n_sites=12)):
        made["data"].append(folder / f"data-{number}.h5")
        made["features"].append(folder / f"features-{number}.h5")
        one.save(made["data"][-1])
        save_feature_maps(made["features"][-1], build_feature_maps(one.structure, functions), one.structure, {})
    return made


def step_options(name, inputs, out, **change):
    """Return all options of a step that reads `inputs` and writes `out`."""
    options = {**OPTIONS[name], **change, "out": out}
    if name == "train":
        options |= {"data": inputs["data"], "features": inputs["features"], "history": f"{out}.csv"}
    else:
        options["structure"] = inputs["structure"]
    if name in ("quench_model", "transfer_dataset"):
        options["model"] = inputs["model"]
    if name == "quench_model":
        options["features"] = inputs["structure_features"]
    return options


def words(options):
    """Return options as words of a command line."""
    line = []
    for name, value in options.items():
        line.append(f"--{name.replace('_', '-')}")
        if isinstance(value, dict):
            line.append(json.dumps(value))
        else:
            line += [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return line
