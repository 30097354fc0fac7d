"""Quenches: many replicas driven through the LLG equation at once, with snapshots and restarts.

The noise of a replica is a function of (seed, realization, replica) alone, so it is bitwise the same
whichever replicas share its batch; its trajectory then differs by the force field's rounding at most.
"""

import hashlib
import secrets
from dataclasses import asdict

import numpy as np

from sdglass.arrays import own_arithmetic
from sdglass.dynamics.checkpoint import Checkpoint, as_json
from sdglass.dynamics.run import Run, WatchedForceField
from sdglass.dynamics.schedule import Schedule
from sdglass.dynamics.trajectory import Trajectory, snapshot_steps
from sdglass.errors import InputError
from sdglass.progress import progress_bar
from sdglass.random_streams import generator
from sdglass.spins import check_spins, normalize, random_spins


def random_initial_spins(n_sites, seed, realization, replicas):
    """Return uniformly random spins, shape (R, N, 3), each replica from its own stream.

    What it starts from depends on seed, realization and its own number, not on the others in `replicas`.
    """
    spins = np.empty((len(replicas), n_sites, 3))  # first of all, so that too many fail at once
    for configuration, replica in zip(spins, replicas, strict=True):
        configuration[:] = random_spins(n_sites, generator(seed, "initial spins", realization, replica))
    return spins


@own_arithmetic
def quench(
    force_field,
    spins,
    dynamics,
    duration,
    *,
    seed=None,
    realization=0,
    replicas=None,
    snapshot_times=None,
    checkpoint=None,
    progress=False,
    metadata=None,
    out=None,
):
    """Integrate the LLG equation (Eq. 3) for R replicas, at constant temperature or along a protocol.

    Parameters
    ----------
    force_field : ForceField
        Gives energies and local fields.
    spins : array_like, shape (R, N, 3) or (N, 3)
        Unit vectors at t = 0; renormalised to float64 precision.
    dynamics : LLG
        Damping, temperature, time step, integrator.
    duration : float or Protocol
        Time to integrate [1 / (gamma t0)], a whole number of steps; or stages of other temperatures, fields and
        damping, in which `dynamics` says what the first one does not.
    seed : int, optional
        Keys the noise; by default a new one, which the trajectory's attributes then hold.
    realization : int
        Number of the atomic realization, which keys the noise too.
    replicas : sequence of int, optional
        Number of each replica, which keys its noise; 0, 1, ... R - 1 if None.
    snapshot_times : array_like, optional
        Increasing multiples of the time step in [0, duration]; if None, what the protocol says, or `log_times`
        with ten per decade.
    checkpoint : path-like or Checkpoint, optional
        File that holds the state of the run. If it exists the run goes on from there, bitwise as if it
        had never stopped (as far as the force field itself is reproducible). It is deleted once `out` is
        written; without `out` it stays, and deleting it is up to whoever saves the trajectory. It belongs to
        these arguments, to the force field's energy of the initial spins, and to the identity that a
        `Checkpoint` has from the caller, such as digests of the code and of input files.
    progress : bool, optional
        Show steps, rate and time left on stderr.
    metadata : dict, optional
        Added to the trajectory's attributes; JSON data. Not part of a checkpoint's identity.
    out : path-like, optional
        HDF5 file to save the trajectory to.

    Returns
    -------
    Trajectory

    Raises
    ------
    InputError
        If an argument makes no sense, the force field returns something that is not a finite field, or the
        integration diverges.
    CheckpointError
        If the checkpoint is damaged or belongs to a different run. It is left as it is.

    Examples
    --------
    >>> from sdglass.dynamics.llg import LLG
    >>> from sdglass.forcefields.pair import heisenberg
    >>> from sdglass.structures.lattices import square_lattice
    >>> magnet = heisenberg(square_lattice(4), exchange=1.0, cutoff=1.01)
    >>> spins = random_initial_spins(16, seed=1, realization=0, replicas=range(3))
    >>> trajectory = quench(magnet, spins, LLG(damping=0.5, temperature=0.1, time_step=0.1), 2.0, seed=1)
    >>> trajectory.spins.shape
    (12, 3, 16, 3)
    """
    spins = normalize(check_spins(spins, force_field.structure.n_spins))
    replicas = _replica_numbers(replicas, len(spins))
    if seed is None:
        if checkpoint is not None:
            raise InputError(
                "seed = None, and a run that is to go on from a checkpoint repeats its noise; expected one"
            )
        schedule = Schedule(duration, dynamics)
        seed = secrets.randbits(32) if schedule.draws(schedule.n_steps) else 0
    seed = _whole("seed", seed)
    return _integrate(
        force_field, spins, dynamics, duration, seed, realization, replicas, snapshot_times, checkpoint, progress,
        metadata, out,
    )  # fmt: skip


@own_arithmetic
def continue_quench(
    force_field,
    trajectory,
    duration,
    *,
    snapshot_times=None,
    checkpoint=None,
    progress=False,
    metadata=None,
    out=None,
):
    """Go on from the end of a trajectory: bitwise what one `quench` of the new `duration` would have given.

    Everything else is the trajectory's: damping, temperature, time step, integrator, and the noise, which goes on
    where it stopped. A snapshot of its end is kept if it is one of the `snapshot_times`.

    Parameters
    ----------
    force_field : ForceField
        The one that made the trajectory; see Raises.
    trajectory : Trajectory
        What `quench` has returned or saved.
    duration : float or Protocol
        New total duration [1 / (gamma t0)], longer than that of the trajectory. If that has a protocol, one that
        begins with the same stages.
    snapshot_times, checkpoint, progress, metadata, out
        As in `quench`; the metadata are those of the trajectory by default.

    Returns
    -------
    Trajectory
        From t = 0 to `duration`.

    Raises
    ------
    InputError
        As in `quench`, and if the duration is not longer, the trajectory had other stages, a snapshot is asked for
        that it has not, or the force field gives another energy for its last spins than is recorded there.

    Examples
    --------
    >>> from sdglass.dynamics.llg import LLG
    >>> from sdglass.forcefields.pair import heisenberg
    >>> from sdglass.structures.lattices import lattice
    >>> magnet = heisenberg(lattice("square", (4, 4)), exchange=1.0, cutoff=1.01)
    >>> spins = random_initial_spins(16, seed=1, realization=0, replicas=range(3))
    >>> short = quench(magnet, spins, LLG(damping=0.5, temperature=0.1, time_step=0.1), 2.0, seed=1)
    >>> continue_quench(magnet, short, 4.0).times[-1]
    np.float64(4.0)
    """
    told = trajectory.attributes
    known = Schedule.of(told)
    dynamics, before = known.dynamics, told["duration"]
    try:
        seed, realization, replicas = (told[name] for name in ("seed", "realization", "replicas"))
    except KeyError as error:
        raise InputError(f"the trajectory does not say its {error}; expected one that quench made") from None
    if force_field.structure.digest() != told.get("structure", ""):
        raise InputError("the force field lives on another structure than the trajectory; expected the same")
    schedule = Schedule(duration, dynamics)
    if not schedule.n_steps > known.n_steps:
        raise InputError(
            f"duration = {schedule.duration:g}; expected more than the {before:g} that the trajectory has"
        )
    schedule.require_beginning(known)
    if trajectory.times[-1] != dynamics.time_step * known.n_steps:
        raise InputError(
            f"the trajectory's last snapshot is at t = {trajectory.times[-1]:g}, before its end at {before:g}; "
            "expected one with a snapshot of its end"
        )
    metadata = {name: value for name, value in told.items() if name not in _ARGUMENTS} | (metadata or {})
    return _integrate(
        force_field, trajectory.spins[-1], dynamics, duration, seed, realization, replicas, snapshot_times,
        checkpoint, progress, metadata, out, trajectory,
    )  # fmt: skip


# Of a trajectory's attributes those that are arguments of `quench`.
_ARGUMENTS = (
    "damping", "temperature", "time_step", "integrator", "duration", "seed", "realization", "replicas",
    "structure", "rising_energy", "protocol",
)  # fmt: skip


def _integrate(
    force_field, spins, dynamics, duration, seed, realization, replicas, snapshot_times, checkpoint, progress,
    metadata, out, earlier=None,
):  # fmt: skip
    """Integrate from t = 0, or from the end of an `earlier` trajectory; see `quench`."""
    structure = force_field.structure
    schedule = Schedule(duration, dynamics)
    n_steps = schedule.n_steps
    if snapshot_times is None:
        snapshot_times = schedule.snapshot_times()
    steps = snapshot_steps(snapshot_times, schedule.duration, dynamics.time_step, n_steps)
    times = dynamics.time_step * steps
    arguments = {
        **asdict(dynamics),
        "duration": float(schedule.duration),
        "seed": seed,
        "realization": _whole("realization", realization),
        "replicas": replicas,
        "structure": structure.digest(),
    } | ({} if schedule.plain else {"protocol": as_json("protocol", duration.to_list())})
    checkpoint = Checkpoint.of_run(
        checkpoint,
        {
            **arguments,
            "initial_spins": hashlib.sha256(spins.tobytes()).hexdigest(),
            "snapshot_times": times.tolist(),
        }
        | ({} if earlier is None else {"from": earlier.attributes["duration"]}),
    )
    trajectory = Trajectory(
        times,
        np.empty((len(times), *spins.shape)),
        np.empty((len(times), len(spins))),
        np.empty((len(times), len(spins))),
        {**as_json("metadata", metadata or {}), **arguments},
        structure.moments.positions,
        structure.cell,
        structure.pbc,
        structure.moments.species,
    )
    streams = [generator(seed, "thermal noise", realization, replica) for replica in replicas]
    run = Run(WatchedForceField(force_field, dynamics, replicas), schedule, spins, streams, steps, trajectory)
    if earlier is not None:
        run.follow(earlier)
    if checkpoint is not None and checkpoint.exists:
        run.restore(checkpoint)

    with progress_bar(n_steps, "quench", "step", initial=run.step, disable=not progress) as bar:
        while run.step < n_steps:
            run.advance()
            bar.update()
            if checkpoint is not None and checkpoint.due():
                run.save(checkpoint)
    run.finish()
    run.warn_of_rising_energy()
    if out is not None:
        trajectory.save(out)
    if checkpoint is not None:
        run.save(checkpoint) if out is None else checkpoint.discard()
    return trajectory


def _replica_numbers(replicas, n_replicas):
    numbers = list(range(n_replicas)) if replicas is None else [int(replica) for replica in replicas]
    if len(numbers) != n_replicas:
        raise InputError(f"replicas names {len(numbers)} replicas, but spins holds {n_replicas}")
    if len(set(numbers)) != n_replicas or min(numbers, default=0) < 0:
        raise InputError(f"replicas = {numbers}; expected distinct numbers >= 0 (each keys its own noise)")
    return numbers


def _whole(name, number):
    if int(number) != number or number < 0:
        raise InputError(f"{name} = {number}; expected an integer >= 0")
    return int(number)
