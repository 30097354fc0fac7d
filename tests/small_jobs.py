"""Jobs of the study in miniature: what they read, and what they are told."""

import json
from functools import cache
from importlib import import_module
from pathlib import Path

import yaml

from sdglass_study.config import load_study
from sdglass_study.jobs.__main__ import main

ROOT = Path(__file__).parents[1]
# Entries of the smoke study that a job is about.
ABOUT = {
    "structure": {"name": "train", "index": "000"},
    "describe": {"name": "train", "index": "000"},
    "label": {"name": "train", "index": "000"},
    "fit": {"model": "paper", "fold": "0"},
    "quench": {"quench": "fig4-fast", "model": "exact", "index": "000"},
    "measure": {"quench": "fig4-fast", "model": "exact", "index": "000"},
}
OUTPUTS = {
    "structure": {"structure": "S.npz"},
    "describe": {"descriptor": "F.h5"},
    "label": {"labels": "D.h5"},
    "fit": {"fit": "M.safetensors", "history": "M.csv"},
    "quench": {"trajectory": "T.h5"},
    "measure": {"observables": "O.h5"},
}


def _merged(base, overlay):
    result = dict(base)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = _merged(base[key], value) if both else value
    return result


@cache
def study():
    """Return the study at smoke scale, with fewer sites."""
    files = (ROOT / "config.yaml", ROOT / "workflow" / "presets" / "smoke.yaml")
    base, smoke = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in files)
    small = {"structures": {"train": {"n_sites": 12, "box_length": 2.5}}, "models": {"paper": {"epochs": 4}}}
    return load_study(_merged(_merged(base, smoke), small))


def told(job, inputs, folder, **about):
    """Return the arguments of a job that writes to `folder`, as the workflow's; `about` replaces `ABOUT`."""
    about = ABOUT[job] | about
    outputs = {name: str(Path(folder) / file) for name, file in OUTPUTS[job].items()}
    settings = import_module(f"sdglass_study.jobs.{job}").settings(study(), **about)
    return json.dumps({"inputs": inputs, "settings": settings, "code": "now"}), json.dumps(outputs)


def make_inputs(folder):
    """Make a structure, descriptors, labels and fits by the jobs themselves; return the inputs of each job."""
    data, caches = [], []
    for index in range(3):
        place = folder / str(index)
        place.mkdir()
        sites = {"structure": str(place / "S.npz")}
        for job, inputs in (("structure", {}), ("describe", sites), ("label", sites)):
            assert main(job, *told(job, inputs, place, index=f"{index:03d}")) == 0
        data.append(str(place / "D.h5"))
        caches.append(str(place / "F.h5"))
    made = {"label": sites, "fit": {"labels": data, "descriptors": caches}, "quench": sites}
    assert main("fit", *told("fit", made["fit"], folder)) == 0
    assert main("quench", *told("quench", sites, folder)) == 0
    made["network"] = sites | {"model": str(folder / "M.safetensors"), "descriptor": caches[-1]}
    made["measure"] = sites | {"trajectory": str(folder / "T.h5")}
    return made
