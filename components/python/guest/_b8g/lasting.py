"""Which objects last: all that are there when the component has been made. No run frees one of them.

Start at `keep`. It tells where they are, in bytes that lie in the component's memory; a step of the making (`lasting.py` beside
`build.py`) finds these there, and makes the objects immortal. To count who uses an object is to write to it, so that a run would copy
every page with an object that it looks at.
"""

import gc
import types

# What the bytes begin with, in parts, so that it is in the memory once.
_MARK = (b"b8g: objects", b" that last\n")
# What an object's address is a multiple of.
_ALIGNED = 8
# The memory is smaller.
_MEMORY_BYTES = 64 << 20
# What runs while it is told, and may end.
_PASSING = (types.FrameType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.TracebackType)
# What code holds, which the collector does not look into.
_OF_CODE = ("co_consts", "co_names", "co_filename", "co_name", "co_qualname", "co_linetable", "co_exceptiontable")

_kept = None


def keep():
    """Tells where the objects are that can be reached now."""
    global _kept
    # A bit for each place in memory where an object can begin.
    seen = bytearray(_MEMORY_BYTES // _ALIGNED // 8)
    pending = [gc.get_objects()]
    while pending:
        for found in pending.pop():
            place = id(found) // _ALIGNED
            if seen[place >> 3] >> (place & 7) & 1 or issubclass(type(found), _PASSING):
                continue
            seen[place >> 3] |= 1 << (place & 7)
            held = _held(found)
            if held:
                pending.append(held)
    _kept = b"".join((*_MARK, _told(seen), b"\0"))


def _held(found):
    """What an object holds."""
    if type(found) is types.CodeType:
        return [getattr(found, name) for name in _OF_CODE]
    held = gc.get_referents(found)
    if issubclass(type(found), type):
        names = type.__dict__["__dict__"].__get__(found)
        held += (*gc.get_referents(names), type.__dict__["__mro__"].__get__(found), type.__dict__["__bases__"].__get__(found))
    return held


def _told(seen):
    """The places as numbers in LEB128: how much further each is than the one before it."""
    told = bytearray()
    last = 0
    for at, byte in enumerate(seen):
        place = at * 8
        while byte:
            if byte & 1:
                further, last = place - last, place
                while further >= 0x80:
                    told.append(further & 0x7F | 0x80)
                    further >>= 7
                told.append(further)
            byte >>= 1
            place += 1
    return bytes(told)
