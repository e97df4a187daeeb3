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


def check(new: str, old: str) -> Result:
    """Run the command on an interface with the text ``new``."""
    path = Path(old).with_name("new.did")
    path.write_text(new, encoding="utf-8")
    return CliRunner().invoke(app, ["check", str(path), "--against", old], standalone_mode=True)


def test_the_same_interface_is_compatible(old: str) -> None:
    """Nothing to report."""
    result = check(OLD, old)
    assert result.exit_code == 0, result.output
    assert result.stdout == "compatible: every method keeps its clients\n"


def test_wider_arguments_and_new_methods_are_compatible(old: str) -> None:
    """nat may become int in an argument, an optional argument may be added, methods may be added."""
    new = "service : { get : () -> (nat) query; add : (int, opt text) -> (nat); more : () -> () }"
    result = check(new, old)
    assert result.exit_code == 0, result.output
    assert "new: more" in result.stdout


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
