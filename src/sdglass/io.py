"""Files that are either complete or absent, and clear words about damaged ones."""

import errno
import glob
import os
import platform
import stat
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import h5py
import numpy as np

from sdglass.errors import InputError, OutputError

_GROWTH = 2**22  # bytes by which an HDF5 file grows in memory

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
    else:
        if not stat.S_ISREG(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "a device")
            raise OutputError(f"{path}: is {kind}; expected the name of a regular file")
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _temporary_name(path):
    """Return what stands before and after the process number in the names of temporary files of `path`."""
    return f".{path.name}.{platform.node()}.", f".tmp{path.suffix}"


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
    """Raise an `InputError` that says what was `expected`, unless there is a file; `name` is what to call it."""
    if not Path(path).is_file():
        what = "is a folder" if Path(path).is_dir() else "no such file"
        raise InputError(f"{path if name is None else name}: {what}; expected {expected}")


def load_npz(path, names):
    """Return {name: array of real numbers} read from an ``.npz`` file (no pickles).

    `InputError` if the file is missing, damaged, lacks one of `names`, or holds anything else there.
    """
    expected = f"an .npz with {', '.join(names)}"
    with _numpy_file(path, ".npz file", expected) as data:
        if isinstance(data, np.ndarray):
            raise InputError(f"{path}: holds a single array; expected {expected}")
        missing = [name for name in names if name not in data]
        if missing:
            raise InputError(f"{path}: array '{missing[0]}' is missing; it holds {', '.join(data) or 'nothing'}")
        arrays = {name: data[name] for name in names}
        for name, array in arrays.items():
            _require_numbers(array, f"{path}: {name}")
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


def _require_numbers(array, name):
    if array.dtype.kind not in "fiu":
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
        raise InputError(f"{path}: not a readable {kind} ({error}); make it again") from None


@contextmanager
def new_hdf5(path):
    """Yield an `h5py.File` that is written atomically, see `atomic_path`.

    Since HDF5 1.10 there is a format in which names, shapes and attributes have checksums too, except for text
    (see `attribute_text`); those of the numbers are up to whoever writes them (``fletcher32``). A flipped bit
    anywhere is then an error.

    The file is made in memory (the largest ones have some 60 MB) and written as a whole: on a full disk the HDF5
    library, which keeps what it could not write, has been seen to crash while closing the file.
    """
    written_file(path)  # HDF5 looks into what is there, and would wait for a pipe for ever
    with h5py.File(
        path, "w", libver="v110", driver="core", backing_store=False, block_size=_GROWTH, track_times=False
    ) as handle:
        yield handle
        handle.flush()
        image = handle.id.get_file_image()
    with atomic_path(path) as temporary:
        temporary.write_bytes(image)


def attribute_text(text):
    """Return a text as an attribute of an HDF5 file that has a checksum.

    A text of variable length is stored apart from its attribute, without a checksum, and a flipped bit there can
    even keep HDF5 searching for ever; one of fixed length is not.
    """
    return np.bytes_(text.encode())


@contextmanager
def open_hdf5(path, required=()):
    """Open an HDF5 file for reading; yield the `h5py.File`.

    `InputError` if the file is missing, damaged (also where that shows only when the block reads), or lacks one of
    the `required` datasets. Other errors of the block, and those of the operating system, which say nothing about
    what is in the file, are their own.
    """
    require_file(path, "HDF5")
    with _damage_named(path, "truncated or not HDF5"):
        handle = h5py.File(path, "r")
    with handle:
        with _damage_named(path, "damaged HDF5", RuntimeError, KeyError):
            missing = [name for name in required if name not in handle]
            if missing:
                held = ", ".join(handle) or "nothing"
                raise InputError(f"{path}: dataset '{missing[0]}' is missing; it holds {held}")
            for name in required:
                handle[name]  # a damaged one cannot be opened
        with _damage_named(path, "damaged HDF5"):
            yield handle


@contextmanager
def _damage_named(path, what, *others):
    """Name the file in errors about its content: those of the HDF5 library, and of `others`."""
    try:
        yield
    except (OSError, *others) as error:
        if isinstance(error, OSError) and not _is_damage(error):
            raise
        raise InputError(f"{path}: {what} ({error}); delete it and make it again") from None


def _is_damage(error):
    """Return whether an OSError is the HDF5 library's about the content of a file.

    The operating system's errors, those on the way through HDF5 too, have a number.
    """
    if error.errno is not None:
        return False
    place = error.__traceback__
    while place.tb_next is not None:
        place = place.tb_next
    return place.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "h5py"
