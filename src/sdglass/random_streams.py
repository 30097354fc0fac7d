"""Random numbers keyed by what they are for, not by when they are drawn.

A stream is a function of (study seed, stage, realization, replica) alone, so no result depends on
block sizes, on the number of cores or on the order in which jobs run.
"""

import zlib

import numpy as np


def generator(seed, stage, realization=0, replica=0):
    """Return the random generator of one (seed, stage, realization, replica).

    Parameters
    ----------
    seed : int
        Seed of the study, non-negative.
    stage : str
        What the numbers are for, for example ``"structure"`` or ``"thermal noise"``.
    realization, replica : int
        Which atomic realization and which replica on it.

    Returns
    -------
    numpy.random.Generator
        An independent PCG64 stream (``numpy.random.SeedSequence`` with a spawn key).
    """
    key = (zlib.crc32(stage.encode()), int(realization), int(replica))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed), spawn_key=key)))
