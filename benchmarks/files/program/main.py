"""Methods that do one thing with files many times, below the folder ``base``."""

import os
import random
import sqlite3
from contextlib import closing

from basilisk import nat64, text, update, void

PIECE = b"x" * 100


@update
def nothing(base: text) -> void:
    pass


@update
def appends(base: text) -> void:
    """1,000 writes of 100 bytes, each to the file system at once."""
    with open(f"{base}/appends", "ab", buffering=0) as file:
        for _ in range(1000):
            file.write(PIECE)


@update
def buffered_appends(base: text) -> void:
    """The same through Python's buffer of 8 KiB."""
    with open(f"{base}/buffered", "ab") as file:
        for _ in range(1000):
            file.write(PIECE)


@update
def opened_appends(base: text) -> void:
    """100 times open, 100 bytes, close."""
    for _ in range(100):
        with open(f"{base}/opened", "ab") as file:
            file.write(PIECE)


@update
def one_write(base: text) -> void:
    """1 MiB at once."""
    with open(f"{base}/one", "wb", buffering=0) as file:
        file.write(bytes(1 << 20))


@update
def pieces(base: text) -> void:
    """1 MiB in pieces of 8 KiB."""
    piece = bytes(1 << 13)
    with open(f"{base}/pieces", "wb", buffering=0) as file:
        for _ in range(128):
            file.write(piece)


@update
def overwrite(base: text) -> void:
    """1 MiB at once where there are bytes already."""
    with open(f"{base}/one", "r+b", buffering=0) as file:
        file.write(bytes(1 << 20))


@update
def read(base: text) -> void:
    """1 MiB at once."""
    with open(f"{base}/one", "rb", buffering=0) as file:
        file.read()


@update
def small_files(base: text) -> void:
    """1,000 files of 100 bytes."""
    os.mkdir(f"{base}/many")
    for number in range(1000):
        with open(f"{base}/many/{number}", "wb", buffering=0) as file:
            file.write(PIECE)


@update
def remove_files(base: text) -> void:
    """Removes these."""
    for name in os.listdir(f"{base}/many"):
        os.unlink(f"{base}/many/{name}")


@update
def large_file(base: text) -> void:
    with open(f"{base}/large", "wb", buffering=0) as file:
        for _ in range(10):
            file.write(bytes(1_000_000))


@update
def rewrites(base: text) -> void:
    """1,000 times 100 bytes anywhere in 10 MB."""
    places = random.Random(1)
    file = os.open(f"{base}/large", os.O_WRONLY)
    for _ in range(1000):
        os.pwrite(file, PIECE, places.randrange(10_000_000))
    os.close(file)


def _database(base: text) -> sqlite3.Connection:
    return sqlite3.connect(f"{base}/db.sqlite")


@update
def make_table(base: text) -> void:
    with closing(_database(base)) as database, database:
        database.execute("create table t (id integer primary key, name text, n integer)")


@update
def one_transaction(base: text) -> void:
    """1,000 inserts in one transaction."""
    with closing(_database(base)) as database, database:
        for number in range(1000):
            database.execute("insert into t (name, n) values (?, ?)", (f"name {number}", number))


@update
def transactions(base: text) -> void:
    """100 transactions of one insert."""
    _transactions(base, "delete")


@update
def transactions_truncate(base: text) -> void:
    """The same with another way to keep the journal."""
    _transactions(base, "truncate")


@update
def transactions_persist(base: text) -> void:
    """And another one."""
    _transactions(base, "persist")


@update
def transactions_memory(base: text) -> void:
    """And another one."""
    _transactions(base, "memory")


def _transactions(base: text, mode: str) -> None:
    with closing(_database(base)) as database:
        database.execute(f"pragma journal_mode = {mode}")
        for number in range(100):
            with database:
                database.execute("insert into t (name, n) values (?, ?)", (f"name {number}", number))


@update
def selects(base: text) -> void:
    """100 rows by their keys, one query each."""
    with closing(_database(base)) as database:
        for number in range(100):
            database.execute("select name from t where id = ?", (number * 7 + 1,)).fetchall()


@update
def stat(base: text) -> void:
    for _ in range(100):
        os.stat(f"{base}/one")


@update
def size(base: text) -> nat64:
    """Bytes of all files in the folder."""
    return sum(os.path.getsize(f"{base}/{name}") for name in os.listdir(base))
