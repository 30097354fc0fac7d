"""Compare studies that differ in one parameter: make what is missing of each, then one table and one figure.

The rule `sweep` runs it. Each value is a study of its own, made by this study's workflow with the same cores,
one after the other, so that a finished value costs nothing and an interrupted sweep goes on where it stopped.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
from scipy.stats import norm

from sdglass.errors import InputError
from sdglass.io import discard, write_csv
from sdglass_study.figures import sweep as drawing  # named for the map of imports: the figure depends on it
from sdglass_study.figures.make import make_figure
from sdglass_study.figures.tables import read_csv
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.overrides import assignments

FIGURES = ("fig2", "fig3", "fig4", "fig5")
EXAMPLE = "--config sweep='{parameter: filling, values: [0.25, 0.5]}', or a section sweep in a --configfile"
STAGES = ("random", "frozen")


def main():
    """Run the studies and compare them."""
    parser = step_parser(__doc__)
    parser.add_argument("--sweep", type=json.loads, required=True, help='{"parameter": ..., "values": [...]}')
    parser.add_argument("--members", type=json.loads, required=True, help="[[value, study, {name: value}], ...]")
    parser.add_argument("--variant", required=True, help="network that drives the quenches")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--snakefile", required=True)
    parser.add_argument("--configfiles", nargs="*", default=[], help="overlays on config.yaml, in their order")
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--out", required=True, help="folder: tables/ and figures/ go there")
    args = parser.parse_args()
    if not args.members:
        raise InputError(f"the target sweep has nothing to compare; expected {EXAMPLE}")
    figures = args.sweep.get("figures", FIGURES)
    for value, study, given in args.members:
        print(f"sweep: {args.sweep['parameter']} = {value:g}, results/{study}/", flush=True)
        make_study(args, figures, given)
    rows, curves = [], []
    for value, study, _ in args.members:
        labels = {"parameter": args.sweep["parameter"], "value": value, "study": study}
        tables = Path("results", study, "tables")
        rows += [{**labels, **row} for row in compared(tables, figures, args.variant, args.confidence)]
        if "fig4" in figures:
            curves.append(last_correlation(tables).assign(**labels))
    out = Path(args.out)
    write_csv(out / "tables" / "sweep.csv", pd.DataFrame(rows))
    correlation = out / "tables" / "sweep_correlation.csv"
    if curves:
        write_csv(correlation, pd.concat(curves, ignore_index=True))
    else:  # the figure draws it where it is there, be it that of an earlier sweep with other values
        discard(correlation)
    make_figure(drawing.NAME, out / "tables", out / "figures" / "sweep.png", out / "figures" / "sweep.pdf")
    print(f"sweep: {out}/tables/sweep.csv, {out}/figures/sweep.png", flush=True)


def make_study(args, figures, given):
    """Let the workflow make the figures of one study.

    Raises
    ------
    InputError
        If it fails; what it said is above that.
    """
    command = [sys.executable, "-m", "snakemake", *figures, "--cores", str(args.cores), "--rerun-incomplete"]
    command += ["--snakefile", args.snakefile]
    if args.configfiles:
        command += ["--configfile", *args.configfiles]
    # After --configfile, which takes all words up to the next option.
    command += shlex.split(args.sweep.get("options", ""))
    said = assignments(given)
    status = subprocess.run([*command, "--config", *said], check=False).returncode
    if status:
        raise InputError(
            f"the study of {' '.join(said)} failed (status {status}, see above); the same command continues"
        )


def compared(tables, figures, variant, confidence):
    """Yield the rows of the comparison that one study gives: quantity, run, engine, result, low, high, unit.

    Parameters
    ----------
    tables : path
        Folder of the study's tables.
    figures : sequence of str
        Which of `FIGURES` it has.
    variant : str
        Network of which the torque error is shown, beside the pair model's.
    confidence : float
        Of the intervals that are made here from standard errors.
    """
    if "fig2" in figures:
        yield from _electrons(tables, norm.ppf(0.5 + 0.5 * confidence))
    if "fig3" in figures:
        errors = read_csv(tables / "torque_errors.csv", ["model", "member", "set", "stage", "rms", "relative"])
        wanted = {("pair", "-"), (variant, "single")}
        for one in errors[errors.set == "unseen"].itertuples():
            if (one.model, one.member) in wanted and one.stage in STAGES:
                engine = "pair" if one.model == "pair" else "network"
                interval = (one.relative, one.low / one.rms, one.high / one.rms)
                yield _row("torque_error", one.stage, engine, *interval, "rms torque")
    if "fig4" in figures:
        events = read_csv(tables / "fig4_events.csv", ["run", "engine", "quantity", "value", "low", "high"])
        for one in events[events.quantity == "contact_late"].itertuples():
            yield _row("correlation_at_contact", one.run, one.engine, one.value, one.low, one.high, "1")
    if "fig5" in figures:
        lengths = read_csv(tables / "fig5_length.csv", ["ensemble", "engine", "time", "estimator", "xi"])
        for (ensemble, engine, estimator), some in lengths.groupby(
            ["ensemble", "engine", "estimator"], sort=False
        ):
            last = some.loc[some.time.idxmax()]
            name = f"correlation_length_{estimator}"
            run_name = ensemble.removeprefix("large-")
            yield _row(name, run_name, engine, last.xi, last.low, last.high, "ell")


def _electrons(tables, deviations):
    columns = ["quantity", "system", "coupling", "value", "standard_error"]
    electrons = read_csv(tables / "electrons.csv", columns)
    small = electrons[electrons.system == electrons.system.iloc[0]]  # J = 0 in the study's own box
    coupled = electrons[electrons.coupling != 0]
    for part, name, unit in (
        (small, "dos_at_fermi_level", "1/t0"),
        (coupled, "dos_at_fermi_level", "1/t0"),
        (coupled, "gap", "t0"),
    ):
        for one in part[part.quantity == name].itertuples():
            run_name = "free" if one.coupling == 0 else "coupled"
            ends = (max(one.value + sign * deviations * one.standard_error, 0.0) for sign in (-1, 1))
            yield _row(name, run_name, "exact", one.value, *ends, unit)


def _row(quantity, run_name, engine, result, low, high, unit):
    values = {"result": float(result), "low": float(low), "high": float(high)}
    return {"quantity": quantity, "run": run_name, "engine": engine, **values, "unit": unit}


def last_correlation(tables):
    """Return C(r) of every run and engine at its last time."""
    columns = ["run", "engine", "time", "distance", "correlation", "low", "high"]
    curves = read_csv(tables / "fig4_correlation.csv", columns)[columns]
    return curves[curves.time == curves.groupby(["run", "engine"]).time.transform("max")]


if __name__ == "__main__":
    run(main)
