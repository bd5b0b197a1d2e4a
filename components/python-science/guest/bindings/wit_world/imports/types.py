"""The numbers of the ABI that the guest knows, and its errors."""

from enum import IntEnum


class Role(IntEnum):
    PROGRAM = 1
    ARGS = 2
    STDIN = 3
    STDOUT = 4
    STDERR = 5
    FILES = 6
    NET = 7
    ENV = 8
    CLOCK_REAL = 9
    CLOCK_MONO = 10
    RANDOM = 11
    PREOPEN = 12
    CHANNEL = 13
    STREAM = 14
    COMPILER = 15
    KEYS = 16
    SERVE = 17
    REQUEST = 18
    COMPUTE = 19


class State(IntEnum):
    DONE = 0
    WAITING = 1
    CHECKPOINT = 2


class EventKind(IntEnum):
    READY = 1
    EVAL = 2
    CANCEL = 3
    RESTORED = 4
    MAIN = 5
    CHECKPOINT = 6
    COMPACT = 7
    REQUEST = 8


_NAMES = "Bad_Handle Rights Type Argument Fault No_Memory Again Closed Canceled Timeout Not_Found Exists Limit Busy Io No_System"
# Below this an error is one of the host's system: its number, and this.
_OF_SYSTEM = -256


class _Error:
    def __repr__(self):
        return type(self).__name__


class Error_Host(_Error):
    def __init__(self, value):
        self.value = value


_errors = [type(f"Error_{name}", (_Error,), {}) for name in _NAMES.split()]
globals().update((error.__name__, error) for error in _errors)


def error(number):
    """The error that an operation's result stands for."""
    return _errors[-number - 1]() if -number <= len(_errors) else Error_Host(_OF_SYSTEM - number)
