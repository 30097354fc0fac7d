"""The command line ``sdglass``: structures, energies and fields, quenches, trained models and their proof.

Every command is a few calls of the library. What a command needs is imported inside it, so that help and
exact diagonalization do not wait for torch.
"""

import argparse
import json
import math
import os
import sys
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from sdglass import __version__
from sdglass.errors import InputError

_DESCRIPTION = """\
Spin dynamics of metallic magnets with exact or machine-learned force fields.

Units: energy t0, length ell (decay length of the hopping), time 1/(gamma t0). Spins are unit vectors.
An engine gives energies and local fields: 'exact' diagonalizes the electrons, a .safetensors file is a
trained model."""

_MAIN_EXAMPLE = """\
example: an amorphous structure, and a quench of five random spin configurations on it
  sdglass structure --n-sites 30 --box-length 3.35 --seed 1 --out S.npz
  sdglass quench --engine exact --structure S.npz --replicas 5 --duration 100 --damping 1 --out T.h5

'sdglass COMMAND --help' describes a command."""

_EVALUATE_EXAMPLE = """\
example: ten random configurations on a structure of 100 sites, then at quarter filling
  python -c "import numpy as np, sdglass
  np.save('SPINS.npy', sdglass.random_spins(100, np.random.default_rng(1), 10))"
  sdglass evaluate --engine exact --structure S.npz --spins SPINS.npy --out OUT.npz
  sdglass evaluate --engine exact --structure S.npz --spins SPINS.npy --out QUARTER.npz --filling 0.25"""

_QUENCH_EXAMPLE = """\
example: the paper's quench with a trained model, and a faster one with exact diagonalization
  sdglass quench --engine MODEL.safetensors --structure S.npz --replicas 20 --duration 3000 --out T.h5
  sdglass quench --engine exact --structure S.npz --duration 300 --damping 1 --workers 2 --out EXACT.h5

In Python, sdglass.quench.Trajectory.load('T.h5') reads the result. An interrupted run goes on where it
stopped when the same command is given again."""

_STRUCTURE_EXAMPLE = """\
example: the paper's structures (the defaults), and a square lattice of 6 x 4 sites
  sdglass structure --seed 1 --out S.npz
  sdglass structure --square 6 4 --out SQUARE.npz"""

_INFO_EXAMPLE = """\
example:
  sdglass info MODEL.safetensors"""

_CHECK_EXAMPLE = """\
example: test a trained model on a structure with sites beyond the range of its fields
  sdglass structure --n-sites 500 --box-length 8.55 --out LARGE.npz
  sdglass check --engine MODEL.safetensors --structure LARGE.npz"""


def main(argv=None):
    """Run one command.

    Parameters
    ----------
    argv : list of str, optional
        Arguments after the program's name; those of the process by default.

    Returns
    -------
    int
        Exit status: 0, 1 if ``check`` found a failure, 2 for bad input (one line on standard error,
        no traceback, nothing written), 130 if interrupted.
    """
    try:
        args = _parser().parse_args(argv)
        return args.run(args)
    except InputError as error:
        return _fail(error)
    except OSError as error:  # a full disk, a folder that may not be read
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else error)
    except KeyboardInterrupt:
        return _fail("interrupted", status=130)


def _fail(error, status=2):
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    return status


# --- commands


def _evaluate(args):
    import numpy as np

    from sdglass.files import atomic_path
    from sdglass.structure import Structure

    _check_outputs([args.out], _inputs(args))
    structure = Structure.load(args.structure)
    spins = _load_spins(args.spins, structure.n_sites)
    with _opened_engine(args, structure) as (engine, _):
        arrays = vars(engine.evaluate(spins))
    with atomic_path(args.out) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, **arrays)
    print(f"{args.out}: {', '.join(f'{name} {array.shape}' for name, array in arrays.items())}")
    return 0


def _quench(args):
    from sdglass.provenance import provenance
    from sdglass.quench import log_times, quench
    from sdglass.structure import Structure

    checkpoint = None if args.no_checkpoint else args.checkpoint or f"{args.out}.checkpoint"
    _check_outputs([args.out] if checkpoint is None else [args.out, checkpoint], _inputs(args))
    times = log_times(args.duration, args.dt, args.snapshots_per_decade)
    structure = Structure.load(args.structure)
    spins = _initial_spins(args, structure.n_sites)
    with _opened_engine(args, structure) as (engine, sd_model):
        trajectory = quench(
            engine,
            spins,
            duration=args.duration,
            dt=args.dt,
            damping=args.damping,
            temperature=args.temperature,
            seed=args.seed,
            realization=args.realization,
            integrator=args.integrator,
            snapshot_times=times,
            checkpoint=checkpoint,
            checkpoint_interval=args.checkpoint_interval,
            progress=sys.stderr.isatty() if args.progress is None else args.progress,
            metadata={
                "engine": "exact" if _is_exact(args) else Path(args.engine).name,
                "n_sites": structure.n_sites,
                "provenance": provenance(
                    _inputs(args),
                    electrons=sd_model.to_dict(),
                    exchange=args.exchange,
                    exchange_cutoff=args.exchange_cutoff,
                    members=args.members,
                    dtype=args.dtype,
                    device=args.device,
                ),
            },
            out=args.out,
        )
    print(f"{args.out}: {len(trajectory.times)} snapshots of {len(spins)} replicas of {structure.n_sites} spins")
    return 0


def _structure(args):
    from sdglass.packing import random_sequential_addition
    from sdglass.seeding import generator
    from sdglass.structure import square_lattice

    _check_outputs([args.out], [])
    random = {"n_sites": 100, "box_length": 5.0, "r_min": 0.5, "seed": 0, "realization": 0}
    given = {name: value for name in random if (value := getattr(args, name)) is not None}
    if args.square is None:
        if args.spacing is not None:
            raise InputError("--spacing is of a lattice; expected --square NX [NY] with it")
        random |= given
        rng = generator(random.pop("seed"), "structure", random.pop("realization"))
        structure = random_sequential_addition(**random, rng=rng)
    else:
        if given:
            raise InputError(f"--{next(iter(given)).replace('_', '-')} is of a random structure, not of --square")
        if len(args.square) > 2:
            raise InputError(f"--square got {len(args.square)} numbers; expected NX, or NX and NY")
        structure = square_lattice(*args.square, spacing=1.0 if args.spacing is None else args.spacing)
    structure.save(args.out)
    box = " x ".join(f"{edge:g}" for edge in structure.box)
    print(f"{args.out}: {structure.n_sites} sites in a box of {box} ell")
    return 0


def _info(args):
    from sdglass.model_file import TrainedModel

    rows = _describe(TrainedModel.load(args.model))
    width = max(len(label) for label, _ in rows)
    print("\n".join(f"{label:<{width}}  {text}" for label, text in rows))
    return 0


def _check(args):
    from sdglass.engines.check import check_engine
    from sdglass.structure import Structure

    structure = Structure.load(args.structure)
    factory, _ = _engine_factory(args)
    results = check_engine(
        factory, structure, n_replicas=args.replicas, seed=args.seed, dtype=args.dtype, raise_on_failure=False
    )
    print("\n".join(map(str, results)))
    return 0 if all(result.passed for result in results) else 1


# --- what commands share: spins, engines, outputs


def _load_spins(path, n_sites):
    """Return the spins (R, N, 3) of a .npy file; a single configuration (N, 3) is one replica."""
    import numpy as np

    from sdglass.spins import check_spins

    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; expected an .npy of shape ({n_sites}, 3) or (R, {n_sites}, 3)")
    try:
        # Never unpickle: a file of spins from elsewhere must not run code.
        array = np.load(path, allow_pickle=False)
    except Exception as error:  # numpy passes on what zipfile or the tokenizer say about a damaged file
        raise InputError(f"{path}: not a readable .npy file of numbers ({error})") from None
    if not isinstance(array, np.ndarray):
        array.close()
        raise InputError(f"{path}: an archive of several arrays; expected a single array in an .npy file")
    if array.dtype.kind not in "fiu":
        raise InputError(f"{path}: holds {array.dtype}; expected real numbers")
    spins = check_spins(array, n_sites, path)
    if len(spins) == 0:
        raise InputError(f"{path}: has shape {array.shape}; expected at least one configuration")
    return spins


def _initial_spins(args, n_sites):
    """Return where the replicas start: random spins, or those of --spins."""
    import numpy as np

    from sdglass.quench import random_initial_spins

    if args.spins is None:
        return random_initial_spins(n_sites, args.seed, args.realization, range(args.replicas or 1))
    spins = _load_spins(args.spins, n_sites)
    if args.replicas in (None, len(spins)):
        return spins
    if len(spins) == 1:
        return np.repeat(spins, args.replicas, axis=0)
    raise InputError(
        f"{args.spins}: {len(spins)} configurations for --replicas {args.replicas}; "
        "expected one for each replica, or a single one for all"
    )


def _is_exact(args):
    return args.engine == "exact"


def _inputs(args):
    """Return the files that a command reads."""
    return [path for path in (args.structure, args.spins, None if _is_exact(args) else args.engine) if path]


def _engine_factory(args):
    """Return a function (structure -> engine), and the `SDModel` of the engine's electrons."""
    if (args.exchange is None) != (args.exchange_cutoff is None):
        raise InputError("--exchange and --exchange-cutoff belong together; expected both or none")
    factory, sd_model = _exact_factory(args) if _is_exact(args) else _trained_factory(args)
    return lambda structure: _plus_exchange(factory(structure), args), sd_model


def _exact_factory(args):
    from sdglass.engines.exact import ExactEngine
    from sdglass.hamiltonian import SDModel

    for name, only in (("dtype", "float64"), ("device", "cpu")):
        if getattr(args, name) != only:
            raise InputError(f"--{name} {getattr(args, name)} is for networks; the exact engine knows {only} only")
    if args.members is not None:
        raise InputError("--members is for committees of networks; the exact engine holds none")
    sd_model = _electrons(args, SDModel())
    return lambda structure: ExactEngine(structure, sd_model, args.workers), sd_model


def _trained_factory(args):
    if not Path(args.engine).is_file():
        raise InputError(
            f"--engine {args.engine}: no such file; expected 'exact' or a model in .safetensors format"
        )
    from sdglass.engines.load import load_engine
    from sdglass.model_file import TrainedModel

    trained = TrainedModel.load(args.engine)
    if trained.kind == "linear" and args.members is not None:
        raise InputError(f"--members is for committees of networks; {args.engine} holds none")
    sd_model = _electrons(args, trained.sd_model)
    trained.require_model(sd_model, args.engine)
    options = {"dtype": args.dtype, "device": args.device, "members": args.members}
    return lambda structure: load_engine(args.engine, structure, sd_model, **options), sd_model


def _electrons(args, default):
    """Return the electrons `default` with what the command line says about them."""
    from sdglass.hamiltonian import SDModel

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
    from sdglass.engines.combined import CommitteeEngine
    from sdglass.engines.load import with_exchange

    if isinstance(engine, CommitteeEngine):  # the same exchange in every member, so that their spread stays
        return CommitteeEngine([_plus_exchange(member, args) for member in engine.members])
    return with_exchange(engine, args.exchange, args.exchange_cutoff)


@contextmanager
def _opened_engine(args, structure):
    """Yield the engine on a structure and its electrons; stop the processes of an exact engine at the end."""
    factory, sd_model = _engine_factory(args)
    engine = factory(structure)
    parts = getattr(engine, "engines", [engine])  # of a sum
    with closing(parts[0]) if hasattr(parts[0], "close") else nullcontext():
        yield engine, sd_model


def _check_outputs(outputs, inputs):
    """Refuse, before anything is computed, what could not be written or would overwrite an input."""
    taken = {Path(path).resolve() for path in inputs}
    for path in map(Path, outputs):
        if path.is_dir():
            raise InputError(f"{path}: is a folder; expected the name of a file to write")
        if path.resolve() in taken:
            raise InputError(f"{path}: would overwrite an input or another output; expected another name")
        taken.add(path.resolve())
        folder = path.parent
        while not folder.exists():  # missing folders are made when the file is written
            folder = folder.parent
        if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise InputError(f"{path}: {folder} is not a folder that can be written to")


# --- what a trained model says about itself


def _describe(model):
    """Return (label, text) rows about a `TrainedModel`."""
    info = model.info
    members = info.get("members", [info])
    functions, electrons = model.functions, model.sd_model.to_dict()
    hopping = electrons["hopping"]
    rows = [
        ("kind", _kind(model)),
        ("name", info.get("name")),
        (
            "electrons",
            f"coupling {electrons['coupling']:g} t0, filling {electrons['filling']:g}, "
            f"temperature {electrons['temperature']:g} t0",
        ),
        ("hopping", ", ".join([hopping.pop("law"), *(f"{name} {value}" for name, value in hopping.items())])),
        (
            "descriptor",
            f"{'G2, G3, G3-chi' if functions.chirality else 'G2, G3'}: {functions.n_features} features, "
            f"cutoff {functions.cutoff:g} ell, {functions.shells} shells from {functions.shell_start:g} "
            f"to {functions.shell_stop:g} ell",
        ),
        ("parameters", _parameters(model)),
        ("training structures", _training_structures([m["structures"] for m in members if "structures" in m])),
        ("configurations", _span(m["configurations"] for m in members if "configurations" in m)),
        ("protocol", _protocol(info)),
    ]
    for number, member in enumerate(members):
        label = f"fold {member.get('fold', number)}" if model.networks else "validation"
        if "best" in member:
            rows.append((label, _best(member["best"])))
    return [(label, text) for label, text in rows if text]


def _kind(model):
    if model.kind == "linear":
        return "pair model, linear in G2" if model.linear.is_pair_model else "linear model of G2 and G3"
    return "network" if len(model.networks) == 1 else f"committee of {len(model.networks)} networks"


def _parameters(model):
    if model.kind == "linear":
        return f"{len(model.coefficients)} coefficients"
    network = model.networks[0]
    layers = "-".join(map(str, network.settings["layers"]))
    linear = ", with a linear term" if network.settings["linear_term"] else ""
    each = " each" if len(model.networks) > 1 else ""
    return f"{network.n_parameters}{each}: layers {layers}, {network.settings['activation']}{linear}"


def _training_structures(parts):
    if not parts:
        return None
    count = len({digest for part in parts for digest in part["digests"]})
    sites = ", ".join(map(str, sorted({n for part in parts for n in part["n_sites"]})))
    return f"{count}, of {sites} sites, density {_span(x for part in parts for x in part['density'])} ell^-3"


def _protocol(info):
    if "protocol" not in info:
        return None
    return f"{info.get('folds', '?')} folds, held out by {info['protocol']}"


def _best(row):
    return (
        f"validation torque RMSE {row['validation_torque_rmse']:.3g} t0, "
        f"energy RMSE {row['validation_energy_rmse']:.3g} t0 per configuration (epoch {row['epoch']})"
    )


def _span(values):
    values = sorted(values)
    ends = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values[:1] + values[-1:]]
    return " to ".join(dict.fromkeys(ends))


# --- arguments


class _Parser(argparse.ArgumentParser):
    """Formats examples as they are, takes no abbreviations, and reports errors like every other bad input."""

    def __init__(self, **options):
        super().__init__(formatter_class=_formatter, allow_abbrev=False, **options)

    def error(self, message):
        raise InputError(f"{message} (see '{self.prog} --help')")


def _formatter(prog):
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=106)


def _number(kind=float, above=None, least=None):
    """Return a parser of one finite number, optionally greater than `above` or not less than `least`."""
    limit = f" > {above}" if above is not None else f" >= {least}" if least is not None else ""

    def parse(text):
        try:
            value = kind(text)
            good = math.isfinite(value)
        except (ValueError, OverflowError):
            good = False
        if not good or (above is not None and value <= above) or (least is not None and value < least):
            expected = "an integer" if kind is int else "a finite number"
            raise argparse.ArgumentTypeError(f"{text}; expected {expected}{limit}")
        return value

    return parse


def _json_object(text):
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f'{text}; expected a JSON object such as {{"law": "yukawa"}}')
    return value


def _parser():
    parser = _Parser(prog="sdglass", description=_DESCRIPTION, epilog=_MAIN_EXAMPLE)
    parser.add_argument("--version", action="version", version=f"sdglass {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (run, add_options, usage, summary, details, example) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary}.\n\n{details}",
            epilog=example,
            usage=f"sdglass {name} {usage}",
        )
        command.set_defaults(run=run)
        add_options(command)
    return parser


def _add_evaluate(parser):
    required = _add_engine(parser, "--temperature", "--electron-temperature")
    required.add_argument(
        "--spins", required=True, metavar="SPINS.npy", help="unit vectors, shape (N, 3) or (R, N, 3)"
    )
    required.add_argument("--out", required=True, metavar="OUT.npz", help="file to write")
    _add_workers(parser)


def _add_quench(parser):
    required = _add_engine(parser, "--electron-temperature")
    required.add_argument(
        "--duration", type=_number(above=0), required=True, metavar="TIME", help="to integrate [1/(gamma t0)]"
    )
    required.add_argument("--out", required=True, metavar="T.h5", help="trajectory to write")
    dynamics = parser.add_argument_group("dynamics")
    dynamics.add_argument(
        "--replicas",
        type=_number(int, least=1),
        metavar="R",
        help="independent runs on the structure (default: as many as --spins holds, otherwise 1)",
    )
    dynamics.add_argument(
        "--damping",
        type=_number(least=0),
        default=0.05,
        metavar="ALPHA",
        help="dimensionless (default: %(default)s)",
    )
    dynamics.add_argument(
        "--temperature",
        type=_number(least=0),
        default=1e-3,
        metavar="T",
        help="of the spins [t0] (default: %(default)s)",
    )
    dynamics.add_argument(
        "--dt",
        type=_number(above=0),
        default=1.0,
        metavar="TIME",
        help="time step [1/(gamma t0)] (default: %(default)s)",
    )
    dynamics.add_argument(
        "--integrator", default="heun", metavar="NAME", help="heun or semi_implicit (default: %(default)s)"
    )
    dynamics.add_argument(
        "--spins",
        metavar="SPINS.npy",
        help="initial spins, shape (R, N, 3), or (N, 3) for all replicas (default: random)",
    )
    _add_seed(dynamics, "the random initial spins and the noise")
    dynamics.add_argument(
        "--snapshots-per-decade",
        type=_number(above=0),
        default=10,
        metavar="K",
        help="snapshots per factor of ten in time (default: %(default)s)",
    )
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument(
        "--checkpoint",
        metavar="PATH",
        help="state of an unfinished run, deleted at its end (default: T.h5.checkpoint)",
    )
    keep.add_argument("--no-checkpoint", action="store_true", help="an interrupted run starts afresh")
    parser.add_argument(
        "--checkpoint-interval",
        type=_number(least=0),
        default=60,
        metavar="SECONDS",
        help="between two writes of the checkpoint (default: %(default)s)",
    )
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show steps and time left on standard error (default: if it is a terminal)",
    )
    _add_workers(parser)


def _add_structure(parser):
    parser.add_argument("--out", required=True, metavar="S.npz", help="structure to write; required")
    random = parser.add_argument_group("amorphous structure")
    random.add_argument("--n-sites", type=_number(int, least=1), metavar="N", help="sites (default: 100)")
    random.add_argument(
        "--box-length", type=_number(above=0), metavar="L", help="edge of the cube [ell] (default: 5)"
    )
    random.add_argument(
        "--r-min", type=_number(least=0), metavar="R", help="least distance of two sites [ell] (default: 0.5)"
    )
    _add_seed(random, "the random positions", default=None)
    lattice = parser.add_argument_group("lattice")
    lattice.add_argument(
        "--square",
        type=_number(int, least=1),
        nargs="+",
        metavar=("NX", "NY"),
        help="a square lattice of NX x NY sites instead (default: NY = NX)",
    )
    lattice.add_argument(
        "--spacing", type=_number(above=0), metavar="A", help="lattice constant [ell] (default: 1)"
    )


def _add_info(parser):
    parser.add_argument("model", metavar="MODEL.safetensors", help="trained model")


def _add_check(parser):
    _add_engine(parser, "--temperature", "--electron-temperature")
    parser.add_argument(
        "--replicas",
        type=_number(int, least=2),
        default=3,
        metavar="R",
        help="random spin configurations (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=_number(int, least=0), default=0, help="keys the random spins (default: %(default)s)"
    )
    # Every check builds engines of its own, also on moved copies of the structure: no pool of processes.
    parser.set_defaults(workers=1)


def _add_seed(parser, what, default=0):
    """Add the two numbers that key random numbers; with `default` None the command fills in 0."""
    parser.add_argument(
        "--seed", type=_number(int, least=0), default=default, metavar="N", help=f"keys {what} (default: 0)"
    )
    parser.add_argument(
        "--realization",
        type=_number(int, least=0),
        default=default,
        metavar="N",
        help=f"number of the structure, keys {what} too (default: 0)",
    )


def _add_engine(parser, *temperature_names):
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
    electrons.add_argument("--coupling", type=_number(), metavar="J", help="s-d coupling [t0] (default: 6)")
    electrons.add_argument(
        "--filling", type=_number(), metavar="F", help="electrons per state, in (0, 1) (default: 0.5)"
    )
    electrons.add_argument(
        *temperature_names,
        dest="electron_temperature",
        type=_number(least=0),
        metavar="T",
        help="of the electrons [t0] (default: 0.001)",
    )
    electrons.add_argument(
        "--hopping",
        type=_json_object,
        metavar="JSON",
        help='t(R): \'{"law": "yukawa", "amplitude": 1, "decay_length": 1}\' (default), or one amplitude [t0] '
        'per neighbour shell, \'{"law": "shells", "distances": [1], "amplitudes": [-1]}\'',
    )
    exchange = parser.add_argument_group("short-range exchange added to the engine (default: none)")
    exchange.add_argument(
        "--exchange",
        type=_number(),
        metavar="J_EX",
        help="energy per S_i . S_j [t0], > 0 antiferromagnetic; ferromagnetic: --exchange=-1e-3",
    )
    exchange.add_argument("--exchange-cutoff", type=_number(above=0), metavar="R", help="longest bond [ell]")
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
        type=_number(int, least=0),
        nargs="+",
        metavar="M",
        help="which networks of a committee, from 0 (default: all)",
    )
    return required


def _add_workers(parser):
    parser.add_argument(
        "--workers",
        type=_number(int, least=1),
        default=1,
        metavar="N",
        help="processes of the exact engine (default: %(default)s)",
    )


# Name: (what runs it, what adds its options, usage, summary, details, example).
_COMMANDS = {
    "evaluate": (
        _evaluate,
        _add_evaluate,
        "--engine ENGINE --structure S.npz --spins SPINS.npy --out OUT.npz [options]",
        "Energies and local fields of given spins",
        "Writes energy (R,) [t0] and field (R, N, 3) [t0], H_i = -dE/dS_i; a committee of networks adds\n"
        "energy_spread, field_spread and torque_spread, the standard deviations of its members.",
        _EVALUATE_EXAMPLE,
    ),
    "quench": (
        _quench,
        _add_quench,
        "--engine ENGINE --structure S.npz --duration TIME --out T.h5 [options]",
        "Spin dynamics (LLG equation) at constant temperature",
        "Writes snapshots of all replicas, evenly spaced in log t, to an HDF5 file.",
        _QUENCH_EXAMPLE,
    ),
    "structure": (
        _structure,
        _add_structure,
        "--out S.npz [options]",
        "Make an amorphous structure or a square lattice",
        "Writes positions (N, 3) [ell] and box (3,) [ell]. Amorphous: random sequential addition in a\n"
        "periodic cube, no two sites closer than r_min.",
        _STRUCTURE_EXAMPLE,
    ),
    "info": (
        _info,
        _add_info,
        "MODEL.safetensors",
        "What a trained model is, and what it was trained on",
        "Prints the electrons it may be used for, its descriptor, its training data and its errors.",
        _INFO_EXAMPLE,
    ),
    "check": (
        _check,
        _add_check,
        "--engine ENGINE --structure S.npz [options]",
        "Test an engine against the engine contract",
        "Shapes, batches, finite differences, symmetries, cutoff: one line for each check. The exit status\n"
        "is 1 if one fails.",
        _CHECK_EXAMPLE,
    ),
}


if __name__ == "__main__":
    sys.exit(main())
