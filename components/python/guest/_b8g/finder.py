"""Imports from the bundle: a finder for each of its directories, and the loader of its files.

Start at `install`. Whatever `importlib` promises of files holds: packages, namespace packages over several roots, `get_source`,
`get_data`, `importlib.resources`, `pkgutil.iter_modules`, compiled files. The host is asked only for what the bundle has not and
may be there (`granted.py`), and nothing is written.
"""

import contextlib
import importlib.machinery
import importlib.resources
import importlib.util
import io
import linecache
import marshal
import pathlib
import sys
from importlib import _bootstrap, _bootstrap_external
from importlib._bootstrap import ModuleSpec

from _b8g import checkpoint, granted, source

_PYC_HEAD_BYTES = 16
_MAGIC = importlib.util.MAGIC_NUMBER
_CACHE = f".{sys.implementation.cache_tag}.pyc"

# How the names of files begin that were there when the component was made, and are gone.
gone = ("/python/", "/0/", "<frozen ")

# Frames of what was compiled to C name such files, which nobody has.
_SOURCES_OF_C = (".pyx", ".pxi", ".pxd")

_bundle = None
# By which names the program is asked for that runs as `__main__`.
mains = {"__main__"}


def install(bundle):
    """Puts the bundle's first root, the script's directory, before the standard library on `sys.path`, and packages behind it."""
    global _bundle
    _bundle = bundle
    for root in bundle.roots:
        sys.path_importer_cache.pop(root, None)
    sys.path[:0] = bundle.roots[:1]
    sys.path += bundle.roots[1:]


def bundle():
    """The bundle, or None before there is one."""
    return _bundle


def has(name):
    """Whether packages of the bundle, which come behind the library, have a module of this name."""
    listed = [_bundle.entries(root) or () for root in _bundle.roots[1:]] if _bundle is not None else []
    return any(name + "/" in entries or name + ".py" in entries for entries in listed)


def path_hook(path):
    """The finder of a directory of the bundle."""
    if _bundle is not None and isinstance(path, str):
        directory = path.rstrip("/") or "/"
        if _bundle.entries(directory) is not None:
            return BundleFinder(directory)
    raise ImportError("no directory of the bundle", path=path)


class BundleFinder:
    """Finds the modules of one directory."""

    def __init__(self, directory):
        self._directory = directory
        self._entries = _bundle.entries(directory)
        self._prefix = directory if directory.endswith("/") else directory + "/"

    def find_spec(self, fullname, target=None):
        name = fullname.rpartition(".")[2]
        entries, prefix = self._entries, self._prefix
        if name + "/" in entries:
            directory = prefix + name
            inside = _bundle.entries(directory)
            for file in ("__init__.py", "__init__.pyc"):
                if file in inside:
                    return _spec(fullname, f"{directory}/{file}", directory)
        for suffix in (".py", ".pyc"):
            if name + suffix in entries:
                return _spec(fullname, prefix + name + suffix, None)
        if name + "/" in entries:
            # A part of a namespace package; the path finder puts the parts together.
            spec = ModuleSpec(fullname, None)
            spec.submodule_search_locations = [prefix + name]
            return spec
        return granted.find(self._directory, fullname)

    def invalidate_caches(self):
        """There is nothing to forget: a bundle does not change."""

    def iter_modules(self, prefix=""):
        """What `pkgutil.iter_modules` tells."""
        seen = {"__init__"}
        for entry in sorted(self._entries):
            if entry.endswith("/"):
                name, inside = entry[:-1], _bundle.entries(self._prefix + entry[:-1])
                is_package = "__init__.py" in inside or "__init__.pyc" in inside
                if not is_package or not name.isidentifier() or name in seen:
                    continue
            else:
                name, dot, suffix = entry.rpartition(".")
                is_package = False
                if suffix not in ("py", "pyc") or not name.isidentifier() or name in seen:
                    continue
            seen.add(name)
            yield prefix + name, is_package


def _spec(fullname, path, directory):
    spec = ModuleSpec(fullname, BundleLoader(fullname, path), origin=path)
    spec._set_fileattr = True
    if directory is not None:
        spec.submodule_search_locations = [directory]
    return spec


class BundleLoader(_bootstrap_external.SourceLoader):
    """Loads a file of the bundle."""

    def __init__(self, name, path):
        self.name = name
        self.path = path

    def get_filename(self, fullname=None):
        return self.path

    def get_data(self, path):
        if not path.startswith("/") and path != self.path:
            path = f"{self.path.rpartition('/')[0]}/{path}"
        if path not in _bundle:
            raise FileNotFoundError(2, "No such file in the bundle", path)
        return bytes(_bundle.read(path))

    def path_stats(self, path):
        if path not in _bundle:
            raise FileNotFoundError(2, "No such file in the bundle", path)
        return {"mtime": 0, "size": len(_bundle.read(path))}

    def get_source(self, fullname=None):
        if self.path.endswith(".pyc"):
            return None
        return importlib.util.decode_source(self.get_data(self.path))

    def get_code(self, fullname):
        if fullname in mains and not self.path.endswith((".pyc", "/__init__.py")):
            data = self.get_data(self.path)
            if checkpoint.is_named(data):
                return checkpoint.compiled(data, _bundle.shown(self.path))
        compiled = self._compiled()
        if compiled is not None:
            return compiled
        if self.path.endswith(".pyc"):
            raise ImportError(f"{self.path} was compiled by another version of Python", name=fullname, path=self.path)
        return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data, path, *, _optimize=-1):
        shown = _bundle.shown(path) if path in _bundle else path
        return _bootstrap._call_with_frames_removed(source.compiled, data, shown)

    def get_resource_reader(self, fullname):
        return Resources(self.path.rpartition("/")[0])

    def _compiled(self):
        if self.path.endswith(".pyc"):
            candidates = (self.path,)
        else:
            directory, _, file = self.path.rpartition("/")
            candidates = (self.path + "c", f"{directory}/__pycache__/{file[:-3]}{_CACHE}")
        for path in candidates:
            if path in _bundle:
                data = _bundle.read(path)
                if data[:4] == _MAGIC:
                    return marshal.loads(data[_PYC_HEAD_BYTES:])
        return None


class Resources:
    """The files of a package, for `importlib.resources`."""

    def __init__(self, directory):
        self._directory = directory

    def files(self):
        return Resource(self._directory)

    def open_resource(self, resource):
        return self.files().joinpath(resource).open("rb")

    def resource_path(self, resource):
        raise FileNotFoundError(resource)

    def is_resource(self, path):
        return self.files().joinpath(path).is_file()

    def contents(self):
        return [entry.name for entry in self.files().iterdir()]


class Resource:
    """A file or directory of the bundle: `importlib.resources.abc.Traversable`."""

    def __init__(self, path):
        self._path = path
        self.name = path.rpartition("/")[2]

    def iterdir(self):
        entries = _bundle.entries(self._path)
        if entries is None:
            raise NotADirectoryError(20, "Not a directory", self._path)
        return (Resource(f"{self._path}/{entry.rstrip('/')}") for entry in sorted(entries))

    def read_bytes(self):
        if self._path not in _bundle:
            raise FileNotFoundError(2, "No such file or directory", self._path)
        return bytes(_bundle.read(self._path))

    def read_text(self, encoding=None, errors=None):
        with self.open(encoding=encoding, errors=errors) as file:
            return file.read()

    def is_dir(self):
        return _bundle.entries(self._path) is not None

    def is_file(self):
        return self._path in _bundle

    def joinpath(self, *parts):
        path = self._path
        for part in "/".join(str(part) for part in parts).split("/"):
            path = path.rpartition("/")[0] if part == ".." else path if part in ("", ".") else f"{path}/{part}"
        return Resource(path)

    def __truediv__(self, part):
        return self.joinpath(part)

    def open(self, mode="r", encoding=None, errors=None, **others):
        data = io.BytesIO(self.read_bytes())
        return data if "b" in mode else io.TextIOWrapper(data, encoding=encoding or "utf-8", errors=errors)

    def __str__(self):
        return self._path

    def __repr__(self):
        return f"Resource({self._path!r})"


@contextlib.contextmanager
def _as_file(resource):
    """The path of a resource: `open` and its like know the files of the bundle."""
    yield pathlib.Path(str(resource))


def lines_of(shown):
    """The lines of a file of the bundle that tracebacks show by this name, or that has this path; else None."""
    if _bundle is None:
        return None
    path = shown if shown in _bundle else _bundle.path_of(shown)
    if path is None or path.endswith(".pyc"):
        return None
    try:
        text = importlib.util.decode_source(bytes(_bundle.read(path)))
    except (SyntaxError, UnicodeDecodeError):
        text = bytes(_bundle.read(path)).decode("utf-8", "replace")
    return [line + "\n" for line in text.splitlines()]


_updatecache = linecache.updatecache


def _update(filename, module_globals=None):
    lines = lines_of(filename)
    if lines is None:
        # Asking the host for them would only be noted as a refusal.
        return [] if filename.startswith(gone) or filename.endswith(_SOURCES_OF_C) else _updatecache(filename, module_globals)
    linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)
    return lines


def _is_bundled(shown):
    return shown.startswith(gone) or (_bundle is not None and _bundle.path_of(shown) is not None)


def prepare():
    """Puts the finder in its place; once, when the component is made."""
    granted.is_bundled = _is_bundled
    sys.path_hooks.insert(0, path_hook)
    linecache.updatecache = _update
    importlib.resources.as_file.register(Resource, _as_file)
    hide_frames(BundleFinder.find_spec, BundleLoader.get_code, BundleLoader.source_to_code, source.compiled, *granted.FRAMES)


def hide_frames(*functions):
    """Makes functions a part of importlib for tracebacks, which leave its frames out and know them by this name."""
    for function in functions:
        function.__code__ = function.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")
