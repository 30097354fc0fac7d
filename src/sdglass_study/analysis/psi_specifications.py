"""The barrier exponent psi under every defensible analysis at once (paper Fig. 5): a specification curve.

One number for psi hides the choices behind it: how |C| is kept free of noise, bins and range of the integrals,
window, unit of time, what is fitted and how. Here all combinations are fitted, with intervals from the same
bootstrap resamples, so that the scatter between choices can be set against the statistical error. (The idea:
Simonsohn, Simmons and Nelson, "Specification curve analysis", doi:10.1038/s41562-020-0912-z.) Beside it: the
unit of time that would give the paper's psi.
"""

from dataclasses import dataclass

import numpy as np

from sdglass.errors import InputError
from sdglass.observables.domain_growth import POWER_LAW, fit_growth
from sdglass.progress import progress_bar
from sdglass_study.analysis import analysis, data_frame, joined, labelled
from sdglass_study.analysis._ensembles import load_ensembles, observables
from sdglass_study.analysis._growth_windows import windows_of
from sdglass_study.analysis._length_curves import length_curves
from sdglass_study.analysis._psi_fits import fit_all, fitted_windows, unit_of_time_for
from sdglass_study.analysis.correlation_length import Growth
from sdglass_study.psi_choices import PAPER_PSI


@dataclass(frozen=True)
class Specifications(Growth):
    """Choices that are combined, with those of `Growth`."""

    bin_factors: tuple[int, ...]  # bins that are made one
    range_start: tuple[float, ...]  # of the integrals of xi, besides r_min [ell]
    range_stop: tuple[float, ...]  # besides half the box [ell]

    def __post_init__(self):
        super().__post_init__()
        if min(self.bin_factors, default=0) < 1:
            raise InputError(f"bin_factors = {list(self.bin_factors)}; expected integers >= 1")


@analysis("psi_specifications", Specifications, inputs=observables, tables=("psi_specifications", "psi_units"))
def psi_specifications(settings, inputs, resampling):
    """Return psi of every combination of run and choices, and the units of time that give the paper's psi."""
    fits, units, ensembles = [], [], load_ensembles(inputs["observables"])
    starts, stops = settings.fit_start, settings.fit_stop
    windows = [len(fitted_windows(ensemble.times, starts, stops)) for ensemble in ensembles]
    parts = sum(len(settings.bin_factors) + count for count in windows if count)
    with progress_bar(parts, "psi in all ways", "part") as bar:
        for ensemble, count in zip(ensembles, windows, strict=True):
            labels = {"run": ensemble.name, "model": ensemble.model, "damping": ensemble.damping}
            if not count:
                print(f"{ensemble.name}: too short for any window, left out")
                continue
            curves = length_curves(ensemble, resampling, settings, bar.update)
            table = fit_all(curves, starts, stops, settings.time_units, resampling.confidence, bar.update)
            units += _units(labels, curves, table, starts, stops)
            fits.append(labelled(table, labels))
    if not fits:
        raise InputError(
            f"fit_start = {list(starts)}, fit_stop = {list(stops)}: no run is long enough for a window; "
            "expected earlier times, or longer runs"
        )
    return {"psi_specifications": joined(fits), "psi_units": data_frame(units)}


def _units(labels, curves, table, starts, stops):
    """Return one row per window and estimator: the unit of time that gives the paper's psi, all else as there.

    Finest bins, the whole range, no offset, straight line through log xi.
    """
    plain = table[(table.law == "power_law") & (table.fit == "log")]
    width, low, high = plain.bin_width.min(), plain.r_low.min(), plain.r_max.max()
    rows = []
    for m, choice in enumerate(curves.choices):
        if (choice["bin_width"], choice["r_low"], choice["r_max"]) != (width, low, high):
            continue
        for start, stop in windows_of(curves.times, starts, stops):
            here = plain[(plain.estimator == choice["estimator"]) & (plain.start == start) & (plain.stop == stop)]
            here = here[(here.bin_width == width) & (here.r_low == low) & (here.r_max == high)]
            if here.empty:
                continue
            xi = curves.lengths[m, 0]
            unit = unit_of_time_for(PAPER_PSI, curves.times, xi, (start, stop))
            slope = np.nan
            if np.isfinite(unit):
                slope = fit_growth(curves.times, xi, (start, stop), POWER_LAW).slope
            row = {**labels, "estimator": choice["estimator"], "start": start, "stop": stop}
            row |= {"identified": int(here.identified.iloc[0])}
            rows.append(row | {"power_law_slope": slope, "log10_unit": unit})
    return rows
