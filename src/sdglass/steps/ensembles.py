"""Trajectories gathered into ensembles: what the analysis steps share."""

from dataclasses import dataclass

import numpy as np

from sdglass.correlation import pair_bins
from sdglass.errors import InputError
from sdglass.quench import Trajectory
from sdglass.steps.arguments import step_parser
from sdglass.structure import Structure


def ensemble_parser(module_doc, resampled):
    """Return the parser of a step that reads trajectories; `resampled` adds the options of the bootstrap."""
    parser = step_parser(module_doc)
    parser.add_argument("--trajectories", nargs="+", required=True)
    parser.add_argument("--structures", nargs="+", required=True)
    parser.add_argument("--r-min", type=float, required=True, help="[ell]")
    parser.add_argument("--bin-width", type=float, required=True, help="[ell]")
    if resampled:
        parser.add_argument("--bootstrap", type=int, required=True, help="resamples over realizations")
        parser.add_argument("--confidence", type=float, required=True)
        parser.add_argument("--seed", type=int, required=True)
    return parser


@dataclass(frozen=True, eq=False)
class Ensemble:
    """All realizations of one ensemble with one engine.

    Attributes
    ----------
    name, engine : str
    damping : float
    times : numpy.ndarray, shape (K,)
    members : list of (Structure, Trajectory)
        One per realization.
    """

    name: str
    engine: str
    damping: float
    times: np.ndarray
    members: list

    @property
    def labels(self):
        """Columns that identify the ensemble in every table."""
        return {"ensemble": self.name, "engine": self.engine, "damping": self.damping}


def load_ensembles(trajectory_paths, structure_paths):
    """Return the `Ensemble` list of all trajectories, each matched with its structure by digest."""
    structures = {}
    for path in structure_paths:
        structure = Structure.load(path)
        structures[structure.digest()] = structure
    found = {}
    for path in trajectory_paths:
        trajectory = Trajectory.load(path)
        attributes = trajectory.attributes
        if attributes["structure"] not in structures:
            raise InputError(f"{path}: its structure is not among those given")
        key = (attributes["ensemble"], attributes["engine"], attributes["damping"])
        member = (structures[attributes["structure"]], trajectory)
        if key in found and not np.array_equal(found[key][0][1].times, trajectory.times):
            raise InputError(f"{path}: its snapshot times differ from those of the other realizations")
        found.setdefault(key, []).append(member)
    return [Ensemble(*key, members[0][1].times, members) for key, members in found.items()]


def bin_edges(ensemble, r_min, bin_width):
    """Return bin edges from r_min to half the shortest box edge, where minimum images are isotropic."""
    reach = min(structure.box.min() for structure, _ in ensemble.members) / 2
    return r_min + bin_width * np.arange(int((reach - r_min) / bin_width + 1e-9) + 1)


def binned(ensemble, edges):
    """Return the `PairBins` of every realization."""
    return [pair_bins(structure, edges) for structure, _ in ensemble.members]
