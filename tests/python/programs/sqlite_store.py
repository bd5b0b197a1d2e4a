"""A small store in a database in memory: schema, transactions, joins, functions, errors."""
import sqlite3

db = sqlite3.connect(":memory:")
db.row_factory = sqlite3.Row
db.executescript("""
    create table author(id integer primary key, name text not null unique);
    create table book(id integer primary key, author integer not null references author(id), title text, year integer);
    create index by_year on book(year);
""")
with db:
    db.executemany("insert into author(name) values (?)", [("Le Guin",), ("Lem",), ("Strugatsky",)])
    db.executemany(
        "insert into book(author, title, year) values (?, ?, ?)",
        [(1, "The Dispossessed", 1974), (2, "Solaris", 1961), (2, "Fiasco", 1986), (3, "Roadside Picnic", 1972)],
    )
for row in db.execute("select name, count(book.id) as books, min(year) as first from author left join book on author = author.id group by name order by name"):
    print(dict(row))
try:
    with db:
        db.execute("insert into author(name) values ('Borges')")
        db.execute("insert into author(name) values ('Lem')")
except sqlite3.IntegrityError as error:
    print("rolled back:", error)
print(db.execute("select count(*) from author").fetchone()[0])
db.create_function("initial", 1, lambda text: text[0])
print([tuple(row) for row in db.execute("select initial(title), year from book where year between ? and ? order by year", (1960, 1975))])


class Longest:
    def __init__(self):
        self.best = ""

    def step(self, text):
        self.best = max(self.best, text, key=len)

    def finalize(self):
        return self.best


db.create_aggregate("longest", 1, Longest)
print(db.execute("select longest(title) from book").fetchone()[0])
print(db.execute("with recursive n(x) as (select 1 union all select x + 1 from n where x < 5) select group_concat(x) from n").fetchone()[0])
print(db.execute("select json_extract('{\"a\": [1, 2]}', '$.a[1]')").fetchone()[0])
try:
    db.execute("select * from nothing")
except sqlite3.OperationalError as error:
    print(error)
