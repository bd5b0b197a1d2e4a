"""Reads its standard input in every way, and counts.

stdin: 3\\nfirst line\\nzweite Zeile é\\n1 2 3\\nrest\\nof it\\n
"""
import fileinput
import sys

count = int(input())
print("count", count)
print(repr(input("prompt> ")))
print(repr(sys.stdin.readline()))
print(sum(map(int, input().split())))
for line in fileinput.input(files=("-",)):
    print(fileinput.lineno(), line.rstrip())
try:
    input()
except EOFError as error:
    print("EOFError", error)
print(repr(sys.stdin.read()))
