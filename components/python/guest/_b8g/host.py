"""The engine, as the guest sees it: handles by their role, bytes of blobs, sessions of TLS, the end of the context.

Start at `given`. Nothing else in the guest calls the imports of the ABI. No handle is kept past RESTORED, of which `epoch` tells.
"""

from componentize_py_types import Err
from wit_world.imports import control, operations
from wit_world.imports import types
from wit_world.imports.types import Role

# What one call of the ABI gives at most.
CHUNK_BYTES = 1 << 20
# What most blobs have room in.
_FIRST_BYTES = 16 << 10
# More than a handshake can hold, of which a session tells.
_TOLD_BYTES = 128 << 10

# How often the context went on from an image: a handle from before is none.
epoch = 0


class Refused(Exception):
    """The engine did not do what was asked; in words."""


def given(role):
    """The handle that the context was given for a role, or None."""
    try:
        return control.given(role)
    except Err:
        return None


def forget():
    """The context goes on from an image, and has other handles."""
    global epoch
    epoch += 1


def program():
    """The bytes of the program's bundle, or None when there is no program."""
    handle = given(Role.PROGRAM)
    if handle is None:
        return None
    try:
        return read_all(handle)
    except Err:
        return None


def arguments():
    """The program's arguments; the first is its name."""
    handle = given(Role.ARGS)
    return _texts(read_all(handle)) if handle is not None else []


def environment():
    """The environment values that were granted."""
    handle = given(Role.ENV)
    if handle is None:
        return {}
    try:
        listed = control.env_list(handle, _FIRST_BYTES)
    except Err:  # There are more than most have.
        listed = control.env_list(handle, CHUNK_BYTES)
    pairs = (pair.partition("=") for pair in _texts(listed))
    return {name: value for name, _, value in pairs}


def _texts(data):
    """Texts that each end with a NUL."""
    return [text.decode("utf-8", "surrogateescape") for text in data.split(b"\0")[:-1]]


def read_all(handle):
    """All bytes of a blob, which ends where it gives less than was asked for."""
    chunks, at, room = [], 0, _FIRST_BYTES
    while True:
        chunk = operations.read(handle, room, at)
        chunks.append(chunk)
        if len(chunk) < room:
            return chunk if len(chunks) == 1 else b"".join(chunks)
        at += len(chunk)
        room = CHUNK_BYTES


def write_all(handle, data):
    """Writes all of `data` to a blob that is being made."""
    at = 0
    while at < len(data):
        at += operations.write(handle, data[at : at + CHUNK_BYTES], None)


def close(handle):
    """Gives a handle back."""
    try:
        operations.close(handle)
    except Err:
        pass  # It is gone, which is all that was wanted.


def tls(settings, how):
    """Opens a session of TLS."""
    compute = given(Role.COMPUTE)
    if compute is None:
        raise Refused("TLS was not granted to this context: it has no handle COMPUTE")
    try:
        return control.tls(compute, settings, how)
    except Err as error:
        if isinstance(error.value, types.Error_Limit):
            raise Refused("too many sessions of TLS are open, or too many certificates are trusted") from None
        raise Refused(f"the engine opens no session of TLS: {error.value}") from None


def tls_state(session):
    """How far a session is."""
    return control.tls_state(session)


def tls_fault(session):
    """Why it failed, in words."""
    return control.fault(session, _TOLD_BYTES).decode()


def tls_tell(session, item):
    """What was agreed upon, or who the other side is."""
    return control.tls_tell(session, item, _TOLD_BYTES)


def tls_feed(session, data):
    """Gives it ciphertext; how much it took, or None if it takes none any more."""
    return _now(control.tls_feed, session, data)


def tls_take(session, room):
    """Ciphertext for the other side."""
    return control.tls_take(session, room)


def tls_read(session, room):
    """Plaintext, nothing at the end, or None if there is none now."""
    return _now(operations.read, session, room, None)


def tls_write(session, data):
    """Gives it plaintext; how much it took, or None if it takes none now."""
    return _now(operations.write, session, data, None)


def tls_finish(session):
    """Lets it say that no more comes."""
    operations.finish(session, 0, 0)


def _now(function, *arguments):
    try:
        return function(*arguments)
    except Err as error:
        if isinstance(error.value, (types.Error_Again, types.Error_Closed, types.Error_Io)):
            return None
        raise OSError(f"the engine refused what is asked of a session of TLS: {error.value}") from None


def exit(code):
    """Ends the context with an exit code, of which a system keeps 8 bits; does not return. WASI 0.2 could only tell success from failure."""
    operations.task_exit(code & 0xFF)
