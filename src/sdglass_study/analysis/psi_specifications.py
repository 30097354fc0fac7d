"""psi from every defensible analysis of the large quenches, and the unit of time that would give the paper's."""

import numpy as np
import pandas as pd

from sdglass.errors import InputError
from sdglass.io import write_csv
from sdglass.observables.domain_growth import PAPER_PSI, fit_power_law, windows_of
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass_study.jobs.arguments import run
from sdglass_study.jobs.ensembles import add_growth, ensemble_parser, load_ensembles
from sdglass_study.psi_specifications import fit_all, fitted_windows, length_curves, unit_of_time_for


def main():
    """Write both tables."""
    parser = ensemble_parser(__doc__, resampled=True)
    add_growth(parser)
    parser.add_argument("--bin-factors", type=int, nargs="+", required=True, help="fine bins that make one")
    parser.add_argument("--range-start", type=float, nargs="+", required=True, help="[ell], besides r_min")
    parser.add_argument("--range-stop", type=float, nargs="+", required=True, help="[ell], besides half the box")
    parser.add_argument("--out-multiverse", required=True)
    parser.add_argument("--out-units", required=True)
    args = parser.parse_args()
    settings = {name: getattr(args, name) for name in ("bin_factors", "range_start", "range_stop")}
    fits, units, ensembles = [], [], load_ensembles(args.observables)
    windows = [len(fitted_windows(one.times, args.fit_start, args.fit_stop)) for one in ensembles]
    parts = sum(len(args.bin_factors) + count for count in windows if count)
    bar = progress_bar(parts, "psi in all ways", "part")
    for ensemble in ensembles:
        labels = {
            "run": ensemble.name.removeprefix("large-"),
            "engine": ensemble.engine,
            "damping": ensemble.damping,
        }
        if not fitted_windows(ensemble.times, args.fit_start, args.fit_stop):
            print(f"{labels['run']}: too short for any window, left out")
            continue
        curves = length_curves(
            ensemble.times,
            ensemble.histograms,
            ensemble.counts,
            ensemble.edges,
            (generator(args.seed, "bootstrap"), generator(args.seed, "replica halves")),
            settings,
            args.bootstrap,
            args.splits,
            bar.update,
        )
        table = fit_all(curves, args.fit_start, args.fit_stop, args.time_units, args.confidence, bar.update)
        for place, (name, value) in enumerate(labels.items()):
            table.insert(place, name, value)
        fits.append(table)
        units += _units(labels, curves, table, args.fit_start, args.fit_stop)
    bar.close()
    if not fits:
        raise InputError(
            f"fit_start = {args.fit_start}, fit_stop = {args.fit_stop}: no run is long enough for a window; "
            "expected earlier times, or longer runs"
        )
    write_csv(args.out_multiverse, pd.concat(fits, ignore_index=True))
    write_csv(args.out_units, pd.DataFrame(units))


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
                slope = fit_power_law(curves.times, xi, (start, stop)).slope
            rows.append(
                {
                    **labels,
                    "estimator": choice["estimator"],
                    "start": start,
                    "stop": stop,
                    "identified": int(here.identified.iloc[0]),
                    "power_law_slope": slope,
                    "log10_unit": unit,
                }
            )
    return rows


if __name__ == "__main__":
    run(main)
