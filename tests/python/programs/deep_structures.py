"""Structures and calls that are nested far too deeply: each is an error of Python, never the end of the interpreter."""
import ast
import copy
import json
import pickle
import re


def nested(depth):
    made = []
    for _ in range(depth):
        made = [made]
    return made


class Same:
    def __repr__(self):
        return repr(self)

    def __add__(self, other):
        return self + other

    def __getattr__(self, name):
        return getattr(self, name + "_")


def outcome(function):
    try:
        function()
    except (RecursionError, MemoryError, OverflowError, SyntaxError, ValueError):
        return "refused"
    return "done"


def calls():
    calls()


for name, function in {
    "calls": calls,
    "repr": lambda: repr(Same()),
    "operator": lambda: Same() + 1,
    "attribute": lambda: Same().x,
    "json": lambda: json.loads("[" * 100000 + "]" * 100000),
    "json of a list": lambda: json.dumps(nested(100000)),
    "deepcopy": lambda: copy.deepcopy(nested(100000)),
    "pickle": lambda: pickle.dumps(nested(100000)),
    "source": lambda: ast.parse("(" * 100000 + ")" * 100000),
    "regular expression": lambda: re.compile("(" * 50000 + ")" * 50000),
}.items():
    print(name, outcome(function))
made = nested(1000000)
del made
print("taken apart")
