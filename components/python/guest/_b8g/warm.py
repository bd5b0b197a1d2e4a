"""What is done once, when the component is made, so that no run does it.

Start at `make`. It ends with the interpreter as a program finds it at its start; samples of what programs do first have filled the
caches of the interpreter by then.
"""

import ast
import atexit
import builtins
import encodings
import gc
import importlib
import io
import json
import linecache
import logging
import os
import pkgutil
import re
import sys
import traceback
import warnings
import weakref

from _b8g import derivation, executors, files, finder, lasting, loop, metadata, refusals, room, session, shelf, streams, zones

# So often code runs before the interpreter has written down what it does.
_OFTEN = 20

def make():
    """Imports, warms and puts away; gives what could not be imported and why."""
    sys.dont_write_bytecode = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        failed = shelf.fill()
        _encodings()
        shelf.keep_code()
    refusals.prepare()
    executors.prepare()
    loop.prepare()
    zones.prepare()
    derivation.prepare()
    finder.prepare()
    files.prepare()
    metadata.prepare()
    streams.renew()
    _samples()
    _forget_build()
    return failed


class Arguments(list):
    """`sys.argv` while the component is made. The last thing that componentize-py does is to empty it: then all that it needs was imported,
    and what a run shall not find can be put away."""

    def __delitem__(self, at):
        super().__delitem__(at)
        shelf.put_away()
        gc.collect()
        lasting.keep()
        room.make()
        gc.freeze()


def _end_logging():
    """Flushes what logging holds, for a program that logs."""
    if "logging" in sys.modules:
        logging.shutdown()


def _encodings():
    """Every codec: none could be read later."""
    for module in pkgutil.iter_modules(encodings.__path__, "encodings."):
        try:
            importlib.import_module(module.name)
        except ImportError:
            continue  # Those of other systems.


def _samples():
    """Small programs, run once, so that the first run of such a program finds everything made."""
    json.loads(json.dumps({"a": [1, 2.5, None, "é"]}, indent=1))
    re.compile(r"(\w+)\s*=\s*(\d+)").sub(r"\2", "a = 1")
    ast.parse("def f(x): return [y async for y in x]")
    names = {"__name__": "sample"}
    exec(compile("import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 1\nrepr(A())", "<sample>", "exec"), names)
    for _ in range(_OFTEN):
        session.answer(b"e<sample>\0a = 6\na * 7")
        session.answer(b"e<sample>\x006 * 7")
    try:
        exec(compile("def f():\n    return 1 / 0\nf()", "<sample>", "exec"), {})
    except ZeroDivisionError as error:
        traceback.print_exception(error, file=io.StringIO())
        "".join(traceback.format_exception(error))


def _forget_build():
    """Takes back what belongs to the making and not to a run."""
    linecache.clearcache()
    atexit._clear()
    atexit.register(_end_logging)
    weakref.finalize._registry.clear()
    weakref.finalize._registered_with_atexit = False
    sys.executable = ""
    sys.argv = Arguments([""])
    sys.warnoptions[:] = []
    os.environ.clear()
    # What a sample's value was.
    del builtins._
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
