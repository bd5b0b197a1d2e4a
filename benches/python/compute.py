"""Loops of the kind that scripts spend their time in; prints the best time of each in milliseconds, as JSON."""
import json
import time


def fib(n=22):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def sieve(top=60_000):
    marks = bytearray(top + 1)
    for number in range(2, top + 1):
        if not marks[number]:
            for multiple in range(number * number, top + 1, number):
                marks[multiple] = 1
    return marks.count(0)


def text(length=40_000):
    made = []
    for number in range(length):
        made.append(chr(97 + number % 26))
    joined, total = "".join(made), 0
    for letter in joined:
        total = (total * 31 + ord(letter)) & 0x7FFFFFFF
    return total + joined.upper().count("A")


def table(size=20_000):
    found = {}
    for number in range(size):
        key = f"k{number % 997}"
        found[key] = found.get(key, 0) + number
    return sum(found.values())


def document(size=300):
    rows = [{"id": number, "name": f"row {number}", "tags": ["a", "b"], "score": number / 7} for number in range(size)]
    return len(json.loads(json.dumps(rows)))


times = {}
for name, act in (("fib", fib), ("sieve", sieve), ("string", text), ("dict", table), ("json", document)):
    best = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - begun)
    times[name] = best * 1000
print(json.dumps(times))
