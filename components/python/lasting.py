"""Makes the objects immortal that are there when the component has been made: a step of the making, on the finished component.

Start at `mend`. `guest/_b8g/lasting.py` tells where they are, and why. CPython does not count who uses an immortal object (PEP 683).
What it is told is checked: only what looks like an object, with a count of its uses, is changed.
"""

import bisect
import struct

from wasm import Reader, assemble, number, sections

# What the places begin with, and what a place is a multiple of.
MARK = b"b8g: objects that last\n"
ALIGNED = 8
# The count of an immortal object, in CPython 3.14 for 32 bits; counts from the second on are those of immortal objects.
IMMORTAL, IMMORTAL_FROM = 5 << 28, 1 << 30
# A count above this is none, but something else that lies there now.
COUNT_MAX = 1 << 20
# How many types lie between an object and `type`, which is its own.
TYPES_MAX = 4


class Memory:
    """What the module's memory holds at its start: the segments of its section of data."""

    def __init__(self, content):
        self.content = bytearray(content)
        reader = Reader(content)
        self.segments = []
        for _ in range(reader.number()):
            if reader.number() != 0 or reader.bytes(1) != b"\x41":
                raise SystemExit("data of the component is not where it was: componentize-py has changed")
            start = reader.number()
            if reader.bytes(1) != b"\x0b":
                raise SystemExit("data of the component is not at a constant: componentize-py has changed")
            length = reader.number()
            self.segments.append((start, reader.at, length))
            reader.bytes(length)
        self.segments.sort()
        self.starts = [start for start, _, _ in self.segments]

    def offset(self, address):
        """Where in the section a word at an address lies, if it does."""
        found = bisect.bisect_right(self.starts, address) - 1
        if found < 0:
            return None
        start, at, length = self.segments[found]
        return at + address - start if address + 4 <= start + length else None

    def word(self, address):
        at = self.offset(address)
        return 0 if at is None else struct.unpack_from("<I", self.content, at)[0]

    def is_object(self, address):
        """Whether its type, or the type of that and so on, is its own type."""
        for _ in range(TYPES_MAX):
            above = self.word(address + 4)
            if not above or above % 4:
                return False
            if above == address:
                return True
            address = above
        return False


def mend(component):
    """The component with its objects immortal, and how many they are."""
    parts, made = [], []
    for kind, content in sections(component):
        if kind == 1 and MARK in content:
            inside = list(sections(content))
            for at, (section, data) in enumerate(inside):
                if section == 11 and MARK in data:
                    memory = Memory(data)
                    made.append(_mend(memory))
                    inside[at] = (section, bytes(memory.content))
            content = assemble(content[:8], inside)
        parts.append((kind, content))
    if len(made) != 1:
        raise SystemExit(f"the objects that last are told {len(made)} times, and should be once")
    return assemble(component[:8], parts), made[0]


def _mend(memory):
    content = memory.content
    if content.count(MARK) != 1:
        raise SystemExit(f"the objects that last are told {content.count(MARK)} times, and should be once")
    begin = content.index(MARK)
    reader = Reader(content, begin + len(MARK))
    place = made = 0
    places = []
    while further := reader.number():
        place += further
        places.append(place * ALIGNED)
    for address in places:
        at = memory.offset(address)
        if at is None or not 0 < struct.unpack_from("<I", content, at)[0] <= COUNT_MAX or not memory.is_object(address):
            continue
        struct.pack_into("<I", content, at, IMMORTAL)
        made += 1
    # Some are immortal already, and a few hundred are gone since.
    if made * 2 <= len(places):
        raise SystemExit(f"{made} of {len(places)} objects can be made immortal: CPython has changed")
    # It is of no use any more.
    content[begin : reader.at] = bytes(reader.at - begin)
    return made
