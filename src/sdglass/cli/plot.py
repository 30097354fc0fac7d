"""``sdglass plot``: pictures of what was measured, and of spins."""

from pathlib import Path

from sdglass.cli.options import number, option, snapshot
from sdglass.cli.validation import check_outputs
from sdglass.errors import InputError

USAGE = "O.nc|T.h5 [OBSERVABLE ...] --out PICTURE.png [--snapshot K] [--replica R]"
SUMMARY = "A picture of measured observables, or of the spins of a trajectory"
DETAILS = (
    "Of a file of 'sdglass measure' each observable, or each that is named, in a panel: against time, as a\n"
    "profile such as C(r) at some times, the structure factor as a map or along its path. Of a trajectory the\n"
    "spins of a snapshot, coloured by S_z. The end of the picture's name says its format (png, pdf, svg)."
)
EXAMPLE = """\
example: chirality, correlations and the last spins of a quench on the triangular lattice
  sdglass structure --lattice triangular --cells 6 6 --out TRIANGLES.npz
  sdglass quench --engine exact --structure TRIANGLES.npz --replicas 3 --duration 10 --damping 1 --out TRI.h5
  sdglass measure TRI.h5 --out TRI.nc chirality correlation structure-factor
  sdglass plot TRI.nc chirality correlation --out TRI.png
  sdglass plot TRI.h5 --out SPINS.png"""


def add_options(parser):
    """Add the options of the command."""
    parser.add_argument("file", metavar="FILE", help="what 'sdglass measure' or 'sdglass quench' wrote")
    parser.add_argument("observables", nargs="*", metavar="OBSERVABLE", help="which of them (default: all)")
    option(parser, "--out", str, "PICTURE.png", "picture to write", required=True)
    default = "(default: the last; of profiles, some)"
    option(parser, "--snapshot", snapshot, "K", f"which snapshot, counted from 0, or last {default}")
    option(parser, "--replica", number(int, least=0), "R", "whose spins, counted from 0", default=0)


def run(args):
    """Draw and write."""
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.figure import Figure

    from sdglass.hdf5 import open_hdf5
    from sdglass.io import atomic_path

    kind = Path(args.out).suffix.lower().removeprefix(".")
    known = FigureCanvasBase.get_supported_filetypes()
    if kind not in known:
        raise InputError(
            f"--out {args.out}: no format of pictures; expected a name that ends in {', '.join(known)}"
        )
    check_outputs([args.out], [args.file])
    with open_hdf5(args.file, required=("time",)) as handle:
        draw = _spins if "spins" in handle else _observables
    page = Figure(layout="constrained")
    what = draw(page, args)
    with atomic_path(args.out) as temporary:
        page.savefig(temporary, format=kind, dpi=150)
    print(f"{args.out}: {what}")
    return 0


def _spins(page, args):
    import numpy as np

    from sdglass.dynamics.trajectory import Trajectory
    from sdglass.plotting.spins import plot_spins

    if args.observables:
        raise InputError(
            f"{args.file} is a trajectory, of which spins are drawn; {args.observables[0]} is of a file of "
            "'sdglass measure'"
        )
    trajectory = Trajectory.load(args.file)
    structure = trajectory.structure
    flat = np.ptp(structure.positions[:, 2]) < 1e-9
    width, height = np.abs(structure.cell[:2, :2]).sum(axis=0)
    page.set_size_inches(7.0, np.clip(5.6 * height / width, 2.0, 9.0) + 0.8 if flat else 6.0)
    ax = page.add_subplot(**{} if flat else {"projection": "3d"})
    snapshot = "last" if args.snapshot is None else args.snapshot
    plot_spins(trajectory, snapshot, args.replica, ax)
    return f"{trajectory.spins.shape[2]} spins of snapshot {snapshot}, replica {args.replica}"


def _observables(page, args):
    from sdglass.observables.series_file import load_series
    from sdglass.plotting.series import plot_profiles, plot_series
    from sdglass.plotting.structure_factor import plot_structure_factor

    measured = load_series(args.file)
    names = args.observables or measured.names
    columns = min(len(names), 3)
    rows = -(-len(names) // columns)
    page.set_size_inches(1 + 4 * columns, 3.4 * rows)
    for place, name in enumerate(names, 1):
        ax = page.add_subplot(rows, columns, place)
        dimensions = (
            measured.arrays[name.replace("-", "_")][0] if name.replace("-", "_") in measured.arrays else ()
        )
        if "wave" in dimensions:
            plot_structure_factor(measured, "last" if args.snapshot is None else args.snapshot, ax, name)
        elif "distance" in dimensions:
            plot_profiles(measured, name, args.snapshot, ax)
        else:
            plot_series(measured, name, ax)
    return ", ".join(names)
