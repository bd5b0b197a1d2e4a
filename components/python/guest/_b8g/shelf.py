"""The standard library: imported when the component is made, and out of the way until a program imports it.

Start at `fill`. What was imported then is taken out of `sys.modules` and kept here, so that a program's `sys.modules` holds what
python3's does at its start, a file of the program comes before a module of the standard library, and no page of a module
is written before the module is used. An import takes the module from the shelf as it is: no code runs, and it is the same object each
time. A module stays on the shelf when it is taken.
"""

import importlib
import importlib.util
import marshal
import pkgutil
import sys
from importlib._bootstrap import ModuleSpec

from _b8g import finder

# Where the standard library lay when the component was made; the last entry of `sys.path`, found here and nowhere else.
ROOT = "/python"
# What python3 -I has imported when a program starts, and what the library looks for in `sys.modules` whoever has imported it.
_AT_START = frozenset(
    "_py_warnings warnings __main__ _abc _codecs _collections_abc _frozen_importlib _frozen_importlib_external _imp _io _sitebuiltins _signal _stat _thread "
    "_warnings _weakref abc builtins codecs encodings encodings.aliases encodings.utf_8 genericpath io marshal os os.path posix "
    "posixpath site stat sys time zipimport".split()
)
# Of those, what is never imported anew. A program that takes another one out of `sys.modules` gets it back from here.
_FIXED = frozenset("__main__ _frozen_importlib _frozen_importlib_external _imp builtins sys".split())
# Never imported here: they print, open windows, or are tools for the making of others.
_SKIPPED = frozenset(
    "__main__ _android_support _apple_support _ios_support antigravity idlelib this turtledemo turtle lib2to3 test nt msvcrt winreg winsound _winapi _wmi _overlapped".split()
)
# Built in here, and extensions elsewhere, where a file of the program by that name comes first.
_EXTENSIONS = frozenset(
    "_asyncio _bisect _blake2 _csv _datetime _decimal _elementtree _heapq _json _lsprof _md5 _opcode _pickle _queue _random _sha1 _sha2 "
    "_sha3 _socket _sqlite3 _statistics _struct _zoneinfo array binascii cmath math pyexpat select unicodedata zlib".split()
)
# What people run with `python3 -m`.
_COMMANDS = (
    "ast base64 calendar cProfile difflib dis doctest gzip http.server inspect json.__main__ json.tool platform pprint profile quopri "
    "random sqlite3.__main__ sysconfig tabnanny tarfile textwrap timeit tokenize trace unittest.__main__ uuid zipfile.__main__".split()
)
# What of the guest programs find.
_OF_ENGINE = ("b8g",)
# Where numpy and pandas are.
_SCIENCE = "is not a part of this Python: b8g component add python-science brings it, and --component python-science uses that"
# Why a module is absent.
ABSENT = {
    "bz2": "bz2 is not a part of this Python: it needs a C library; use zlib or gzip",
    "lzma": "lzma is not a part of this Python: it needs a C library; use zlib or gzip",
    "compression.zstd": "compression.zstd is not a part of this Python: it needs a C library; use zlib or gzip",
    "mmap": "mmap is not a part of this Python: files are read and written, never mapped; use open()",
    "fcntl": "fcntl is not a part of this Python: WASI has no such calls",
    "termios": "termios is not a part of this Python: there are no terminals",
    "tty": "tty is not a part of this Python: there are no terminals",
    "pty": "pty is not a part of this Python: there are no terminals",
    "readline": "readline is not a part of this Python: input() reads lines as they come",
    "curses": "curses is not a part of this Python: there are no terminals",
    "tkinter": "tkinter is not a part of this Python: there are no windows",
    "turtle": "turtle is not a part of this Python: there are no windows",
    "idlelib": "idlelib is not a part of this Python: there are no windows",
    "pwd": "pwd is not a part of this Python: there are no users",
    "grp": "grp is not a part of this Python: there are no groups",
    "resource": "resource is not a part of this Python: limits are set from outside, with flags such as --memory and --timeout",
    "syslog": "syslog is not a part of this Python: there is no system log; use logging",
    "dbm.gnu": "dbm.gnu is not a part of this Python: it needs a C library; use sqlite3 or dbm.sqlite3",
    "numpy": f"numpy {_SCIENCE}",
    "pandas": f"pandas {_SCIENCE}",
    "dbm.ndbm": "dbm.ndbm is not a part of this Python: it needs a C library; use sqlite3 or dbm.sqlite3",
}

_modules = {}
# The names of those that are built in or frozen: `importlib` would make them anew instead of looking here.
_first = set()
# What is imported along with a module that is no package, by that module's name: `xml.parsers.expat.errors`.
_along = {}
# The guest's own modules, which no program shall find: a program may have an `app` too.
_own = []
# The code of the modules that `python3 -m` runs, each made to bytes.
_code = {}


class Loader:
    """Gives a module from the shelf. There is nothing to run: it ran when the component was made."""

    @staticmethod
    def create_module(spec):
        return _modules[spec.name]

    @staticmethod
    def exec_module(module):
        """Almost nothing: also `importlib.reload` of such a module does nothing."""
        for name in _along.get(module.__name__, ()):
            sys.modules.setdefault(name, _modules[name])

    @staticmethod
    def is_package(fullname):
        return hasattr(_modules[fullname], "__path__")

    @staticmethod
    def get_source(fullname):
        return None

    @staticmethod
    def get_code(fullname):
        code = _code.get(fullname)
        return marshal.loads(code) if code is not None else None


class Alias(Loader):
    """Gives a module by another name than its own."""

    def __init__(self, own):
        self._own = own

    def exec_module(self, module):
        module.__spec__ = self._own
        Loader.exec_module(module)


class First:
    """Finds built-in and frozen modules, before `importlib` does: the same objects that the rest of the library uses."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        if fullname not in _first:
            return None
        if fullname in _EXTENSIONS:
            for entry in sys.path:
                if entry == ROOT:
                    break
                try:
                    spec = finder.path_hook(entry).find_spec(fullname)
                except ImportError:
                    continue
                if spec is not None and spec.loader is not None:
                    return spec
        return Finder.find_spec(fullname)


class Finder:
    """Finds what lies on the shelf, for the directory of the standard library and those below it."""

    @staticmethod
    def find_spec(fullname, target=None):
        module = _modules.get(fullname)
        if module is not None:
            spec = module.__spec__
            is_own = spec is not None and spec.name == fullname and spec.loader is Loader
            return spec if is_own else ModuleSpec(fullname, Alias(spec))
        if fullname in ABSENT and _is_import() and not finder.has(fullname):
            raise ModuleNotFoundError(ABSENT[fullname], name=fullname)
        return None

    @staticmethod
    def invalidate_caches():
        """There is nothing to forget."""

    @staticmethod
    def iter_modules(prefix=""):
        """What `pkgutil.iter_modules` tells of the whole library."""
        return _listed("", prefix)


class Directory(Finder):
    """The same for the directory of a package."""

    def __init__(self, package):
        self._package = package

    def iter_modules(self, prefix=""):
        return _listed(self._package + ".", prefix)


def _listed(above, prefix):
    for full in sorted(_modules):
        name = full.removeprefix(above)
        if full.startswith(above) and "." not in name and not name.startswith("_"):
            yield prefix + name, "__path__" in vars(_modules[full])


def _is_import():
    """Whether a module is looked for in order to import it: who only asks whether it is there wants no error."""
    frame = sys._getframe(1)
    for _ in range(8):
        if frame is None:
            return False
        if frame.f_code.co_name == "_find_and_load_unlocked":
            return True
        frame = frame.f_back
    return False


def path_hook(path):
    """The finder of the standard library's directory."""
    if path == ROOT or path.startswith(ROOT + "/"):
        return Finder
    raise ImportError("no directory of the standard library", path=path)


def fill():
    """Imports the standard library, and tells what of it could not be imported."""
    failed = {}
    for name in sorted(sys.stdlib_module_names - _SKIPPED):
        _import(name, failed)
    packages = [module for name, module in list(sys.modules.items()) if name in sys.stdlib_module_names and hasattr(module, "__path__")]
    for package in packages:
        _import_below(package, failed)
    return failed


def _import(name, failed):
    try:
        importlib.import_module(name)
    except BaseException as error:  # Modules of other systems fail in many ways.
        failed[name] = f"{type(error).__name__}: {error}"


def _import_below(package, failed):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        last = module.name.rpartition(".")[2]
        if last in ("__main__", "test", "tests", "_test", "windows_events", "windows_utils", "popen_spawn_win32") or module.name in _SKIPPED:
            continue
        _import(module.name, failed)
        if module.ispkg and module.name in sys.modules:
            _import_below(sys.modules[module.name], failed)


def keep_code():
    """Keeps the code of what is run with `-m`; the files are gone later."""
    for name in _COMMANDS:
        spec = importlib.util.find_spec(name)
        if spec is not None:
            _code[name] = marshal.dumps(spec.loader.get_code(name))
            if name not in sys.modules:
                sys.modules[name] = importlib.util.module_from_spec(spec)


def put_away(packages=()):
    """Takes the library and these packages out of `sys.modules`, but for what python3 starts with."""
    kept = sys.stdlib_module_names.union(packages, _OF_ENGINE)
    for name, module in list(sys.modules.items()):
        if module is None or name in _FIXED:
            continue
        if name not in _AT_START:
            del sys.modules[name]
            if name.partition(".")[0] not in kept:
                _own.append(module)
                continue
        _modules[name] = module
        # Modules that make their names when they are asked for them may fail at that.
        spec = vars(module).get("__spec__")
        if spec is not None:
            if spec.origin in ("built-in", "frozen"):
                _first.add(name)
            if name not in _AT_START:
                spec.loader = Loader
                module.__loader__ = Loader
    for name in _modules:
        above = _modules.get(name.rpartition(".")[0])
        if above is not None and "__path__" not in vars(above):
            _along.setdefault(above.__name__, []).append(name)
    sys.path[:] = [ROOT]
    sys.meta_path.insert(0, First)
    sys.path_hooks.insert(0, path_hook)
    sys.path_importer_cache.clear()
    for module in list(_modules.values()):
        for directory in vars(module).get("__path__", ()):
            sys.path_importer_cache[directory] = Directory(module.__name__)
    sys.path_importer_cache[ROOT] = Finder
    finder.hide_frames(First.find_spec, Finder.find_spec)


def bring(modules):
    """Says which modules the import of a package brings: code of others counts on finding them in `sys.modules`."""
    for package, names in modules.items():
        _along[package] = [name for name in names if name in _modules and name != package]
