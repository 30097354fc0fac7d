"""What is measured on spins: correlations, lengths, growth laws, local energies.

An observable is a function in a file of its own, here or anywhere (`sdglass.registry.load_plugin`):

    from sdglass.observables import OBSERVABLES

    @OBSERVABLES.register("nematic_order")
    def nematic_order(structure, trajectory, bins):
        return {"nematic_order": ...}   # arrays by name, shape (K, ...) for the K snapshots

`sdglass.observables.measure.measure` collects all that are registered. ``bins`` are the pairs of sites sorted by
distance, `sdglass.observables.correlation.PairBins`.

What needs one snapshot at a time, of a trajectory of any length, registers with `SERIES`: a function (structure,
times) that returns an `sdglass.observables.series.Series`.
"""

from sdglass.registry import Registry

OBSERVABLES = Registry("observable", "sdglass.observables")
SERIES = Registry("observable against time", "sdglass.observables")
