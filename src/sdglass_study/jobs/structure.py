"""Make one amorphous realization by random sequential addition (paper Sec. IV)."""

from sdglass.random_streams import generator
from sdglass.structures.amorphous import random_sequential_addition
from sdglass_study.jobs.arguments import run, step_parser


def main():
    """Write one structure."""
    parser = step_parser(__doc__)
    parser.add_argument("--n-sites", type=int, required=True)
    parser.add_argument("--box-length", type=float, required=True, help="[ell]")
    parser.add_argument("--r-min", type=float, required=True, help="[ell]")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--realization", type=int, required=True, help="number that keys the random positions")
    parser.add_argument("--out", required=True, help="structure .npz")
    args = parser.parse_args()
    rng = generator(args.seed, "structure", args.realization)
    random_sequential_addition(args.n_sites, args.box_length, args.r_min, rng).save(args.out)


if __name__ == "__main__":
    run(main)
