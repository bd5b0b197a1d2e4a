"""Lets SQLite draw random numbers: a step of the making, on the finished component.

Start at `mend`. The library that componentize-py brings was built without a source of randomness (SQLITE_OMIT_RANDOMNESS): its `random()`
and `randomblob()` give everybody the same. Here the function that should draw asks the C library, as CPython does.
"""

from wasm import Functions, mended, number

# Takes the system, how many bytes, and where to; answers how many.
DRAWS = "unixRandomness"
# Takes where to and how many bytes, 256 at most, of which SQLite asks for 44.
ASKS = "getentropy"


def mend(component):
    """The component with it mended."""
    return mended(component, _mend_module, "hold SQLite")


def _mend_module(module):
    own = Functions(module)
    draws, asks = own.index(DRAWS), own.index(ASKS)
    if draws is None or asks is None:
        return None
    own.bodies[draws - own.imported] = b"\x00\x20\x02\x20\x01\x10" + number(asks) + b"\x1a\x20\x01\x0b"
    return own.module()
