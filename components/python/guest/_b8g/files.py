"""The bundle's files as files: what packages read from beside their code by path, with `open`, `os.stat` and `os.listdir`.

Start at `_open`. The bundle is read only, and never hides a file that was granted below the working directory: there it is asked last.
Libraries in C, such as sqlite3, see granted files only.
"""

import builtins
import errno
import inspect
import io
import os
import posix
import stat as modes

from _b8g import finder

_real_open, _real_stat, _real_listdir = io.open, os.stat, os.listdir
_READING = frozenset(("r", "rt", "tr", "rb", "br"))
_DIRECTORY = "/cwd/"


def _inside(path):
    """The path in the bundle that a path means, or None if it is none of its files or directories."""
    bundle = finder.bundle()
    if bundle is None or isinstance(path, int):
        return None
    try:
        path = os.fspath(path)
    except TypeError:
        return None
    if not isinstance(path, str):
        return None
    if path not in bundle:
        path = os.path.normpath(path if path.startswith("/") else _DIRECTORY + path)
    return path if path in bundle or bundle.entries(path) is not None else None


class _Null(io.RawIOBase):
    """`/dev/null`, which no host has to grant."""

    name = os.devnull

    def readable(self):
        return True

    def writable(self):
        return True

    def readinto(self, into):
        return 0

    def write(self, data):
        return len(data)


def _open_null(mode, encoding, errors, newline):
    raw = io.BufferedRWPair(_Null(), _Null())
    return raw if "b" in mode else io.TextIOWrapper(raw, encoding or "utf-8", errors, newline)


def _open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    if file == os.devnull and opener is None:
        return _open_null(mode, encoding, errors, newline)
    inside = _inside(file) if mode in _READING and opener is None else None
    if inside is None:
        return _real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    if inside.startswith(_DIRECTORY):
        try:
            return _real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        except OSError:
            if inside not in finder.bundle():
                raise
    if inside not in finder.bundle():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), file)
    data = io.BytesIO(finder.bundle().read(inside))
    data.name, data.mode = file, "rb"
    return data if "b" in mode else io.TextIOWrapper(data, encoding or "utf-8", errors, newline)


class Open:
    """`open` as an object: a function that is an attribute of a class would be a method there, and the real one is not."""

    __name__ = __qualname__ = "open"
    __module__ = "io"
    __call__ = staticmethod(_open)

    def __repr__(self):
        return "<built-in function open>"

    def __reduce__(self):
        return "open"


def stat(path, *, dir_fd=None, follow_symlinks=True):
    inside = _inside(path) if dir_fd is None else None
    if inside is None or inside.startswith(_DIRECTORY):
        try:
            return _real_stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        except OSError:
            if inside is None:
                raise
    if inside in finder.bundle():
        return os.stat_result((modes.S_IFREG | 0o444, 0, 0, 1, 0, 0, len(finder.bundle().read(inside)), 0, 0, 0))
    return os.stat_result((modes.S_IFDIR | 0o555, 0, 0, 1, 0, 0, 0, 0, 0, 0))


def listdir(path="."):
    inside = _inside(path)
    if inside is None or inside in finder.bundle() or inside.startswith(_DIRECTORY) or inside + "/" == _DIRECTORY:
        try:
            return _real_listdir(path)
        except OSError:
            if inside is None or inside in finder.bundle():
                raise
    return sorted(entry.rstrip("/") for entry in finder.bundle().entries(inside))


def prepare():
    """Puts the functions in their places; once, when the component is made."""
    builtins.open = io.open = open = Open()
    for name, function, real in (("stat", stat, _real_stat), ("listdir", listdir, _real_listdir)):
        function.__doc__ = real.__doc__
        setattr(os, name, function)
        setattr(posix, name, function)
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if real in able:
                able.add(function)
    open.__doc__, open.__signature__ = _real_open.__doc__, inspect.signature(_open)
