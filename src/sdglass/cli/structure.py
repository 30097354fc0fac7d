"""``sdglass structure``: amorphous structures, lattices, and kinds of one's own."""

from sdglass.cli.options import MOST, add_seed, count, json_object, number, option
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
    option(parser, "--out", str, "S.npz", "structure to write; required", required=True)
    random = parser.add_argument_group("amorphous structure")
    option(random, "--n-sites", count(), "N", "sites (default: 100)")
    option(random, "--box-length", number(above=0), "L", "edge of the cube [ell] (default: 5)")
    instead = "sites per ell^3, instead of --box-length (default: 0.8, as N = 100 and L = 5 have)"
    option(random, "--density", number(above=0), "RHO", instead)
    option(random, "--r-min", number(least=0), "R", "least distance of two sites [ell] (default: 0.5)")
    add_seed(random, "the random positions")
    lattice = parser.add_argument_group("lattice")
    square = "a square lattice of NX x NY sites instead (default: NY = NX)"
    option(lattice, "--square", count(), ("NX", "NY"), square, nargs="+")
    option(lattice, "--spacing", number(above=0), "A", "lattice constant [ell] (default: 1)")
    kinds = 'any kind of structure, also of a plugin: \'{"kind": "square", "nx": 4}\' (default: none)'
    option(parser, "--kind", json_object, "JSON", kinds)


def run(args):
    """Make the structure and write it."""
    from sdglass.random_streams import generator
    from sdglass.structures import structure_kind

    check_outputs([args.out], [])
    kind = structure_kind(_described(args))
    # A lattice has no random positions, and a kind of one's own may have some.
    structure = kind.make(generator(args.seed or 0, "structure", args.realization or 0))
    structure.save(args.out)
    box = " x ".join(f"{edge:g}" for edge in structure.box)
    print(f"{args.out}: {structure.n_sites} sites in a box of {box} ell")
    return 0


def _described(args):
    """Return the kind of structure that the options describe, as plain data."""
    amorphous = _given(args, ("n_sites", "box_length", "density", "r_min"))
    keys = _given(args, ("seed", "realization"))
    if args.kind is not None:
        others = [*amorphous, *_given(args, ("square", "spacing"))]
        if others:
            name = others[0].replace("_", "-")
            raise InputError(f"--{name} and --kind both describe the structure; expected one of them")
        return args.kind
    if args.square is None:
        if args.spacing is not None:
            raise InputError("--spacing is of a lattice; expected --square NX [NY] with it")
        return {"kind": "amorphous", **amorphous}
    if amorphous or keys:
        name = next(iter({**amorphous, **keys})).replace("_", "-")
        raise InputError(f"--{name} is of a random structure, not of --square")
    if len(args.square) > 2:
        raise InputError(f"--square got {len(args.square)} numbers; expected NX, or NX and NY")
    n_sites = args.square[0] * args.square[-1]
    if n_sites > MOST:
        words = " ".join(map(str, args.square))
        raise InputError(f"--square {words} is {n_sites} sites; expected at most {MOST}")
    return {"kind": "square", "nx": args.square[0], "ny": args.square[-1], **_given(args, ("spacing",))}


def _given(args, names):
    return {name: value for name in names if (value := getattr(args, name)) is not None}
