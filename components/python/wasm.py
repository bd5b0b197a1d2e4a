"""Reading a component and its core modules, and putting functions of theirs in place of others: what the steps of the making share.

Start at `Functions`. The format is that of the WebAssembly specification, chapter 5; what is read was made by componentize-py, not by an enemy.
"""


class Reader:
    """Bytes that are read from the front."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def bytes(self, length=None):
        length = self.number() if length is None else length
        self.at += length
        return self.data[self.at - length : self.at]


def number(value):
    """A number in LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value):
    """A signed number in LEB128."""
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


def sections(data):
    """The sections of a module or component: their number and content."""
    reader = Reader(data, 8)
    while reader.at < len(data):
        kind = data[reader.at]
        reader.at += 1
        yield kind, reader.bytes()


def assemble(head, parts):
    """A module or component of its sections."""
    return head + b"".join(bytes([kind]) + number(len(content)) + content for kind, content in parts)


def names_of(content):
    """The names of functions in the custom section `name`, by their index."""
    reader = Reader(content)
    if reader.bytes() != b"name":
        return {}
    while reader.at < len(content):
        kind = content[reader.at]
        reader.at += 1
        inside = Reader(reader.bytes())
        if kind == 1:
            return {inside.number(): inside.bytes().decode() for _ in range(inside.number())}
    return {}


def types_of(content):
    """The types of functions: the parameters and the results of each."""
    reader = Reader(content)
    found = []
    for _ in range(reader.number()):
        form = reader.bytes(1)
        if form != b"\x60":
            return []  # A module with other types than functions' has none of ours.
        found.append((reader.bytes(), reader.bytes()))
    return found


def limits(reader):
    """Passes over the limits of a table or memory."""
    if reader.number() & 1:
        reader.number()
    reader.number()


def imported(content):
    """How many functions are imported, and the names of the variables that are."""
    reader = Reader(content)
    functions, variables = 0, []
    for _ in range(reader.number()):
        reader.bytes()
        field, kind = reader.bytes(), reader.bytes(1)[0]
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
            variables.append(field)
        else:
            reader.bytes(1)
            reader.number()
    return functions, variables


def mended(component, mend, what):
    """The component with the one core module changed of which `mend` gives another; `what` says what that does, where there is none or more."""
    parts, count = [], 0
    for kind, content in sections(component):
        changed = mend(content) if kind == 1 else None
        count += changed is not None
        parts.append((kind, content if changed is None else changed))
    if count != 1:
        raise SystemExit(f"{count} modules of the component {what}, and should be one: componentize-py has changed")
    return assemble(component[:8], parts)


class Functions:
    """A core module with its own functions: `names` by index, the type of each in `kinds`, their `bodies`, how many are imported before them."""

    def __init__(self, module):
        self.head = module[:8]
        self.parts = list(sections(module))
        self.content = dict(part for part in self.parts if part[0])
        self.names = {}
        for kind, custom in self.parts:
            if kind == 0:
                self.names.update(names_of(custom))
        self.imported, self.variables = imported(self.content[2]) if 2 in self.content else (0, [])
        reader = Reader(self.content.get(3, b"\0"))
        self.kinds = [reader.number() for _ in range(reader.number())]
        reader = Reader(self.content.get(10, b"\0"))
        self.bodies = [reader.bytes() for _ in range(reader.number())]

    def index(self, name):
        """The last function of that name, or None."""
        return next((index for index, known in reversed(self.names.items()) if known == name), None)

    def wrap(self, index, wrapper):
        """Moves a function to the end, and puts what `wrapper` makes of its new index in its place."""
        at, moved = index - self.imported, self.imported + len(self.bodies)
        self.bodies.append(self.bodies[at])
        self.kinds.append(self.kinds[at])
        self.bodies[at] = wrapper(moved)

    def module(self, changed=()):
        """The module with its functions as they are now, and with other sections changed."""
        new = {
            3: number(len(self.kinds)) + b"".join(map(number, self.kinds)),
            10: number(len(self.bodies)) + b"".join(number(len(body)) + body for body in self.bodies),
            **dict(changed),
        }
        return assemble(self.head, [(kind, new.get(kind, part)) for kind, part in self.parts])
