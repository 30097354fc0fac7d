"""Functions that numba compiles: with a cache where one can be written, in one thread in a forked process."""

import os
from contextlib import suppress
from functools import wraps

from numba import config, njit, set_num_threads
from numba.core.caching import FunctionCache

_forked = False


def is_forked():
    """Return whether this process is a fork of one that had imported this module: it has lost its threads."""
    return _forked


def _remember_fork():
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_remember_fork)


def use_threads(count=None):
    """Let the compiled sums use `count` threads; by default OMP_NUM_THREADS, as BLAS and torch, or all cores."""
    if is_forked():
        return
    if count is None:  # OMP_NUM_THREADS may be a list, one number per level of nesting
        first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
        count = int(first) if first.isdigit() else config.NUMBA_NUM_THREADS
    set_num_threads(max(1, min(count, config.NUMBA_NUM_THREADS)))


def compiled(**options):
    """Return a decorator: a function compiled by `numba.njit` with `options`, when it is first called.

    The compiled code is kept beside the source or in the user's folder, as numba does. Where neither can be
    written, on a full disk or where the files are damaged, it is compiled again in every process. The threads of
    a process do not survive its fork, and numba would wait for them for ever: a fork of this process runs the sums
    in one thread. The numbers are the same.
    """

    def decorate(function):
        variants = {}

        @wraps(function)
        def call(*arguments):
            if _forked not in variants:
                variants[_forked] = _compile(function, options)
            return variants[_forked](*arguments)

        return call

    return decorate


def _compile(function, options):
    if _forked and options.get("parallel"):  # not cached: in the cache it would have the same name
        return njit(**{**options, "parallel": False})(function)
    dispatcher = njit(**options)(function)
    with suppress(RuntimeError):  # no folder for it
        dispatcher._cache = _Cache(dispatcher.py_func)
    return dispatcher


class _Cache(FunctionCache):
    """Numba's cache, which does without where its files cannot be read or written."""

    def load_overload(self, *arguments):
        with suppress(Exception):
            return super().load_overload(*arguments)
        return None

    def save_overload(self, *arguments):
        with suppress(OSError):
            super().save_overload(*arguments)
