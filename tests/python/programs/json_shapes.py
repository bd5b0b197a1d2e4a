"""Takes nested JSON apart, changes it, and tells what is wrong with bad JSON."""
import json
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum

DATA = '{"users": [{"id": 1, "name": "Zoë", "tags": ["a", "b"], "score": 1e3}, {"id": 2, "name": null, "tags": []}], "next": null}'


class Colour(str, Enum):
    RED = "red"


class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, (date, datetime)):
            return o.isoformat()
        if isinstance(o, Decimal):
            return str(o)
        if isinstance(o, set):
            return sorted(o)
        return super().default(o)


data = json.loads(DATA)
print([user["name"] for user in data["users"]], data["users"][0]["score"])
print(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False))
made = {"at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "on": date(2026, 1, 2), "sum": Decimal("1.10"), "set": {3, 1, 2}, "c": Colour.RED}
print(json.dumps(made, cls=Encoder))
print(json.loads("[1.5, 10000000000000000000000]", parse_float=Decimal, parse_int=str))
print(json.loads('{"a": 1, "a": 2}', object_pairs_hook=list))
for bad in ("{", '{"a" 1}', "nul", '"\\x"', "", "[1] 2"):
    try:
        print(json.loads(bad))
    except json.JSONDecodeError as error:
        print(repr(bad), "line", error.lineno, "column", error.colno)
try:
    json.dumps({"f": print})
except TypeError as error:
    print(error)
try:
    json.dumps(float("nan"), allow_nan=False)
except ValueError:
    print("no NaN")
