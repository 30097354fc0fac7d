"""The models of the quenches of Fig. 5 against each other, on the realizations and replicas that they share."""

from dataclasses import dataclass

from sdglass_study.analysis import analysis, of
from sdglass_study.analysis._ensembles import Quenches, load_ensembles, observables
from sdglass_study.analysis._paired import CURVE, NUMBERS, compare, gathered, pairs


@dataclass(frozen=True)
class Comparison(Quenches):
    """Quenches that are compared.

    Each of the references, the nearest to the electrons first, is that of the models after it and of all that are
    not named.
    """

    references: tuple[str, ...] = of("models", default=("exact",))


@analysis("fig5_paired", Comparison, inputs=observables, tables=("fig5_difference", "fig5_paired"))
def fig5_paired(settings, inputs, resampling):
    """Return the differences of C(r, t), and those of xi(t) and of C at contact."""
    ensembles = load_ensembles(inputs["observables"])
    found = [compare(*pair, resampling) for pair in pairs(ensembles, settings.references)]
    return {
        "fig5_difference": gathered([curves for curves, _ in found], ensembles, CURVE),
        "fig5_paired": gathered([numbers for _, numbers in found], ensembles, NUMBERS),
    }
