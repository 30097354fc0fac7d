"""The pair couplings of Eq. 15 as the models have learned them, against distance."""

from dataclasses import dataclass

import numpy as np

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.registry import load_model
from sdglass.progress import tracked
from sdglass.structures.neighbours import minimum_image_pairs
from sdglass_study.analysis import analysis, data_frame, joined, of

CONFIGURATIONS = 10  # of random spins, which the network's couplings are averaged over


@dataclass(frozen=True)
class Couplings:
    """Models whose couplings are shown, on what structures."""

    labels: str = of("labels")
    network: str = of("models")  # its first fold
    linear: str = of("models")  # with three-site functions
    pair: str = of("models")  # without


def _inputs(study, settings):
    models = {role: study.driver_file(getattr(settings, role)) for role in ("network", "linear", "pair")}
    return {"labels": study.label_files(settings.labels), **models}


@analysis("couplings", Couplings, inputs=_inputs)
def couplings(settings, inputs, bin_width):
    """Return the mean coupling per pair and its spread over pairs, per distance bin and model."""
    models = {role: load_model(inputs[role][0]) for role in ("linear", "pair", "network")}
    found = {}
    for path in tracked(inputs["labels"], "couplings", "realization"):
        data = LabelledConfigurations.load(path)
        linear, pair, network = (model.on(data.structure) for model in models.values())
        # In a box of less than two cutoffs a pair has several bonds, whose couplings are summed.
        pairs = minimum_image_pairs(data.structure, linear.cutoff)
        parts = {
            name: field.couplings.toarray()[pairs.first, pairs.second]
            for name, field in ((settings.linear, linear), (settings.pair, pair))
        }
        if data.model.coupling != 0:
            parts["second-order"] = data.model.hopping(pairs.distance) ** 2 / (2.0 * abs(data.model.coupling))
        # Random spins: the mean slope of the energy is then the two-spin part of Eq. 14.
        spins = data.spins[data.random][:CONFIGURATIONS]
        slopes, first, second = network.pair_couplings(spins)
        different = first != second  # a site and its own images: no coupling, a constant
        if not (np.array_equal(first[different], pairs.first) and np.array_equal(second[different], pairs.second)):
            raise AssertionError("descriptor and neighbour list must order their pairs alike")
        parts[settings.network] = slopes.mean(0)[different]
        for model, values in parts.items():
            found.setdefault(model, []).append((pairs.distance, values))
    frames = [
        binned(model, *map(np.concatenate, zip(*parts, strict=True)), bin_width) for model, parts in found.items()
    ]
    return {"couplings": joined(frames)}


def binned(model, distance, coupling, bin_width):
    """Return mean, 16 % and 84 % of the couplings (P,) of a model in each bin of their distances (P,)."""
    edges = np.arange(0.0, distance.max() + bin_width, bin_width)
    bins = np.digitize(distance, edges) - 1
    rows = []
    for b in np.unique(bins):
        chosen = coupling[bins == b]
        low, high = np.percentile(chosen, [16, 84])
        centre = 0.5 * (edges[b] + edges[b + 1]) if b + 1 < len(edges) else edges[b]
        row = {"model": model, "distance": centre, "coupling": chosen.mean(), "low": low, "high": high}
        rows.append(row | {"pairs": len(chosen)})
    return data_frame(rows)
