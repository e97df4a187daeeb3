"""SQLite inside a canister: in memory, part of the snapshot, undone with the message that traps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from basilisk.build.pipeline import build
from basilisk.build.project import resolve
from basilisk.candid.did_parser import parse_did
from basilisk.errors import CallRejected
from basilisk.principal import Principal
from basilisk.replica import Replica
from basilisk.testing.local import LocalCanister

PROGRAM = Path(__file__).parent / "programs" / "sqlite.py"
CALLER = Principal.anonymous()
Ask = Callable[..., object]


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """The built program: module and interface."""
    built = build(resolve(str(PROGRAM)), output=tmp_path_factory.mktemp("sqlite"))
    return built.gzip.read_bytes(), built.did.read_text("utf-8")


@pytest.fixture
def canister(module: tuple[bytes, str]) -> LocalCanister:
    """A fresh canister."""
    made = LocalCanister(Replica(), module[0], parse_did(module[1]))
    made.change_code("install", [], CALLER)
    return made


@pytest.fixture
def ask(canister: LocalCanister) -> Ask:
    """Calls a method and gives its only result."""

    def call(method: str, *arguments: object) -> object:
        results = canister.call(method, list(arguments), CALLER)
        return results[0] if results else None

    return call


def test_a_database_opened_at_build_time_is_in_the_snapshot(ask: Ask) -> None:
    """What the import inserted is there in the first query."""
    assert ask("names") == ["tea", "ink"]


def test_rows_stay_and_constraints_hold(ask: Ask) -> None:
    """An update's rows are seen by later queries; a violated constraint is sqlite3's exception."""
    assert ask("add", "nib", 3.0) == 3
    assert ask("names") == ["tea", "nib", "ink"]
    with pytest.raises(CallRejected, match=r"IntegrityError: UNIQUE constraint failed: item\.name"):
        ask("add", "nib", 3.0)


def test_a_trap_undoes_the_insert(ask: Ask) -> None:
    """The database is memory like any other: the message's changes vanish, and it works on."""
    with pytest.raises(CallRejected, match="after the insert"):
        ask("add_and_trap", "pen")
    assert ask("names") == ["tea", "ink"]
    assert ask("add", "pen", 1.0) == 3


def test_many_rows_in_one_message(ask: Ask) -> None:
    """Twenty thousand inserts with two indices fit an update call."""
    assert ask("fill", 20_000) == 20_000


def test_saved_and_restored(ask: Ask) -> None:
    """serialize() and deserialize() carry a database over, through stable memory for example."""
    ask("add", "nib", 3.0)
    image = ask("saved")
    assert isinstance(image, bytes) and image.startswith(b"SQLite format 3\0")
    ask("add", "pen", 1.0)
    ask("restore", image)
    assert ask("names") == ["tea", "nib", "ink"]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select sqlite_version()", ["('3.46.1',)"]),
        ("select value from item, json_each(tags) where name = 'tea'", ["('hot',)", "('leaf',)"]),
        ("select name, sum(price) over (order by name) from item", ["('ink', 4.0)", "('tea', 6.5)"]),
        (
            "with recursive n(i) as (select 1 union all select i+1 from n where i<4) select sum(i) from n",
            ["(10,)"],
        ),
        ("select round(sqrt(2), 6), printf('%05.1f', pi())", ["(1.414214, '003.1')"]),
        (
            "select date('2024-02-29', '+1 year'), strftime('%J', '2000-01-01')",
            ["('2025-03-01', '2451544.5')"],
        ),
        ("select upper('äbc'), 'ABC' like 'a%', quote(x'00ff')", ["('äBC', 1, \"X'00FF'\")"]),
        ("explain query plan select * from item where price > 3", None),
        ("select * from absent", ["OperationalError: no such table: absent"]),
        ("attach '/a/b/c.db' as other", ["OperationalError: unable to open database: /a/b/c.db"]),
    ],
)
def test_statements(ask: Ask, sql: str, rows: list[str] | None) -> None:
    """JSON, windows, recursion, mathematics, dates, text; errors are sqlite3's."""
    answer = ask("run", sql)
    assert isinstance(answer, list)
    if rows is None:
        assert "USING INDEX by_price" in answer[0]
    else:
        assert answer == rows


def test_python_functions_in_sql(ask: Ask) -> None:
    """Callbacks from SQLite into Python work, as do blobs, backups and row factories."""
    assert ask("python_functions") == ["yyyyyy", "yyy", "['zz', 'yyy']", "[(b'abc',), (b'789',)]", "4"]


def test_random_needs_entropy(ask: Ask) -> None:
    """Without entropy random() and randomblob() fail instead of giving numbers that anybody can compute."""
    for function in ("random()", "hex(randomblob(600))"):
        (answer,) = ask("run", f"select {function}")  # type: ignore[misc]
        assert answer.startswith("OperationalError: no random bytes: a canister has no entropy")


def test_the_time_is_that_of_the_message(ask: Ask) -> None:
    """SQL's clock is the network's."""
    (answer,) = ask("run", "select strftime('%s', 'now') > '1000000000', datetime('now') = datetime('now')")  # type: ignore[misc]
    assert answer == "(1, 1)"


def test_too_many_aggregate_terms_are_refused(ask: Ask) -> None:
    """The fix of CVE-2025-6965: an index of 16 bits cannot overflow."""
    assert ask("too_many_terms") == ["OperationalError: more than 2000 aggregate terms"]


def test_connections_lock_each_other_out(ask: Ask) -> None:
    """Of two connections to one file one can write; the other waits in vain and goes on after the commit."""
    assert ask("two_connections") == ["database is locked", "[(1,), (3,)]"]


@pytest.mark.parametrize(("kind", "found"), [("", "dbm.sqlite3"), ("dumb", "dbm.dumb")])
def test_shelves_are_kept_in_files(ask: Ask, kind: str, found: str) -> None:
    """The module dbm keeps data in a database or in plain files; the next message finds them."""
    assert ask("kept_on_a_shelf", kind) == [found, "{'list': [0]}"]
    assert ask("kept_on_a_shelf", kind) == [found, "{'list': [0, 1]}"]
