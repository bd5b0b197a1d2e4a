"""Cells: texts that are evaluated one after the other in one `__main__`.

Start at `evaluate`. A cell that fails leaves the session usable, with all that it had changed. The answer's form is in docs/abi.md.
"""

import ast
import asyncio
import base64
import builtins
import inspect
import json
import linecache
import sys
import traceback

from _b8g import complete, program, streams

_OK, _ERROR, _RICH = b"\x00", b"\x01", b"\x02"
_PLAIN = (int, str, float, bool, list, dict, tuple, bytes, set)
_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False)
_NO_JSON = b"\xff\xff\xff\xff"
_RICH_FORMS = {
    "html": ("_repr_html_", "text/html"),
    "png": ("_repr_png_", "image/png"),
    "svg": ("_repr_svg_", "image/svg+xml"),
    "markdown": ("_repr_markdown_", "text/markdown"),
}

_loop = None


def answer(request):
    """The bytes of the answer to the bytes of a cell."""
    what, rest = request[:1], request[1:]
    name, _, text = rest.partition(b"\x00")
    name = name.decode("utf-8", "replace") or "<cell>"
    try:
        text = text.decode("utf-8")
        if what == b"c":
            return _plain(complete.names(text, _names()), "")
        return evaluate(name, text)
    except BaseException as error:
        return _ERROR + _describe(error).encode("utf-8", "replace")


def evaluate(name, text):
    """Runs a cell and gives the answer with the value of its last expression."""
    names = _names()
    # Tracebacks find the lines of a cell here, for as long as the session lasts.
    linecache.cache[name] = (len(text), None, [line + "\n" for line in text.splitlines()], name)
    value = None
    try:
        statements, expression = _compile(name, text)
        if statements is not None:
            _run(statements, names)
        if expression is not None:
            value = _run(expression, names)
        return _result(value)
    finally:
        streams.flush(sys.stdout)
        streams.flush(sys.stderr)


def _names():
    main = sys.modules.get("__main__")
    if main is None or not hasattr(main, "__builtins__"):
        main = program.new_main()
    return main.__dict__


def _compile(name, text):
    """The code of a cell: its statements, and its last expression if it ends with one."""
    if "\n" not in text and "=" not in text and ";" not in text:
        # Most likely an expression; then the way over its tree is not needed.
        try:
            return None, compile(text.strip(), name, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError:
            pass  # A statement, or an error that is told below.
    tree = compile(text, name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    statements = expression = None
    # As in a notebook, a semicolon at the end means that the value is not wanted.
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not text.rstrip().endswith(";"):
        expression = compile(ast.Expression(tree.body.pop().value), name, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if tree.body:
        statements = compile(tree, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return statements, expression


def _run(code, names):
    value = eval(code, names)
    if code.co_flags & inspect.CO_COROUTINE:
        return _wait(value)
    return value


def _wait(coroutine):
    """Runs a cell that awaits in the session's own loop, which lives as long as the session: so do its tasks."""
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
    return _loop.run_until_complete(coroutine)


def _result(value):
    if value is None:
        return _plain(None, "")
    builtins._ = value
    text = repr(value)
    rich = _rich(value)
    if rich:
        rich["text"] = text
        rich["json"] = value if _is_plain(value) else None
        return _RICH + json.dumps(rich).encode("utf-8", "replace")
    return _plain(value, text)


def _plain(value, text):
    if _is_plain(value):
        form = _ENCODER.encode(value).encode()
        head = len(form).to_bytes(4, "little") + form
    else:
        head = _NO_JSON
    return _OK + head + text.encode("utf-8", "backslashreplace")


def _is_plain(value):
    """Whether a value comes back from JSON as it was: no subclasses, no numbers that JSON lacks, no keys but texts."""
    pending, seen = [value], set()
    while pending:
        value = pending.pop()
        kind = type(value)
        if value is None or kind in (bool, int):
            continue
        if kind is str:
            if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
                return False
        elif kind is float:
            if value - value != 0:
                return False
        elif kind in (list, tuple, dict):
            if id(value) in seen:
                # Something twice is possible, within itself is not; to tell them apart is not worth it.
                return _without_circle(value)
            seen.add(id(value))
            if kind is dict:
                if any(type(key) is not str for key in value):
                    return False
                pending.extend(value.values())
            else:
                pending.extend(value)
        else:
            return False
    return True


def _without_circle(value):
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return False
    return True


def _rich(value):
    """What a value shows of itself beside text. A display that fails is left out: the text is still there."""
    if type(value) in _PLAIN or isinstance(value, type):
        return {}
    found = {}
    bundle = getattr(type(value), "_repr_mimebundle_", None)
    if bundle is not None:
        try:
            made = value._repr_mimebundle_()
            made = made[0] if isinstance(made, tuple) else made
            found = {form: made[mime] for form, (_, mime) in _RICH_FORMS.items() if mime in made}
        except Exception:
            found = {}
    for form, (method, _) in _RICH_FORMS.items():
        if form not in found and hasattr(type(value), method):
            try:
                found[form] = getattr(value, method)()
            except Exception:
                continue
    return {form: _text(shown) for form, shown in found.items() if shown is not None}


def _text(shown):
    shown = shown[0] if isinstance(shown, tuple) else shown
    if isinstance(shown, (bytes, bytearray)):
        return base64.b64encode(shown).decode()
    return str(shown)


def _describe(error):
    """The traceback of a cell, as a prompt of python3 shows it."""
    if isinstance(error, SystemExit):
        return f"SystemExit: {error.code}" if error.code is not None else "SystemExit"
    program.trim(error)
    sys.last_exc, sys.last_type, sys.last_value, sys.last_traceback = error, type(error), error, error.__traceback__
    try:
        return "".join(traceback.format_exception(error)).rstrip("\n")
    except BaseException as worse:
        return f"{type(error).__name__} (and its text cannot be made: {type(worse).__name__})"
