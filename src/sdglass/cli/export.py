"""``sdglass export``: trajectories for other programs."""

from sdglass.cli.options import number, option, snapshot
from sdglass.cli.validation import check_outputs

USAGE = "T.h5 --out FILE [--format NAME] [--replica R] [--snapshot K]"
SUMMARY = "A trajectory for other programs"
DETAILS = (
    "Spins, positions, cell, time and energy of one replica: extxyz for OVITO and ASE, vtk for ParaView (T.pvd,\n"
    "which lists times, and T_0000.vtu, ...), ovf for Spirit and OOMMF."
)
EXAMPLE = """\
example: a quench for OVITO and ParaView, its end for Spirit
  sdglass structure --lattice square --cells 4 4 --out SQUARE.npz
  sdglass quench --engine exact --structure SQUARE.npz --duration 10 --damping 1 --out SQUARE.h5
  sdglass export SQUARE.h5 --format extxyz --out SQUARE.xyz
  sdglass export SQUARE.h5 --format vtk --out SQUARE.pvd
  sdglass export SQUARE.h5 --format ovf --out SQUARE.ovf --snapshot last"""


def add_options(parser):
    """Add the options of the command."""
    parser.add_argument("trajectory", metavar="T.h5", help="trajectory")
    option(parser, "--out", str, "FILE", "file to write", required=True)
    option(parser, "--format", str, "NAME", "extxyz, vtk, ovf (default: what the end of FILE says)")
    option(parser, "--replica", number(int, least=0), "R", "which replica, counted from 0", default=0)
    option(parser, "--snapshot", snapshot, "K", "which snapshot, counted from 0, or last (default: all)")


def run(args):
    """Write the file."""
    from sdglass.dynamics.trajectory import Trajectory
    from sdglass.exports import export

    check_outputs([args.out], [args.trajectory])
    trajectory = Trajectory.load(args.trajectory)
    export(trajectory, args.out, args.format, args.replica, args.snapshot)
    what = f"{len(trajectory.times)} snapshots" if args.snapshot is None else f"snapshot {args.snapshot}"
    print(f"{args.out}: {what} of replica {args.replica}")
    return 0
