"""The module `ctypes`, as far as it goes without libraries: numbers of fixed size and texts. Loading a library is refused.

Start at `prepare`. There is no memory to point into, so there are no pointers, structures and callbacks.
"""

import array
import importlib.machinery
import sys
import types

_WHY = "libraries cannot be loaded here: a context has no code but its own; use a module written in Python"
# The sizes of C on machines of 64 bits, which programs expect.
_INTEGERS = {
    "c_byte": (8, True), "c_ubyte": (8, False), "c_short": (16, True), "c_ushort": (16, False), "c_int": (32, True), "c_uint": (32, False),
    "c_long": (64, True), "c_ulong": (64, False), "c_longlong": (64, True), "c_ulonglong": (64, False), "c_int8": (8, True),
    "c_uint8": (8, False), "c_int16": (16, True), "c_uint16": (16, False), "c_int32": (32, True), "c_uint32": (32, False),
    "c_int64": (64, True), "c_uint64": (64, False), "c_size_t": (64, False), "c_ssize_t": (64, True),
}  # fmt: skip


class _SimpleCData:
    """A value of C."""

    _bytes = 0

    def __init__(self, value=0):
        self.value = value

    def __repr__(self):
        return f"{type(self).__name__}({self.value!r})"

    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__


def _integer(name, bits, is_signed):
    def get(self):
        return self._value

    def put(self, value):
        if not isinstance(value, int):
            raise TypeError(f"int expected instead of {type(value).__name__} instance")
        value &= (1 << bits) - 1
        self._value = value - (1 << bits) if is_signed and value >> (bits - 1) else value

    return type(name, (_SimpleCData,), {"value": property(get, put), "_bytes": bits // 8, "__module__": "ctypes"})


def _float(name, code, size):
    def put(self, value):
        self._value = array.array(code, [value])[0]

    return type(name, (_SimpleCData,), {"value": property(lambda self: self._value, put), "_bytes": size, "__module__": "ctypes"})


def _plain(name, size, kind, empty):
    def put(self, value):
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{kind.__name__} or None expected instead of {type(value).__name__} instance")
        self._value = value

    def make(self, value=empty):
        self.value = value

    body = {"value": property(lambda self: self._value, put), "_bytes": size, "__init__": make, "__module__": "ctypes"}
    return type(name, (_SimpleCData,), body)


def _refuse(*arguments, **named):
    raise OSError(_WHY)


class _Loader:
    """Where libraries would be: `ctypes.cdll.NAME`."""

    LoadLibrary = staticmethod(_refuse)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise OSError(_WHY)


def _absent(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"ctypes.{name} is not there: {_WHY}")


def prepare():
    """Puts the modules in their places; once, when the component is made."""
    module, util = types.ModuleType("ctypes", __doc__), types.ModuleType("ctypes.util", __doc__)
    names = {name: _integer(name, *form) for name, form in _INTEGERS.items()}
    names |= {
        "c_float": _float("c_float", "f", 4),
        "c_double": _float("c_double", "d", 8),
        "c_bool": _plain("c_bool", 1, object, False),
        "c_char": _plain("c_char", 1, bytes, b"\0"),
        "c_wchar": _plain("c_wchar", 4, str, "\0"),
        "c_char_p": _plain("c_char_p", 8, bytes, None),
        "c_wchar_p": _plain("c_wchar_p", 8, str, None),
        "c_void_p": _plain("c_void_p", 8, int, None),
        "_SimpleCData": _SimpleCData,
        "ArgumentError": type("ArgumentError", (Exception,), {"__module__": "ctypes"}),
        "sizeof": lambda value: value._bytes,
        "get_errno": lambda: 0,
        "set_errno": lambda value: 0,
        "util": util,
        "__path__": [],
        "__getattr__": _absent,
    }
    names |= dict.fromkeys(("cdll", "pydll"), _Loader())
    names |= dict.fromkeys(("CDLL", "PyDLL", "LibraryLoader", "CFUNCTYPE", "PYFUNCTYPE"), _refuse)
    module.__dict__.update(names)
    util.find_library = lambda name: None
    for made in (module, util):
        made.__spec__ = importlib.machinery.ModuleSpec(made.__name__, None, is_package=made is module)
        made.__package__ = "ctypes"
        sys.modules[made.__name__] = made
