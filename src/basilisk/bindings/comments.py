"""What the parser of interfaces leaves out: comments, the order of fields, the name of the service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from basilisk.candid.lexer import Source, Token, TokenStream

__all__ = ["Comments", "read_comments"]


@dataclass
class Comments:
    """What stands directly above the parts of an interface.

    ``texts`` has keys ``(owner, member)``: the owner is the name of a type, or None for the canister's
    service; the member is the name of a field or method, or None for the owner itself.  ``service_name`` is
    the name behind ``service``, ``service_type`` the type that ``service : Name`` refers to.  ``orders`` has
    the names inside of each pair of braces in the order of the file.
    """

    texts: dict[tuple[str | None, str | None], str] = field(default_factory=dict)
    orders: dict[frozenset[str], tuple[str, ...]] = field(default_factory=dict)
    service_name: str | None = None
    service_type: str | None = None

    def of(self, owner: str | None, member: str | None = None) -> str:
        """The comment, or ""."""
        return self.texts.get((owner, member), "")

    def order(self, names: Iterable[str]) -> dict[str, int]:
        """The place of each name among those of its record, variant or service."""
        known = frozenset(names)
        return {name: place for place, name in enumerate(self.orders.get(known, ()))}


def read_comments(text: str) -> Comments:
    """The comments of a text that is an interface (:func:`~basilisk.candid.parse_did` accepts it)."""
    return _Reader(Source(text, "<did>")).read()


class _Reader:
    def __init__(self, source: Source) -> None:
        self.text = source.text
        self.stream = TokenStream(source)
        self.tokens = [self.stream.next()]
        while self.tokens[-1].kind != "end":
            self.tokens.append(self.stream.next())
        self.found = Comments()
        self.owner: str | None = None

    def read(self) -> Comments:
        open_braces: list[list[str]] = []
        brackets = 0
        for index, token in enumerate(self.tokens[:-1]):
            before = self.tokens[index - 1].value if index else ";"
            if token.kind == "punct":
                brackets += (token.value == "(") - (token.value == ")")
                if token.value == "{":
                    open_braces.append([])
                elif token.value == "}" and open_braces:
                    names = open_braces.pop()
                    self.found.orders.setdefault(frozenset(names), tuple(names))
            elif not open_braces and before in (";", "}") and token.value in ("type", "service"):
                self._begin(index)
            elif open_braces and before in ("{", ";") and token.kind in ("id", "text"):
                name = self.stream.text_of(token) if token.kind == "text" else str(token.value)
                open_braces[-1].append(name)
                if len(open_braces) == 1 and brackets == 0:
                    self._keep(token, name)
        return self.found

    def _begin(self, index: int) -> None:
        token, named = self.tokens[index : index + 2]
        if token.value == "type":
            self.owner = str(named.value)
        else:
            self.owner = None
            if named.kind == "id":
                self.found.service_name = str(named.value)
            *_, before, last, _ = (item for item in self.tokens if item.value != ";")
            if last.kind == "id" and before.value in (":", "->"):
                self.found.service_type = str(last.value)
        self._keep(token, None)

    def _keep(self, token: Token, member: str | None) -> None:
        comment = _above(self.text[: token.offset])
        if comment:
            self.found.texts[self.owner, member] = comment


def _above(text: str) -> str:
    """The comment whose last line is directly above the end of ``text``."""
    *lines, rest = text.split("\n")
    if rest.strip():
        return ""
    taken: list[str] = []
    while lines and lines[-1].strip().startswith("//"):
        taken.append(lines.pop().strip().lstrip("/").removeprefix(" ").rstrip())
    if not taken and lines and lines[-1].rstrip().endswith("*/"):
        taken = _block(lines)
    return "\n".join(reversed(taken)).strip("\n")


def _block(lines: list[str]) -> list[str]:
    """The lines of the block comment that ends the text, the last one first."""
    taken: list[str] = []
    while lines:
        line = lines.pop().strip()
        start = line.startswith("/*")
        if not start and "/*" in line:
            return []  # it stands behind something else
        taken.append(line.removesuffix("*/").removeprefix("/*").strip("*").strip())
        if start:
            return taken
    return []
