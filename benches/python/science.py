"""What programs do with numpy and pandas; prints the best time of each in milliseconds, as JSON."""
import time

begun = time.perf_counter()
import numpy
import pandas

times = {"import of both": (time.perf_counter() - begun) * 1000}

import io
import json

draws = numpy.random.default_rng(7)
matrix, numbers = draws.random((300, 300)), draws.random(500_000)
frame = pandas.DataFrame({"key": draws.integers(0, 100, 100_000), "value": draws.random(100_000)})
text = frame.to_csv()
for name, act in (
    ("a + b of 500,000", lambda: numbers + numbers),
    ("sum of 500,000", numbers.sum),
    ("sort of 500,000", lambda: numpy.sort(numbers)),
    ("product 300 x 300", lambda: matrix @ matrix),
    ("solve 300 x 300", lambda: numpy.linalg.solve(matrix, matrix)),
    ("groupby of 100,000 rows", lambda: frame.groupby("key").value.mean()),
    ("merge of 100,000 rows", lambda: frame.merge(frame.groupby("key").value.sum(), on="key")),
    ("read_csv of 100,000 rows", lambda: pandas.read_csv(io.StringIO(text))),
    ("to_csv of 100,000 rows", frame.to_csv),
):
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - begun)
    times[name] = best * 1000
print(json.dumps(times))
