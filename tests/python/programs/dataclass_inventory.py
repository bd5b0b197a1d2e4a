"""Classes of data with order, defaults, validation, protocols, generics and pattern matching."""
from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, replace
from enum import Enum, auto
from functools import cached_property, singledispatch, total_ordering
from typing import Generic, NamedTuple, Protocol, TypeVar, get_type_hints, runtime_checkable


class Kind(Enum):
    TOOL = auto()
    PART = auto()


@dataclass(order=True, slots=True)
class Item:
    price: float
    name: str = field(compare=False)
    kind: Kind = field(default=Kind.PART, compare=False)
    tags: list[str] = field(default_factory=list, compare=False, repr=False)

    def __post_init__(self):
        if self.price < 0:
            raise ValueError(f"{self.name}: price below zero")


items = [Item(3.5, "bolt"), Item(20, "saw", Kind.TOOL, ["sharp"]), Item(1, "nut")]
print(sorted(items), max(items).name)
print(asdict(items[1]), replace(items[0], price=4))
try:
    Item(-1, "hole")
except ValueError as error:
    print(error)
print(get_type_hints(Item)["kind"])


@total_ordering
class Version(NamedTuple):
    major: int
    minor: int = 0


@runtime_checkable
class Sized(Protocol):
    def __len__(self) -> int: ...


T = TypeVar("T")


class Stack(Generic[T]):
    def __init__(self):
        self._items: list[T] = []

    def push(self, item: T) -> Stack[T]:
        self._items.append(item)
        return self

    def __len__(self):
        return len(self._items)

    @cached_property
    def first(self):
        print("computed")
        return self._items[0]


stack = Stack[int]().push(1).push(2)
print(isinstance(stack, Sized), len(stack), stack.first, stack.first, Version(1) < Version(1, 2))


class Shape(ABC):
    @abstractmethod
    def area(self): ...


try:
    Shape()
except TypeError as error:
    print("abstract" in str(error))


@singledispatch
def show(value):
    return "thing"


@show.register
def _(value: int):
    return "number"


print(show(1), show("x"))


def describe(value):
    match value:
        case {"kind": str(kind), **rest}:
            return f"{kind} and {len(rest)} more"
        case [first, *_, last]:
            return f"{first}..{last}"
        case Version(major=1):
            return "one"
        case _:
            return "other"


print(describe({"kind": "x", "a": 1}), describe([1, 2, 3]), describe(Version(1)), describe(None))
