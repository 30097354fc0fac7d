"""The engine of a command: the options that choose it, and the engine they mean."""

from contextlib import closing, contextmanager, nullcontext

from sdglass.cli.options import json_object, number
from sdglass.errors import InputError


def add_engine(parser, *temperature_names):
    """Add what chooses an engine, and return the group of required options.

    `temperature_names` are the options that set the temperature of the electrons.
    """
    required = parser.add_argument_group("required")
    required.add_argument(
        "--engine", required=True, metavar="ENGINE", help="exact, or the path of a trained model (.safetensors)"
    )
    required.add_argument(
        "--structure", required=True, metavar="S.npz", help="positions (N, 3) and box (3,) [ell]"
    )
    electrons = parser.add_argument_group(
        "electrons",
        "The defaults are the paper's, for the exact engine. A trained model knows its electrons: it needs none\n"
        "of these, and refuses others than those it was trained for.",
    )
    electrons.add_argument("--coupling", type=number(), metavar="J", help="s-d coupling [t0] (default: 6)")
    electrons.add_argument(
        "--filling", type=number(), metavar="F", help="electrons per state, in (0, 1) (default: 0.5)"
    )
    electrons.add_argument(
        *temperature_names,
        dest="electron_temperature",
        type=number(least=0),
        metavar="T",
        help="of the electrons [t0] (default: 0.001)",
    )
    electrons.add_argument(
        "--hopping",
        type=json_object,
        metavar="JSON",
        help='t(R): \'{"law": "yukawa", "amplitude": 1, "decay_length": 1}\' (default), or one amplitude [t0] '
        'per neighbour shell, \'{"law": "shells", "distances": [1], "amplitudes": [-1]}\'',
    )
    exchange = parser.add_argument_group("short-range exchange added to the engine (default: none)")
    exchange.add_argument(
        "--exchange",
        type=number(),
        metavar="J_EX",
        help="energy per S_i . S_j [t0], > 0 antiferromagnetic; ferromagnetic: --exchange=-1e-3",
    )
    exchange.add_argument("--exchange-cutoff", type=number(above=0), metavar="R", help="longest bond [ell]")
    networks = parser.add_argument_group("networks")
    networks.add_argument(
        "--dtype",
        choices=("float64", "float32"),
        default="float64",
        metavar="TYPE",
        help="arithmetic: float64 or, faster, float32 (default: %(default)s)",
    )
    networks.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        metavar="NAME",
        help="cpu or cuda (default: %(default)s)",
    )
    networks.add_argument(
        "--members",
        type=number(int, least=0),
        nargs="+",
        metavar="M",
        help="which networks of a committee, from 0 (default: all)",
    )
    return required


def add_workers(parser):
    """Add the number of processes."""
    parser.add_argument(
        "--workers",
        type=number(int, least=1),
        default=1,
        metavar="N",
        help="processes of the exact engine (default: %(default)s)",
    )


def is_exact(args):
    """Return whether the engine is exact diagonalization, not a trained model."""
    return args.engine == "exact"


def input_files(args):
    """Return the files that a command reads."""
    return [path for path in (args.structure, args.spins, None if is_exact(args) else args.engine) if path]


def engine_factory(args):
    """Return a function (structure -> engine), and the `SDModel` of the engine's electrons."""
    if (args.exchange is None) != (args.exchange_cutoff is None):
        raise InputError("--exchange and --exchange-cutoff belong together; expected both or none")
    factory, sd_model = _exact_factory(args) if is_exact(args) else _trained_factory(args)
    return lambda structure: _plus_exchange(factory(structure), args), sd_model


def _exact_factory(args):
    from sdglass.electrons.sd_model import SDModel
    from sdglass.forcefields.exact import ExactForceField

    for name, only in (("dtype", "float64"), ("device", "cpu")):
        if getattr(args, name) != only:
            raise InputError(f"--{name} {getattr(args, name)} is for networks; the exact engine knows {only} only")
    if args.members is not None:
        raise InputError("--members is for committees of networks; the exact engine holds none")
    sd_model = _electrons(args, SDModel())
    return lambda structure: ExactForceField(structure, sd_model, args.workers), sd_model


def _trained_factory(args):
    from sdglass.forcefields.loading import load_force_field, load_model
    from sdglass.forcefields.model_file import require_electrons
    from sdglass.io import require_file

    require_file(args.engine, "'exact' or a model in .safetensors format", f"--engine {args.engine}")
    if args.workers != 1:
        raise InputError(f"--workers {args.workers} is for the exact engine; {args.engine} runs in one process")
    trained = load_model(args.engine)
    if trained.kind != "network":
        if args.members is not None:
            raise InputError(f"--members is for committees of networks; {args.engine} holds none")
        if args.device != "cpu":
            raise InputError(f"--device {args.device} is for networks; {args.engine} runs on the cpu only")
    if trained.kind == "linear" and args.dtype != "float64":
        raise InputError(
            f"--dtype {args.dtype} is for networks and the locator force field; {args.engine} knows float64 only"
        )
    sd_model = _electrons(args, trained.sd_model)
    require_electrons(trained.sd_model, sd_model, args.engine)
    options = {"dtype": args.dtype, "device": args.device, "members": args.members}
    return lambda structure: load_force_field(args.engine, structure, sd_model, **options), sd_model


def _electrons(args, default):
    """Return the electrons `default` with what the command line says about them."""
    from sdglass.electrons.sd_model import SDModel

    given = {
        "coupling": args.coupling,
        "filling": args.filling,
        "temperature": args.electron_temperature,
        "hopping": args.hopping,
    }
    return SDModel.from_dict(
        {**default.to_dict(), **{name: value for name, value in given.items() if value is not None}}
    )


def _plus_exchange(engine, args):
    if args.exchange is None:
        return engine
    from sdglass.forcefields.composite import CommitteeForceField, with_exchange

    if isinstance(engine, CommitteeForceField):  # the same exchange in every member, so that their spread stays
        return CommitteeForceField([_plus_exchange(member, args) for member in engine.members])
    return with_exchange(engine, args.exchange, args.exchange_cutoff)


@contextmanager
def opened_engine(args, structure):
    """Yield the engine on a structure and its electrons; stop the processes of an exact engine at the end."""
    factory, sd_model = engine_factory(args)
    engine = factory(structure)
    parts = getattr(engine, "engines", [engine])  # of a sum
    with closing(parts[0]) if hasattr(parts[0], "close") else nullcontext():
        yield engine, sd_model
