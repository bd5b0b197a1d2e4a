"""Gives back the memory of bytes that the guest passes to the engine: a step of the making, on the finished component.

Start at `mend`. componentize-py copies `bytes` that are an argument of a call into new memory and never frees that (0.25.1,
`maybe_pop_list`): a program that sends 60 MB under TLS would need as much memory. What it copied is needed until the call is over; so
it is freed when the next bytes are passed.

Invariant: no function of the world (`world.py`) takes two lists of bytes, or gives a list back from an export; then the first would
be freed too early.
"""

from stack import Reader, assemble, limits, names_of, number, sections

# Takes a list from the stack of arguments: gives its length, and stores where its bytes are, or 0 if they are taken one by one.
TAKES = "wit_dylib_pop_list"
# Frees what was allocated: takes the address, the size and the alignment.
FREES = "__rustc::__rust_dealloc"


def mend(component):
    """The component with it mended."""
    parts, count = [], 0
    for kind, content in sections(component):
        if kind == 1:
            mended = _mend_module(content)
            count += mended is not None
            content = content if mended is None else mended
        parts.append((kind, content))
    if count != 1:
        raise SystemExit(f"{count} modules of the component pass lists, and should be one: componentize-py has changed")
    return assemble(component[:8], parts)


def _mend_module(module):
    parts = list(sections(module))
    content = dict(part for part in parts if part[0])
    names = {}
    for kind, custom in parts:
        if kind == 0:
            names.update({name: index for index, name in names_of(custom).items()})
    if TAKES not in names or FREES not in names:
        return None
    functions, globals_ = imported(content[2])
    reader = Reader(content[3])
    kinds = [reader.number() for _ in range(reader.number())]
    reader = Reader(content[10])
    bodies = [reader.bytes() for _ in range(reader.number())]
    reader = Reader(content.get(6, b"\0"))
    own = reader.number()
    at = names[TAKES] - functions
    moved = functions + len(bodies)
    bodies.append(bodies[at])
    kinds.append(kinds[at])
    bodies[at] = _wrapper(moved, names[FREES], globals_ + own)
    # Two variables, 0 at first: where the last bytes are, and how many.
    variables = number(own + 2) + content.get(6, b"\0")[reader.at :] + b"\x7f\x01\x41\x00\x0b" * 2
    new = {3: number(len(kinds)) + b"".join(map(number, kinds)), 6: variables, 10: number(len(bodies)) + b"".join(number(len(body)) + body for body in bodies)}
    if 6 not in content:
        raise SystemExit("the module that passes lists has no variables: componentize-py has changed")
    return assemble(module[:8], [(kind, new.get(kind, part)) for kind, part in parts])


def imported(content):
    """How many functions and variables are imported."""
    reader = Reader(content)
    functions = variables = 0
    for _ in range(reader.number()):
        reader.bytes()
        reader.bytes()
        kind = reader.bytes(1)[0]
        if kind == 0:
            reader.number()
            functions += 1
        elif kind == 1:
            reader.bytes(1)
            limits(reader)
        elif kind == 2:
            limits(reader)
        elif kind == 3:
            reader.bytes(2)
            variables += 1
        else:
            reader.bytes(1)
            reader.number()
    return functions, variables


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
