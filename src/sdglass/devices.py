"""Where torch computes: the processor, or a GPU if there is one."""

import os

import torch

from sdglass.errors import InputError

# The threads of a process do not survive its fork, and torch would wait for them for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


def torch_device(name):
    """Return the torch device of a name such as ``cpu`` or ``cuda``; `InputError` if no such GPU is there."""
    if str(name).startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device = {str(name)!r}, but no GPU is available; use device cpu")
    return torch.device(name)
