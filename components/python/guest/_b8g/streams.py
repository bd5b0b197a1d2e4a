"""Standard input, output and error of a program.

Start at `renew`. Output is flushed at each line: what a program wrote is outside when it is stopped at a limit, and in its order.
"""

import io
import sys


def renew():
    """Makes the three streams anew, as python3 makes them for a locale of UTF-8."""
    sys.stdin = sys.__stdin__ = _open(0, "r", "strict")
    sys.stdout = sys.__stdout__ = _open(1, "w", "strict")
    sys.stderr = sys.__stderr__ = _open(2, "w", "backslashreplace")


def _open(number, mode, errors):
    raw = io.FileIO(number, mode, closefd=False)
    name = ("<stdin>", "<stdout>", "<stderr>")[number]
    raw.name = name
    buffered = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    text = io.TextIOWrapper(buffered, encoding="utf-8", errors=errors, newline=None if mode == "r" else "\n", line_buffering=mode == "w")
    text.mode = mode
    return text


def flush(stream):
    """Flushes a stream if it can be; tells whether nothing was lost."""
    try:
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
        return True
    except Exception as error:
        try:
            print(f"Exception ignored while flushing {getattr(stream, 'name', 'a stream')}:\n{type(error).__name__}: {error}", file=sys.stderr)
        except Exception:  # There is nobody left to tell.
            pass
        return False
