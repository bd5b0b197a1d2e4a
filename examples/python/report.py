"""Adds up sales by region: reads a granted CSV beside it."""
import csv
from collections import defaultdict
from decimal import Decimal

totals = defaultdict(Decimal)
with open("examples/python/sales.csv", newline="") as file:
    for row in csv.DictReader(file):
        totals[row["region"]] += Decimal(row["amount"])
for region, amount in sorted(totals.items()):
    print(f"{region:<7} {amount:>7}")
print(f"{'total':<7} {sum(totals.values()):>7}")
