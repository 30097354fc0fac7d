"""What the locator force field changes in the large quenches: C(r, t), xi(t), energy, beside the other engines."""

import numpy as np
import pandas as pd
from scipy import stats

from sdglass.io import write_csv
from sdglass.observables.correlation import bootstrap_average
from sdglass.random_streams import generator
from sdglass.statistics import centred_interval
from sdglass_study.jobs.arguments import run
from sdglass_study.jobs.ensembles import ensemble_parser, load_ensembles, shared_part
from sdglass_study.jobs.paired import NUMBERS, compare_shared, length_quantities, pair_labels

_REFERENCES = ("exact", "locator")  # what the others are held against, the better one first


def main():
    """Write observables against time, their differences on shared quenches, and C(r) at the last common time."""
    parser = ensemble_parser(__doc__, resampled=True)
    parser.add_argument("--splits", type=int, required=True)
    for name in ("length", "difference", "correlation"):
        parser.add_argument(f"--out-{name}", required=True)
    args = parser.parse_args()
    ensembles = load_ensembles(args.observables)
    # One range of distances for all sizes: xi depends on it.
    r_max = min(ensemble.edges[-1] for ensemble in ensembles)
    averages = [
        bootstrap_average(one.histograms, one.counts, generator(args.seed, "bootstrap"), args.bootstrap)
        for one in ensembles
    ]
    numbers = [over_time(*both, r_max, args) for both in zip(ensembles, averages, strict=True)]
    write_csv(args.out_length, pd.concat(numbers, ignore_index=True))
    write_csv(args.out_difference, pd.concat(differences(ensembles, args), ignore_index=True))
    write_csv(args.out_correlation, pd.concat(last_curves(ensembles, averages, args), ignore_index=True))


def _labels(ensemble):
    sizes = {"n_sites": ensemble.members[0].attributes["n_sites"], "realizations": len(ensemble.members)}
    return ensemble.labels | sizes | {"replicas": ensemble.replicas}


def over_time(ensemble, average, r_max, args):
    """Return xi, C at contact, energy per site and rms torque of one ensemble at all times, with intervals."""
    rows = []
    for quantity, (value, samples) in length_quantities(ensemble, average, args, r_max).items():
        interval = centred_interval(value, samples, args.confidence, average.n_units)
        rows.append((quantity, value, *interval))
    sites = ensemble.members[0].attributes["n_sites"]
    energies = np.array([one.energy.mean(axis=1) / sites for one in ensemble.members])
    torques = np.array([np.sqrt(np.square(one.torque_rms).mean(axis=1)) for one in ensemble.members])
    rows += [("energy", *_over_units(energies, args)), ("torque_rms", *_over_units(torques, args))]
    return pd.concat(
        pd.DataFrame(_labels(ensemble) | {"time": ensemble.times, "quantity": quantity}
                     | dict(zip(("value", "low", "high"), columns, strict=True)))
        for quantity, *columns in rows
    )  # fmt: skip


def _over_units(values, args):
    """Return mean and Student's interval over realizations, from (n_realizations, K)."""
    n = len(values)
    half = stats.t.ppf(0.5 + 0.5 * args.confidence, n - 1) * stats.sem(values, axis=0)
    mean = values.mean(axis=0)
    return mean, mean - half, mean + half


def differences(ensembles, args):
    """Return frames of the differences of engines on the realizations and replicas that they share."""
    frames = []
    for reference in sorted(ensembles, key=lambda one: one.engine != "exact"):
        for other in ensembles:
            first, second = _rank(reference), _rank(other)
            if first == len(_REFERENCES) or first >= second or reference.damping != other.damping:
                continue
            if not np.array_equal(reference.edges, other.edges):  # another size
                continue
            shared = shared_part(reference, other)
            if shared is None:
                continue
            labels = pair_labels(*shared)
            _, numbers = compare_shared(labels, *shared, args)
            frames += [numbers, pd.DataFrame(labels | _energies(*shared, args))]
    if not frames:
        nothing = {"reference": "none", "reference_ensemble": "none", "quantity": "none"}
        nothing |= dict.fromkeys(("realizations", "replicas", "time", *NUMBERS), np.nan)
        frames = [pd.DataFrame([one.labels | nothing for one in ensembles])]
    return frames


def _rank(ensemble):
    return _REFERENCES.index(ensemble.engine) if ensemble.engine in _REFERENCES else len(_REFERENCES)


def _energies(reference, other, args):
    """Return the columns on the energy per site [t0]."""
    sites = reference.members[0].attributes["n_sites"]
    both = [np.array([m.energy.mean(axis=1) / sites for m in one.members]) for one in (other, reference)]
    difference, low, high = _over_units(both[0] - both[1], args)
    columns = {"time": other.times, "quantity": "energy"}
    columns |= {"value": both[0].mean(axis=0), "reference_value": both[1].mean(axis=0)}
    return columns | {"difference": difference, "low": low, "high": high}


def last_curves(ensembles, averages, args):
    """Return frames of C(r) of every ensemble at the last time that all of its damping have."""
    frames = []
    for ensemble, average in zip(ensembles, averages, strict=True):
        last = min(one.times[-1] for one in ensembles if one.damping == ensemble.damping)
        at = np.abs(ensemble.times - last).argmin()  # snapshots are log-spaced: near, if not the same
        low, high = (one[at] for one in average.interval(args.confidence))
        columns = {"time": ensemble.times[at], "distance": ensemble.centres, "correlation": average.mean[at]}
        frames.append(pd.DataFrame(_labels(ensemble) | columns | {"low": low, "high": high}))
    return frames


if __name__ == "__main__":
    run(main)
