"""``sdglass quench``: spin dynamics at constant temperature, or along a protocol."""

import argparse
import sys
from pathlib import Path

from sdglass.cli.engine import add_engine, add_workers, input_files, is_exact, opened_engine
from sdglass.cli.options import add_seed, count, number, option
from sdglass.cli.terms import NAMES
from sdglass.cli.validation import check_outputs, load_spins, load_structure
from sdglass.errors import InputError

USAGE = "--engine ENGINE --structure S.npz --duration TIME --out T.h5 [options]"
SUMMARY = "Spin dynamics (LLG equation) at constant temperature, or along a protocol"
DETAILS = "Writes snapshots of all replicas, evenly spaced in log t, to an HDF5 file."
EXAMPLE = """\
example: the paper's quench with a trained model, a faster one with exact diagonalization, and one with stages
  sdglass quench --engine MODEL.safetensors --structure S.npz --replicas 20 --duration 3000 --out LEARNED.h5
  sdglass quench --engine exact --structure S.npz --duration 300 --damping 1 --workers 2 --out EXACT.h5
  echo '- {duration: 20, temperature: 0.1, field: [0, 0, 0.05]}' > P.yaml
  echo '- {duration: 50, temperature: [0.1, 0.01]}' >> P.yaml
  sdglass quench --engine exact --structure S.npz --protocol P.yaml --damping 1 --out COOLED.h5

In Python, sdglass.dynamics.trajectory.Trajectory.load('T.h5') reads the result, and so does xarray. An interrupted
run goes on where it stopped when the same command is given again, a finished one to a longer --duration:
  sdglass quench --continue EXACT.h5 --duration 600"""

# What a run is asked for, kept in its file: one that goes on has to be asked for the same.
_ASKED = (
    "engine", "structure", "tolerance", "order", "kernel", "error", "spacing", "coupling", "filling",
    "chemical_potential", "onsite", "electron_temperature",
    "hopping", "hopping_matrix", *NAMES, "dtype", "device", "members", "replicas",
    "damping", "temperature", "dt", "integrator", "spins", "seed", "realization", "snapshots_per_decade",
)  # fmt: skip


def add_options(parser):
    """Add the options of the command."""
    required = add_engine(parser, "--electron-temperature", required=False)
    option(required, "--duration", number(above=0), "TIME", "to integrate, in all [1/(gamma t0)]")
    stages = (
        "or stages, a list in YAML: a duration for each, and what changes there, at once or linearly, of "
        "temperature, field and damping of the spins; the electrons keep their temperature (docs/protocols.md)"
    )
    option(required, "--protocol", str, "P.yaml", stages)
    option(required, "--out", str, "T.h5", "trajectory to write (with --continue by default the same)")
    more = "go on with this run; what is not said again is taken from it, also engine and structure"
    option(parser, "--continue", str, "T.h5", more)
    parser.add_argument("--overwrite", action="store_true", help="start afresh, whatever is in --out")
    dynamics = parser.add_argument_group("dynamics")
    runs = "independent runs on the structure (default: as many as --spins holds, otherwise 1)"
    option(dynamics, "--replicas", count(), "R", runs)
    option(dynamics, "--damping", number(least=0), "ALPHA", "dimensionless", 0.05)
    option(dynamics, "--temperature", number(least=0), "T", "of the spins [t0]", 1e-3)
    option(dynamics, "--dt", number(above=0), "TIME", "time step [1/(gamma t0)]", 1.0)
    option(dynamics, "--integrator", str, "NAME", "heun or semi_implicit", "heun")
    start = "initial spins, (R, M, 3), or (M, 3) for all replicas, or a trajectory, of which the last are taken"
    option(dynamics, "--spins", str, "SPINS", f"{start} (default: random)")
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
    """Run the dynamics, or go on with it, and write the trajectory."""
    from sdglass.dynamics.checkpoint import Checkpoint
    from sdglass.dynamics.llg import LLG
    from sdglass.dynamics.quench import continue_quench, quench
    from sdglass.dynamics.schedule import Schedule
    from sdglass.provenance import provenance

    protocol = _protocol(args)
    earlier = _earlier(args)
    dynamics = LLG(args.damping, args.temperature, args.dt, args.integrator)
    schedule = Schedule(protocol, dynamics)
    if earlier:
        schedule.require_beginning(Schedule.of(earlier.attributes))
    if earlier and earlier.attributes["duration"] == args.duration:
        print(f"{args.out}: is complete")
        return 0
    for name in ("engine", "structure", "out"):
        if getattr(args, name) is None:
            raise InputError(f"--{name} is missing; expected it, or --continue T.h5")
    path = None if args.no_checkpoint else args.checkpoint or f"{args.out}.checkpoint"
    files = input_files(args) + ([args.protocol] if args.protocol else [])
    check_outputs([args.out] if path is None else [args.out, path], files)
    times = schedule.snapshot_times(args.snapshots_per_decade)
    structure = load_structure(args.structure)
    spins = None if earlier else _initial_spins(args, structure.n_spins)
    settings = (*NAMES, "members", "dtype", "device")
    with opened_engine(args, structure) as (force_field, sd_model):
        run = dict(
            snapshot_times=times,
            checkpoint=None if path is None else Checkpoint(path, interval=args.checkpoint_interval),
            progress=sys.stderr.isatty() if args.progress is None else args.progress,
            metadata={
                "engine": args.engine if is_exact(args) else Path(args.engine).name,
                "n_sites": structure.n_sites,
                "asked": {name: getattr(args, name) for name in _ASKED},
                "provenance": provenance(
                    files,
                    electrons=sd_model.to_dict(),
                    **{name: getattr(args, name) for name in settings},
                ),
            },
            out=args.out,
        )
        if earlier:
            trajectory = continue_quench(force_field, earlier, protocol, **run)
        else:
            keys = {"seed": args.seed, "realization": args.realization}
            trajectory = quench(force_field, spins, dynamics, protocol, **keys, **run)
    snapshots, replicas = trajectory.energy.shape
    print(f"{args.out}: {snapshots} snapshots of {replicas} replicas of {structure.n_spins} spins")
    return 0


def _protocol(args):
    """Return the duration or the `Protocol` that is asked for, and set the duration to its own."""
    from sdglass.dynamics.protocol import Protocol

    if (args.duration is None) == (args.protocol is None):
        raise InputError("expected either --duration or --protocol")
    if args.protocol is None:
        return args.duration
    protocol = Protocol.load(args.protocol)
    if args.field is not None and any(stage.field for stage in protocol.stages):
        raise InputError(f"--field and the stages of {args.protocol} both give a field; expected one of them")
    args.duration = protocol.duration
    return protocol


def _earlier(args):
    """Return the `Trajectory` that a run goes on from, and take over from it what was not said again; or None."""
    from sdglass.dynamics.trajectory import Trajectory

    source = vars(args)["continue"]
    if source is None:
        if args.out is None or args.overwrite or not Path(args.out).exists():
            return None
        source = args.out  # the same command again
    elif args.overwrite and args.out in (None, source):
        raise InputError(f"--continue {source} and --overwrite exclude each other; expected one of them")
    try:
        trajectory = Trajectory.load(source)
    except InputError:
        if vars(args)["continue"] is not None:
            raise
        raise InputError(
            f"{args.out}: is there already, and no trajectory; expected another name, or --overwrite"
        ) from None
    asked = trajectory.attributes.get("asked")
    if asked is None:
        raise InputError(
            f"{source}: does not say what it was asked for; expected a file that 'sdglass quench' made"
        )
    for name in _ASKED:
        said = name in args.said or vars(args)["continue"] is None
        if said and getattr(args, name) != asked.get(name):
            raise InputError(
                f"{source}: its run has {name} = {asked.get(name)}, not {getattr(args, name)}; expected the same "
                "to go on with it, or --overwrite and another --out to start afresh"
            )
        setattr(args, name, asked.get(name))
    done = trajectory.attributes["duration"]
    if source == args.out and args.duration == done and vars(args)["continue"] is None:
        return trajectory  # the same command again: nothing is left to do
    if not args.duration > done:
        raise InputError(
            f"{source}: its run is {done:g} long, and --duration {args.duration:g} "
            "is the total; expected more to go on with it, or --overwrite to start afresh"
        )
    args.out = args.out or source
    if Path(args.out).exists() and Path(args.out).resolve() != Path(source).resolve() and not args.overwrite:
        raise InputError(f"{args.out}: is there already; expected another name, or --overwrite")
    return trajectory


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
