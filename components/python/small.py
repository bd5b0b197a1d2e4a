"""Keeps small pieces of memory at hand: a step of the making, on the finished component.

Start at `mend`. This CPython is built without its own allocator for small objects, so each object is a `malloc` of the C library, and its end
a `free`. Here what CPython frees goes onto a list of pieces of that size, and what it wants next is taken from there, in a
few instructions. A piece on a list stays what it is to the C library, in use: so every function of it goes on working with it.
"""

from lasting import Memory
from wasm import Functions, mended, number, sections, signed

# What CPython takes memory with, and gives it back with: behind the hooks of `tracemalloc`, which so sees all. The first parameter is not used.
TAKE, GIVE = "_PyMem_RawMalloc", "_PyMem_RawFree"
# The C library's pieces: multiples of 16 bytes, of which the 4 before what is given out tell the size, with three bits of its own.
PIECE, HEAD, OWN_BITS = 16, 4, 7
# The largest that is kept, and how many of each size.
LARGEST, KEPT_MAX = 240, 1024
# Where the lists begin, the first piece and the number of each size: at the far end of the stack, which is never reached.
TABLE = 0x400


def mend(component):
    """The component with it mended."""
    return mended(component, _mend_module, "take CPython's memory")


def _check(module):
    """Makes sure that nothing lies where the lists are to be."""
    for section, data in sections(module):
        if section == 11:
            memory = Memory(data)
            if any(memory.word(at) for at in range(TABLE, TABLE + LARGEST, 4)):
                raise SystemExit("the far end of the stack is in use: componentize-py has changed")


def _mend_module(module):
    own = Functions(module)
    takes, gives = own.index(TAKE), own.index(GIVE)
    if takes is None or gives is None:
        return None
    _check(module)
    own.wrap(takes, _taking)
    own.wrap(gives, _giving)
    return own.module()


def _const(value):
    return b"\x41" + signed(value)


def _get(local):
    return b"\x20" + number(local)


def _tee(local):
    return b"\x22" + number(local)


def _load(offset):
    return b"\x28\x02" + number(offset)


def _store(offset):
    return b"\x36\x02" + number(offset)


_IF, _END, _RETURN, _ADD, _SUB, _AND, _SHL, _SHR, _LESS, _AT_MOST = b"\x04\x40", b"\x0b", b"\x0f", b"\x6a", b"\x6b", b"\x71", b"\x74", b"\x76", b"\x49", b"\x4d"


def _taking(moved):
    """The body of what takes memory: its size is local 1, the list's place local 2, a piece local 3."""
    # The list of its size: 8 bytes for each 16 of a piece.
    place = _get(1) + _const(HEAD + PIECE - 1) + _ADD + _const(4) + _SHR + _const(3) + _SHL + _tee(2)
    take = _get(2) + _get(3) + _load(0) + _store(TABLE)
    count = _get(2) + _get(2) + _load(TABLE + 4) + _const(1) + _SUB + _store(TABLE + 4)
    there = place + _load(TABLE) + _tee(3) + _IF + take + count + _get(3) + _RETURN + _END
    small = _get(1) + _const(LARGEST - HEAD) + _AT_MOST + _IF + there + _END
    return b"\x01\x02\x7f" + small + _get(0) + _get(1) + b"\x10" + number(moved) + _END


def _giving(moved):
    """The body of what gives memory back: where it is is local 1, the list's place local 2, how many it has local 3."""
    size = _get(1) + _const(HEAD) + _SUB + _load(0) + _const(~OWN_BITS) + _AND + _tee(2)
    place = _get(2) + _const(1) + _SHR + _tee(2)
    give = _get(1) + _get(2) + _load(TABLE) + _store(0) + _get(2) + _get(1) + _store(TABLE)
    count = _get(2) + _get(3) + _const(1) + _ADD + _store(TABLE + 4)
    room = place + _load(TABLE + 4) + _tee(3) + _const(KEPT_MAX) + _LESS + _IF + give + count + _RETURN + _END
    small = _get(1) + _IF + size + _const(LARGEST) + _AT_MOST + _IF + room + _END + _END
    return b"\x01\x02\x7f" + small + _get(0) + _get(1) + b"\x10" + number(moved) + _END
