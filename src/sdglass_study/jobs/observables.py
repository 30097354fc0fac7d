"""Measure correlations, energies and overlaps on the trajectories of one realization (paper Eq. 20)."""

from sdglass.dynamics.trajectory import Trajectory
from sdglass.errors import InputError
from sdglass.observables.measure import distance_bins, measure
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write the observables of one trajectory."""
    parser = step_parser(__doc__)
    parser.add_argument("--trajectory", required=True)
    parser.add_argument("--structure", required=True)
    parser.add_argument("--r-min", type=float, required=True, help="[ell]")
    parser.add_argument("--bin-width", type=float, required=True, help="[ell]")
    parser.add_argument("--recipe", default="", help="digest of what the result depends on, kept with it")
    parser.add_argument("--out", required=True, help="observables .h5")
    args = parser.parse_args()
    structure, trajectory = Structure.load(args.structure), Trajectory.load(args.trajectory)
    trajectory.attributes["recipe"] = args.recipe
    try:
        measured = measure(structure, trajectory, distance_bins(structure, args.r_min, args.bin_width))
    except InputError as error:
        raise InputError(f"{args.trajectory}: {error}") from None
    measured.save(args.out)


if __name__ == "__main__":
    run(main)
