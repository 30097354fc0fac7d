"""Trajectories for other programs: extended XYZ, VTK, OVF; one file each.

A format is a function (trajectory, path) that writes the snapshots of a `Trajectory` of one replica; what it
registers in `FORMATS`, here or in a file of your own, `export` and ``sdglass export`` know.
"""

from pathlib import Path

from sdglass.errors import InputError
from sdglass.registry import Registry

FORMATS = Registry("format", "sdglass.exports")
_ENDINGS = {"xyz": "extxyz", "pvd": "vtk", "vtu": "vtk"}  # where the end of a file's name is not the format's


def export(trajectory, path, format=None, replica=0, snapshot=None):
    """Write one replica of a trajectory for another program.

    Parameters
    ----------
    trajectory : Trajectory
    path : path-like
        File to write.
    format : str, optional
        ``"extxyz"`` (OVITO, ASE), ``"vtk"`` (ParaView) or ``"ovf"`` (Spirit, OOMMF); what the end of the file's
        name says if None. `FORMATS` has all of them.
    replica : int
        Which replica, counted from 0.
    snapshot : int or "last", optional
        Which snapshot, counted from 0; all by default.

    Raises
    ------
    InputError
        If the format is unknown, there is no such replica or snapshot, or the trajectory holds no positions.

    Examples
    --------
    >>> import tempfile, numpy as np, sdglass
    >>> magnet = sdglass.lattice("square", cells=(2, 2))
    >>> spins = np.tile([0.0, 0.0, 1.0], (1, 1, 4, 1))
    >>> sites = magnet.positions, magnet.cell, magnet.pbc
    >>> run = sdglass.Trajectory(np.zeros(1), spins, np.zeros((1, 1)), np.zeros((1, 1)), {}, *sites)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sdglass.export(run, f"{folder}/T.xyz")
    ...     print(open(f"{folder}/T.xyz").read()[:54])
    4
    Lattice="2 0 0 0 2 0 0 0 2" Properties=species:S:1:p
    """
    if format is None:
        end = Path(path).suffix.lower().removeprefix(".")
        format = _ENDINGS.get(end, end)
    if format not in FORMATS:
        raise InputError(f"{path}: format {format!r} is unknown; expected one of {', '.join(FORMATS)}")
    one = trajectory.of_replica(replica)
    FORMATS[format](one if snapshot is None else one.of_snapshot(snapshot), path)
