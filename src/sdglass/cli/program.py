"""The program ``sdglass``: its commands, its help, and its exit status."""

import sys
import warnings

from sdglass import __version__
from sdglass.cli import check, evaluate, export, fit, info, measure, plot, quench, structure, validate
from sdglass.cli.options import Parser
from sdglass.cli.streams import reader_may_leave
from sdglass.errors import InputError
from sdglass.registry import load_plugin

_DESCRIPTION = """\
Spin dynamics of metallic magnets with exact or machine-learned force fields.

Units: energy t0, length ell (decay length of the hopping), time 1/(gamma t0). Spins are unit vectors.
An engine gives energies and local fields: 'exact' solves the electrons, a .safetensors file is a model
that was fitted to them."""

_MAIN_EXAMPLE = """\
example: an amorphous structure, a quench of five random spin configurations on it, what a model knows
  sdglass structure --n-sites 30 --box-length 3.35 --seed 1 --out S.npz
  sdglass quench --engine exact --structure S.npz --replicas 5 --duration 100 --damping 1 --out T.h5
  sdglass info results/paper/models/locator.safetensors

'sdglass COMMAND --help' describes a command; docs/index.md has a tutorial."""

# The package's extra that installs what some commands need.
EXTRAS = {"torch": "networks", "numba": "networks", "matplotlib": "plots"}
COMMANDS = {
    "structure": structure,
    "evaluate": evaluate,
    "quench": quench,
    "measure": measure,
    "plot": plot,
    "export": export,
    "fit": fit,
    "validate": validate,
    "info": info,
    "check": check,
}


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
        with warnings.catch_warnings(), reader_may_leave():
            words = sys.argv[1:] if argv is None else argv
            args = build_parser().parse_args(words)
            # Options that were given, and are not what is meant without them.
            args.said = {word[2:].partition("=")[0].replace("-", "_") for word in words if word.startswith("--")}
            warnings.showwarning = _teller()
            for path in args.plugin:
                load_plugin(path)
            return args.run(args)
    except InputError as error:
        return _fail(error)
    except OSError as error:  # a full disk, a folder that may not be read
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else error)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        return _fail(f"{error.name} is not installed: pip install 'sdglass[{EXTRAS[error.name]}]'")
    except MemoryError as error:
        wanted = f" ({error})" if str(error) else ""
        return _fail(f"not enough memory{wanted}; ask for fewer sites, replicas or snapshots")
    except KeyboardInterrupt:
        return _fail("interrupted", status=130)


def _teller():
    """Return what prints a warning in one line, each text once: a check makes many copies of a force field."""
    told = set()

    def tell(message, *_, **__):
        line = " ".join(["warning:", *str(message).split()])
        if line not in told:
            told.add(line)
            print(line, file=sys.stderr)

    return tell


def _fail(error, status=2):
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    return status


def build_parser():
    """Return the parser of the whole command line; `args.run` is what runs the chosen command."""
    parser = Parser(prog="sdglass", description=_DESCRIPTION, epilog=_MAIN_EXAMPLE)
    parser.add_argument("--version", action="version", version=f"sdglass {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=f"{module.SUMMARY}.\n\n{module.DETAILS}",
            epilog=module.EXAMPLE,
            usage=f"sdglass {name} {module.USAGE}",
        )
        command.set_defaults(run=module.run)
        module.add_options(command)
        command.add_argument(
            "--plugin",
            action="append",
            default=[],
            metavar="FILE.py",
            help="your own Python file, with hopping laws, structures or force fields; it is run (default: none)",
        )
    return parser
