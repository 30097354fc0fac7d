"""Run a step of the study that halts at one moment, so that a test can kill it there.

    python held_step.py MARKER ENDING COUNT before|after NAME OPTIONS...

NAME is that of the step. The moment is just before, or after, the COUNT-th file with that ENDING gets its name and
stands complete in its place: MARKER is written then. Checkpoints are written after every step of the
integrator and every epoch, instead of every minute.
"""

import os
import runpy
import sys
import time
from pathlib import Path


def main():
    """Read the arguments, change what is said above, run the step."""
    marker, ending, count, when, name, *options = sys.argv[1:]
    left = int(count)
    replace = os.replace

    def held_replace(source, target):
        nonlocal left
        left -= str(target).endswith(ending)
        if when == "before" and left == 0:
            hold()
        replace(source, target)
        if when == "after" and left == 0:
            hold()

    def hold():
        Path(marker).touch()
        time.sleep(600)
        os._exit(3)  # nobody has come to kill it

    os.replace = held_replace
    if name == "train":
        from sdglass.dynamics.checkpoint import Checkpoint

        Checkpoint.due = lambda checkpoint: True
    elif name != "figure":
        from sdglass.dynamics.checkpoint import Checkpoint

        Checkpoint.due = lambda self: True
    sys.argv = [name, *options]
    runpy.run_module(f"sdglass_study.jobs.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
