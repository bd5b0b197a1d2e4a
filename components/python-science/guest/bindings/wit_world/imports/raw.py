"""Operations of the ABI, by numbers: what `adapt.py` made of the one function that the module has of its host's.

Start at `call`. `docs/abi.md` has the numbers.
"""

import struct

from _host import call as _call
from componentize_py_types import Err

from wit_world.imports import types

CTL = 8
# Flags: an argument counts from where all that is passed begins, or from where the room does; the answer is as long as the result says.
PASSED_A, PASSED_B, ROOM_A, ROOM_C, AS_RESULT = 1, 2, 16, 64, 256
# How long what precedes the passed bytes is, and the result before the answer.
HEAD_BYTES, RESULT_BYTES = 48, 8
_HAPPENED, _ANSWER = 0xFFFFFFFF, 0xFFFFFFFE

_pack = struct.Struct("<IIqqqqII").pack
_result = struct.Struct("<q").unpack_from
_event = struct.Struct("<qqiI").unpack_from


def call(operation, handle, a=0, b=0, c=0, d=0, flags=0, room=0, passed=b""):
    """Does an operation; gives its result and the bytes that it answered."""
    answer = _call(_pack(operation, handle, a, b, c, d, flags, room) + passed)
    result = _result(answer)[0]
    if result < 0:
        raise Err(types.error(result))
    return result, answer[RESULT_BYTES:]


def control(handle, request, passed=b"", room=0, argument=0):
    """Does a request of `ctl`."""
    flags = (PASSED_B if passed else 0) | (ROOM_C | AS_RESULT if room else 0)
    given = HEAD_BYTES | len(passed) << 32 if passed else 0
    return call(CTL, handle, request, given, room << 32, argument, flags, room, passed)


def happened():
    """What the engine called the component with: token, value, kind, handle."""
    return _event(_call(_pack(_HAPPENED, 0, 0, 0, 0, 0, 0, 24)), RESULT_BYTES)


def answer(state):
    """What the engine gets for that."""
    _call(_pack(_ANSWER, 0, state, 0, 0, 0, 0, 0))
