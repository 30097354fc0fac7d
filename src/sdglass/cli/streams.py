"""Standard output whose reader may leave early, as `| head` does."""

import os
import select
import sys
from contextlib import contextmanager

LEFT = 128 + 13  # the status that a shell gives a program that SIGPIPE has ended


@contextmanager
def reader_may_leave():
    """Run a program in this block; where nobody reads its output any more it ends silently, with status `LEFT`.

    What the output cannot encode, in the name of a file for example, is written as its number.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not _has_left():
            raise
        sys.exit(LEFT)


def _has_left():
    """Return whether it is standard output that is broken, not another pipe; if so, turn it off."""
    poll = select.poll()
    poll.register(sys.stdout, 0)  # errors are always told
    if not any(events & select.POLLERR for _, events in poll.poll(0)):
        return False
    # Python writes what is left when it ends, and would complain then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True
