"""Memory as a run finds it: without holes, and with room at its end.

Start at `make`. What a run allocates would fill the holes between the objects that are there, and each hole is on another page, which
the run would copy. So they are filled once; then a run allocates from one place.
"""

# What is free when a run begins: most programs need no more, and a memory that does not grow costs a run nothing.
_FREE_BYTES = 2 << 20
# Sizes of holes, from large to small: the allocator's are multiples of 16. A bytes object and what the allocator adds take so many more.
_SIZES = (*(1 << shift for shift in range(18, 11, -1)), *range(3072, 0, -16))
_MORE_BYTES = 21
# Fillings that one list holds.
_HELD = 500

_fillings = None


def make():
    """Fills the holes."""
    global _fillings
    room = bytes(_FREE_BYTES)
    # It is too large for a hole, so that it lies behind everything else; what comes behind it fills none.
    end = id(room)
    _fillings = held = None
    for size in _SIZES:
        while True:
            filling = object() if size <= 16 else bytes(size - _MORE_BYTES)
            if id(filling) > end:
                break
            if held is None or len(held) == _HELD:
                held = [_fillings]
                _fillings = held
            held.append(filling)
