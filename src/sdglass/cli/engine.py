"""The force field of a command: the options that choose it, and the force field they mean."""

import sys
from contextlib import contextmanager
from dataclasses import replace

from sdglass.cli.options import by_species, json_object, number, option
from sdglass.cli.terms import NAMES, add_terms, added, term_files, terms_of, told
from sdglass.cli.validation import load_matrix
from sdglass.errors import InputError


def add_engine(parser, *temperature_names, required=True, terms=True):
    """Add what chooses an engine, and return the group of required options.

    `temperature_names` are the options that set the temperature of the electrons. What is not `required` may be
    known from elsewhere. Without `terms` nothing can be added to the engine.
    """
    group = parser.add_argument_group("required")
    exact_or_model = (
        "exact (the cheaper one of diagonalization and greens-function), either of these, kpm (kernel "
        "polynomials, with an error of choice), or the path of a trained model (.safetensors)"
    )
    option(group, "--engine", str, "ENGINE", exact_or_model, required=required)
    files = "structure: .npz by 'sdglass structure', or a file that ASE reads"
    option(group, "--structure", str, "S.npz", files, required=required)
    add_electrons(parser, *temperature_names)
    solver = parser.add_argument_group("solvers of the electrons")
    option(solver, "--tolerance", number(above=0), "E", "of greens-function: of an occupation (default: 1e-7)")
    option(solver, "--order", number(int, least=2), "M", "of kpm: order of the polynomial, even (default: 128)")
    kernels = "of kpm: jackson, lorentz or dirichlet, against the ripples of a step (default: jackson)"
    option(solver, "--kernel", str, "NAME", kernels)
    wanted = "of kpm: wanted error of the torque / its rms, for random spins, instead of order and kernel"
    option(solver, "--error", number(above=0), "E", wanted)
    apart = "of kpm: random vectors, shared by sites farther apart than this [ell] (default: none, exact sums)"
    option(solver, "--spacing", number(above=0), "R", apart)
    if terms:
        add_terms(parser)
    else:
        parser.set_defaults(**dict.fromkeys(NAMES))
    networks = parser.add_argument_group("networks, and the device of solvers")
    precision, devices = ("float64", "float32"), ("cpu", "cuda")
    option(
        networks, "--dtype", str, "TYPE", "arithmetic: float64 or, faster, float32", "float64", choices=precision
    )
    option(networks, "--device", str, "NAME", "cpu or cuda", "cpu", choices=devices)
    which = "which networks of a committee, from 0 (default: all)"
    option(networks, "--members", number(int, least=0), "M", which, nargs="+")
    return group


def add_electrons(parser, *temperature_names):
    """Add the parameters of the electrons; `temperature_names` are the options that set their temperature."""
    electrons = parser.add_argument_group(
        "electrons",
        "The defaults are the paper's, for solvers. A trained model knows its electrons: it needs none\n"
        "of these, and refuses others than those it was trained for.",
    )
    option(electrons, "--coupling", by_species, "J", "s-d coupling [t0], or by species Mn=6,Fe=2 (default: 6)")
    option(electrons, "--filling", number(), "F", "electrons per state, in (0, 1) (default: 0.5)")
    option(electrons, "--chemical-potential", number(), "MU", "[t0], instead of --filling (default: none)")
    option(electrons, "--onsite", by_species, "E", "energies of levels [t0] by species, Mn=0.5,Cu=-1 (default: 0)")
    electrons.add_argument(
        *temperature_names,
        dest="electron_temperature",
        type=number(least=0),
        metavar="T",
        help="of the electrons [t0] (default: 0.001)",
    )
    laws = (
        't(R): \'{"law": "yukawa", "amplitude": 1, "decay_length": 1}\' (default), or one amplitude [t0] '
        'per neighbour shell, \'{"law": "shells", "distances": [1], "amplitudes": [-1]}\''
    )
    option(electrons, "--hopping", json_object, "JSON", laws)
    matrix = "Hermitian hoppings of the sites [t0], by scipy.sparse.save_npz or numpy.save, instead of a law"
    option(electrons, "--hopping-matrix", str, "T.npz", matrix)


def add_workers(parser):
    """Add the number of processes."""
    option(parser, "--workers", number(int, least=1), "N", "processes of the exact engine", 1)


def is_exact(args):
    """Return whether the engine is made of the electrons themselves, not a model in a file."""
    from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS

    return args.engine in ELECTRON_FORCE_FIELDS


def input_files(args):
    """Return the files that a command reads."""
    return [
        path
        for path in (args.structure, args.spins, args.hopping_matrix, None if is_exact(args) else args.engine)
        if path
    ] + term_files(args)


def electrons_said(args):
    """Return the parameters of the electrons that were given, by name."""
    names = ("coupling", "filling", "chemical_potential", "onsite", "hopping", "hopping_matrix")
    said = {name: getattr(args, name) for name in names} | {"temperature": args.electron_temperature}
    return {name: value for name, value in said.items() if value is not None}


def electrons_of(args, fitted_to=None):
    """Return the `SDModel` that the options mean; what is not said is as a model was fitted to, or the paper's."""
    from sdglass.electrons.sd_model import SDModel

    said = electrons_said(args)
    known = (fitted_to or SDModel()).to_dict()
    if "chemical_potential" in said and fitted_to is None:
        del known["filling"]
    matrix = said.pop("hopping_matrix", None)
    electrons = SDModel.from_dict(known | said)
    if matrix is None:
        return electrons
    if "hopping" in said:
        raise InputError("--hopping and --hopping-matrix both say how electrons hop; expected one of them")
    return replace(electrons, hopping=load_matrix(matrix))


def engine_factory(args):
    """Return a function (structure -> force field), its electrons, the model of a file or None, and the terms."""
    from sdglass.forcefields.registry import load_force_field, load_model, require_electrons
    from sdglass.io import require_file

    terms = terms_of(args)
    model = fitted_to = None
    if not is_exact(args):
        require_file(args.engine, "'exact' or a model in .safetensors format", f"--engine {args.engine}")
        model = load_model(args.engine)
        fitted_to = model.electrons
    electrons = electrons_of(args, fitted_to)
    if fitted_to is not None:
        require_electrons(fitted_to, electrons, args.engine)
    options = {name: getattr(args, name) for name in ("dtype", "device", "members", "workers")}
    solver = {name: getattr(args, name) for name in ("tolerance", "order", "kernel", "error", "spacing")}
    options |= {name: value for name, value in solver.items() if value is not None}

    def make(structure):
        return added(args, terms, load_force_field(args.engine, structure, electrons, **options))

    return make, electrons, model, terms


@contextmanager
def progress_shown(force_field, configurations):
    """Show in a terminal how far the evaluation of some configurations is, where a solver of electrons tells."""
    from sdglass.progress import progress_bar

    solver = getattr(force_field, "members", [force_field])[0]
    if not hasattr(solver, "progress"):
        yield
        return
    count, unit = solver.parts
    with progress_bar(configurations * count, "evaluate", unit, disable=not sys.stderr.isatty()) as bar:
        solver.progress = bar.update
        yield


def hopping_told(structure, electrons):
    """Return a line with how many neighbours a site has for hopping on shells; none for other laws."""
    from sdglass.electrons.hopping import Shells

    law = electrons.hopping
    if isinstance(law, Shells):
        counts = zip(law.coordination(structure), law.distances, strict=True)
        return ["hopping: " + ", ".join(f"{count:g} neighbours at {radius:g} ell" for count, radius in counts)]
    return []


def warn_of_errors(path, errors):
    """Print how large the torque errors of a model's file are; on standard error, if large or not known."""
    from sdglass.fitting import GOOD, worst_error
    from sdglass.forcefields.description import percent

    worst = worst_error(errors)
    if not errors:
        line = f"warning: {path}: holds no torque errors; 'sdglass validate' finds them"
    else:
        line = f"torque error up to {percent(worst)} of the rms torque on structures it was not fitted to"
        line = f"warning: {path}: {line}" if worst > GOOD else f"{path}: {line}"
    print(line, file=sys.stderr if worst > GOOD or not errors else sys.stdout)


@contextmanager
def opened_engine(args, structure):
    """Yield the force field on a structure and its electrons; stop its processes, if it has some, at the end.

    The coordination is printed before.
    """
    from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS

    make, electrons, model, terms = engine_factory(args)
    force_field = make(structure)
    for line in hopping_told(structure, electrons) + told(args, structure, terms):
        print(line)
    if model is not None:
        warn_of_errors(args.engine, model.errors)
    if args.engine == "exact":
        solver = getattr(force_field, "members", [force_field])[0]
        print(f"exact: by {ELECTRON_FORCE_FIELDS.name_of(solver)}")
    try:
        yield force_field, electrons
    finally:
        if hasattr(force_field, "close"):
            force_field.close()
