"""Runs a program as `__main__`, and ends as python3 does: its exit codes, its tracebacks, its last flush.

Start at `run`. The frames of the guest never show in a traceback. What a program leaves open is closed when it ends.
"""

import ast
import atexit
import builtins
import gc
import importlib
import runpy
import sys
import types

from _b8g import checkpoint, finder, streams

# What python3 is called in messages that name it.
_EXECUTABLE = "python3"
_FAILED, _INTERRUPTED, _UNFLUSHED = 1, 130, 120
# Larger exit codes are -1 to python3, where a long has 64 bits.
_EXIT_MAX = 1 << 63
# So many tools `sys.monitoring` knows.
_TOOLS = 6

# The module `__main__` of the program.
_main = None


def new_main():
    """A fresh module `__main__`."""
    main = types.ModuleType("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    return main


def run(bundle):
    """Runs what the bundle says, and gives the exit code, or None if it waits at a checkpoint."""
    global _main
    sys.argv[:1] = [bundle.argv0]
    _main = new_main()
    return _left(guarded(_enter, bundle, _main))


def go_on(restored, copy):
    """Lets a program go on that waits at a checkpoint; gives what `run` does."""
    return _left(guarded(checkpoint.go_on, restored, copy))


def _left(code):
    return None if checkpoint.waits() else finish(_main, code)


def begin(bundle):
    """Runs what the bundle says as `python3 -i` does: whatever becomes of it, what it has defined is there for cells."""
    sys.argv[:1] = [bundle.argv0]
    guarded(_enter, bundle, new_main())
    while checkpoint.waits():
        guarded(checkpoint.go_on, False, None)
    streams.flush(sys.stdout)
    streams.flush(sys.stderr)


def _enter(bundle, main):
    what = bundle.run
    if "module" in what:
        _run_module(what["module"], main)
        return
    path = what.get("file") or what["stdin"]
    if "file" in what:
        main.__file__ = path
        main.__cached__ = None
    loader = finder.BundleLoader("__main__", path)
    main.__loader__ = loader
    checkpoint.enter(loader.get_code("__main__"), main)


def ready(bundle):
    """Imports what the program will import, as far as its text tells, so that an image holds it: nothing of the program itself runs."""
    what = bundle.run
    path = what.get("file") or what.get("stdin")
    if path is None:
        return
    try:
        tree = ast.parse(bundle.read(path))
    except (SyntaxError, ValueError):
        return  # It is reported when the program runs.
    for statement in tree.body:
        names = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            names = [statement.module]
        for name in names:
            try:
                importlib.import_module(name)
            except Exception:
                return  # So the program will find it: what comes later may need what failed.


def _run_module(name, main):
    """Runs `-m name` by the rules of runpy."""
    finder.mains.update((name, name + ".__main__"))
    try:
        name, spec, code = runpy._get_main_module_details() if name == "" else runpy._get_module_details(name, _NoModule)
    except _NoModule as error:
        print(f"{_EXECUTABLE}: {error}", file=sys.stderr)
        raise SystemExit(_FAILED) from None
    sys.argv[:1] = [spec.origin]
    main.__file__ = spec.origin
    main.__cached__ = None
    main.__loader__ = spec.loader
    main.__package__ = spec.parent
    main.__spec__ = spec
    checkpoint.enter(code, main)


class _NoModule(ImportError):
    """What runpy raises when there is nothing to run."""


def guarded(function, *arguments):
    """Calls a function, reports what it raises as python3 does, and gives the exit code."""
    try:
        function(*arguments)
    except:  # noqa: E722 - of the built-in names there may be none any more.
        _complete()
        error = sys.exception()
        return exit_code(error) if isinstance(error, SystemExit) else report(error)
    _complete()
    return 0


def _complete(own=builtins.__dict__, names=dict(builtins.__dict__)):
    """Gives the built-in names back that the program has removed: the guest ends it in Python, with the same ones."""
    for name in names:
        own.setdefault(name, names[name])


def unwatch():
    """Ends all tracing that the program began: what it would call is the guest's, and the program's own names go."""
    sys.settrace(None)
    sys.setprofile(None)
    for tool in range(_TOOLS):
        sys.monitoring.free_tool_id(tool)


def exit_code(error):
    """The exit code that a SystemExit asks for; a text is written to stderr."""
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code) if -_EXIT_MAX <= code < _EXIT_MAX else -1
    streams.flush(sys.stdout)
    try:
        print(code, file=sys.stderr)
    except Exception:  # An object whose text cannot be made, or a stderr that is none any more.
        pass
    return _FAILED


def report(error):
    """Shows an uncaught error through `sys.excepthook`, and gives the exit code."""
    trim(error)
    streams.flush(sys.stdout)
    hook = getattr(sys, "excepthook", None)
    try:
        if hook is None:
            print("sys.excepthook is missing", file=sys.stderr)
            hook = sys.__excepthook__
        hook(type(error), error, error.__traceback__)
    except SystemExit as left:
        return exit_code(left)
    except BaseException as broken:
        trim(broken)
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(broken), broken, broken.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, error.__traceback__)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else _FAILED


def trim(error):
    """Takes the guest's own frames out of an error's traceback, and of those that led to it."""
    pending, seen = [error], set()
    while pending:
        error = pending.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        error.__traceback__ = _without_own(error.__traceback__)
        pending += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]


def _without_own(step):
    while step is not None and is_own(step.tb_frame.f_code):
        step = step.tb_next
    first = step
    while step is not None:
        while step.tb_next is not None and is_own(step.tb_next.tb_frame.f_code):
            step.tb_next = step.tb_next.tb_next
        step = step.tb_next
    return first


def is_own(code):
    """Whether code is the guest's, or that of importlib and runpy on the way to the program."""
    name = code.co_filename
    return name.startswith(("/0/", "<frozen importlib", "<frozen runpy"))


def finish(main, code):
    """Ends a program: threads' and `atexit` functions, what is left in `__main__`, the last flush."""
    unwatch()
    code = _at_exit(code)
    _empty(main)
    if not streams.flush(sys.stdout) and code == 0:
        code = _UNFLUSHED
    streams.flush(sys.stderr)
    return code


def _at_exit(code):
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    return code


def _empty(main):
    """Lets go of the program's objects, so that files are flushed and `__del__` runs, in the order of python3's end."""
    names = main.__dict__
    for name in [name for name in names if name.startswith("_") and not name.startswith("__")]:
        names[name] = None
    for name in [name for name in names if not name.startswith("__")]:
        names[name] = None
    gc.collect()
