"""The requests that the guest uses."""

import struct
from types import SimpleNamespace

from wit_world.imports.raw import control

_GIVEN, _ENV_LIST, _FAULT, _TLS, _TLS_FEED, _TLS_TAKE, _TLS_STATE, _TLS_TELL = 5, 65, 147, 172, 173, 174, 175, 176
_STATE = struct.Struct("<5I")
_STATE_NAMES = ("flags", "version", "suite", "readable", "fault")


def given(role):
    return control(0, _GIVEN, argument=role)[0]


def env_list(handle, room):
    return control(handle, _ENV_LIST, room=room)[1]


def fault(handle, room):
    return control(handle, _FAULT, room=room)[1]


def tls(handle, settings, how):
    return control(handle, _TLS, settings, argument=how)[0]


def tls_feed(handle, data):
    return control(handle, _TLS_FEED, data)[0]


def tls_take(handle, room):
    return control(handle, _TLS_TAKE, room=room)[1]


def tls_state(handle):
    state = control(handle, _TLS_STATE, room=_STATE.size)[1]
    return SimpleNamespace(**dict(zip(_STATE_NAMES, _STATE.unpack_from(state))))


def tls_tell(handle, item, room):
    return control(handle, _TLS_TELL, room=room, argument=item)[1]
