"""What the module runs once, when the component is made ready: the guest of the Python component, with numpy and pandas on the shelf.

Start at the end of this file. The guest is that of `../python/guest`; what componentize-py makes for it there is `bindings` here. Files are read
now and never later: the directory of the guest is `/0`, the library an archive that the interpreter knows.
"""

import sys

sys.dont_write_bytecode = True
sys.path[:0] = ["/0", "/0/bindings"]

import collections  # noqa: E402
import errno  # noqa: E402
import gc  # noqa: E402
import importlib  # noqa: E402
import pkgutil  # noqa: E402
import socket  # noqa: E402
import traceback  # noqa: E402
import warnings  # noqa: E402

from _b8g import finder, foreign, randomness, shelf  # noqa: E402

# What is there beside the standard library, and what of that each needs.
PACKAGES = {"numpy": (), "six": (), "dateutil": ("six",), "tzdata": (), "pandas": ("numpy", "dateutil", "six", "tzdata")}
# What is known of them, by the names that pip has for them.
DISTRIBUTIONS = ("numpy", "pandas", "python-dateutil", "six", "tzdata")
# What people may expect here too, and is not.
ABSENT = ("scipy", "matplotlib", "sklearn", "statsmodels", "lxml", "PIL", "pyarrow", "numba", "polars")
# Flags of the interpreter that are set in this module, and in no python3 that a program knows: that is told with every missing module.
FLAGS = {"isolated": 0, "no_site": 0, "no_user_site": 0, "ignore_environment": 0, "safe_path": False}
# The archive of the library, which is gone when a program runs.
LIBRARY = "/usr/local/lib/python315.zip/"
# What of them no program uses: tests, and tools for making extensions.
_SKIPPED = frozenset("tests test testing conftest setup __main__ f2py distutils _pytesttester".split())
# The engine's number for the start, which is no event.
_START = -1


def _import():
    """Imports the packages with all that is in them; gives which modules an import of each brings, and perhaps some of the library's more."""
    brought = {}
    for package, needed in PACKAGES.items():
        importlib.import_module(package)
        others = PACKAGES.keys() - {package, *needed}
        brought[package] = [name for name in sys.modules if name.partition(".")[0] not in others]
    for package in PACKAGES:
        _import_below(sys.modules[package])
    return brought


def _import_below(package):
    for module in pkgutil.iter_modules(package.__path__ if hasattr(package, "__path__") else (), package.__name__ + "."):
        if module.name.rpartition(".")[2] in _SKIPPED:
            continue
        try:
            imported = importlib.import_module(module.name)
        except Exception:
            continue  # It needs what is not there, or another system.
        _import_below(imported)


def _flags():
    """`sys.flags` with those values: nobody can make one of that type."""
    names = sys.flags.__match_args__
    # Those that came lately are attributes, and no elements.
    others = {name: getattr(sys.flags, name) for name in dir(sys.flags) if name not in (*names, *dir(tuple)) and not name.startswith("n_")}
    kind = type("flags", (collections.namedtuple("flags", names),), {"__slots__": (), "__module__": "sys", **others})
    return kind(**{name: FLAGS.get(name, getattr(sys.flags, name)) for name in names})


def _no_network(*arguments, **named):
    raise PermissionError(errno.EPERM, "this component has no network: what needs it runs in the component python")


def _enter():
    """What `b8g_start` and `b8g_event` run. A start is as after RESTORED: what was drawn and read before is from the making."""
    token, value, kind, handle = raw.happened()
    try:
        if kind == _START:
            run.event(0, EventKind.RESTORED, 0, 0)
            state = run.start()
        else:
            state = run.event(token, EventKind(kind), handle, value)
    except Err as error:
        state = error.value
    raw.answer(state)


# The interpreter brings its own `ctypes`, which the packages know.
foreign.prepare = lambda: None
finder.gone += (LIBRARY,)
# Its C library has no sockets to connect, and no names to ask for.
socket.socket.__init__ = socket.getaddrinfo = socket.gethostbyname = _no_network
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    brought = _import()

import app  # noqa: E402
import distributions  # noqa: E402
import numpy.random  # noqa: E402
from componentize_py_types import Err  # noqa: E402
from wit_world.imports import raw  # noqa: E402
from wit_world.imports.types import EventKind  # noqa: E402

run = app.Run()
sys._b8g_enter = _enter
randomness.also.append(numpy.random.seed)
shelf.ABSENT |= {name: f"{name} is not a part of this component, which has numpy and pandas" for name in ABSENT}
distributions.prepare(DISTRIBUTIONS)
sys.flags = _flags()
# It looks for extensions of other systems in the directories of `sys.path`.
traceback._find_incompatible_extension_module = lambda name: None
shelf.put_away(PACKAGES)
shelf.bring(brought)
gc.collect()
gc.freeze()
