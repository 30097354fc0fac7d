"""The command line ``sdglass``: structures, energies and fields, quenches, trained models and their proof.

One module per command, each a few calls of the library. What a command needs is imported inside it, so that
help and exact diagonalization do not wait for torch.
"""

from sdglass.cli.program import main

__all__ = ["main"]
