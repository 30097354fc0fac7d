"""``sdglass structure``: lattices, amorphous structures, files of other programs, and kinds of one's own."""

from sdglass.cli.options import MOST, add_seed, count, json_object, number, option
from sdglass.cli.validation import check_outputs
from sdglass.errors import InputError

USAGE = "--out S.npz [--lattice NAME --cells N N | --amorphous | --from FILE] [options]"
SUMMARY = "Make a lattice or an amorphous structure, or read one from a file"
DETAILS = (
    "Writes positions (N, 3) and cell (3, 3), or box (3,) of an orthorhombic one [ell]; of an alloy also which\n"
    "sites are magnetic, (N,), and of a file what the species are, (N,)."
)
EXAMPLE = """\
example: the paper's structures (the defaults), a triangular lattice, one with moments on a quarter of its sites
  sdglass structure --seed 1 --out S.npz
  sdglass structure --lattice triangular --cells 24 24 --out T.npz
  sdglass structure --lattice square --cells 20 20 --occupancy 0.25 --seed 1 --out ALLOY.npz"""

_KINDS = ("lattice", "amorphous", "from", "kind")


def add_options(parser):
    """Add the options of the command."""
    option(parser, "--out", str, "S.npz", "structure to write; required", required=True)
    lattice = parser.add_argument_group("lattice")
    names = "square, triangular, honeycomb, kagome, cubic, bcc, fcc, or one of a plugin"
    option(lattice, "--lattice", str, "NAME", names)
    option(lattice, "--cells", count(), "N", "unit cells along each vector of the lattice", nargs="+")
    option(lattice, "--spacing", number(above=0), "A", "distance of nearest neighbours [ell] (default: 1)")
    random = parser.add_argument_group("amorphous structure (the default)")
    random.add_argument("--amorphous", action="store_true", help="random sequential addition in a periodic cube")
    option(random, "--n-sites", count(), "N", "sites (default: 100)")
    option(random, "--box-length", number(above=0), "L", "edge of the cube [ell] (default: 5)")
    instead = "sites per ell^3, instead of --box-length (default: 0.8, as N = 100 and L = 5 have)"
    option(random, "--density", number(above=0), "RHO", instead)
    option(random, "--r-min", number(least=0), "R", "least distance of two sites [ell] (default: 0.5)")
    file = parser.add_argument_group("file")
    option(file, "--from", str, "FILE", "POSCAR, .cif, .extxyz, ... (whatever ASE reads), or .npz")
    option(file, "--magnetic", str, "SPECIES", "species that carry a moment (default: all)", nargs="+")
    option(
        file, "--unit", number(above=0), "LENGTH", "length of the file, in Angstrom, that is 1 ell (default: 1)"
    )
    alloy = parser.add_argument_group("alloy")
    share = "share of the sites, or of the magnetic ones of a file, that carry a moment, at random (default: 1)"
    option(alloy, "--occupancy", number(above=0, most=1), "X", share)
    add_seed(parser, "the random positions, and which sites carry a moment")
    kinds = 'any kind of structure, also of a plugin: \'{"kind": "amorphous", "n_sites": 30}\' (default: none)'
    option(parser, "--kind", json_object, "JSON", kinds)


def run(args):
    """Make the structure and write it."""
    chosen = [kind for kind in _KINDS if getattr(args, kind) not in (None, False)]
    if len(chosen) > 1:
        raise InputError(f"--{chosen[0]} and --{chosen[1]} both describe the structure; expected one of them")
    kind = chosen[0] if chosen else "amorphous"
    _require_meaning(args, kind)
    check_outputs([args.out], [vars(args)["from"]] if kind == "from" else [])
    structure = _made(args, kind)
    if args.occupancy is not None:
        structure = structure.dilute(args.occupancy, args.seed or 0)
    structure.save(args.out)
    print(f"{args.out}: {_described(structure)}")
    return 0


def _require_meaning(args, kind):
    """Raise `InputError` if an option is of another kind of structure."""
    of = {
        "lattice": ("cells", "spacing"),
        "amorphous": ("n_sites", "box_length", "density", "r_min"),
        "from": ("magnetic", "unit"),
    }
    for other, names in of.items():
        for name in names:
            if other != kind and getattr(args, name) is not None:
                flag = "" if kind == "amorphous" and not args.amorphous else f", not of --{kind}"
                raise InputError(f"--{name.replace('_', '-')} is of --{other}{flag}; expected --{other} with it")
    random = kind in ("amorphous", "kind") or args.occupancy is not None
    for name in ("seed", "realization"):
        if not random and getattr(args, name) is not None:
            raise InputError(f"--{name} is of random structures and of --occupancy, not of --{kind} alone")


def _made(args, kind):
    from sdglass.random_streams import generator
    from sdglass.structures import structure_kind
    from sdglass.structures.reading import read_structure

    if kind == "from":
        unit = 1.0 if args.unit is None else args.unit
        return read_structure(vars(args)["from"], args.magnetic, unit)
    if kind == "kind":
        data = args.kind
    elif kind == "lattice":
        if args.cells is None:
            raise InputError("--lattice needs --cells; expected a number of cells along each of its vectors")
        data = {"kind": "lattice", "lattice": args.lattice, "cells": args.cells} | _given(args, ("spacing",))
    else:
        data = {"kind": "amorphous"} | _given(args, ("n_sites", "box_length", "density", "r_min"))
    made = structure_kind(data)
    n_sites = getattr(made, "n_sites", 0)
    if n_sites > MOST:
        raise InputError(f"{n_sites} sites; expected at most {MOST}")
    # A lattice has no random positions, and a kind of one's own may have some.
    return made.make(generator(args.seed or 0, "structure", args.realization or 0))


def _described(structure):
    sites = f"{structure.n_sites} sites"
    if structure.n_spins < structure.n_sites:
        sites += f", {structure.n_spins} of them magnetic,"
    if structure.orthorhombic:
        return f"{sites} in a box of {' x '.join(f'{edge:g}' for edge in structure.box)} ell"
    vectors = ", ".join("(" + " ".join(f"{x:.6g}" for x in vector) + ")" for vector in structure.cell)
    return f"{sites} in a cell of vectors {vectors} ell"


def _given(args, names):
    return {name: value for name in names if (value := getattr(args, name)) is not None}
