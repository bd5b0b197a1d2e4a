"""Everything that was seeded or counted before an image was frozen, drawn anew in each copy.

Start at `renew`. At a component's own start there is nothing to do: componentize-py seeds `random` at the first call, and the rest is
not drawn yet. The hash seed of str and bytes is the one exception: tables that live depend on it.
"""

import os
import random
import tempfile
import uuid

# Entropy that the generator is seeded with: without an argument it asks for 2,500 bytes, which takes longer than the rest together.
_SEED_BYTES = 32

# What modules keep of what was drawn.
_DRAWN = (
    (vars(tempfile), ("_name_sequence",)),
    (vars(uuid), ("_node", "_last_timestamp", "_last_timestamp_v6", "_last_timestamp_v7")),
)
# What packages that are a part of the component have to draw anew.
also = []


def renew():
    """Seeds the shared generator, and forgets the names of temporary files and what tells this machine from others."""
    random._inst.seed(int.from_bytes(os.urandom(_SEED_BYTES)))
    for names, drawn in _DRAWN:
        for name in drawn:
            # To write what is there already would make a page of the context's own.
            if names.get(name) is not None:
                names[name] = None
    for draw in also:
        draw()
