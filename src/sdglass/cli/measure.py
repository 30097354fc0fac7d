"""``sdglass measure``: observables of trajectories against time."""

from sdglass.cli.validation import check_outputs
from sdglass.errors import InputError

USAGE = "T.h5 [T.h5 ...] --out O.nc OBSERVABLE [OBSERVABLE ...]"
SUMMARY = "Observables of trajectories against time, with errors"
DETAILS = (
    "Names that end in .h5 are trajectories, one realization each, with the same times; the others are\n"
    "observables: magnetization, magnetization-length, energy, correlation and correlation-length (:r_max=5\n"
    ":width=0.1), structure-factor (:path=G,K,M,G), chirality, overlap (of replicas, squared),\n"
    "autocorrelation:tw=10,100. Options follow a colon each. Writes a netCDF-4 file that holds each mean and\n"
    "NAME_error, its standard error over files, or over replicas where there is one file."
)
EXAMPLE = """\
example: chirality and structure factor along a quench of the Kondo lattice on triangles
  sdglass structure --lattice triangular --cells 6 6 --out TRIANGLES.npz
  sdglass quench --engine exact --structure TRIANGLES.npz --replicas 3 --duration 10 --damping 1 --out TRI.h5
  sdglass measure TRI.h5 --out TRI.nc chirality correlation structure-factor:path=G,K,M,G autocorrelation:tw=1,5"""


def add_options(parser):
    """Add the options of the command."""
    parser.add_argument("words", nargs="+", metavar="T.h5|OBSERVABLE", help="trajectories and observables")
    # Positional words end at the first option for argparse: those behind the file come with it.
    parser.add_argument(
        "--out",
        nargs="+",
        metavar=("O.nc", "OBSERVABLE"),
        required=True,
        help="file to write, and what is measured, which may also stand before --out",
    )


def run(args):
    """Measure and write."""
    from sdglass.observables import SERIES
    from sdglass.observables.series import measure_series

    out, *behind = args.out
    words = [*args.words, *behind]
    paths = [word for word in words if word.endswith((".h5", ".hdf5"))]
    names = [word for word in words if word not in paths]
    if not paths:
        raise InputError("no trajectory is named; expected at least one T.h5")
    if not names:
        raise InputError(f"no observable is named; expected some of {', '.join(sorted(SERIES))}")
    check_outputs([out], paths)
    measured = measure_series(paths, names)
    measured.save(out)
    print(f"{out}: {', '.join(f'{name} {measured[name].shape}' for name in measured.names)}")
    return 0
