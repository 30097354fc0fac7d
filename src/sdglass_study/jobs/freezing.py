"""Freezing of the dynamics: torque, energy, step overlap and magnetization; the subtraction of Eq. 20."""

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass.observables.correlation import ensemble_average
from sdglass_study.jobs.arguments import run
from sdglass_study.jobs.ensembles import ensemble_parser, load_ensembles


def main():
    """Write both tables."""
    parser = ensemble_parser(__doc__, resampled=False)
    parser.add_argument("--out-freezing", required=True)
    parser.add_argument("--out-disconnected", required=True)
    args = parser.parse_args()
    freezing, disconnected = [], []
    for ensemble in load_ensembles(args.observables):
        freezing.append(_freezing(ensemble))
        if ensemble.replicas > 1:
            disconnected.append(_disconnected(ensemble))
    if not disconnected:
        raise InputError("every ensemble has a single replica; the second term of Eq. 20 needs at least 2 in one")
    write_csv(args.out_freezing, pd.concat(freezing, ignore_index=True))
    write_csv(args.out_disconnected, pd.concat(disconnected, ignore_index=True))


def _mean_and_error(values):
    """Return mean and standard error over realizations of per-replica values, a list of (K, R)."""
    means = np.array([v.mean(axis=1) for v in values])
    if len(means) > 1:
        return means.mean(0), means.std(0, ddof=1) / np.sqrt(len(means))
    replicas = values[0].shape[1]
    error = values[0].std(axis=1, ddof=1) / np.sqrt(replicas) if replicas > 1 else np.full(len(values[0]), np.nan)
    return means[0], error


def _freezing(ensemble):
    measured = ensemble.members
    n_sites = measured[0].attributes["n_sites"]
    # How much later than the one before a snapshot is, which its step overlap has to be read with.
    ratio = np.full(len(ensemble.times), np.nan)
    ratio[2:] = ensemble.times[2:] / ensemble.times[1:-1]  # the first snapshot is at t = 0
    frame = {**ensemble.labels, "n_sites": n_sites, "time": ensemble.times, "ratio": ratio}
    torque = _mean_and_error([t.torque_rms for t in measured])
    # Relative to the start, so that what depends on the structure alone does not enter the error.
    energy = _mean_and_error([(t.energy - t.energy[:1]) / n_sites for t in measured])
    overlap = _mean_and_error([t.step_overlap for t in measured])
    vectors = np.concatenate([t.magnetization for t in measured], axis=1)
    mean = vectors.mean(axis=1)
    error = np.sqrt(vectors.var(axis=1, ddof=1).sum(axis=1) / vectors.shape[1])
    for name, (value, spread) in {
        "torque_rms": torque,
        "energy": energy,
        "step_overlap": overlap,
        "magnetization": (np.linalg.norm(mean, axis=1), error),
    }.items():
        frame["energy_per_site" if name == "energy" else name] = value
        frame[f"{name}_error"] = spread
    return pd.DataFrame(frame)


def _disconnected(ensemble):
    means = np.array([one.disconnected for one in ensemble.members])
    grid_t, grid_r = np.meshgrid(ensemble.times, ensemble.centres, indexing="ij")
    error = np.nanstd(means, axis=0, ddof=1) / np.sqrt(len(means)) if len(means) > 1 else np.nan * means[0]
    return pd.DataFrame(
        {
            **ensemble.labels,
            "time": grid_t.ravel(),
            "distance": grid_r.ravel(),
            "disconnected": np.nanmean(means, axis=0).ravel(),
            "standard_error": error.ravel(),
            "correlation": ensemble_average(ensemble.histograms, ensemble.counts).ravel(),
        }
    )


if __name__ == "__main__":
    run(main)
