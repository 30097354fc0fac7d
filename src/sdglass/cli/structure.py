"""``sdglass structure``: amorphous structures and square lattices."""

from sdglass.cli.options import MOST, add_seed, count, number
from sdglass.cli.validation import check_outputs
from sdglass.errors import InputError

USAGE = "--out S.npz [options]"
SUMMARY = "Make an amorphous structure or a square lattice"
DETAILS = (
    "Writes positions (N, 3) [ell] and box (3,) [ell]. Amorphous: random sequential addition in a\n"
    "periodic cube, no two sites closer than r_min."
)
EXAMPLE = """\
example: the paper's structures (the defaults), and a square lattice of 6 x 4 sites
  sdglass structure --seed 1 --out S.npz
  sdglass structure --square 6 4 --out SQUARE.npz"""


def add_options(parser):
    """Add the options of the command."""
    parser.add_argument("--out", required=True, metavar="S.npz", help="structure to write; required")
    random = parser.add_argument_group("amorphous structure")
    random.add_argument("--n-sites", type=count(), metavar="N", help="sites (default: 100)")
    random.add_argument(
        "--box-length", type=number(above=0), metavar="L", help="edge of the cube [ell] (default: 5)"
    )
    random.add_argument(
        "--density",
        type=number(above=0),
        metavar="RHO",
        help="sites per ell^3, instead of --box-length (default: 0.8, as N = 100 and L = 5 have)",
    )
    random.add_argument(
        "--r-min", type=number(least=0), metavar="R", help="least distance of two sites [ell] (default: 0.5)"
    )
    add_seed(random, "the random positions", default=None)
    lattice = parser.add_argument_group("lattice")
    lattice.add_argument(
        "--square",
        type=count(),
        nargs="+",
        metavar=("NX", "NY"),
        help="a square lattice of NX x NY sites instead (default: NY = NX)",
    )
    lattice.add_argument(
        "--spacing", type=number(above=0), metavar="A", help="lattice constant [ell] (default: 1)"
    )


def run(args):
    """Make the structure and write it."""
    from sdglass.random_streams import generator
    from sdglass.structures.amorphous import cube_edge, random_sequential_addition
    from sdglass.structures.square import square_lattice

    check_outputs([args.out], [])
    random = {"n_sites": 100, "box_length": 5.0, "r_min": 0.5, "seed": 0, "realization": 0}
    given = {name: value for name in random if (value := getattr(args, name)) is not None}
    if args.square is None:
        if args.spacing is not None:
            raise InputError("--spacing is of a lattice; expected --square NX [NY] with it")
        random |= given
        if args.density is not None:
            if args.box_length is not None:
                raise InputError("--density and --box-length both set the box; expected one of them")
            random["box_length"] = cube_edge(random["n_sites"], args.density)
        rng = generator(random.pop("seed"), "structure", random.pop("realization"))
        structure = random_sequential_addition(**random, rng=rng)
    else:
        given |= {} if args.density is None else {"density": args.density}
        if given:
            raise InputError(f"--{next(iter(given)).replace('_', '-')} is of a random structure, not of --square")
        if len(args.square) > 2:
            raise InputError(f"--square got {len(args.square)} numbers; expected NX, or NX and NY")
        n_sites = args.square[0] * args.square[-1]
        if n_sites > MOST:
            words = " ".join(map(str, args.square))
            raise InputError(f"--square {words} is {n_sites} sites; expected at most {MOST}")
        structure = square_lattice(*args.square, spacing=1.0 if args.spacing is None else args.spacing)
    structure.save(args.out)
    box = " x ".join(f"{edge:g}" for edge in structure.box)
    print(f"{args.out}: {structure.n_sites} sites in a box of {box} ell")
    return 0
