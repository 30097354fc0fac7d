"""``sdglass fit``: a force field for a magnet of one's own, with its errors."""

import sys

from sdglass.cli.engine import add_electrons, electrons_of, electrons_said, warn_of_errors
from sdglass.cli.options import count, number, option
from sdglass.cli.validation import check_outputs, load_structure
from sdglass.errors import InputError

USAGE = "--structure A.npz B.npz ... --out M.safetensors [options]"
SUMMARY = "Fit a force field to exact labels of a magnet, and judge it"
DETAILS = (
    "Labels configurations of the structures by the cheapest exact solver, fits the candidates, judges each by\n"
    "the torque error on structures that were kept out (a quarter of them, the largest first; of a single one a\n"
    "quarter of its configurations), prints one table, and writes the best. Labels are kept beside it: an\n"
    "interrupted fit goes on with those it has."
)
EXAMPLE = """\
example: an amorphous magnet
  sdglass structure --amorphous --n-sites 40 --density 0.8 --seed 1 --out A.npz
  sdglass structure --amorphous --n-sites 40 --density 0.8 --seed 2 --out B.npz
  sdglass structure --amorphous --n-sites 60 --density 0.8 --seed 3 --out C.npz
  sdglass fit --structure A.npz B.npz C.npz --coupling 6 --filling 0.5 --labels 6 --out MAGNET.safetensors
  sdglass info MAGNET.safetensors"""


def add_options(parser):
    """Add the options of the command."""
    from sdglass.fitting import CANDIDATES

    group = parser.add_argument_group("required")
    several = "structures: .npz by 'sdglass structure', or files that ASE reads"
    option(group, "--structure", str, "S.npz", several, nargs="+")
    option(group, "--data", str, "L.h5", "labels instead: .h5 as a fit keeps them, or extended XYZ", nargs="+")
    option(group, "--out", str, "M.safetensors", "model to write", required=True)
    kinds = f"auto, kernel, poles, or some of {', '.join(CANDIDATES)}, with commas between them"
    option(parser, "--model", str, "NAME", kinds, "auto")
    option(parser, "--labels", count(), "C", "labelled configurations of each structure (default: 32)")
    states = "random, quenched, late: spins at random, and 10 and 60 steps downhill (default: all)"
    option(parser, "--states", str, "NAMES", states)
    option(parser, "--labels-folder", str, "DIR", "where labels are kept (default: M.labels beside the model)")
    option(parser, "--unit", number(above=0), "L", "length of extended XYZ that is 1 ell", 1.0)
    option(parser, "--energy-unit", number(above=0), "E", "energy of extended XYZ that is 1 t0", 1.0)
    option(parser, "--seed", number(int, least=0), "N", "keys random spins and the training of networks", 0)
    option(parser, "--workers", number(int, least=1), "N", "processes of exact diagonalization", 1)
    add_electrons(parser, "--electron-temperature")


def run(args):
    """Label, fit, judge, and write the model."""
    from pathlib import Path

    from sdglass.fitting import fit, fit_labels, table
    from sdglass.foreign_labels import read_labels

    if (args.structure is None) == (args.data is None):
        raise InputError("expected either --structure or --data")
    inputs = args.structure or args.data
    check_outputs([args.out], inputs)

    def tell(tried, chosen):
        print("torque error / rms torque on what was kept out:")
        print("\n".join(table(tried, chosen)))

    common = {"seed": args.seed, "progress": sys.stderr.isatty(), "tell": tell}
    if args.data is not None:
        kept_for = "with --data, which has its labels; expected it with --structure"
        _refuse_said(args, {"labels", "states", "labels_folder", "workers"}, kept_for)
        electrons = electrons_of(args) if electrons_said(args) else None
        model = fit_labels(read_labels(args.data, electrons, args.unit, args.energy_unit), args.model, **common)
    else:
        _refuse_said(args, {"unit", "energy_unit"}, "without --data; expected it with labels in extended XYZ")
        folder = args.labels_folder or Path(args.out).with_suffix(".labels")
        states = ("random", "quenched", "late") if args.states is None else tuple(args.states.split(","))
        labels = 32 if args.labels is None else args.labels
        structures = [load_structure(path) for path in args.structure]
        options = {"states": states, "workers": args.workers, "folder": folder, **common}
        model = fit(structures, electrons_of(args), args.model, labels, **options)
    model.save(args.out)
    print(f"{args.out}: {model.info['name']}")
    warn_of_errors(args.out, model.errors)
    return 0


def _refuse_said(args, names, words):
    """Raise `InputError` if one of some options was given."""
    for name in sorted(names & args.said):
        raise InputError(f"--{name.replace('_', '-')} {words}")
