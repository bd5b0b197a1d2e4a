"""The event loop of asyncio: timers and sockets over one wait of the host's, without pipes, signals, threads and processes.

Start at `Loop`. It is the library's own loop of sockets, less what wakes it from outside: nothing outside can. What would run in a thread
runs when it is handed over.
"""

import asyncio
import asyncio.events
import asyncio.unix_events
import selectors

from _b8g import refusals


class _Selector(selectors.PollSelector):
    """Waits for sockets and timers; never for what cannot come."""

    def select(self, timeout=None):
        if timeout is None and not self._fd_to_key:
            raise RuntimeError(
                "the event loop waits for something that can never happen: there is no timer, no socket and no other task that could end the wait"
            )
        return super().select(timeout)


class Loop(asyncio.unix_events._UnixSelectorEventLoop):
    """The loop that `asyncio.run` and `asyncio.new_event_loop` make."""

    def __init__(self, selector=None):
        super().__init__(selector if selector is not None else _Selector())

    def _make_self_pipe(self):
        self._ssock = self._csock = None

    def _close_self_pipe(self):
        """There is none."""

    def _write_to_self(self):
        """There is nobody to wake: only the loop's own thread calls this."""

    def shift(self, seconds):
        """Puts off all timers: the clock went on while the loop stood still."""
        for handle in self._scheduled:
            handle._when += seconds

    def run_in_executor(self, executor, func, *args):
        self._check_closed()
        if executor is not None:
            return asyncio.wrap_future(executor.submit(func, *args), loop=self)
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            future.set_exception(error)
        return future

    def add_signal_handler(self, sig, callback, *args):
        raise NotImplementedError("signals do not reach a context: it is stopped from outside, by its limits or by whoever runs it")

    def remove_signal_handler(self, sig):
        raise NotImplementedError("signals do not reach a context")

    async def subprocess_shell(self, protocol_factory, cmd, **options):
        raise refusals.no_process(cmd)

    async def subprocess_exec(self, protocol_factory, *args, **options):
        raise refusals.no_process(args)


def prepare():
    """Makes the loop the one that asyncio makes; once, when the component is made."""
    for module in (asyncio, asyncio.unix_events):
        module.SelectorEventLoop = module.EventLoop = Loop
    policy = asyncio.unix_events._DefaultEventLoopPolicy
    policy._loop_factory = Loop
    asyncio.run(_sample(), loop_factory=_named)


def _named():
    """A loop whose tasks all have a name: those of programs are counted from 1."""
    loop = Loop()
    loop.set_task_factory(lambda loop, coroutine, **options: asyncio.Task(coroutine, loop=loop, **{"name": "sample", **options}))
    return loop


async def _sample():
    """Runs the loop once, so that what it makes at its first run is made."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(1):
        await asyncio.gather(asyncio.sleep(0), loop.run_in_executor(None, int))
