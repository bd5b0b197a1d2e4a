"""Where `importlib.metadata` looks for what is known of packages: in the bundle it finds them without a question to the host.

Start at `prepare`.
"""

from importlib.metadata import FastPath

from _b8g import finder, shelf

_children, _mtime = FastPath.children, FastPath.mtime


def _entries(root):
    """What lies in a directory of the bundle, or of the library, where nothing is known of packages; None for others."""
    if root == shelf.ROOT:
        return ()
    bundle = finder.bundle()
    return bundle.entries(root.rstrip("/") or "/") if bundle is not None and root else None


def _children_of(self):
    entries = _entries(self.root)
    return _children(self) if entries is None else [entry.rstrip("/") for entry in entries]


def _mtime_of(self):
    return _mtime.fget(self) if _entries(self.root) is None else 0


def prepare():
    """Puts the functions in their places; once, when the component is made."""
    FastPath.children, FastPath.mtime = _children_of, property(_mtime_of)
