"""The options that add energies to an engine: fields, anisotropies, couplings of pairs."""

from sdglass.cli.options import number, option
from sdglass.errors import InputError

NAMES = ("exchange", "exchange_cutoff", "field", "anisotropy", "exchange_table", "dm_table")


def add_terms(parser):
    """Add the options."""
    terms = parser.add_argument_group(
        "energies added to the engine (default: none)",
        "E = -sum_i B.S_i - K sum_i (n.S_i)^2 - sum_bonds (J_ij S_i.S_j + D_ij.(S_i x S_j)), each bond once.\n"
        "Tables are CSV with a line of names: i, j, sites from 0, and J, or Dx, Dy, Dz [t0].",
    )
    option(terms, "--field", number(), ("BX", "BY", "BZ"), "magnetic field B [t0]", nargs=3)
    axis = "K [t0], > 0 for an easy axis, < 0 for an easy plane, and the axis n"
    option(terms, "--anisotropy", number(), ("K", "X", "Y", "Z"), axis, nargs=4)
    option(terms, "--exchange-table", str, "J.csv", "exchange of given pairs, J > 0 ferromagnetic")
    option(terms, "--dm-table", str, "D.csv", "Dzyaloshinskii-Moriya vectors of given pairs")
    sign = (
        "of all bonds up to a cutoff, as in the paper: energy per S_i.S_j [t0], > 0 antiferromagnetic, the other "
        "sign than in a table"
    )
    option(terms, "--exchange", number(), "J_EX", sign)
    option(terms, "--exchange-cutoff", number(above=0), "R", "longest bond [ell]")


def term_files(args):
    """Return the tables that a command reads."""
    return [path for path in (args.exchange_table, args.dm_table) if path]


def terms_of(args):
    """Return the `Term`s that the options mean, their tables read."""
    from sdglass.forcefields.pair_terms import DzyaloshinskiiMoriya, Heisenberg
    from sdglass.forcefields.terms import UniaxialAnisotropy, Zeeman

    if (args.exchange is None) != (args.exchange_cutoff is None):
        raise InputError("--exchange and --exchange-cutoff belong together; expected both or none")
    terms = []
    if args.field is not None:
        terms.append(Zeeman(args.field))
    if args.anisotropy is not None:
        strength, *axis = args.anisotropy
        terms.append(UniaxialAnisotropy(strength, axis))
    if args.exchange_table is not None:
        terms.append(Heisenberg.load(args.exchange_table))
    if args.dm_table is not None:
        terms.append(DzyaloshinskiiMoriya.load(args.dm_table))
    return terms


def added(args, terms, force_field):
    """Return a force field with all that is added to it."""
    from sdglass.forcefields.composite import SumForceField
    from sdglass.forcefields.pair import heisenberg

    if args.exchange is not None:
        bonds = heisenberg(force_field.structure, args.exchange, args.exchange_cutoff)
        force_field = SumForceField([force_field, bonds])
    for term in terms:
        force_field = force_field + term
    return force_field


def told(args, structure, terms):
    """Return a line for each kind of bonds: how many there are, and what parallel spins have of them."""
    import numpy as np

    from sdglass.forcefields.pair_terms import Heisenberg
    from sdglass.structures.neighbours import neighbour_pairs

    lines = []
    if args.exchange is not None:
        count = 2 * len(neighbour_pairs(structure.moments, args.exchange_cutoff)) / structure.n_spins
        lines.append(f"exchange: {count:g} neighbours up to {args.exchange_cutoff:g} ell")
    for term in terms:
        if isinstance(term, Heisenberg):  # a wrong sign shows
            parallel = np.tile([0.0, 0.0, 1.0], (structure.n_spins, 1))
            energy = term.on(structure).evaluate(parallel).energy[0] / structure.n_spins
            lines.append(
                f"exchange of {len(term.bonds.names)} pairs: {energy:.6g} t0 per spin where all are parallel"
            )
    return lines
