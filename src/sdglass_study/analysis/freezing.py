"""Freezing of the dynamics: torque, energy, step overlap and magnetization; the subtraction of Eq. 20."""

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.correlation import ensemble_average
from sdglass_study.analysis import analysis, data_frame, joined
from sdglass_study.analysis._ensembles import Quenches, load_ensembles, observables


@analysis("freezing", Quenches, inputs=observables, tables=("freezing", "disconnected"))
def freezing(settings, inputs):
    """Return what stops, and the second term of Eq. 20, against time."""
    ensembles = load_ensembles(inputs["observables"])
    several = [ensemble for ensemble in ensembles if ensemble.replicas > 1]
    if not several:
        raise InputError("every ensemble has a single replica; the second term of Eq. 20 needs at least 2 in one")
    return {"freezing": joined(map(over_time, ensembles)), "disconnected": joined(map(second_term, several))}


def _mean_and_error(values):
    """Return mean and standard error over realizations of per-replica values, a list of (K, R)."""
    means = np.array([v.mean(axis=1) for v in values])
    if len(means) > 1:
        return means.mean(0), means.std(0, ddof=1) / np.sqrt(len(means))
    replicas = values[0].shape[1]
    error = values[0].std(axis=1, ddof=1) / np.sqrt(replicas) if replicas > 1 else np.full(len(values[0]), np.nan)
    return means[0], error


def over_time(ensemble):
    """Return torque, energy per site since t = 0, step overlap and magnetization of an ensemble, with errors."""
    members, n_sites, times = ensemble.members, ensemble.n_sites, ensemble.times
    # How much later than the one before a snapshot is, which its step overlap has to be read with.
    ratio = np.full(len(times), np.nan)
    ratio[2:] = times[2:] / times[1:-1]  # the first snapshot is at t = 0
    frame = {**ensemble.labels, "n_sites": n_sites, "time": times, "ratio": ratio}
    vectors = np.concatenate([measured.magnetization for measured in members], axis=1)
    spread = np.sqrt(vectors.var(axis=1, ddof=1).sum(axis=1) / vectors.shape[1])
    for name, (value, error) in {
        "torque_rms": _mean_and_error([measured.torque_rms for measured in members]),
        # Relative to the start, so that what depends on the structure alone does not enter the error.
        "energy": _mean_and_error([(measured.energy - measured.energy[:1]) / n_sites for measured in members]),
        "step_overlap": _mean_and_error([measured.step_overlap for measured in members]),
        "magnetization": (np.linalg.norm(vectors.mean(axis=1), axis=1), spread),
    }.items():
        frame["energy_per_site" if name == "energy" else name] = value
        frame[f"{name}_error"] = error
    return data_frame(frame)


def second_term(ensemble):
    """Return <S_i> . <S_j> against distance and time, beside the first term of Eq. 20."""
    means = np.array([measured.disconnected for measured in ensemble.members])
    error = np.nanstd(means, axis=0, ddof=1) / np.sqrt(len(means)) if len(means) > 1 else np.nan * means[0]
    columns = {"disconnected": np.nanmean(means, axis=0), "standard_error": error}
    columns["correlation"] = ensemble_average(ensemble.histograms, ensemble.counts)
    return ensemble.frame(ensemble.labels, columns)
