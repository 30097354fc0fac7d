"""``sdglass check``: an engine against the engine contract."""

from sdglass.cli.engine import add_engine, engine_factory
from sdglass.cli.options import count, number, option
from sdglass.cli.validation import load_structure

USAGE = "--engine ENGINE --structure S.npz [options]"
SUMMARY = "Test an engine against the engine contract"
DETAILS = (
    "Shapes, batches, finite differences, symmetries, cutoff: one line for each check. The exit status\n"
    "is 1 if one fails."
)
EXAMPLE = """\
example: test a trained model on a structure with sites beyond the range of its fields
  sdglass structure --n-sites 500 --box-length 8.55 --out LARGE.npz
  sdglass check --engine MODEL.safetensors --structure LARGE.npz"""


def add_options(parser):
    """Add the options of the command."""
    add_engine(parser, "--temperature", "--electron-temperature")
    option(parser, "--replicas", count(least=2), "R", "random spin configurations", 3)
    option(parser, "--seed", number(int, least=0), "N", "keys the random spins", 0)
    # Every check builds force fields of its own, also on moved copies of the structure: no pool of processes.
    parser.set_defaults(workers=1)


def run(args):
    """Print one line for each check; return 1 if one failed."""
    from sdglass.forcefields.testing.check import check_engine

    structure = load_structure(args.structure)
    factory, *_ = engine_factory(args)
    results = check_engine(
        factory, structure, n_replicas=args.replicas, seed=args.seed, dtype=args.dtype, raise_on_failure=False
    )
    print("\n".join(map(str, results)))
    return 0 if all(result.passed for result in results) else 1
