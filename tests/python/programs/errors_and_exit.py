"""Errors of every kind, caught and told; ends with an exit code of its own."""
import atexit
import contextlib
import io
import logging
import sys
import traceback
import warnings


def check(function, *arguments):
    try:
        print("fine:", function(*arguments))
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


check(int, "12x")
check(lambda: {}["missing"])
check(lambda: [][0])
check(lambda: None.upper())
check(lambda: 1 / 0)
check(lambda: "a" + 1)
check(bytes.fromhex, "zz")
check(next, iter([]))
check(lambda: int("9" * 5000))


class AppError(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


try:
    try:
        raise KeyError("inner")
    except KeyError as inner:
        raise AppError(7) from inner
except AppError as error:
    text = io.StringIO()
    traceback.print_exc(file=text)
    print("direct cause" in text.getvalue(), error.code, repr(error.__cause__))
try:
    raise ExceptionGroup("several", [ValueError("a"), TypeError("b")])
except* ValueError as group:
    print("values", group.exceptions)
except* TypeError as group:
    print("types", group.exceptions)


def deep(n):
    return deep(n + 1)


try:
    deep(0)
except RecursionError:
    print("too deep")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("old", DeprecationWarning)
    print(caught[0].category.__name__, caught[0].message)
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(name)s %(message)s", level=logging.INFO)
logging.getLogger("app").info("ready %d", 5)
logging.getLogger("app").debug("not shown")
with contextlib.redirect_stdout(io.StringIO()) as hidden:
    print("hidden")
print(len(hidden.getvalue()))
atexit.register(print, "last words")
sys.exit(3)
