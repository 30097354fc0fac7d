"""A force field for a magnet of one's own: candidates fitted to exact labels, judged on what they never saw."""

import time
from dataclasses import dataclass, replace

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dataset import LabelledConfigurations, common_electrons
from sdglass.electrons.sd_model import is_matrix
from sdglass.errors import InputError
from sdglass.forcefields.description import percent
from sdglass.forcefields.registry import FITTED_MODELS, load_force_field
from sdglass.forcefields.training_domain import departures, describe_structures
from sdglass.labelling import STEPS, evaluations, label, label_all
from sdglass.progress import progress_bar
from sdglass.provenance import provenance
from sdglass.spins import random_spins, torque

# By name: kind of model and its settings. `auto` tries all that suit the electrons but for those that train long.
CANDIDATES = {
    "pair": ("linear", {}),
    "locator": ("locator", {}),
    **{f"kernel-{order}": ("kernel", {"order": order}) for order in (16, 32, 64, 128)},
    **{f"poles-{count}": ("poles", {"poles": count}) for count in (4, 6, 8)},
    "network": ("network", {"layers": [128, 128, 64], "trained": [0]}),
    "lattice-network": ("lattice-network", {}),
}
SLOW = ("network", "lattice-network")
_SIZES = {"kernel": "order", "poles": "poles"}  # what the number in a candidate's name is
HELD_OUT = 0.25  # share of the structures, or of the configurations of a single one, that is kept out
WORTH = 0.5  # of the time of an exact field, above which a model is not worth its error,
QUICK = 0.05  # unless it is quicker than this [s], as anything is on a small structure
TIMES = 4  # how much larger the structure is at most on which the chosen model is judged again,
LARGEST = 1100  # and how many sites it has at most
GOOD = 0.10  # torque error / rms torque above which a model is called bad


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a candidate is worth on configurations that it was not fitted to.

    Attributes
    ----------
    name : str
    model : FittedModel
        With its errors.
    errors : dict
        ``{"kept out, N = 100": {state: {"rmse": [t0], "relative": of the rms torque, "configurations": n}}}``
    seconds : float
        Time of one evaluation of one configuration of the larger structure, see `larger`.
    exact_seconds : float
        That of the exact solver, side by side.
    """

    name: str
    model: object
    errors: dict
    seconds: float
    exact_seconds: float

    @property
    def worst(self):
        """Largest relative torque error over all states and sizes."""
        return worst_error(self.errors)


def worst_error(errors):
    """Return the largest relative torque error that a model's `errors` hold; nan if they hold none."""
    return max((error["relative"] for stages in errors.values() for error in stages.values()), default=np.nan)


@own_arithmetic
def fit(
    structures, electrons, model="auto", labels=32, states=("random", "quenched", "late"), *, seed=0, workers=1,
    folder=None, progress=False, tell=None,
):  # fmt: skip
    """Return a force field that was fitted to exact labels of a magnet, with its errors on structures kept out.

    Parameters
    ----------
    structures : sequence of Structure
        A quarter of them, the last and the largest, is kept out; of a single one, a quarter of its configurations.
    electrons : SDModel
    model : str
        ``"auto"``, a name of `CANDIDATES`, ``kernel-ORDER`` or ``poles-COUNT`` of any number, ``kernel`` or
        ``poles`` for all of those, or several with commas between them.
    labels : int
        Labelled configurations of each structure.
    states : sequence of {"random", "quenched", "late"}
    seed : int
        Keys random spins, and the training of networks.
    workers : int
        Processes of diagonalization.
    folder : path, optional
        Where labels are kept: a fit that was interrupted reads them again.
    progress : bool
        Whether to show how far it is.
    tell : callable, optional
        Called with the list of `Verdict`, all that were tried, and the one that was chosen.

    Returns
    -------
    FittedModel
        With ``errors``, ``on(structure)`` and ``save(path)``.

    Raises
    ------
    InputError
        If there are no structures or of different kinds, a candidate is unknown or does not suit the electrons.

    Examples
    --------
    >>> import sdglass
    >>> structures = [sdglass.amorphous(24, density=0.8, seed=seed) for seed in range(3)]
    >>> model = sdglass.fit(structures, sdglass.SDModel(coupling=6.0), model="pair,kernel-32", labels=6)
    >>> sorted(model.errors["kept out, N = 24"])
    ['late', 'quenched', 'random']
    """
    if not structures:
        raise InputError("no structures given; expected at least one")
    candidates(model, electrons)
    require_alike(structures)
    data = label_all(
        structures, electrons, labels, states, seed=seed, workers=workers, folder=folder, progress=progress
    )
    return fit_labels(data, model, seed=seed, progress=progress, tell=tell)


@own_arithmetic
def fit_labels(data, model="auto", *, seed=0, progress=False, tell=None):
    """Return the best of the candidates for labels that are given, see `fit`.

    Parameters
    ----------
    data : sequence of LabelledConfigurations
        One per structure, of the same electrons.
    model, seed, progress, tell
        As of `fit`.
    """
    electrons = common_electrons(data)
    require_alike([labels.structure for labels in data])
    train, kept_out = split(data)
    large = larger(max(kept_out, key=lambda labels: labels.structure.n_sites).structure, electrons)
    tried = []
    for name in candidates(model, electrons):
        tried.append(judged(name, fitted(name, train, seed, progress), kept_out, large))
    chosen = judged_again(best(tried), large, seed, progress)
    tried = [chosen if verdict.name == chosen.name else verdict for verdict in tried]
    if tell is not None:
        tell(tried, chosen)
    record = {"fit": {"seed": seed, "candidates": [verdict.name for verdict in tried], "chosen": chosen.name}}
    times = {"seconds": chosen.seconds, "exact_seconds": chosen.exact_seconds}
    info = {**chosen.model.info, "name": chosen.name, **times, "provenance": provenance([], **record)}
    return replace(chosen.model, info=info, errors=chosen.errors)


def require_alike(structures):
    """Raise `InputError` unless all structures have the dimension and the coordination of the first one."""
    known = {"structures": describe_structures(structures[:1])}
    for number, structure in enumerate(structures[1:], 1):
        unlike = [phrase for phrase in departures(known, structure) if phrase.startswith(("coordination", "a "))]
        if unlike:
            raise InputError(
                f"structures {number} and 0 are of different kinds: {'; '.join(unlike)}; expected one lattice, or "
                "one recipe, in a fit"
            )


def candidates(model, electrons):
    """Return the names of the candidates that a user's word means; `InputError` if one does not suit."""
    if model == "auto":
        return [
            name
            for name, (kind, _) in CANDIDATES.items()
            if name not in SLOW and FITTED_MODELS[kind].suits(electrons) and _has_range(kind, electrons)
        ]
    names = []
    for name in model.split(","):
        family = [one for one in CANDIDATES if one.startswith(f"{name.strip()}-")]
        names += family if name.strip() in _SIZES else [name.strip()]
    for name in names:
        if not FITTED_MODELS[candidate(name)[0]].suits(electrons):
            raise InputError(f"model = {name!r} is not for these electrons; expected auto, or another one")
    return names


def candidate(name):
    """Return the kind of model and the settings of a candidate: of `CANDIDATES`, kernel-ORDER or poles-COUNT."""
    kind, _, size = name.partition("-")
    if name in CANDIDATES:
        return CANDIDATES[name]
    if kind in _SIZES and size.isdecimal():
        return kind, {_SIZES[kind]: int(size)}
    raise InputError(f"model = {name!r}; expected auto, or some of {', '.join(CANDIDATES)}")


def _has_range(kind, electrons):
    """Return whether models of descriptors know how far electrons hop: of an explicit matrix they do not."""
    return kind in ("kernel", "poles") or not is_matrix(electrons.hopping)


def split(data):
    """Return the labels to fit to, and those that are kept out.

    Of several structures whole ones are kept out: a quarter, at least one, the largest first, and of equal ones
    the last. Of a single one, the last quarter of each state's configurations.
    """
    if len(data) > 1:
        order = sorted(range(len(data)), key=lambda i: (data[i].structure.n_sites, i))
        count = min(len(data) - 1, max(1, round(HELD_OUT * len(data))))
        out = set(order[-count:])
        return [data[i] for i in range(len(data)) if i not in out], [data[i] for i in sorted(out)]
    (whole,) = data
    states = whole.states
    out = np.zeros(len(whole), bool)
    for state in np.unique(states):
        places = np.flatnonzero(states == state)
        if len(places) > 1:
            out[places[-max(1, round(HELD_OUT * len(places))) :]] = True
    if not out.any():
        raise InputError(f"{len(whole)} configurations of one structure; expected two or more of a state")
    return [_part(whole, ~out)], [_part(whole, out)]


def _part(data, mask):
    return LabelledConfigurations(
        data.structure, data.model, data.spins[mask], data.energy[mask], data.field[mask], data.time[mask],
        data.provenance,
    )  # fmt: skip


def fitted(name, data, seed=0, progress=False):
    """Return a candidate fitted to labels."""
    kind, settings = candidate(name)
    kind = FITTED_MODELS[kind]
    settings = kind.Settings(**settings)
    return kind.join(
        [kind.fit(data, settings, fold=fold, seed=seed, progress=progress)[0] for fold in settings.folds]
    )


def larger(structure, electrons):
    """Return a structure repeated along its shortest vectors, up to `TIMES` and to `LARGEST` sites.

    It is the same one if it is large, or an explicit matrix says where its electrons hop.
    """
    counts, edges = np.ones(3, int), np.where(structure.pbc, structure.heights, np.inf)
    times = 1 if is_matrix(electrons.hopping) else min(TIMES, LARGEST / structure.n_sites)
    while 2 * counts.prod() <= times:
        shortest = np.argmin(edges * counts)
        if not np.isfinite(edges[shortest]):
            break
        counts[shortest] *= 2
    return structure.repeat(counts)


def judged(name, model, data, large):
    """Return the `Verdict` on a fitted model by labels that it was not fitted to, with its time on `large`."""
    errors = torque_errors({"model": model}, data)["model"]
    force_field, exact = model.on(large), load_force_field("exact", large, data[0].model)
    spins = random_spins(large.n_spins, np.random.default_rng(0))[None]
    force_field.evaluate(spins)  # warms up
    return Verdict(name, model, errors, _seconds(force_field, spins), _seconds(exact, spins))


def judged_again(verdict, large, seed, progress):
    """Return a `Verdict` with the errors on the larger structure, down to late states of whichever is cheaper."""
    if f"kept out, N = {large.n_sites}" in verdict.errors:
        return verdict
    electrons, states = verdict.model.electrons, tuple(STEPS)
    downhill = verdict.model.on(large) if verdict.seconds < verdict.exact_seconds else None
    with progress_bar(evaluations(states), "larger structure", "evaluation", disable=not progress) as bar:
        # Other random spins than those of any labels that were fitted to.
        data = label(large, electrons, 3, states, seed=seed + 10**6, progress=bar.update, downhill=downhill)
    found = torque_errors({"model": verdict.model}, [data], where="larger")["model"]
    return replace(verdict, errors=verdict.errors | found)


def torque_errors(models, data, where="kept out"):
    """Return {name: {"kept out, N = 100": {state: {"rmse", "relative", "configurations"}}}} of fitted models."""
    sums = {}
    for labels in data:
        states, exact = labels.states, labels.torque
        for name, model in models.items():
            found = torque(labels.spins, model.on(labels.structure).evaluate(labels.spins).field)
            for state in ("random", "quenched", "late"):
                mask = states == state
                if mask.any():
                    key = f"{where}, N = {labels.structure.n_sites}"
                    squares = sums.setdefault(name, {}).setdefault(key, {}).setdefault(state, [0.0, 0.0, 0, 0])
                    squares[0] += float(((found - exact)[mask] ** 2).sum())
                    squares[1] += float((exact[mask] ** 2).sum())
                    squares[2] += int(exact[mask].size)
                    squares[3] += int(mask.sum())
    return {
        name: {
            key: {
                state: {
                    "rmse": (error / size) ** 0.5,
                    "relative": (error / signal) ** 0.5,
                    "configurations": count,
                }
                for state, (error, signal, size, count) in stages.items()
            }
            for key, stages in sets.items()
        }
        for name, sets in sums.items()
    }


def _seconds(force_field, spins):
    taken = []
    while not taken or (sum(taken) < 0.5 and len(taken) < 5):
        start = time.perf_counter()
        force_field.evaluate(spins)
        taken.append(time.perf_counter() - start)
    return min(taken)


def best(tried):
    """Return the `Verdict` with the least error of those that take at most half of the exact time, or 0.05 s.

    Of all, if none of these is good: that exact forces would take less time is told by the table.
    """
    cheap = [verdict for verdict in tried if verdict.seconds <= max(WORTH * verdict.exact_seconds, QUICK)]
    found = min(cheap or tried, key=lambda verdict: verdict.worst)
    return found if found.worst <= GOOD else min(tried, key=lambda verdict: verdict.worst)


def table(tried, chosen):
    """Return the lines that say what was tried: torque errors by state, time, and its ratio to the exact one."""
    columns = [(key, state) for key, stages in chosen.errors.items() for state in stages]
    head = [
        "model",
        *(f"{state}, {key.removeprefix('kept out, ')}" for key, state in columns),
        "time [s]",
        "/ exact",
    ]
    rows = [head]
    for verdict in tried:
        name = f"{verdict.name} *" if verdict is chosen else verdict.name
        errors = [
            percent(verdict.errors[key][state]["relative"]) if key in verdict.errors else ""
            for key, state in columns
        ]
        rows.append([name, *errors, f"{verdict.seconds:.2g}", f"{verdict.seconds / verdict.exact_seconds:.2g}"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
