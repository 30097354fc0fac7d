"""``sdglass quench``: spin dynamics at constant temperature."""

import argparse
import sys
from pathlib import Path

from sdglass.cli.engine import add_engine, add_workers, input_files, is_exact, opened_engine
from sdglass.cli.options import add_seed, count, number, option
from sdglass.cli.validation import check_outputs, load_spins
from sdglass.errors import InputError

USAGE = "--engine ENGINE --structure S.npz --duration TIME --out T.h5 [options]"
SUMMARY = "Spin dynamics (LLG equation) at constant temperature"
DETAILS = "Writes snapshots of all replicas, evenly spaced in log t, to an HDF5 file."
EXAMPLE = """\
example: the paper's quench with a trained model, and a faster one with exact diagonalization
  sdglass quench --engine MODEL.safetensors --structure S.npz --replicas 20 --duration 3000 --out T.h5
  sdglass quench --engine exact --structure S.npz --duration 300 --damping 1 --workers 2 --out EXACT.h5

In Python, sdglass.dynamics.trajectory.Trajectory.load('T.h5') reads the result, and so does xarray. An interrupted
run goes on where it stopped when the same command is given again."""


def add_options(parser):
    """Add the options of the command."""
    required = add_engine(parser, "--electron-temperature")
    option(required, "--duration", number(above=0), "TIME", "to integrate [1/(gamma t0)]", required=True)
    option(required, "--out", str, "T.h5", "trajectory to write", required=True)
    dynamics = parser.add_argument_group("dynamics")
    runs = "independent runs on the structure (default: as many as --spins holds, otherwise 1)"
    option(dynamics, "--replicas", count(), "R", runs)
    option(dynamics, "--damping", number(least=0), "ALPHA", "dimensionless", 0.05)
    option(dynamics, "--temperature", number(least=0), "T", "of the spins [t0]", 1e-3)
    option(dynamics, "--dt", number(above=0), "TIME", "time step [1/(gamma t0)]", 1.0)
    option(dynamics, "--integrator", str, "NAME", "heun or semi_implicit", "heun")
    start = "initial spins, shape (R, N, 3), or (N, 3) for all replicas (default: random)"
    option(dynamics, "--spins", str, "SPINS.npy", start)
    add_seed(dynamics, "the random initial spins and the noise")
    parser.set_defaults(seed=0, realization=0)
    option(dynamics, "--snapshots-per-decade", number(above=0), "K", "snapshots per factor of ten in time", 10)
    keep = parser.add_mutually_exclusive_group()
    state = "state of an unfinished run, deleted at its end (default: T.h5.checkpoint)"
    option(keep, "--checkpoint", str, "PATH", state)
    keep.add_argument("--no-checkpoint", action="store_true", help="an interrupted run starts afresh")
    between = "between two writes of the checkpoint"
    option(parser, "--checkpoint-interval", number(least=0), "SECONDS", between, 60)
    shown = "show steps and time left on standard error (default: if it is a terminal)"
    parser.add_argument("--progress", action=argparse.BooleanOptionalAction, help=shown)
    add_workers(parser)


def run(args):
    """Run the dynamics and write the trajectory."""
    from sdglass.dynamics.checkpoint import Checkpoint
    from sdglass.dynamics.llg import LLG
    from sdglass.dynamics.quench import quench
    from sdglass.dynamics.trajectory import log_times
    from sdglass.provenance import provenance
    from sdglass.structures.structure import Structure

    path = None if args.no_checkpoint else args.checkpoint or f"{args.out}.checkpoint"
    check_outputs([args.out] if path is None else [args.out, path], input_files(args))
    dynamics = LLG(args.damping, args.temperature, args.dt, args.integrator)
    times = log_times(args.duration, dynamics.time_step, args.snapshots_per_decade)
    structure = Structure.load(args.structure)
    spins = _initial_spins(args, structure.n_spins)
    settings = ("exchange", "exchange_cutoff", "members", "dtype", "device")
    with opened_engine(args, structure) as (force_field, sd_model):
        trajectory = quench(
            force_field,
            spins,
            dynamics,
            args.duration,
            seed=args.seed,
            realization=args.realization,
            snapshot_times=times,
            checkpoint=None if path is None else Checkpoint(path, interval=args.checkpoint_interval),
            progress=sys.stderr.isatty() if args.progress is None else args.progress,
            metadata={
                "engine": "exact" if is_exact(args) else Path(args.engine).name,
                "n_sites": structure.n_sites,
                "provenance": provenance(
                    input_files(args),
                    electrons=sd_model.to_dict(),
                    **{name: getattr(args, name) for name in settings},
                ),
            },
            out=args.out,
        )
    print(f"{args.out}: {len(trajectory.times)} snapshots of {len(spins)} replicas of {structure.n_spins} spins")
    return 0


def _initial_spins(args, n_sites):
    """Return where the replicas start: random spins, or those of --spins."""
    import numpy as np

    from sdglass.dynamics.quench import random_initial_spins

    if args.spins is None:
        return random_initial_spins(n_sites, args.seed, args.realization, range(args.replicas or 1))
    spins = load_spins(args.spins, n_sites)
    if args.replicas in (None, len(spins)):
        return spins
    if len(spins) == 1:
        return np.repeat(spins, args.replicas, axis=0)
    raise InputError(
        f"{args.spins}: {len(spins)} configurations for --replicas {args.replicas}; "
        "expected one for each replica, or a single one for all"
    )
