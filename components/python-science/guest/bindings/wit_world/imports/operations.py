"""The operations that the guest uses."""

from wit_world.imports.raw import AS_RESULT, HEAD_BYTES, PASSED_A, ROOM_A, call

_CLOSE, _READ, _WRITE, _FINISH, _TASK = 2, 6, 7, 14, 22
_EXIT = 3
# Where a file's own position counts.
_HERE = -1


def read(handle, room, at):
    return call(_READ, handle, 0, room, _HERE if at is None else at, 0, ROOM_A | AS_RESULT, room)[1]


def write(handle, data, at):
    return call(_WRITE, handle, HEAD_BYTES, len(data), _HERE if at is None else at, 0, PASSED_A, 0, bytes(data))[0]


def close(handle):
    call(_CLOSE, handle)


def finish(handle, code, detail):
    call(_FINISH, handle, code, detail)


def task_exit(code):
    call(_TASK, 0, _EXIT, code)
