"""The names that a text can go on with.

Start at `names`. Code of the program runs only where there is no other way to know: attributes are listed without asking properties.
"""

import builtins
import inspect
import keyword
import pkgutil
import re
import sys

_LAST = re.compile(r"(?:[\w.]|\[[^\[\]]*\])*$")
_IMPORT = re.compile(r"^\s*(?:import|from)\s+([\w.]*)$", re.MULTILINE)


def names(text, scope):
    """The words that the end of `text` can go on with, each with what is before its last dot."""
    wanted = _IMPORT.search(text.splitlines()[-1] if text else "")
    if wanted:
        return _modules(wanted.group(1))
    word = _LAST.search(text).group(0)
    if "." not in word:
        known = set(scope) | set(dir(builtins)) | set(keyword.kwlist) | {"match", "case", "type"}
        return sorted(name for name in known if name.startswith(word) and (word.startswith("_") or not name.startswith("_")))
    path, _, start = word.rpartition(".")
    value = _value(path, scope)
    if value is _NOTHING:
        return []
    found = {name for name in _attributes(value) if name.startswith(start)}
    if not start.startswith("_"):
        found = {name for name in found if not name.startswith("_")}
    return sorted(f"{path}.{name}" for name in found)


_NOTHING = object()


def _value(path, scope):
    """The object that a chain of names leads to, without properties or `__getattr__` of the program."""
    first, *rest = path.split(".")
    if not first.isidentifier():
        return _NOTHING
    value = scope.get(first, getattr(builtins, first, _NOTHING))
    for name in rest:
        if value is _NOTHING:
            return _NOTHING
        value = _attribute(value, name)
    return value


def _attribute(value, name):
    found = inspect.getattr_static(value, name, _NOTHING)
    if found is _NOTHING or isinstance(found, property) or hasattr(type(found), "__get__") and not callable(found):
        # A slot of a C type is no code of the program; anything else may be.
        slot = type(found).__name__ in ("member_descriptor", "getset_descriptor")
        return getattr(value, name, _NOTHING) if slot else _NOTHING
    return found


def _attributes(value):
    if "__dir__" in type(value).__dict__ and type(type(value).__dict__["__dir__"]).__name__ == "function":
        # The program says itself what there is, and wants to be asked.
        try:
            return [name for name in dir(value) if isinstance(name, str)]
        except Exception:
            return []
    found = set()
    for owner in (value, *inspect.getmro(value if isinstance(value, type) else type(value))):
        found.update(getattr(owner, "__dict__", ()))
    return [name for name in found if isinstance(name, str)]


def _modules(start):
    head, _, last = start.rpartition(".")
    if not head:
        known = {module.name for module in pkgutil.iter_modules()} | set(sys.builtin_module_names)
        return sorted(name for name in known if name.startswith(last) and not (name.startswith("_") and not last.startswith("_")))
    package = sys.modules.get(head)
    if package is None or not hasattr(package, "__path__"):
        return []
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__, head + ".") if module.name.startswith(start))
