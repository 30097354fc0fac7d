"""Observables gathered into ensembles: what the analysis steps share."""

from dataclasses import dataclass, replace

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.measure import Observables
from sdglass_study.jobs.arguments import step_parser


def ensemble_parser(module_doc, resampled):
    """Return the parser of a step that reads observables; `resampled` adds the options of the bootstrap."""
    parser = step_parser(module_doc)
    parser.add_argument("--observables", nargs="+", required=True)
    if resampled:
        parser.add_argument("--bootstrap", type=int, required=True, help="resamples over realizations")
        parser.add_argument("--confidence", type=float, required=True)
        parser.add_argument("--seed", type=int, required=True)
    return parser


def add_growth(parser):
    """Add how xi(t) is estimated from halves of the replicas, and in which windows its growth is fitted."""
    parser.add_argument("--splits", type=int, required=True)
    parser.add_argument("--fit-start", type=float, nargs="+", required=True)
    parser.add_argument("--fit-stop", type=float, nargs="+", required=True)
    parser.add_argument("--time-units", type=float, nargs="+", required=True)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """All realizations of one ensemble with one engine.

    Attributes
    ----------
    name, engine : str
    damping : float
    members : list of Observables
        One per realization, all at the same times and in the same bins.
    """

    name: str
    engine: str
    damping: float
    members: list

    @property
    def labels(self):
        """Columns that identify the ensemble in every table."""
        return {"ensemble": self.name, "engine": self.engine, "damping": self.damping}

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
        return self.members[0].centres

    @property
    def counts(self):
        """Pairs in each bin of every realization (n_realizations, B)."""
        return np.array([one.counts for one in self.members])

    @property
    def histograms(self):
        """`correlation_histogram` of every realization, a list of (K, R, B)."""
        return [one.correlation for one in self.members]

    @property
    def structures(self):
        """Digests of the structures, in order."""
        return [one.attributes["structure"] for one in self.members]

    @property
    def replicas(self):
        """Least number of replicas of a realization."""
        return min(one.energy.shape[1] for one in self.members)


def load_ensembles(paths):
    """Return the `Ensemble` list of all observables, in the order in which they come.

    Raises
    ------
    InputError
        If the realizations of an ensemble differ in snapshot times or in bins.
    """
    found = {}
    for path in paths:
        one = Observables.load(path)
        members = found.setdefault(tuple(one.attributes[key] for key in ("ensemble", "engine", "damping")), [])
        for what, values in (("snapshot times", "times"), ("bins of distance", "edges")):
            if members and not np.array_equal(getattr(members[0], values), getattr(one, values)):
                raise InputError(f"{path}: its {what} differ from those of the other realizations")
        members.append(one)
    return [Ensemble(*key, members) for key, members in found.items()]


def shared_part(reference, other):
    """Return two ensembles cut down to the realizations, replicas and times that both have, or None.

    Replica number r of a realization starts from the same spins whatever the engine, so that differences of the
    two are those of the fields and of nothing else, as long as neighbouring trajectories stay together.

    Parameters
    ----------
    reference, other : Ensemble

    Returns
    -------
    tuple of Ensemble or None
        None if they share fewer than two realizations, or no time.

    Raises
    ------
    InputError
        If their bins of distance differ.
    """
    places = {digest: place for place, digest in enumerate(other.structures)}
    pairs = [(one, places[digest]) for one, digest in enumerate(reference.structures) if digest in places]
    # Multiples of two time steps may differ in the last digit.
    near = np.abs(reference.times[:, None] - other.times) <= 1e-9 * np.maximum(reference.times[:, None], 1.0)
    in_reference, in_other = np.nonzero(near)
    if len(pairs) < 2 or not len(in_reference):
        return None
    if not np.array_equal(reference.edges, other.edges):
        raise InputError(f"{other.name}: its bins of distance differ from those of {reference.name}")
    times, replicas = reference.times[in_reference], min(reference.replicas, other.replicas)

    def part(ensemble, chosen, snapshots):
        members = [_cut(ensemble.members[one], snapshots, times, replicas) for one in chosen]
        return replace(ensemble, members=members)

    first, second = zip(*pairs, strict=True)
    return part(reference, first, in_reference), part(other, second, in_other)


def _cut(measured, snapshots, times, replicas):
    """Return observables of some snapshots and the first replicas; nothing that mixes all of them."""
    per_replica = ("correlation", "energy", "torque_rms", "magnetization")
    arrays = {name: getattr(measured, name)[snapshots][:, :replicas] for name in per_replica}
    unknown = {
        "disconnected": np.full((len(times), len(measured.counts)), np.nan),
        "step_overlap": np.full((len(times), replicas), np.nan),
    }
    return replace(measured, times=times, arrays={**arrays, **unknown})
