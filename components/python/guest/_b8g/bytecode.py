"""Compiles the sources of a bundle, for whoever made the bundle to keep: only this interpreter knows its own bytecode.

Start at `compiled`. Nothing of the sources runs. A source that does not compile is left out: it is told when it is imported.
"""

import importlib.util
import json
import marshal

from _b8g import source

# As the head of a `.pyc` that nobody checks against its source: the magic number, flags, and eight bytes that mean nothing then.
_HEAD = importlib.util.MAGIC_NUMBER + bytes(12)


def compiled(bundle):
    """The compiled files, in the form of a bundle's: u32 N, N bytes of JSON `{"files": [[path, shown, bytes], …]}`, then their bytes."""
    files, parts = [], []
    for path in bundle.paths():
        if not path.endswith(".py") or path + "c" in bundle:
            continue
        try:
            code = source.compiled(bundle.read(path), bundle.shown(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        data = _HEAD + marshal.dumps(code)
        files.append([path + "c", bundle.shown(path), len(data)])
        parts.append(data)
    head = json.dumps({"files": files}).encode()
    return b"".join((len(head).to_bytes(4, "little"), head, *parts))
