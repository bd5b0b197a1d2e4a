"""Cuts the component's world out of `guests/wit/b8g.wit`, so that the two never differ.

Start at `cut`. What is imported is what is used: an import that a component names, the engine must have, and every
type costs the bindings memory. Nothing is written by hand but the names below.

    python3 world.py ../../guests/wit/b8g.wit OUT_DIRECTORY
"""

import pathlib
import re
import sys

# The functions of the ABI that the guest calls.
USED = {
    "operations": ["read", "write", "close", "finish", "task-exit"],
    "control": ["given", "env-list", "fault", "tls", "tls-feed", "tls-take", "tls-state", "tls-tell"],
}

WORLD = """
/// Python as a component.
world python {
  import operations;
  import control;
  export run;
}
"""


def blocks(text, keyword):
    """The declarations `keyword NAME { … }` of a text, by name, each with the comments before it."""
    found = {}
    for match in re.finditer(rf"((?:^ *///[^\n]*\n)*)^ *{keyword} (%?[\w-]+) \{{", text, re.MULTILINE):
        depth, at = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        found[match.group(2).lstrip("%")] = text[match.start() : at]
    return found


def functions(body):
    """The functions of an interface, by name."""
    pattern = r"(?:^ *///[^\n]*\n)*^ *(%?[\w-]+): func\([^;]*;\n"
    return {match.group(1).lstrip("%"): match.group(0) for match in re.finditer(pattern, body, re.MULTILINE)}


def words(text):
    """The names in a text that may be types: no comments, no names of parameters, fields or cases."""
    text = re.sub(r"//[^\n]*", "", text)
    if re.match(r"\s*(variant|enum|flags) ", text):
        text = " ".join(re.findall(r"\(([^)]*)\)", text))
    return set(re.findall(r"[a-z][\w-]*(?![\w-]|:)", text))


def cut(text):
    """The cut interface description."""
    package = re.search(r"^package [^;]+;", text, re.MULTILINE).group(0)
    interfaces = blocks(text, "interface")
    types = dict(re.findall(r"((?:^ *///[^\n]*\n)*^ *type ([\w-]+) = [^;]+;\n)", interfaces["types"], re.MULTILINE))
    types = {name: declared for declared, name in types.items()}
    for keyword in ("variant", "enum", "flags", "record"):
        types.update((name, declared + "\n") for name, declared in blocks(interfaces["types"], keyword).items())
    parts, needed = [], set()

    def interface(name, body, names):
        used = sorted(words(body) & set(types))
        needed.update(used)
        parts.append(f"interface {name} {{\n  use types.{{{', '.join(used)}}};\n{body}}}\n")

    for name, wanted in USED.items():
        known = functions(interfaces[name])
        missing = [function for function in wanted if function not in known]
        if missing:
            raise SystemExit(f"{name} of the ABI has no {', '.join(missing)}")
        interface(name, "".join(known[function] for function in wanted), wanted)
    known = functions(interfaces["run"])
    interface("run", "".join(known.values()), list(known))
    while more := {name for used in needed for name in words(types[used]) & set(types)} - needed:
        needed |= more
    body = "\n".join(types[name] for name in types if name in needed)
    return f"{package}\n\ninterface types {{\n{body}}}\n\n" + "\n".join(parts) + WORLD


if __name__ == "__main__":
    source, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    (out / "world.wit").write_text(cut(source.read_text()))
