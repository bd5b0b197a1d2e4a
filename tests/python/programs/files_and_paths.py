"""Writes, reads, lists and removes files in a directory that is its first argument.

needs: directory
"""
import json
import os
import pathlib
import shutil
import sqlite3
import sys
import tempfile

root = pathlib.Path(sys.argv[1])
(root / "a" / "b").mkdir(parents=True)
(root / "a" / "one.txt").write_text("eins\nzwei\ndrei é\n", encoding="utf-8")
(root / "a" / "b" / "data.bin").write_bytes(bytes(range(256)))
with open(root / "a" / "one.txt", "a") as file:
    print("vier", file=file)
with open(root / "a" / "one.txt") as file:
    print([line.strip() for line in file])
with open(root / "a" / "b" / "data.bin", "r+b") as file:
    file.seek(10)
    file.write(b"XY")
    file.seek(-2, os.SEEK_END)
    print(file.read(), file.tell())
print(sorted(str(path.relative_to(root)) for path in root.rglob("*")))
print([(os.path.relpath(at, root), sorted(folders), sorted(files)) for at, folders, files in sorted(os.walk(root))])
shutil.copytree(root / "a", root / "copy")
os.replace(root / "copy" / "one.txt", root / "moved.txt")
print((root / "moved.txt").stat().st_size, (root / "copy" / "one.txt").exists(), (root / "a").is_dir())
for attempt in (lambda: open(root / "none"), lambda: os.mkdir(root / "a"), lambda: os.rmdir(root / "a"), lambda: open(root / "a")):
    try:
        attempt()
    except OSError as error:
        print(type(error).__name__, error.strerror is not None)
with tempfile.TemporaryDirectory(dir=root) as made:
    path = pathlib.Path(made) / "x.json"
    path.write_text(json.dumps({"x": 1}))
    print(json.loads(path.read_text()))
print(os.path.exists(made))
base = sqlite3.connect(root / "base.db")
with base:
    base.execute("create table t(x)")
    base.executemany("insert into t values (?)", [(n,) for n in range(10)])
base.close()
print(sqlite3.connect(root / "base.db").execute("select sum(x) from t").fetchone())
shutil.rmtree(root / "copy")
kept = open(root / "kept.txt", "w")
kept.write("written at the end")
print(sorted(os.listdir(root)))
