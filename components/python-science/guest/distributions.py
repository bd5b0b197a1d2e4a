"""What `importlib.metadata` tells of the packages that are a part of the component.

Start at `prepare`. The texts are read when the component is made ready; their files are gone later.
"""

import importlib.metadata
import pathlib
import sys

_TEXTS = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt")


class Kept(importlib.metadata.Distribution):
    """A package by its texts."""

    def __init__(self, found):
        self._texts = {name: found.read_text(name) for name in _TEXTS}

    def read_text(self, filename):
        return self._texts.get(filename)

    def locate_file(self, path):
        return pathlib.Path("/python") / path


class Finder:
    """Finds no modules, but what is known of packages."""

    _kept = ()

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        return None

    @classmethod
    def find_distributions(cls, context=importlib.metadata.DistributionFinder.Context()):
        wanted = context.name and context.name.lower().replace("_", "-").replace(".", "-")
        return (kept for kept in cls._kept if wanted is None or kept.name.lower() == wanted)


def prepare(names):
    """Keeps what is known of packages of these names."""
    Finder._kept = [Kept(importlib.metadata.distribution(name)) for name in names]
    sys.meta_path.append(Finder)
