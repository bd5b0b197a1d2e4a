"""Modules that lie in a granted directory and not in the bundle: those with a computed name, and those that a program has written itself.

Start at `find`. What import statements of the bundle name was looked for before the program began, so that nobody is asked for it again where that
would only be noted as a refusal.
"""

import os
import sys
from dis import opmap
from importlib import _bootstrap
from importlib.machinery import FileFinder, SourceFileLoader

from _b8g import source

_IMPORT = opmap["IMPORT_NAME"]
_DIRECTORY = "/cwd"
_real_stat = os.stat

# Tells whether a source is one of the bundle by the name that tracebacks show; `finder` knows.
is_bundled = None

# By their directories, with when that was changed last.
_finders = {}


class Loader(SourceFileLoader):
    """Loads a source that was granted; by the name that the user has for it."""

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data, path, *, _optimize=-1):
        return _bootstrap._call_with_frames_removed(source.compiled, data, path.removeprefix(_DIRECTORY + "/"))


def find(directory, fullname):
    """Looks into the directory itself."""
    changed = _changed(directory)
    # Code of C imports modules of the library as if they were computed.
    is_library = fullname.partition(".")[0] in sys.stdlib_module_names
    if not changed and (is_library or not _is_computed()):
        return None
    finder, seen = _finders.get(directory, (None, None))
    if finder is None or seen != changed or not changed:
        finder = FileFinder(directory, (Loader, [".py"]))
        _finders[directory] = finder, changed
    return finder.find_spec(fullname)


def _changed(directory):
    """When a directory was changed that certainly was granted, else 0. That can be asked of the working directory without a refusal: one that
    was not granted has no times."""
    if directory != _DIRECTORY and not directory.startswith(_DIRECTORY + "/"):
        return 0
    try:
        changed = _real_stat(_DIRECTORY).st_mtime_ns
        return _real_stat(directory).st_mtime_ns if changed and directory != _DIRECTORY else changed
    except OSError:
        return 0


def _is_computed():
    """Whether it is no import statement of the bundle or of the library that asks."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_code[frame.f_lasti] == _IMPORT:
            return not is_bundled(code.co_filename)
        if not code.co_filename.startswith("<frozen importlib"):
            break
        frame = frame.f_back
    return True


# What is a part of importlib for tracebacks.
FRAMES = (find, _changed, _is_computed, Loader.get_code, Loader.source_to_code)
