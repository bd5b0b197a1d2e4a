"""Words, counts, itertools, generators, heaps, caches, compression, digests and encodings."""
import base64
import bisect
import collections
import functools
import gzip
import hashlib
import heapq
import io
import itertools
import operator
import struct
import unicodedata
import zipfile
import zlib

TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom"
words = [word.strip(",").lower() for word in TEXT.split()]
print(collections.Counter(words).most_common(4))
print({key: len(list(group)) for key, group in itertools.groupby(sorted(words, key=len), key=len)})
print(list(itertools.islice(itertools.accumulate(itertools.count(1), operator.mul), 8)), list(itertools.combinations("abc", 2)))
print(heapq.nsmallest(3, words), heapq.merge([1, 4], [2, 3]).__class__.__name__, bisect.bisect([1, 3, 5], 4))


@functools.lru_cache(maxsize=None)
def ways(n):
    return 1 if n < 2 else ways(n - 1) + ways(n - 2)


print(ways(80), ways.cache_info().misses)
packed = gzip.compress(TEXT.encode() * 50, mtime=0)
print(len(packed) < 300, gzip.decompress(packed)[:6], zlib.crc32(TEXT.encode()), zlib.adler32(b"b8g"))
print(hashlib.sha256(TEXT.encode()).hexdigest(), hashlib.md5(b"").hexdigest(), hashlib.blake2b(b"x", digest_size=8).hexdigest())
print(base64.b64encode(TEXT[:9].encode()), base64.urlsafe_b64decode("-_8="), base64.b32encode(b"hi"))
print(struct.pack("<IhdB", 7, -2, 1.5, 255).hex(), struct.unpack(">H", b"\x01\x02"), struct.calcsize("<IhdB"))
print(unicodedata.normalize("NFD", "é").encode(), unicodedata.name("☃"), "ß".upper(), "İ".lower().encode(), "straße".casefold())
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
    made.writestr("a/b.txt", "hello " * 100)
    made.writestr("c.txt", "x")
with zipfile.ZipFile(archive) as read:
    print(read.namelist(), read.read("a/b.txt")[:5], read.testzip())
for bad, encoding in ((b"\xff\xfe", "utf-8"), (b"\xe9", "ascii")):
    try:
        bad.decode(encoding)
    except UnicodeDecodeError as error:
        print(error)
print("é".encode("latin-1"), "€".encode("cp1252"), b"\xe4\xbd\xa0".decode(), "日本".encode("shift_jis"), "x".encode("utf-16-le"))
print(collections.ChainMap({"a": 1}, {"a": 2, "b": 3})["b"], collections.deque(range(5), maxlen=3), list(collections.OrderedDict(b=1, a=2)))
