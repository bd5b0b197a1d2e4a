"""Objects of the library that hold one another far too deeply, and use of all: each is an error of Python or well, never the end of the interpreter."""
import copy
import functools
import gc
import io
import itertools
import marshal
import operator
import types
import xml.etree.ElementTree as ElementTree
import xml.parsers.expat

DEPTH = 20000


def nested(wrap, made=None):
    for _ in range(DEPTH):
        made = wrap(made)
    return made


def element(inner):
    made = ElementTree.Element("a")
    if inner is not None:
        made.append(inner)
    return made


def content():
    """The model of an element's content, nested."""
    parser = xml.parsers.expat.ParserCreate()
    parser.ElementDeclHandler = lambda name, model: None
    parser.Parse("<!DOCTYPE a [<!ELEMENT a " + "(" * DEPTH + "a" + ")" * DEPTH + ">]><a/>", True)


def extended(inner):
    """A partial that is not merged with the one inside it."""
    made = functools.partial(inner or int)
    made.extra = 1
    return made


def readers():
    made = io.BytesIO(b"abc")
    for _ in range(300):
        made = io.BufferedReader(made, 1)
    return made.read(1)


made = {
    "methods": nested(lambda inner: types.MethodType(inner or int, 1)),
    "slices": nested(lambda inner: slice(inner)),
    "aliases": nested(lambda inner: types.GenericAlias(inner or list, (int,))),
    "proxies": nested(lambda inner: types.MappingProxyType(inner if inner is not None else {"a": 1})),
    "static methods": nested(lambda inner: staticmethod(inner or int)),
    "partials": nested(extended),
    "wrappers": nested(lambda inner: (inner or int).__call__),
    "elements": nested(element),
    "batches": nested(lambda inner: itertools.batched(inner, 1), [1]) if hasattr(itertools, "batched") else None,
}
uses = {
    "hash": hash,
    "repr": repr,
    "attribute": lambda value: value.nothing,
    "length": len,
    "membership": lambda value: "b" in value,
    "lookup": lambda value: value["b"],
    "keys": lambda value: value.keys(),
    "abstract": lambda value: value.__isabstractmethod__,
    "annotations": lambda value: value.__annotations__,
    "next": next,
    "list": list,
    "call": lambda value: value(),
    "copy": copy.deepcopy,
    "marshal": marshal.dumps,
}
for name, value in made.items():
    for use in uses.values():
        try:
            use(value)
        except Exception:
            pass
    print(name, "used")
for name, function in {"content": content, "readers": readers}.items():
    try:
        function()
    except Exception:
        pass
    print(name, "made")
made.clear()


class Cycle:
    pass


cycle = Cycle()
cycle.call = operator.methodcaller("call", cycle)
del cycle
print("collected", gc.collect() > 0)
