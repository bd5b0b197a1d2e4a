"""The program's files: what the engine put into the blob of the role PROGRAM.

Start at `Bundle`. The files are never copied out before somebody asks for one, and nothing here touches the file system.
The form: u32 N, N bytes of JSON, then the bytes of the files, one after the other; `README.md` of the component has the fields.
"""

import json

VERSION = 1
_HEAD_BYTES = 4


class Bundle:
    """Files by their path in the guest, and what to run."""

    def __init__(self, data):
        length = int.from_bytes(data[:_HEAD_BYTES], "little")
        head = json.loads(data[_HEAD_BYTES : _HEAD_BYTES + length])
        if head.get("version") != VERSION:
            raise ValueError(f"a bundle of version {head.get('version')}, and this component knows {VERSION}")
        self.run = head.get("run")
        self.argv0 = head.get("argv0", "")
        self.roots = [root.rstrip("/") or "/" for root in head.get("roots", ())]
        # When the program runs: "now", "later" (when the context goes on from an image), or "cells" (now, and cells come after it).
        self.when = head.get("when", "now")
        self._data = data
        self._files = {}
        self._shown = {}
        at = _HEAD_BYTES + length
        for path, shown, size in head.get("files", ()):
            self._files[path] = (shown, at, size)
            at += size
        self._directories = None

    def __contains__(self, path):
        return path in self._files

    def paths(self):
        """The paths of all files."""
        return list(self._files)

    def read(self, path):
        """The bytes of a file."""
        _, at, size = self._files[path]
        return self._data[at : at + size]

    def shown(self, path):
        """The name by which tracebacks show a file."""
        return self._files[path][0]

    def path_of(self, shown):
        """The path of the file that is shown by this name, or None."""
        if not self._shown:
            self._shown = {entry[0]: path for path, entry in self._files.items()}
        return self._shown.get(shown)

    def entries(self, directory):
        """What lies in a directory, or None if it is none: a set of names, directories with a slash behind."""
        if self._directories is None:
            self._directories = self._list()
        return self._directories.get(directory)

    def _list(self):
        directories = {root: set() for root in self.roots}
        for path in self._files:
            parent, _, name = path.rpartition("/")
            known = parent in directories
            directories.setdefault(parent or "/", set()).add(name)
            # Above a directory that is known, all is known.
            while not known and parent:
                parent, _, name = parent.rpartition("/")
                known = parent in directories
                directories.setdefault(parent or "/", set()).add(name + "/")
        return directories
