"""Observables gathered into ensembles, and the resamples that all analyses of them share."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.correlation import bin_centres, bootstrap_average
from sdglass.observables.correlation_length import split_correlation_length
from sdglass.observables.measure import Observables
from sdglass.random_streams import generator
from sdglass.statistics import centred_interval
from sdglass_study.analysis import data_frame, of


@dataclass(frozen=True)
class Quenches:
    """Settings of an analysis of quenches."""

    quenches: tuple[str, ...] = of("quenches")


def observables(study, settings):
    """Return the inputs of an analysis of quenches."""
    return {"observables": study.observable_files(*settings.quenches)}


@dataclass(frozen=True, eq=False)
class Ensemble:
    """All realizations of one quench with one model."""

    name: str
    model: str
    damping: float
    members: list  # of Observables, one per realization, all at the same times and in the same bins

    @property
    def labels(self):
        """Columns that identify the ensemble in every table."""
        return {"ensemble": self.name, "model": self.model, "damping": self.damping}

    @property
    def n_sites(self):
        """Sites of each realization."""
        return self.members[0].attributes["n_sites"]

    @property
    def times(self):
        """Times of the snapshots (K,) [1/(gamma t0)]."""
        return self.members[0].times

    @property
    def edges(self):
        """Edges of the bins of distance (B + 1,) [ell]."""
        return self.members[0].edges

    @property
    def centres(self):
        """Middle of each bin (B,) [ell]."""
        return bin_centres(self.edges)

    @property
    def counts(self):
        """Pairs in each bin of every realization (n_realizations, B)."""
        return np.array([measured.counts for measured in self.members])

    @property
    def histograms(self):
        """`correlation_histogram` of every realization, a list of (K, R, B)."""
        return [measured.correlation for measured in self.members]

    @property
    def structures(self):
        """Digests of the structures, in order."""
        return [measured.attributes["structure"] for measured in self.members]

    @property
    def replicas(self):
        """Least number of replicas of a realization."""
        return min(measured.correlation.shape[1] for measured in self.members)

    def frame(self, labels, values):
        """Return a long table of arrays (K, B) over times and distances, or of columns (K,) over times."""
        if all(np.ndim(array) == 2 for array in values.values()):
            times, distances = np.meshgrid(self.times, self.centres, indexing="ij")
            values = {"time": times, "distance": distances, **values}
            return data_frame({**labels, **{name: array.ravel() for name, array in values.items()}})
        return data_frame({**labels, "time": self.times, **values})


def load_ensembles(paths):
    """Return the `Ensemble` list of all observables, in the order in which they come.

    Raises
    ------
    InputError
        If the realizations of an ensemble differ in snapshot times or in bins.
    """
    found = {}
    for path in paths:
        measured = Observables.load(path)
        made = measured.attributes
        # Files of earlier versions call the model an engine.
        key = made["ensemble"], made["model"], made["damping"]
        members = found.setdefault(key, [])
        for what, values in (("snapshot times", "times"), ("bins of distance", "edges")):
            if members and not np.array_equal(getattr(members[0], values), getattr(measured, values)):
                raise InputError(f"{path}: its {what} differ from those of the other realizations")
        members.append(measured)
    return [Ensemble(*key, members) for key, members in found.items()]


@dataclass(frozen=True)
class Resampling:
    """How intervals are made: the same streams for every ensemble, so that differences between them are paired."""

    seed: int
    confidence: float  # probability inside an interval
    bootstrap: int  # resamples over realizations
    splits: int  # random halvings of the replicas

    def average(self, ensemble):
        """Return the `EnsembleCorrelation` of an ensemble."""
        return bootstrap_average(
            ensemble.histograms, ensemble.counts, generator(self.seed, "bootstrap"), self.bootstrap
        )

    def split(self, ensemble, average, r_max=np.inf):
        """Return the unbiased `split_correlation_length` of an ensemble, from the resamples of its `average`."""
        return split_correlation_length(
            ensemble.histograms,
            ensemble.counts,
            ensemble.edges,
            generator(self.seed, "replica halves"),
            n_splits=self.splits,
            weights=average.weights,
            r_max=r_max,
        )

    def curve(self, ensemble, average, labels):
        """Return the table of C(r, t) of an ensemble with its intervals."""
        band = self.interval(average.mean, average.samples, average.n_units)
        return ensemble.frame(labels, {"correlation": average.mean, **band})

    def interval(self, value, samples, n_units):
        """Return the columns low and high of a value from its resamples."""
        low, high = centred_interval(value, samples, self.confidence, n_units)
        return {"low": low, "high": high}


def shared_part(reference, other):
    """Return two ensembles cut down to the realizations, replicas and times that both have, or None.

    Replica number r of a realization starts from the same spins whatever the model, so that differences of the
    two are those of the fields and of nothing else, as long as neighbouring trajectories stay together. The parts
    hold correlation and energy alone; there are none without two realizations and a time in common.

    Raises
    ------
    InputError
        If their bins of distance differ.
    """
    places = {digest: place for place, digest in enumerate(other.structures)}
    pairs = [(place, places[digest]) for place, digest in enumerate(reference.structures) if digest in places]
    # Multiples of two time steps may differ in the last digit.
    near = np.abs(reference.times[:, None] - other.times) <= 1e-9 * np.maximum(reference.times[:, None], 1.0)
    in_reference, in_other = np.nonzero(near)
    if len(pairs) < 2 or not len(in_reference):
        return None
    if not np.array_equal(reference.edges, other.edges):
        raise InputError(f"{other.name}: its bins of distance differ from those of {reference.name}")
    times, replicas = reference.times[in_reference], min(reference.replicas, other.replicas)

    def part(ensemble, chosen, snapshots):
        members = [
            SimpleNamespace(
                times=times,
                edges=measured.edges,
                counts=measured.counts,
                correlation=measured.correlation[snapshots][:, :replicas],
                energy=measured.energy[snapshots][:, :replicas],
                attributes=measured.attributes,
            )
            for measured in (ensemble.members[place] for place in chosen)
        ]
        return replace(ensemble, members=members)

    first, second = zip(*pairs, strict=True)
    return part(reference, first, in_reference), part(other, second, in_other)
