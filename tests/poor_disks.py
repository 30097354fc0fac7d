"""Folders that cannot be written to: full, limited, read-only. What needs rights that are not there is skipped."""

import os
import resource
import stat
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

NOBODY = 65534


@contextmanager
def mounted(folder, size="1m"):
    """Mount an empty file system in memory on `folder`; skip the test where that is not allowed."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here ({done.stderr.strip() or 'no rights'})")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Fill the file system of `folder` to the last byte; return the file that does."""
    path = Path(folder) / "filler"
    with open(path, "wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))
    return path


def remount(folder, option):
    """Mount a file system again with an option, ``ro`` or ``rw``."""
    subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)


@contextmanager
def file_limit(size):
    """Let this process write no file longer than `size` bytes: an error like that of a full disk, anywhere."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def without_permission(folder):
    """Take away the permission to write to `folder`, and the rights of root that would not ask for it."""
    before = stat.S_IMODE(os.stat(folder).st_mode)
    os.chmod(folder, 0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        os.chmod(folder, before)
