"""The Python component: what runs when it is made, and the two functions that the engine calls.

Start at `Run`; what is read before it runs once, when the component is made, and is a part of it then. Nothing of a run is there yet: no
handles, no arguments, no environment.
"""

import os
import sys

from _b8g import foreign, tls

# What they stand in for, the library imports next.
tls.prepare()
foreign.prepare()

import b8g  # noqa: E402, F401 - for programs to find
from componentize_py_types import Err  # noqa: E402
from wit_world.exports import Run as Exported  # noqa: E402
from wit_world.imports.types import EventKind, State  # noqa: E402

from _b8g import bytecode, checkpoint, finder, host, program, randomness, session, warm  # noqa: E402
from _b8g.bundle import Bundle  # noqa: E402

tls.attach(host)

# What the engine takes for a failure of the component itself: not of the program, whose failure is an exit code.
_BROKEN = -15
# The answer to CANCEL of a context that ends.
_CANCELED = -9

# What the user's working directory is called inside.
_DIRECTORY = "/cwd"

_bundle = None
_pending = False


class _Ended(Exception):
    """The context was asked to end, and nothing runs."""


class Run(Exported):
    """What the component exports."""

    def start(self):
        return _answered(_start)

    def event(self, token, kind, handle, value):
        return _answered(_event, kind, handle, value)


def _answered(function, *arguments):
    try:
        return function(*arguments)
    except _Ended:
        raise Err(_CANCELED) from None
    except BaseException as error:  # The bindings take nothing but their own error.
        program.unwatch()
        sys.__excepthook__(type(error), error, error.__traceback__)
        raise Err(_BROKEN) from None


def _start():
    return begin(host.program())


def begin(data):
    """Takes a bundle, and runs its program if it is not for later."""
    global _bundle, _pending
    host.forget()
    sys.argv = list(sys.argv)
    _enter_directory()
    if data is None:
        checkpoint.passes = True
        sys.argv[:1] = [""]
        program.new_main()
        return State.DONE
    _bundle = Bundle(data)
    finder.install(_bundle)
    if _bundle.run is None:
        checkpoint.passes = True
        sys.argv[:1] = [_bundle.argv0]
        program.new_main()
        return State.DONE
    if "compile" in _bundle.run:
        sys.stdout.buffer.write(bytecode.compiled(_bundle))
        sys.stdout.flush()
        return State.DONE
    if _bundle.when == "later":
        _pending = True
        program.ready(_bundle)
        return State.DONE
    if _bundle.when == "cells":
        checkpoint.passes = True
        program.begin(_bundle)
        return State.DONE
    return _run()


def _enter_directory():
    """Goes to the user's working directory. Without a grant of anything in it there is none, and paths begin at the root."""
    try:
        os.chdir(_DIRECTORY)
    except OSError:
        pass


def _run():
    global _pending
    _pending = False
    return _left(program.run(_bundle))


def _left(code):
    """What is answered when a program has run: it waits at a checkpoint, or ends with this code."""
    if code is None:
        return State.CHECKPOINT
    if code & 0xFF:
        host.exit(code)
    return State.DONE


def _event(kind, handle, value):
    if kind is EventKind.EVAL:
        answer = session.answer(host.read_all(handle))
        host.write_all(value, answer)
        return State.DONE
    if kind is EventKind.RESTORED:
        host.forget()
        randomness.renew()
        # What the C library has read at its start was for the context that was frozen.
        sys.argv[:] = sys.argv[:1] or [""]
        sys.argv += host.arguments()[1:]
        environment = host.environment()
        # Of a mapping that is empty even the clearing takes time.
        if os.environ:
            os.environ.clear()
        if environment:
            os.environ.update(environment)
        return _left(program.go_on(True, value)) if checkpoint.waits() else State.DONE
    if kind is EventKind.CHECKPOINT and checkpoint.waits():
        return _left(program.go_on(False, None))
    if kind is EventKind.CANCEL:
        raise _Ended
    if kind is EventKind.MAIN:
        if value == 0:
            return State.WAITING if _pending else State.DONE
        if _pending:
            return _run()
    return State.DONE


FAILED = warm.make()
