"""Finds its way through a log with regular expressions."""
import re
from collections import Counter

LOG = """\
127.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /index.html HTTP/1.1" 200 2326
10.0.0.7 - bob [10/Oct/2025:13:55:40 +0000] "POST /api/items?id=7 HTTP/1.1" 201 12
10.0.0.7 - bob [10/Oct/2025:13:56:02 +0000] "GET /missing HTTP/1.1" 404 -
garbage line
"""
LINE = re.compile(
    r"""
    (?P<host>\S+)\ \S+\ (?P<user>\S+)\ \[(?P<when>[^\]]+)\]\ "(?P<method>[A-Z]+)\ (?P<path>\S+)[^"]*"\ (?P<status>\d{3})\ (?P<size>\d+|-)
    """,
    re.VERBOSE,
)
codes = Counter()
for number, line in enumerate(LOG.splitlines(), 1):
    found = LINE.fullmatch(line)
    if not found:
        print("line", number, "is no request")
        continue
    codes[found["status"]] += 1
    print(found.groupdict())
print(codes.most_common())
print(re.sub(r"(\w+)@(\w+)\.com", r"\2 at \1", "ann@site.com, bob@home.com"))
print(re.split(r"[;,]\s*", "a, b;c,  d"), re.findall(r"(?<=\$)\d+(?:\.\d\d)?", "$3 and $4.50"))
print(re.sub(r"\b(\w)(\w*)", lambda m: m[1].upper() + m[2], "the quick élan"))
print([m.span() for m in re.finditer(r"a(?=b)", "abacab")], re.escape("a.b*c"))
print(re.match(r"(?i)ÉCOLE", "école") is not None, re.fullmatch(r"\d{1,3}", "1234"))
for bad in ("(", "[a-", "*a", "(?P<x>a)(?P<x>b)"):
    try:
        re.compile(bad)
    except re.error as error:
        print(bad, "->", error.msg)
