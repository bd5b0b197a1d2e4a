"""Pads what recurses, as `stack.py` of the Python component does: deep recursion becomes an error of Python instead of a trap.

Start at `guard`. The stack in linear memory is the module's own here, and 16 MiB large; CPython takes far less of it before it raises, so
its limits stay as they are.
"""

import stack
from wasm import Functions, Reader, types_of

# The function of the last module of CPython's own: numpy, pandas and what they bring are linked behind it.
LAST = "PyInit__symtable"
# Which variable the stack is, and how much of it is in use where CPython may be near its limit.
POINTER, USED_BYTES = 0, 96 << 10


def guard(module):
    """The module with its recursion guarded, and how many functions were padded."""
    own = Functions(module)
    last = own.index(LAST)
    if last is None or own.index(stack.LOOK) is None or not types_of(own.content[1]):
        raise SystemExit("the module holds no CPython with the names of its functions: its version is another")
    reader = Reader(own.content[6])
    reader.number()
    if reader.bytes(3) != b"\x7f\x01\x41":
        raise SystemExit("the module's first variable is no stack: its linking has changed")
    names = {index: name for index, name in own.names.items() if index <= last}
    padded = stack.wrap(own, POINTER, reader.number() - USED_BYTES, names)
    return own.module(), padded
