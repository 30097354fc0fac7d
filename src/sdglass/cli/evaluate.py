"""``sdglass evaluate``: energies and local fields of given spins."""

from sdglass.cli.engine import add_engine, add_workers, input_files, opened_engine, progress_shown
from sdglass.cli.options import option
from sdglass.cli.validation import check_outputs, finite, load_spins, load_structure

USAGE = "--engine ENGINE --structure S.npz --spins SPINS.npy --out OUT.npz [options]"
SUMMARY = "Energies and local fields of given spins"
DETAILS = (
    "Writes energy (R,) [t0] and field (R, N, 3) [t0], H_i = -dE/dS_i; a committee of networks adds\n"
    "energy_spread, field_spread and torque_spread, the standard deviations of its members."
)
EXAMPLE = """\
example: ten random configurations on 100 sites, exactly at half and quarter filling, in a field, with an exchange
  sdglass structure --n-sites 100 --box-length 5 --seed 1 --out S.npz
  python -c "import numpy as np, sdglass; \\
  np.save('SPINS.npy', sdglass.random_spins(100, np.random.default_rng(1), 10))"
  sdglass evaluate --engine exact --structure S.npz --spins SPINS.npy --out OUT.npz
  sdglass evaluate --engine exact --structure S.npz --spins SPINS.npy --out QUARTER.npz --filling 0.25
  sdglass evaluate --engine exact --structure S.npz --spins SPINS.npy --out FIELD.npz --field 0 0 0.01
  printf 'i,j,J\\n4,7,0.02\\n' > J.csv
  sdglass evaluate --engine exact --structure S.npz --spins SPINS.npy --out PAIR.npz --exchange-table J.csv"""


def add_options(parser):
    """Add the options of the command."""
    required = add_engine(parser, "--temperature", "--electron-temperature")
    option(required, "--spins", str, "SPINS.npy", "unit vectors, shape (N, 3) or (R, N, 3)", required=True)
    option(required, "--out", str, "OUT.npz", "file to write", required=True)
    add_workers(parser)


def run(args):
    """Evaluate the spins and write energies and fields."""
    import numpy as np

    from sdglass.io import atomic_path

    check_outputs([args.out], input_files(args))
    with np.errstate(all="ignore"):  # what comes of an overflow is refused below
        structure = load_structure(args.structure)
        spins = load_spins(args.spins, structure.n_spins)
        with opened_engine(args, structure) as (force_field, _), progress_shown(force_field, len(spins)):
            arrays = vars(finite(force_field.evaluate(spins), f"--engine {args.engine}"))
    with atomic_path(args.out) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, **arrays)
    print(f"{args.out}: {', '.join(f'{name} {array.shape}' for name, array in arrays.items())}")
    return 0
