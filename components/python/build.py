"""Makes the component: everything but the installing of what `requirements.txt` pins.

Start at `main`. What goes in is pinned; what comes out differs from making to making, because CPython draws the seed of its hashes while
it is made, and nothing can set it. So the digest of a component is told and kept, not known before.

    python3 -m pip install --require-hashes --only-binary :all: --no-deps --target TOOLS -r requirements.txt
    python3 build.py --tools TOOLS --wit ../../guests/wit/b8g.wit --out python.wasm

That is what `b8g component add python` does.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import drawn  # noqa: E402
import lasting  # noqa: E402
import lists  # noqa: E402
import small  # noqa: E402
import stack  # noqa: E402
import world  # noqa: E402

# The data of the zones is the only package that goes into the component.
_PACKAGES = ("tzdata",)


# Runs componentize-py out of the tools' directory, which the component's own Python is not to see.
_COMPONENTIZE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from componentize_py import script; sys.exit(script())"


def make(tools, wit, folder):
    """The component's bytes, before its stack is guarded. `folder` is empty and goes away later."""
    (folder / "wit").mkdir()
    (folder / "wit" / "world.wit").write_text(world.cut(wit.read_text()))
    # Copies, so that nothing but sources is there, and nothing is written beside them.
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(HERE / "guest", folder / "guest", ignore=ignored)
    for package in _PACKAGES:
        shutil.copytree(tools / package, folder / "packages" / package, ignore=ignored)
    out = folder / "out.wasm"
    command = [sys.executable, "-I", "-c", _COMPONENTIZE, tools, "-q", "-d", "wit", "-w", "python", "componentize", "-p", "guest", "-p", "packages", "app", "-o", out]
    # Nothing of the caller's environment: a VIRTUAL_ENV or PYTHONPATH would add to what the guest finds.
    environment = {"PATH": os.environ.get("PATH", ""), "TMPDIR": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"componentize-py failed:\n{done.stdout}{done.stderr}")
    return out.read_bytes()


def main():
    options = argparse.ArgumentParser(description="Makes the Python component.")
    options.add_argument("--tools", type=pathlib.Path, required=True, help="where pip put what requirements.txt pins")
    options.add_argument("--wit", type=pathlib.Path, required=True, help="the ABI as interfaces: guests/wit/b8g.wit")
    options.add_argument("--out", type=pathlib.Path, required=True, help="where the component goes")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = make(given.tools.resolve(), given.wit.resolve(), pathlib.Path(folder))
        component, immortal = lasting.mend(lists.mend(drawn.mend(small.mend(made))))
        component, padded = stack.guard(component)
    digest = hashlib.sha256(component).hexdigest()
    # Whole or not at all.
    part = given.out.with_name(given.out.name + ".part")
    part.write_bytes(component)
    part.replace(given.out)
    print(f"{given.out}: {len(component)} bytes, {padded} functions padded, {immortal} objects immortal, sha256 {digest}")


if __name__ == "__main__":
    main()
