"""From a configuration to a `Study`: every key checked, all problems in one go."""

import dataclasses
from inspect import signature

from sdglass.electrons.hopping import HOPPING_LAWS
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS, FITTED_MODELS
from sdglass.observables import OBSERVABLES
from sdglass.structures import STRUCTURES
from sdglass_study.analysis import ANALYSES
from sdglass_study.config.entries import EXACT, Labels, Model, Quench, Structures
from sdglass_study.config.shortcuts import SHORTCUTS
from sdglass_study.config.study import Study
from sdglass_study.config.typed import Problems, build


def make_study(config):
    """Return the `Study` of a configuration, as YAML gives it.

    Raises
    ------
    InputError
        With one line per problem: the key, its value, what is expected and, for an unknown key, the nearest name.
    """
    problems = Problems()
    study = build(Study, config, "", problems, _PARTS, SHORTCUTS)
    problems.refuse()
    study.config.update(config)
    _contradictions(study, problems)
    problems.refuse()
    return study


def _electrons(data, key, problems):
    return build(SDModel, data, key, problems, {"hopping": _hopping})


def _hopping(data, key, problems):
    return _tagged(data, "law", HOPPING_LAWS, key, problems)


def _tagged(data, tag, registry, key, problems, *also):
    """Return the object of a mapping whose key `tag` names its class in a registry; `also` are left out."""
    if not isinstance(data, dict) or tag not in data:
        problems.add(f"{key}.{tag}", f" is missing; expected one of {', '.join(registry)}")
        return None
    try:
        kind = registry[data[tag]]
    except InputError as error:
        problems.add(f"{key}.{tag}", str(error))
        return None
    return build(
        kind, {name: part for name, part in data.items() if name != tag and name not in also}, key, problems
    )


def _structures(data, key, problems):
    result = {}
    for name, entry in _entries(data, key, problems):
        where = f"{key}.{name}"
        kind = _tagged(entry, "kind", STRUCTURES, where, problems, "realizations", "first")
        rest = {
            part: entry[part] for part in ("realizations", "first") if isinstance(entry, dict) and part in entry
        }
        result[name] = build(Structures, {"kind": kind, **rest}, where, problems)
    return result


def _labels(data, key, problems):
    return {name: build(Labels, entry, f"{key}.{name}", problems) for name, entry in _entries(data, key, problems)}


def _quenches(data, key, problems):
    return {name: build(Quench, entry, f"{key}.{name}", problems) for name, entry in _entries(data, key, problems)}


def _models(data, key, problems):
    """Return the models; where a kind has a descriptor, it is the study's with what the entry says."""
    result = {}
    for name, entry in _entries(data, key, problems):
        where = f"{key}.{name}"
        solver = isinstance(entry, dict) and entry.get("kind") in ELECTRON_FORCE_FIELDS
        if not isinstance(entry, dict) or "kind" not in entry or ("labels" not in entry and not solver):
            problems.add(where, f" = {entry}; expected the keys kind, labels and the settings of that kind")
            continue
        own = {"kind", "labels", "label", "dtype"}
        if solver:
            result[name] = _solver(name, entry, own, where, problems)
            continue
        try:
            kind = FITTED_MODELS[entry["kind"]].Settings
        except InputError as error:
            problems.add(f"{where}.kind", str(error))
            continue
        settings = {part: value for part, value in entry.items() if part not in own}
        if "descriptor" in kind.__dataclass_fields__:
            settings["descriptor"] = settings.get("descriptor", {})
        labels = entry["labels"] if isinstance(entry["labels"], list) else [entry["labels"]]
        dtype = entry.get("dtype", "float64")
        if dtype not in ("float32", "float64"):
            problems.add(f"{where}.dtype", f" = {dtype}; expected float32 or float64")
        made = build(kind, settings, where, problems)
        result[name] = Model(entry["kind"], tuple(map(str, labels)), made, str(entry.get("label", name)), dtype)
    return result


def _solver(name, entry, own, where, problems):
    """Return the model of a solver of the electrons, whose options are those of its class."""
    options = {part: value for part, value in entry.items() if part not in own}
    known = list(signature(ELECTRON_FORCE_FIELDS[entry["kind"]]).parameters)[2:]
    for part in [*options, *(own & {"labels", "dtype"} & entry.keys())]:
        if part not in known:
            problems.add(f"{where}.{part}", f" means nothing to a solver; expected {', '.join(known)}")
    return Model(entry["kind"], (), options, str(entry.get("label", name)), "float64")


def _analysis(data, key, problems):
    result = {}
    for name, entry in (data or {}).items():
        where = f"{key}.{name}"
        try:
            analysis = ANALYSES[name]
        except InputError as error:
            problems.add(where, str(error))
            continue
        result[name] = build(analysis.settings, entry or {}, where, problems)
    return result


def _entries(data, key, problems):
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        problems.add(key, " is no table; expected a name and its settings for each entry")
        return []
    for name in data:
        if not name.replace("-", "").replace("+", "").replace(".", "").isalnum():
            problems.add(f"{key}.{name}", "a name is letters, digits and hyphens, since it names a folder")
    return list(data.items())


_PARTS = {
    "electrons": _electrons,
    "structures": _structures,
    "labels": _labels,
    "models": _models,
    "quenches": _quenches,
    "analysis": _analysis,
}


def _contradictions(study, problems):
    """Note what only several keys together show."""
    taken = {}
    fitted = {name: model for name, model in study.models.items() if model.fitted}
    for name, structures in study.structures.items():
        for number in structures.numbers():
            if number in taken:
                problems.add(
                    f"structures.{name}.first",
                    f" = {structures.first}; realization {number} belongs to structures.{taken[number]} too, and "
                    "would share its random numbers; expected numbers of its own",
                )
                break
            taken[number] = name
    for table, entries in (("labels", study.labels), ("quenches", study.quenches)):
        for name, entry in entries.items():
            known = study.structures.get(entry.structures)
            if known is None:
                problems.add(f"{table}.{name}.structures", _one_of(entry.structures, study.structures))
            elif (entry.realizations or 0) > known.realizations:
                problems.add(
                    f"{table}.{name}.realizations",
                    f" = {entry.realizations}; expected at most the {known.realizations} of {entry.structures}",
                )
    for name, labels in study.labels.items():
        if labels.quenched is not None and labels.quenched.model not in (EXACT, *fitted):
            problems.add(f"labels.{name}.quenched.model", _one_of(labels.quenched.model, (EXACT, *fitted)))
    for name, model in study.models.items():
        if name == EXACT:
            problems.add(f"models.{EXACT}", "the name stands for exact diagonalization; expected another one")
        for labels in model.labels:
            if labels not in study.labels:
                problems.add(f"models.{name}.labels", _one_of(labels, study.labels))
    for name, quench in study.quenches.items():
        for model in quench.models:
            if model not in (EXACT, *study.models):
                problems.add(f"quenches.{name}.models", _one_of(model, (EXACT, *study.models)))
            elif model in fitted and quench.coupling is not None:
                problems.add(
                    f"quenches.{name}.coupling",
                    f" = {quench.coupling}; {model} was fitted at the study's J; expected solvers alone",
                )
    for name in study.observables:
        if name not in OBSERVABLES:
            problems.add("observables", _one_of(name, OBSERVABLES))
    if "film" in study.config and study.film.quench not in study.quenches:
        problems.add("film.quench", _one_of(study.film.quench, study.quenches))
    for name in study.published:
        if name not in fitted:
            problems.add("published", _one_of(name, fitted))
    if study.device not in ("cpu", "cuda"):
        problems.add("device", f" = {study.device}; expected cpu or cuda")
    if problems.lines:
        return
    for name, settings in study.analysis.items():
        tables = {"quenches": study.quenches, "labels": study.labels, "structures": study.structures}
        tables |= {"models": {EXACT: None, **fitted}, "force fields": study.models}
        for part in dataclasses.fields(settings):
            known = tables.get(part.metadata.get("of"))
            given = getattr(settings, part.name)
            for one in () if known is None or given is None else [given] if isinstance(given, str) else given:
                if one not in known:
                    problems.add(f"analysis.{name}.{part.name}", _one_of(one, known))


def _one_of(value, known):
    return f" = {value}; expected one of {', '.join(known)}"
