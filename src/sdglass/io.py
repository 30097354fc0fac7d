"""Files that are either complete or absent, and clear words about damaged ones."""

import errno
import glob
import hashlib
import os
import platform
import stat
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import numpy as np

from sdglass.errors import InputError, OutputError

# What keeps a file from being written, and the cure; other errors are not about writing.
_CURES = {
    errno.ENOSPC: "free some space, then run again",
    errno.EDQUOT: "free some of the quota, then run again",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), then run again",
    errno.EIO: "the disk failed: check it, then run again",
    **dict.fromkeys(
        (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR),
        "make its folder writable or name another one, then run again",
    ),
}
_LONGEST = 255  # bytes of a name
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


@contextmanager
def atomic_path(path):
    """Yield a temporary name beside `path`; rename it to `path` if the block succeeds.

    A reader therefore sees the old file or the new one, never half of it. The temporary name holds
    the machine and the process number, so two writers do not disturb each other. What writers of `path`
    that were killed have left on this machine is removed first. Where `path` is a symbolic link, all this
    is done to the file that it leads to.

    `OutputError`, with nothing left behind, if `path` is something else than a regular file, the disk is full,
    the folder read-only or the like.
    """
    target = written_file(path)
    start, end = _temporary_name(target)
    temporary = target.with_name(f"{start}{os.getpid()}{end}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(target)
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        if error.errno not in _CURES or not _is_about(error, target):
            raise
        reason = os.strerror(error.errno)
        raise OutputError(f"{path}: cannot be written ({reason}); {_CURES[error.errno]}") from error
    finally:
        with suppress(OSError):  # a read-only folder says so even if there is nothing to delete
            temporary.unlink(missing_ok=True)


def discard(path):
    """Delete a file that is no longer needed, if it is there, and what killed writers of it have left."""
    target = written_file(path)
    target.unlink(missing_ok=True)
    _remove_left(target)


def written_file(path):
    """Return the file that is written in place of `path`: where its symbolic links lead, or `path` itself.

    `OutputError` if that is a device, a pipe or the like, which a rename would destroy (root may: /dev/null too).
    """
    path = Path(path)
    try:
        mode = os.stat(path).st_mode
    except OSError as error:  # nothing is there, or nothing that may be looked at, which whoever writes will see
        if error.errno == errno.ELOOP:
            raise OutputError(f"{path}: its symbolic links lead in a circle; mend them") from None
        if error.errno == errno.ENAMETOOLONG:
            raise OutputError(f"{path}: the name is too long; expected a shorter one") from None
    else:
        if not stat.S_ISREG(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "a device")
            raise OutputError(f"{path}: is {kind}; expected the name of a regular file")
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _temporary_name(path):
    """Return what stands before and after the process number in the names of temporary files of `path`."""
    start, end = f".{path.name}.{platform.node()}.", f".tmp{path.suffix}"
    if len(os.fsencode(start + end)) > _LONGEST - 20:  # with the number of a process
        start, end = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.", ".tmp"
    return start, end


def _remove_left(path):
    start, end = _temporary_name(path)
    for left in path.parent.glob(f"{glob.escape(start)}*{glob.escape(end)}"):
        number = left.name.removeprefix(start).removesuffix(end)
        if number.isdecimal() and not _is_running(int(number)):
            left.unlink(missing_ok=True)


def _is_about(error, path):
    """Return whether an error is not about another file than `path`, its temporary or a folder above them."""
    named = getattr(error, "filename", None)
    return named is None or Path(named).parent == path.parent or Path(named) in path.parents


def _is_running(process):
    """Return whether the process of that number may be alive on this machine."""
    if os.name != "posix":  # elsewhere os.kill is no harmless question
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):  # the latter: more than any process number
        return False
    except OSError:  # somebody else's
        pass
    return True


def write_text(path, text):
    """Write `text` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(path, frame):
    """Write a pandas frame to `path` atomically, with seven significant digits and no index."""
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.7g", lineterminator="\n")


def require_file(path, expected, name=None):
    """Raise an `InputError` that says what was `expected`, unless there is a file; `name` is what to call it.

    Where the system cannot say (no permission, a stale file handle), its `OSError` is raised.
    """
    try:
        mode = os.stat(path).st_mode  # any other error of the system's than these two says nothing about the file
    except (FileNotFoundError, NotADirectoryError):
        mode = None
    if mode is None or not stat.S_ISREG(mode):
        what = "no such file" if mode is None else f"is {_KINDS.get(stat.S_IFMT(mode), 'a device')}"
        raise InputError(f"{path if name is None else name}: {what}; expected {expected}")


def refuse_system_error(number, path):
    """Raise the `OSError` of a number, if it is the system's: it says nothing about what is in the file.

    No place in a file is invalid but one that the file itself has named: that is damage.
    """
    if number not in (None, 0, errno.EINVAL, errno.EOVERFLOW):
        raise OSError(number, os.strerror(number), str(path)) from None


def load_npz(path, names, optional=()):
    """Return {name: array} read from an ``.npz`` file (no pickles): real numbers, flags or text.

    `InputError` if the file is missing, damaged, lacks one of `names`, or holds anything else there.
    """
    expected = f"an .npz with {', '.join(names)}"
    with _numpy_file(path, ".npz file", expected) as data:
        if isinstance(data, np.ndarray):
            raise InputError(f"{path}: holds a single array; expected {expected}")
        missing = [name for name in names if name not in data]
        if missing:
            raise InputError(f"{path}: array '{missing[0]}' is missing; it holds {', '.join(data) or 'nothing'}")
        arrays = {name: data[name] for name in (*names, *optional) if name in data}
        for name, array in arrays.items():
            _require_numbers(array, f"{path}: {name}", "fiu" if name in names else "fiubU")
        return arrays


def load_npy(path, expected):
    """Return the array of real numbers in an ``.npy`` file (no pickles).

    `InputError` if the file is missing (it says what was `expected`), damaged, or holds anything else.
    """
    with _numpy_file(path, ".npy file of numbers", expected) as array:
        if not isinstance(array, np.ndarray):
            raise InputError(f"{path}: an archive of several arrays; expected a single array in an .npy file")
        _require_numbers(array, f"{path}:")
        return array


def _require_numbers(array, name, kinds="fiu"):
    if array.dtype.kind not in kinds:
        raise InputError(f"{name} holds {array.dtype}; expected real numbers")


@contextmanager
def _numpy_file(path, kind, expected):
    """Yield what `numpy.load` makes of a file; what goes wrong while it is read is an `InputError`."""
    require_file(path, expected)
    try:
        # Never unpickle: a file from elsewhere must not run code.
        data = np.load(path, allow_pickle=False)
        with nullcontext() if isinstance(data, np.ndarray) else data:
            yield data
    except InputError:
        raise
    except Exception as error:  # whatever zipfile, zlib or the tokenizer say about a damaged file
        refuse_system_error(getattr(error, "errno", None), path)
        raise InputError(f"{path}: not a readable {kind} ({error}); make it again") from None
