"""One live line per long step: how far it is, its rate, and the time left, in a terminal and in a log file."""

import sys

from tqdm import tqdm

# In a log every update is a line. The first lines come quickly; later ones a hundredth of the elapsed time apart,
# so that a minute writes about a dozen lines and a day a few hundred.
SECONDS = 5.0
FRACTION = 0.01
_FORMAT = "{desc}: {percentage:.0f}% {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"


class _Lines(tqdm):
    """A progress bar whose updates are lines of their own, ever rarer, for streams that are no terminal."""

    def __init__(self, **options):
        self.written = None
        super().__init__(mininterval=SECONDS, maxinterval=float("inf"), miniters=1, bar_format=_FORMAT, **options)

    def display(self, msg=None, pos=None):
        """Write one line."""
        self.fp.write(f"{self!s}\n" if msg is None else f"{msg}\n")
        self.fp.flush()
        self.written = self.n, self.postfix
        self.mininterval = max(SECONDS, FRACTION * self.format_dict["elapsed"])

    def close(self):
        """Write the last line, if it says anything new."""
        if not self.disable:
            self.disable = True
            if self.written != (self.n, self.postfix):
                self.display()
            self._decr_instances(self)


def progress_bar(total, desc, unit, initial=0, disable=False, file=None):
    """Return a `tqdm.tqdm` with that line, to be used as a context and moved by its ``update``.

    Of `total` units of work (`unit` in the singular) `initial` were done earlier. In a terminal the line is
    rewritten; in any other `file` (standard error by default) every update is a line. `disable` shows nothing.
    """
    file = sys.stderr if file is None else file
    live = getattr(file, "isatty", lambda: False)()
    options = {"total": total, "desc": desc, "unit": unit, "initial": initial, "disable": disable, "file": file}
    return tqdm(**options, dynamic_ncols=True) if live else _Lines(**options)


def tracked(items, desc, unit):
    """Yield the `items` of a sequence; the line of `progress_bar` moves on as each is done."""
    with progress_bar(len(items), desc, unit) as bar:
        for item in items:
            yield item
            bar.update()
