"""The text format of a scripted session: calls to a canister and the replies they must get.

    # A comment, or a sentence that tells the reader what follows.
    @as alice                       calls that follow come from this identity
    @install (record { a = 1 })     installs afresh with init arguments (optional: the first step otherwise)
    @upgrade                        upgrades to the same program, with arguments if it takes any
    transfer(principal "${bob}", 5)
      => (variant { Ok = 1 })
    get()
      => (_)
    burn(1_000)
      => reject "not enough"

A step begins at the left margin; indented lines continue it.  Behind ``=>`` stands the expected reply in
Candid's textual form, or ``reject`` and a part of the message.  A call without ``=>`` must only get a reply.
``${name}`` stands for the principal of an identity, ``${canister}`` for that of the canister.  ``_`` stands
for any integer.  The identity ``anonymous`` is the anonymous caller, and the one that calls come from first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from basilisk.errors import Location, UsageError

__all__ = ["Call", "ChangeCode", "ExpectedReject", "Step", "SwitchIdentity", "parse", "read"]

_CALL = re.compile(
    r'\s*(?:"(?P<quoted>[^"]+)"|(?P<plain>[A-Za-z_]\w*))\s*(?P<arguments>\(.*\))\s*\Z', re.DOTALL
)
_REJECT = re.compile(r'\s*reject\s+"(?P<part>(?:[^"\\]|\\.)*)"\s*\Z', re.DOTALL)
_IDENTITY = re.compile(r"[A-Za-z_][\w-]*\Z")


@dataclass(frozen=True)
class ExpectedReject:
    """The call must be rejected with a message that contains ``part``."""

    part: str


@dataclass(frozen=True)
class Call:
    """Call ``method`` with ``arguments``; ``expected`` is the text of the reply, a reject, or anything."""

    where: Location
    method: str
    arguments: str
    expected: str | ExpectedReject | None


@dataclass(frozen=True)
class SwitchIdentity:
    """Calls that follow come from ``name``."""

    where: Location
    name: str


@dataclass(frozen=True)
class ChangeCode:
    """Install or upgrade; ``mode`` is ``install`` or ``upgrade``."""

    where: Location
    mode: str
    arguments: str


Step = Call | SwitchIdentity | ChangeCode


def read(path: Path) -> list[Step]:
    """The steps of a file.  Raises ``UsageError`` when it cannot be read or is no session."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the session {path} cannot be read: {error}") from error
    return parse(text, str(path))


def parse(text: str, source: str = "<session>") -> list[Step]:
    """The steps of a session's text.  Raises ``UsageError`` with the line of what is not understood."""
    steps: list[Step] = []
    block: list[str] = []
    first = 0
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        continued = line[:1] in (" ", "\t") and line.strip() != ""
        if continued:
            if not block:
                raise _fault(source, number, "an indented line continues no step")
            block.append(line)
            continue
        if block:
            steps.append(_step(block, Location(source, first)))
            block = []
        if line.strip() and not line.startswith("#"):
            block, first = [line], number
    return steps


def _step(lines: list[str], where: Location) -> Step:
    if lines[0].startswith("@"):
        return _directive(" ".join(line.strip() for line in lines), where)
    arrow = next((index for index, line in enumerate(lines) if line.lstrip().startswith("=>")), len(lines))
    match = _CALL.match("\n".join(lines[:arrow]))
    if match is None:
        raise _fault(where.file, where.line, f"not a call: {lines[0].strip()}")
    expected: str | ExpectedReject | None = None
    if arrow < len(lines):
        text = "\n".join(lines[arrow:]).lstrip()[2:]
        reject = _REJECT.match(text)
        expected = ExpectedReject(_unescape(reject["part"])) if reject else text.strip()
        if isinstance(expected, str) and not (expected.startswith("(") and expected.endswith(")")):
            raise _fault(where.file, where.line, 'the expected reply is neither (...) nor reject "..."')
    return Call(where, match["quoted"] or match["plain"], match["arguments"], expected)


def _directive(line: str, where: Location) -> Step:
    word, _, rest = line[1:].partition(" ")
    rest = rest.strip()
    if word == "as":
        if not _IDENTITY.match(rest):
            raise _fault(where.file, where.line, f"not the name of an identity: {rest!r}")
        return SwitchIdentity(where, rest)
    if word in ("install", "upgrade"):
        if rest and not (rest.startswith("(") and rest.endswith(")")):
            raise _fault(where.file, where.line, f"the arguments of @{word} stand in parentheses")
        return ChangeCode(where, word, rest or "()")
    raise _fault(where.file, where.line, f"unknown directive @{word}")


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _fault(source: str, line: int | None, what: str) -> UsageError:
    return UsageError(
        what,
        where=Location(source, line),
        remedy='write METHOD(ARGUMENTS), then an indented "=> (REPLY)"; see docs/sessions.md',
    )
