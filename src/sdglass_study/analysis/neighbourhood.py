"""One real neighbourhood out of a relaxed configuration, for the picture of Fig. 1."""

from dataclasses import dataclass

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.structures.neighbours import environments
from sdglass_study.analysis import analysis, data_frame, of


@dataclass(frozen=True)
class Neighbourhood:
    """Where it is taken from."""

    labels: str = of("labels")  # the last configuration of the first realization


@analysis(
    "neighbourhood",
    Neighbourhood,
    inputs=lambda study, settings: {"labels": study.label_files(settings.labels)[0]},
    tables=("fig1_neighbourhood",),
)
def neighbourhood(settings, inputs, descriptor):
    """Return positions relative to the centre, spins and distances of one site and its neighbours."""
    data = LabelledConfigurations.load(inputs["labels"][0])
    env = environments(data.structure, descriptor["cutoff"])
    # A site with a typical number of neighbours, so that the picture is neither empty nor crowded.
    counts = np.diff(env.start)
    centre = int(np.argsort(counts, kind="stable")[len(counts) // 2])
    row = slice(env.start[centre], env.start[centre + 1])
    sites = np.concatenate([[centre], env.neighbour[row]])
    positions = np.concatenate([np.zeros((1, 3)), env.vector[row]])
    frame = data_frame(np.hstack([positions, data.spins[-1][sites]]), columns=["x", "y", "z", "sx", "sy", "sz"])
    frame.insert(0, "site", sites)
    frame["distance"] = np.concatenate([[0.0], env.distance[row]])
    frame["is_centre"] = (frame["site"] == centre).astype(int)
    frame["cutoff"] = descriptor["cutoff"]
    return {"fig1_neighbourhood": frame}
