"""Compiles sources, with the errors that python3 has.

Start at `compiled`.
"""

import importlib.util


def compiled(data, shown, flags=0):
    """Compiles a source in bytes, by the name that tracebacks show."""
    try:
        return compile(data, shown, "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        if isinstance(data, bytes) and "codec can't decode" in str(error.msg):
            raise _undecodable(data, shown, error) from None
        # What is found behind the parser is shown with its line from a file, and there is none.
        if error.text is None and error.lineno and error.filename == shown:
            error.text = _line(data, error.lineno)
        raise


def _line(data, number):
    try:
        text = data if isinstance(data, str) else importlib.util.decode_source(data)
    except (SyntaxError, UnicodeDecodeError):
        return None
    lines = text.splitlines(keepends=True)
    return lines[number - 1] if number <= len(lines) else None


def _undecodable(data, shown, error):
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as bad:
            if b"coding" not in b"".join(data.split(b"\n")[:2]):
                return SyntaxError(
                    f"Non-UTF-8 code starting with '\\x{line[bad.start]:02x}' in file {shown} on line {number}, but no encoding declared; "
                    "see https://peps.python.org/pep-0263/ for details",
                    (shown, number, 0, None),
                )
            break
    error.filename = shown
    return error
