"""Programs that are frozen in the middle: they await `checkpoint()` of the module `b8g`, and go on from there in each copy.

Start at `enter` and `go_on`. What is frozen is memory, so nothing of the program may be on the machine's stack then. A program that names
`checkpoint` is therefore run by a loop that can be left and entered again: it may await at its top level, and what it hands to
`asyncio.run` there runs in the same loop. All other programs run as they do without this module.
"""

import ast
import asyncio
import inspect
from typing import NamedTuple

from _b8g import source

# By this name the program calls what runs for `asyncio.run`.
_RUN = "__b8g_run__"
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
# What has names of its own, and may be called from anywhere.
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# What runs the program, if it is one that can be frozen.
_running = None
# Whether nobody freezes what runs: cells, and what comes before them.
passes = False


class Checkpoint(NamedTuple):
    """What `checkpoint()` gives."""

    # True in a program that goes on from an image, False in the one that was frozen, or where nothing is frozen.
    restored: bool
    # The number of this copy among those that go on together, from 0; None in the program that was frozen.
    copy: int | None


async def checkpoint():
    """A moment at which the program can be frozen. `b8g snapshot` writes an image here, and the program goes on; so does, from here, each copy that
    `b8g resume` starts from the image. Randomness, clocks, arguments and what is granted are new then; files and connections are closed."""
    if _running is not None and _running.loop is asyncio.get_running_loop():
        return await _running.hold()
    if passes:
        return Checkpoint(False, None)
    raise RuntimeError("checkpoint() is awaited at the top level of the program, or in what asyncio.run runs that is called there")


def is_named(data):
    """Whether a program may await a checkpoint, by its text."""
    return b"checkpoint" in data and b"b8g" in data


def compiled(data, shown):
    """The code of such a program, for `enter`."""
    tree = _Runs().visit(source.compiled(data, shown, ast.PyCF_ONLY_AST | _FLAGS))
    return source.compiled(ast.fix_missing_locations(tree), shown, _FLAGS)


def enter(code, main):
    """Runs a program, until it ends or waits at a checkpoint."""
    global _running
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, main.__dict__)
        return
    main.__dict__[_RUN] = _run
    _running = _Running(eval(code, main.__dict__))
    _running.go_on()


def waits():
    """Whether the program waits at a checkpoint."""
    return _running is not None and bool(_running.held)


def go_on(restored, copy):
    """Lets the program go on, until it ends or waits at a checkpoint again."""
    _running.answer(Checkpoint(restored, copy))
    _running.go_on()


class _Runs(ast.NodeTransformer):
    """Lets the program await what it hands to `asyncio.run` at its top level."""

    def __init__(self):
        self._names = set()

    def visit(self, node):
        return node if isinstance(node, _SCOPES) else super().visit(node)

    def visit_ImportFrom(self, node):
        if node.module == "asyncio" and not node.level:
            self._names.update(alias.asname or alias.name for alias in node.names if alias.name == "run")
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        match node.func:
            case ast.Name(name) if name in self._names:
                pass
            case ast.Attribute(ast.Name("asyncio"), "run"):
                pass
            case _:
                return node
        call = ast.Call(ast.Name(_RUN, ast.Load()), [node.func, *node.args], node.keywords)
        return ast.copy_location(ast.Await(ast.copy_location(call, node)), node)


async def _run(function, *arguments, **named):
    """What `asyncio.run` does, within the loop that runs already."""
    if function is not asyncio.run or len(arguments) != 1 or named.keys() - {"debug"}:
        return function(*arguments, **named)
    if not asyncio.iscoroutine(arguments[0]):
        raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")
    running = _running
    task = running.loop.create_task(*arguments)
    try:
        return await task
    except asyncio.CancelledError:
        leaves, running.leaves = running.leaves, None
        if leaves is None:
            raise
        raise leaves from None
    finally:
        await _end_others()


async def _end_others():
    """Ends what a program has started and not awaited, as `asyncio.run` does at its end."""
    loop = asyncio.get_running_loop()
    others = asyncio.all_tasks() - {asyncio.current_task(), _running.task}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in others:
        if not task.cancelled() and task.exception() is not None:
            told = {"message": "unhandled exception during asyncio.run() shutdown", "exception": task.exception(), "task": task}
            loop.call_exception_handler(told)
    await loop.shutdown_asyncgens()


class _Running:
    """A program, its loop, and who waits at a checkpoint."""

    def __init__(self, program):
        self.loop = asyncio.new_event_loop()
        self.task = self.loop.create_task(program, name="program")
        self.task.add_done_callback(lambda task: self.loop.stop())
        # Futures, each of a call of `checkpoint`.
        self.held = []
        # What left the loop in the middle: SystemExit, or a wait for what cannot come.
        self.leaves = None
        self._since = 0

    def hold(self):
        future = self.loop.create_future()
        self.held.append(future)
        self.loop.stop()
        return future

    def answer(self, here):
        if here.restored:
            self.loop.shift(self.loop.time() - self._since)
        held, self.held = self.held, []
        for future in held:
            if not future.done():
                future.set_result(here)

    def go_on(self):
        """Runs the loop; raises what the program raises. Nothing of it is on the stack when it returns."""
        global _running
        asyncio.set_event_loop(self.loop)
        while not self.task.done():
            try:
                self.loop.run_forever()
            except BaseException as error:
                if self.task.done():
                    break
                self.leaves = error
                self.task.cancel()
            if self.held and not self.task.done():
                self._since = self.loop.time()
                return
        self.held = []
        try:
            self.loop.run_until_complete(_end_others())
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()
            _running = None
        if self.leaves is not None and self.task.cancelled():
            raise self.leaves
        self.task.result()
