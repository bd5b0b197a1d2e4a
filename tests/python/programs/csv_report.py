"""Reads a table, groups it, and writes a report and a table."""
import csv
import io
from collections import defaultdict

TABLE = """date,region,product,units,price
2026-01-03,north,apple,10,0.50
2026-01-03,south,pear,4,0.75
2026-01-04,north,pear,7,0.75
2026-01-05,south,"apple, red",12,0.60
2026-01-05,west,apple,,0.50
"""

totals = defaultdict(lambda: {"units": 0, "money": 0.0})
skipped = 0
for row in csv.DictReader(io.StringIO(TABLE)):
    try:
        units = int(row["units"])
    except ValueError:
        skipped += 1
        continue
    totals[row["region"]]["units"] += units
    totals[row["region"]]["money"] += units * float(row["price"])

for region, total in sorted(totals.items()):
    print(f"{region:<8}{total['units']:>5}{total['money']:>10.2f}")
print("skipped", skipped)

out = io.StringIO()
writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL)
writer.writerow(["a", "b,c", 'd"e', None, 1.5])
writer.writerows([[1, 2], ["x\ny", ""]])
print(repr(out.getvalue()))
print(csv.Sniffer().sniff("a;b;c\n1;2;3\n").delimiter)
