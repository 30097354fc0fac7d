"""What the locator force field changes in the quenches of Fig. 5: C(r, t), xi(t) and the energy."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sdglass_study.analysis import analysis, data_frame, joined, of
from sdglass_study.analysis._ensembles import load_ensembles, observables
from sdglass_study.analysis._paired import NUMBERS, compare, gathered, length_quantities, pairs
from sdglass_study.analysis.fig5_paired import Comparison


@dataclass(frozen=True)
class LocatorQuench(Comparison):
    """Quenches that are compared, with the locator force field as a second reference."""

    references: tuple[str, ...] = of("models", default=("exact", "locator"))


@analysis(
    "locator_quench",
    LocatorQuench,
    inputs=observables,
    tables=("locator_quench", "locator_quench_difference", "locator_quench_correlation"),
)
def locator_quench(settings, inputs, resampling):
    """Return observables against time, their differences on shared quenches, and C(r) at the last common time."""
    ensembles = load_ensembles(inputs["observables"])
    # One range of distances for all sizes: xi depends on it.
    r_max = min(ensemble.edges[-1] for ensemble in ensembles)
    averaged = [(ensemble, resampling.average(ensemble)) for ensemble in ensembles]
    differences = []
    for labels, reference, other in pairs(ensembles, settings.references):
        _, numbers = compare(labels, reference, other, resampling)
        differences += [numbers, other.frame(labels, _energies(reference, other, resampling))]
    return {
        "locator_quench": joined([over_time(*pair, r_max, resampling) for pair in averaged]),
        "locator_quench_difference": gathered(differences, ensembles, NUMBERS),
        "locator_quench_correlation": joined(last_curves(averaged, resampling)),
    }


def _labels(ensemble):
    sizes = {"n_sites": ensemble.n_sites, "realizations": len(ensemble.members), "replicas": ensemble.replicas}
    return ensemble.labels | sizes


def over_time(ensemble, average, r_max, resampling):
    """Return xi, C at contact, energy per site and rms torque of one ensemble at all times, with intervals."""
    frames = []
    for quantity, (value, samples) in length_quantities(ensemble, average, resampling, r_max).items():
        columns = {"quantity": quantity, "value": value, **resampling.interval(value, samples, average.n_units)}
        frames.append(ensemble.frame(_labels(ensemble), columns))
    torques = np.array([np.sqrt(np.square(measured.torque_rms).mean(axis=1)) for measured in ensemble.members])
    for quantity, values in (("energy", _energy_per_site(ensemble)), ("torque_rms", torques)):
        columns = {"quantity": quantity, **_over_units(values, "value", resampling.confidence)}
        frames.append(ensemble.frame(_labels(ensemble), columns))
    return joined(frames)


def _energy_per_site(ensemble):
    return np.array([measured.energy.mean(axis=1) / ensemble.n_sites for measured in ensemble.members])


def _over_units(values, name, confidence):
    """Return mean and Student's interval over realizations, from (n_realizations, K), as columns."""
    half = stats.t.ppf(0.5 + 0.5 * confidence, len(values) - 1) * stats.sem(values, axis=0)
    mean = values.mean(axis=0)
    return {name: mean, "low": mean - half, "high": mean + half}


def _energies(reference, other, resampling):
    """Return the columns on the energy per site [t0]."""
    value, under = _energy_per_site(other), _energy_per_site(reference)
    columns = {"quantity": "energy", "value": value.mean(axis=0), "reference_value": under.mean(axis=0)}
    return columns | _over_units(value - under, "difference", resampling.confidence)


def last_curves(averaged, resampling):
    """Return frames of C(r) of every (ensemble, average) at the last time that all of its damping have."""
    frames = []
    for ensemble, average in averaged:
        last = min(other.times[-1] for other, _ in averaged if other.damping == ensemble.damping)
        at = np.abs(ensemble.times - last).argmin()  # snapshots are log-spaced: near, if not the same
        columns = {"time": ensemble.times[at], "distance": ensemble.centres, "correlation": average.mean[at]}
        columns |= resampling.interval(average.mean[at], average.samples[:, at], average.n_units)
        frames.append(data_frame(_labels(ensemble) | columns))
    return frames
