"""What a context cannot do: each attempt says so, and what to do instead.

Start at `prepare`. Modules that speak of threads, processes and libraries can all be imported; only the attempt is refused.
"""

import _thread
import errno
import multiprocessing.process
import operator
import os
import posix
import signal
import subprocess
import sys
import threading

from _b8g import host

_THREAD = "threads cannot be started here: a context runs one thing at a time; use asyncio, or concurrent.futures, whose work is done when it is submitted"
_PROCESS = "processes cannot be started here: a context has no other programs; what they would do must be done in Python, or granted from outside"


def prepare():
    """Puts the refusals in their places; once, when the component is made."""
    _thread.start_new_thread = _thread.start_new = _no_thread
    _thread.start_joinable_thread = _no_thread
    threading._start_joinable_thread = _no_thread
    threading._start_new_thread = _no_thread
    subprocess.Popen._get_handles = _no_handles
    subprocess.Popen._execute_child = _no_child
    subprocess._can_fork_exec = True
    for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "execv", "execve", "spawnv", "spawnve", "system", "popen"):
        refusal = _refusal(name)
        setattr(os, name, refusal)
    os.execl = os.execle = os.execlp = os.execlpe = os.execvp = os.execvpe = _refusal("exec")
    threading.Condition.wait = _wait
    multiprocessing.process.BaseProcess.start = _no_worker
    signal.set_wakeup_fd = _no_wakeup
    posix._exit = os._exit = _exit
    os.cpu_count = os.process_cpu_count = lambda: 1
    os.get_terminal_size = _no_terminal
    os.umask = lambda mask: 0o022


def _no_thread(*arguments, **named):
    raise RuntimeError(_THREAD)


def no_process(command=None):
    """The error for who starts a process."""
    if command is None or isinstance(command, (str, bytes)):
        return PermissionError(errno.EPERM, _PROCESS, command)
    return PermissionError(errno.EPERM, _PROCESS, " ".join(map(str, command)))


def _no_handles(self, *streams):
    """Before pipes are made for it, which there are none of."""
    raise no_process(self.args)


def _no_child(self, args, *others, **named):
    raise no_process(args)


_condition_wait = threading.Condition.wait


def _wait(self, timeout=None):
    if timeout is None:
        raise RuntimeError("this waits for another thread, and there is none: it would wait for ever")
    return _condition_wait(self, timeout)


def _no_worker(self):
    raise no_process()


def _no_terminal(fd=1):
    raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))


def _exit(status):
    """Exits at once: nothing runs, nothing is flushed."""
    host.exit(operator.index(status))


def _refusal(name):
    def refused(*arguments, **named):
        raise no_process()

    refused.__name__ = refused.__qualname__ = name
    return refused


def _no_wakeup(fd, *, warn_on_full_buffer=True):
    return -1
