"""Run a job of the study that halts at one moment, so that a test can kill it there.

    python held_step.py MARKER ENDING COUNT before|after NAME JSON OUTPUTS

NAME is that of the job. The moment is just before, or after, the COUNT-th file with that ENDING gets its name and
stands complete in its place: MARKER is written then. Checkpoints are written after every step of the
integrator and every epoch, instead of every minute.
"""

import os
import sys
import time
from pathlib import Path

from sdglass.dynamics.checkpoint import Checkpoint
from sdglass_study.jobs.__main__ import main


def held(marker, ending, count, when):
    """Return `os.replace` with a halt."""
    left, replace = int(count), os.replace

    def hold():
        Path(marker).touch()
        time.sleep(600)
        os._exit(3)  # nobody has come to kill it

    def held_replace(source, target):
        nonlocal left
        left -= str(target).endswith(ending)
        if when == "before" and left == 0:
            hold()
        replace(source, target)
        if when == "after" and left == 0:
            hold()

    return held_replace


if __name__ == "__main__":
    os.replace = held(*sys.argv[1:5])
    Checkpoint.due = lambda self: True
    sys.exit(main(*sys.argv[5:]))
