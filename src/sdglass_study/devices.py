"""Whether a study gets the GPU that it asks for, here or on the nodes of a cluster."""

import subprocess

from sdglass.devices import torch_device
from sdglass.errors import InputError


def require_device(name, on_cluster=False):
    """Refuse a device that a study could not use, before it starts.

    Parameters
    ----------
    name : str
        ``cpu`` or ``cuda``.
    on_cluster : bool
        Whether jobs go to a Slurm cluster: then its nodes must have the GPU, not this machine.

    Raises
    ------
    InputError
        If there is no such GPU.
    """
    if not on_cluster:
        torch_device(name)
    elif str(name).startswith("cuda"):
        command = ["sinfo", "--noheader", "--format=%G"]  # generic resources of the nodes: gpu:h100:4, (null)
        try:
            offered = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise InputError(f"device = {str(name)!r}, but Slurm does not say what it offers: {error}") from None
        if "gpu" not in offered:
            raise InputError(
                f"device = {str(name)!r}, but no node of this Slurm cluster offers a GPU (sinfo says"
                f" {' '.join(offered.split()) or 'nothing'}); use device cpu"
            )
