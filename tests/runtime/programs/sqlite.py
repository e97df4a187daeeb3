"""A database in the canister's memory, opened and filled while the program is imported."""

import dbm.dumb
import shelve
import sqlite3
from contextlib import closing

from basilisk import Vec, blob, ic, nat64, query, update

db = sqlite3.connect(":memory:")
db.executescript(
    """
    create table item (id integer primary key, name text unique not null, price real, tags text);
    create index by_price on item (price);
    insert into item (name, price, tags) values ('tea', 2.5, '["hot","leaf"]'), ('ink', 4.0, '["black"]');
    """
)


@query
def names() -> Vec[str]:
    return [name for (name,) in db.execute("select name from item order by price")]


@update
def add(name: str, price: float) -> nat64:
    """Returns the new row's number; a name that is taken raises IntegrityError."""
    with db:
        return db.execute("insert into item (name, price, tags) values (?, ?, '[]')", (name, price)).lastrowid


@update
def add_and_trap(name: str) -> None:
    db.execute("insert into item (name) values (?)", (name,))
    ic.trap("after the insert")


@update
def fill(count: nat64) -> nat64:
    """Inserts many rows in one transaction and gives their number."""
    with db:
        db.executemany(
            "insert into item (name, price) values (?, ?)", ((f"n{i}", i / 8) for i in range(count))
        )
    return db.execute("select count(*) from item where price >= 0 and tags is null").fetchone()[0]


@query
def run(sql: str) -> Vec[str]:
    """The rows of any statement, or the error."""
    try:
        return [repr(row) for row in db.execute(sql)]
    except sqlite3.Error as error:
        return [f"{type(error).__name__}: {error}"]


@query
def saved() -> blob:
    return db.serialize()


@update
def restore(image: blob) -> None:
    db.deserialize(image)


@query
def python_functions() -> Vec[str]:
    """Functions, aggregates, collations, adapters, row factories and blobs of the sqlite3 module."""
    con = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES)
    con.create_function("twice", 1, lambda text: text * 2, deterministic=True)

    class Longest:
        def __init__(self) -> None:
            self.best = ""

        def step(self, text: str) -> None:
            self.best = max(self.best, text, key=len)

        def finalize(self) -> str:
            return self.best

    con.create_aggregate("longest", 1, Longest)
    con.create_collation("backwards", lambda a, b: (a < b) - (a > b))
    con.row_factory = sqlite3.Row
    con.execute("create table t (a text, b blob)")
    con.executemany("insert into t values (?, ?)", [("x", b"123"), ("yyy", b"456"), ("zz", b"789")])
    with con.blobopen("t", "b", 2) as part:
        part.write(b"abc")
    with con:
        con.execute("delete from t where a = 'x'")
    other = sqlite3.connect(":memory:")
    con.backup(other)
    return [
        con.execute("select twice(a) as d from t order by a").fetchone()["d"],
        con.execute("select longest(a) from t").fetchone()[0],
        str([row["a"] for row in con.execute("select a from t order by a collate backwards")]),
        str(other.execute("select b from t").fetchall()),
        str(con.total_changes),
    ]


@query
def too_many_terms() -> Vec[str]:
    groups = [",".join(f"sum(id+{i * 100 + j})" for j in range(100)) for i in range(25)]
    return run("select " + "+".join(f"max({group})" for group in groups) + " from item")


@update
def two_connections() -> Vec[str]:
    """Both write to one file: what the second one gets while the first has a transaction, and afterwards."""
    answers = []
    with (
        closing(sqlite3.connect("/stable/two.db", timeout=0.1)) as first,
        closing(sqlite3.connect("/stable/two.db", timeout=0.1)) as second,
    ):
        first.execute("create table t (n integer)")
        first.execute("insert into t values (1)")
        try:
            second.execute("insert into t values (2)")
        except sqlite3.OperationalError as error:
            answers.append(str(error))
        first.commit()
        with second:
            second.execute("insert into t values (3)")
        answers.append(repr(first.execute("select n from t order by n").fetchall()))
    return answers


@update
def kept_on_a_shelf(kind: str) -> Vec[str]:
    """A shelf in a file: in a database, or with the kind "dumb" in plain files."""
    with shelve.Shelf(dbm.dumb.open("/stable/dumb")) if kind else shelve.open("/stable/shelf") as shelf:
        shelf.setdefault("list", [])
        shelf["list"] += [len(shelf["list"])]
    with shelve.Shelf(dbm.dumb.open("/stable/dumb")) if kind else shelve.open("/stable/shelf") as shelf:
        return [dbm.whichdb("/stable/dumb" if kind else "/stable/shelf") or "", repr(dict(shelf))]
