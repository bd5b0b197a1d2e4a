"""Gives back the memory of bytes that the guest passes to the engine: a step of the making, on the finished component.

Start at `mend`. componentize-py copies `bytes` that are an argument of a call into new memory and never frees that (0.25.1,
`maybe_pop_list`): a program that sends 60 MB under TLS would need as much memory. What it copied is needed until the call is over; so
it is freed when the next bytes are passed.

Invariant: no function of the world (`world.py`) takes two lists of bytes, or gives a list back from an export; then the first would
be freed too early.
"""

from wasm import Functions, Reader, mended, number

# Takes a list from the stack of arguments: gives its length, and stores where its bytes are, or 0 if they are taken one by one.
TAKES = "wit_dylib_pop_list"
# Frees what was allocated: takes the address, the size and the alignment.
FREES = "__rustc::__rust_dealloc"


def mend(component):
    """The component with it mended."""
    return mended(component, _mend_module, "pass lists")


def _mend_module(module):
    own = Functions(module)
    takes, frees = own.index(TAKES), own.index(FREES)
    if takes is None or frees is None:
        return None
    if 6 not in own.content:
        raise SystemExit("the module that passes lists has no variables: componentize-py has changed")
    reader = Reader(own.content[6])
    count = reader.number()
    own.wrap(takes, lambda moved: _wrapper(moved, frees, len(own.variables) + count))
    # Two variables, 0 at first: where the last bytes are, and how many.
    return own.module({6: number(count + 2) + own.content[6][reader.at :] + b"\x7f\x01\x41\x00\x0b" * 2})


def _wrapper(taking, freeing, variable):
    """The body of what takes a list: frees the last bytes, takes the list, and remembers where its bytes are."""

    def call(index):
        return b"\x10" + number(index)

    def get(local):
        return b"\x20" + number(local)

    where, size = number(variable), number(variable + 1)
    free = b"\x23" + size + b"\x04\x40" + b"\x23" + where + b"\x23" + size + b"\x41\x01" + call(freeing) + b"\x41\x00\x24" + size + b"\x0b"
    take = get(0) + get(1) + get(2) + call(taking) + b"\x21\x03"
    # Only what is not empty was allocated.
    address = get(2) + b"\x28\x02\x00"
    remember = address + b"\x04\x40" + address + b"\x24" + where + get(3) + b"\x24" + size + b"\x0b"
    return b"\x01\x01\x7f" + free + take + remember + get(3) + b"\x0b"
