"""`basilisk check --against`: which methods an upgrade would break, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from basilisk.cli.app import app

OLD = "service : { get : () -> (nat) query; add : (nat) -> (nat); }"


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The interface that clients use."""
    path = tmp_path / "old.did"
    path.write_text(OLD, encoding="utf-8")
    return str(path)


def check(new: str, old: str, *options: str) -> Result:
    """Run the command on an interface with the text ``new``."""
    path = Path(old).with_name("new.did")
    path.write_text(new, encoding="utf-8")
    return CliRunner().invoke(app, ["check", str(path), "--against", old, *options])


def test_the_same_interface_is_compatible(old: str) -> None:
    """Nothing to report."""
    result = check(OLD, old)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "compatible: every method keeps its clients",
        "going back: both interfaces mean the same",
    ]


def test_wider_arguments_and_new_methods_are_compatible(old: str) -> None:
    """nat may become int in an argument, an optional argument may be added, methods may be added."""
    new = "service : { get : () -> (nat) query; add : (int, opt text) -> (nat); more : () -> () }"
    result = check(new, old)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "compatible: every method keeps its clients",
        "new: more",
        "going back: would break clients that use what is new:",
        "  add: args[0]: int is not a subtype of nat",
    ]


def test_taking_an_upgrade_back_can_be_required(old: str) -> None:
    """--both-ways refuses what clients of the new interface could not use on the old version."""
    more = "service : { get : () -> (nat) query; add : (nat) -> (nat); more : () -> () }"
    assert check(more, old).exit_code == 0
    result = check(more, old, "--both-ways")
    assert result.exit_code == 2, result.output
    assert "would break 1 of the new methods" in result.stderr
    assert "more: the method is gone" in result.stderr
    assert check(OLD, old, "--both-ways").exit_code == 0
    alone = CliRunner().invoke(app, ["check", old, "--both-ways"])
    assert alone.exit_code == 64 and "--against" in alone.stderr


def test_an_optional_argument_can_come_and_go(old: str) -> None:
    """Subtypes in both directions, but not the same: nothing breaks, the argument is ignored."""
    result = check(
        "service : { get : () -> (nat) query; add : (nat, opt text) -> (nat) }", old, "--both-ways"
    )
    assert result.exit_code == 0, result.output
    assert "going back: breaks nobody either" in result.stdout


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("()", "(nat)", "init: the argument 0 of type nat is required now"),
        ("(text)", "(nat)", "init: args[0]: text is not a subtype of nat"),
        (
            "(record { a : nat })",
            "(record { a : nat; b : text })",
            'init: args[0]: the field "b" of type text',
        ),
        ("(nat)", "(int, opt text)", ""),
        ("(nat)", "()", ""),
    ],
)
def test_init_arguments_are_warned_about(tmp_path: Path, before: str, after: str, reason: str) -> None:
    """They break no client, so the exit code stays 0; what the old arguments do not fit is said."""
    path = tmp_path / "old.did"
    path.write_text(f"service : {before} -> {{}}", encoding="utf-8")
    result = check(f"service : {after} -> {{}}", str(path))
    assert result.exit_code == 0, result.output
    assert reason in result.stderr and bool(reason) == bool(result.stderr)


def test_the_path_leads_into_the_type(tmp_path: Path) -> None:
    """Through named types, options, lists and functions, to the field that changed."""
    path = tmp_path / "old.did"
    old = (
        "type Page = record { items : vec Item; next : opt Page };"
        "type Item = record { count : nat; on : Call };"
        "type Call = func (text) -> () query; service : { get : () -> (Page) query; put : (Item) -> () }"
    )
    path.write_text(old, encoding="utf-8")
    result = check(old.replace("count : nat;", "count : text;").replace("(text)", "(nat)"), str(path))
    assert result.exit_code == 2
    assert "would break 2 of the methods" in result.stderr
    assert "get: results[0].items[].count: text is not a subtype of nat" in result.stderr
    assert "get: results[0].items[].on.args[0]: text is not a subtype of nat" in result.stderr
    assert "put: args[0].count: nat is not a subtype of text" in result.stderr
    assert "put: args[0].on.args[0]: nat is not a subtype of text" in result.stderr


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("service : { get : () -> (nat) query }", "add: the method is gone"),
        ("service : { get : () -> (int) query; add : (nat) -> (nat) }", "get: results[0]:"),
        ("service : { get : () -> (nat) query; add : (nat8) -> (nat) }", "add: args[0]:"),
        ("service : { get : () -> (nat); add : (nat) -> (nat) }", "get:"),
        ("service : { get : () -> (nat) query; add : (nat, nat) -> (nat) }", "add:"),
    ],
)
def test_a_break_is_named_with_its_reason(old: str, new: str, reason: str) -> None:
    """Exit code 2, the method, and where in its type the difference lies."""
    result = check(new, old)
    assert result.exit_code == 2, result.output
    assert "would break 1 of the methods" in result.stderr
    assert reason in result.stderr


def test_a_value_that_is_lost_is_a_warning(tmp_path: Path) -> None:
    """An option whose content changes its type still decodes, but always as null."""
    path = tmp_path / "old.did"
    path.write_text("service : { get : () -> (opt nat) query }", encoding="utf-8")
    result = check("service : { get : () -> (opt text) query }", str(path))
    assert result.exit_code == 0, result.output
    assert "always arrives as null" in result.stderr


def test_interfaces_that_cannot_be_read(old: str, tmp_path: Path) -> None:
    """Missing and malformed files are errors with their place."""
    missing = CliRunner().invoke(app, ["check", str(tmp_path / "none.did"), "--against", old])
    assert missing.exit_code == 64
    assert "none.did" in missing.stderr
    malformed = check("service : { get", old)
    assert malformed.exit_code == 65
    assert "new.did:1:" in malformed.stderr


def test_an_interface_may_import_another(old: str, tmp_path: Path) -> None:
    """Paths are relative to the file that imports; a missing file is an error at its import."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "types.did").write_text("type Number = nat;", encoding="utf-8")
    new = 'import "shared/types.did"; service : { get : () -> (Number) query; add : (Number) -> (nat) }'
    result = check(new, old)
    assert result.exit_code == 0, result.output
    assert "going back: both interfaces mean the same" in result.stdout
    missing = check(new.replace("types.did", "none.did"), old)
    assert missing.exit_code == 65, missing.output
    assert "new.did:1:1" in missing.stderr and "none.did" in missing.stderr
