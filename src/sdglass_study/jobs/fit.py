"""Fit one model, or one fold of it, to exact labels; an interrupted fit goes on from its checkpoint."""

import dataclasses

import pandas as pd

from sdglass.dataset import LabelledConfigurations, require_same_model
from sdglass.forcefields.registry import FITTED_MODELS
from sdglass.io import write_csv
from sdglass.provenance import provenance
from sdglass_study.config.typed import plain, rebuilt
from sdglass_study.jobs.common import continued


def inputs(study, model, fold):
    """Return the labels, and the cached descriptors of their structures."""
    labels = study.models[model].labels
    caches = [
        path
        for name in labels
        for path in study.descriptors_of(model, study.labels[name].structures, range(study.labelled(name)))
    ]
    return {"labels": study.label_files(*labels), "descriptors": caches}


def settings(study, model, fold):
    """Return the settings of the model, and the keys of its random numbers."""
    entry = study.models[model]
    return {
        "name": model,
        "kind": entry.kind,
        "settings": plain(entry.settings),
        "fold": int(fold),
        "seed": study.seed,
        "device": study.device_of(model),
    }


def modules(study, model, fold):
    """Return the module of the kind of model."""
    return study.model_modules(model)


def run(inputs, outputs, settings, code=""):
    """Write the fit, and its learning curve (empty where there is none)."""
    kind = FITTED_MODELS[settings["kind"]]
    told = rebuilt(kind.Settings, settings["settings"])
    data = [LabelledConfigurations.load(path) for path in inputs["labels"]]
    require_same_model(data[0], data[1:])
    descriptors = None
    if inputs["descriptors"]:
        from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps

        pairs = zip(inputs["descriptors"], data, strict=True)
        descriptors = [load_feature_maps(path, labels.structure, told.descriptor) for path, labels in pairs]
    made = provenance(inputs["labels"], seed=settings["seed"])
    path = f"{outputs['fit']}.checkpoint"

    def fit(checkpoint):
        fitted = kind.fit(
            data,
            told,
            fold=settings["fold"],
            seed=settings["seed"],
            device=settings["device"],
            descriptors=descriptors,
            checkpoint=checkpoint,
            progress=True,
        )
        checkpoint.discard()
        return fitted

    fitted, history = continued(fit, path, inputs, settings, code)
    dataclasses.replace(fitted, info=fitted.info | {"name": settings["name"], "provenance": made}).save(
        outputs["fit"]
    )
    frame = pd.DataFrame(history)
    frame.insert(0, "fold", settings["fold"])
    frame.insert(0, "model", settings["name"])
    write_csv(outputs["history"], frame)
