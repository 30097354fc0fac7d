"""``sdglass validate``: a force field against exact forces."""

from sdglass.cli.engine import add_engine, add_workers, opened_engine
from sdglass.cli.options import count, number, option
from sdglass.cli.validation import load_structure

USAGE = "--engine ENGINE --structure S.npz [--max-error 0.1] [options]"
SUMMARY = "Torque errors of a force field against exact forces"
DETAILS = (
    "Makes spins at random, 10 steps downhill (quenched) and 60 (late) by exact forces, and prints the torque\n"
    "error of the engine / the rms torque for each state. The exit status is 1 if one is above the bound."
)
EXAMPLE = """\
example: polynomials of order 256 in an amorphous metal
  sdglass structure --amorphous --n-sites 60 --density 0.8 --seed 7 --out NEW.npz
  sdglass validate --engine kpm --order 256 --structure NEW.npz --coupling 2 --filling 0.25 --max-error 0.5"""


def add_options(parser):
    """Add the options of the command."""
    add_engine(parser, "--electron-temperature", terms=False)  # they are exact
    option(parser, "--states", str, "NAMES", "states to judge, with commas", "random,quenched,late")
    option(parser, "--labels", count(), "C", "configurations, shared among the states", 12)
    option(parser, "--max-error", number(above=0), "E", "largest torque error / rms torque that is good", 0.1)
    option(parser, "--seed", number(int, least=0), "N", "keys the random spins", 1_000_000)
    add_workers(parser)


def run(args):
    """Print one line for each state; return 1 if an error is above the bound."""
    import sys

    import numpy as np

    from sdglass.labelling import evaluations, label
    from sdglass.progress import progress_bar
    from sdglass.spins import torque

    structure, states = load_structure(args.structure), tuple(args.states.split(","))
    with opened_engine(args, structure) as (force_field, electrons):
        with progress_bar(evaluations(states), "exact", "evaluation", disable=not sys.stderr.isatty()) as bar:
            data = label(
                structure,
                electrons,
                args.labels,
                states,
                seed=args.seed,
                workers=args.workers,
                progress=bar.update,
            )
        found = torque(data.spins, force_field.evaluate(data.spins).field)
    names, good = data.states, True
    for state in states:
        mask = names == state
        error = np.sqrt(np.mean((found - data.torque)[mask] ** 2) / np.mean(data.torque[mask] ** 2))
        rms = np.sqrt(np.mean(data.torque[mask] ** 2))
        words = "" if error <= args.max_error else f", above {100 * args.max_error:g} %"
        print(f"{state}: torque error {100 * error:.3g} % of {rms:.3g} t0, {mask.sum()} configurations{words}")
        good &= bool(error <= args.max_error)
    return 0 if good else 1
