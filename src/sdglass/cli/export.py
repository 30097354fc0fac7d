"""``sdglass export``: trajectories for other programs."""

from sdglass.cli.options import number, option
from sdglass.cli.validation import check_outputs
from sdglass.errors import InputError

USAGE = "T.h5 --format extxyz --out T.xyz [--replica R]"
SUMMARY = "A trajectory for other programs"
DETAILS = (
    "extxyz, which OVITO and ASE read: every snapshot of one replica with cell, time and energy. All sites are\n"
    "called X, trajectories hold no species."
)
EXAMPLE = """\
example: a quench for OVITO
  sdglass structure --n-sites 30 --box-length 3.35 --seed 1 --out GLASS.npz
  sdglass quench --engine exact --structure GLASS.npz --duration 10 --damping 1 --out GLASS.h5
  sdglass export GLASS.h5 --format extxyz --out GLASS.xyz"""
FORMATS = ("extxyz",)


def add_options(parser):
    """Add the options of the command."""
    parser.add_argument("trajectory", metavar="T.h5", help="trajectory")
    option(parser, "--format", str, "NAME", f"one of {', '.join(FORMATS)}", required=True)
    option(parser, "--out", str, "FILE", "file to write", required=True)
    option(parser, "--replica", number(int, least=0), "R", "which replica, counted from 0", default=0)


def run(args):
    """Write the file."""
    from sdglass.dynamics.trajectory import Trajectory
    from sdglass.io import atomic_path

    if args.format not in FORMATS:
        raise InputError(f"--format {args.format}; expected one of {', '.join(FORMATS)}")
    check_outputs([args.out], [args.trajectory])
    trajectory = Trajectory.load(args.trajectory)
    with atomic_path(args.out) as temporary:
        temporary.write_text(trajectory.to_extxyz(args.replica), encoding="utf-8")
    print(f"{args.out}: {len(trajectory.times)} snapshots of replica {args.replica}")
    return 0
