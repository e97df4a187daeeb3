"""Tokens of the Candid text formats, with positions.

Source: Candid specification, "Core Grammar", "Comments" and "Values".  Interface files and values share
one lexer: a text token carries bytes, because ``\\hh`` escapes in a blob need not be UTF-8.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple, NoReturn

from basilisk.errors import Location

from .errors import CandidError
from .keywords import KEYWORDS
from .numbers import parse_integer

__all__ = ["Source", "Token", "TokenStream"]

_NUM = r"[0-9](?:_?[0-9])*"
_HEX = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_TOKEN = re.compile(
    rf"""
    (?P<float>
        [+-]?0[xX]{_HEX}(?:\.(?:{_HEX})?(?:[pP][+-]?{_NUM})?|[pP][+-]?{_NUM})
      | [+-]?{_NUM}(?:\.(?:{_NUM})?(?:[eE][+-]?{_NUM})?|[eE][+-]?{_NUM})
      | [+-](?:inf|nan|NaN|infinity)\b
    )
  | (?P<number>[+-]?(?:0[xX]{_HEX}|{_NUM}))
  | (?P<id>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<punct>->|==|!=|!:|[=(){{}};,.:])
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"(?:[ \t\r\n\f\v\u00a0\ufeff]+|//[^\n]*)+")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F](?:_?[0-9a-fA-F])*)\}|([0-9a-fA-F]{2})|([nrt\\\"']))")
_SIMPLE_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\", '"': b'"', "'": b"'"}
_EXCERPT = 72


class Token(NamedTuple):
    """``kind`` is one of id, number, float, text, punct, end; ``value`` is bytes for text, else str."""

    kind: str
    value: str | bytes
    offset: int

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end of the text"
        if self.kind == "text":
            return "a quoted text"
        word = str(self.value)
        return f"`{word if len(word) <= 40 else word[:37] + '...'}`"


class Source:
    """A text with a name, able to say where an offset is."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self._starts: list[int] | None = None

    def location(self, offset: int) -> Location:
        """Line and column of an offset, both counted from 1, columns in characters."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return Location(self.name, line, offset - starts[line - 1] + 1)

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        return self._starts

    def _excerpt(self, offset: int) -> str:
        """The line of the offset with a mark below it; long lines are cut around the place."""
        starts = self._line_starts()
        start = starts[bisect_right(starts, offset) - 1]
        stop = self.text.find("\n", start)
        line = self.text[start : stop if stop >= 0 else len(self.text)].replace("\t", " ").rstrip("\r")
        column = offset - start
        left = max(0, min(column - _EXCERPT // 2, len(line) - _EXCERPT))
        return f"    {line[left : left + _EXCERPT]}\n    {' ' * (column - left)}^"

    def fail(
        self, what: str, offset: int, *, cause: str | None = None, remedy: str | None = None
    ) -> NoReturn:
        """Raises a :class:`CandidError` that points at the offset."""
        raise CandidError(
            what, where=self.location(offset), cause=cause, remedy=remedy, details=self._excerpt(offset)
        )


def _skip_block_comment(source: Source, start: int) -> int:
    depth = 0
    for match in _COMMENT_EDGE.finditer(source.text, start):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    source.fail("this comment is never closed", start, remedy="add `*/`; block comments nest")


def _encode(source: Source, text: str, offset: int) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        source.fail("the text is not Unicode", offset + error.start)


def _unescape(source: Source, quoted: str, offset: int) -> bytes:
    """The bytes a quoted text stands for; ``offset`` is that of its opening quote."""
    body = quoted[1:-1]
    if "\\" not in body:
        return _encode(source, body, offset + 1)
    parts: list[bytes] = []
    position = 0
    while position < len(body):
        escape = body.find("\\", position)
        if escape < 0:
            escape = len(body)
        parts.append(_encode(source, body[position:escape], offset + 1 + position))
        if escape == len(body):
            break
        match = _ESCAPE.match(body, escape)
        if match is None:
            source.fail(
                "unknown escape in a text",
                offset + 1 + escape,
                remedy="the escapes are \\n \\r \\t \\\\ \\\" \\' \\hh (two hex digits) and \\u{hex}",
            )
        scalar, byte, simple = match.groups()
        if scalar is not None:
            code = int(scalar.replace("_", ""), 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                source.fail("this escape is not a Unicode scalar value", offset + 1 + escape)
            parts.append(chr(code).encode("utf-8"))
        else:
            parts.append(bytes((int(byte, 16),)) if byte is not None else _SIMPLE_ESCAPES[simple])
        position = match.end()
    return b"".join(parts)


def _tokens(source: Source) -> list[Token]:
    text = source.text
    tokens: list[Token] = []
    position = 0
    while True:
        space = _SPACE.match(text, position)
        if space is not None:
            position = space.end()
        if text.startswith("/*", position):
            position = _skip_block_comment(source, position)
            continue
        if position == len(text):
            tokens.append(Token("end", "", position))
            return tokens
        match = _TOKEN.match(text, position)
        if match is None:
            _fail_at(source, position)
        kind = str(match.lastgroup)
        value: str | bytes = match.group()
        end = match.end()
        if kind in ("number", "float") and end < len(text) and (text[end].isalnum() or text[end] == "_"):
            source.fail(
                "malformed number",
                position,
                remedy="separate digits with single underscores; hex starts with 0x",
            )
        if kind == "text":
            value = _unescape(source, match.group(), position)
        tokens.append(Token(kind, value, position))
        position = end


def _fail_at(source: Source, position: int) -> NoReturn:
    if source.text[position] == '"':
        source.fail("this text is never closed", position, remedy='add the closing `"`')
    source.fail(f"unexpected character {source.text[position]!r}", position)


class TokenStream:
    """Tokens of a source with one token of look-ahead (two where a name decides)."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._tokens = _tokens(source)
        self._index = 0

    @property
    def current(self) -> Token:
        return self._tokens[self._index]

    @property
    def following(self) -> Token:
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def next(self) -> Token:
        token = self._tokens[self._index]
        if token.kind != "end":
            self._index += 1
        return token

    def at(self, *words: str) -> bool:
        """True when the current token is one of these words or marks."""
        return self.current.kind in ("id", "punct") and self.current.value in words

    def accept(self, word: str) -> bool:
        """Takes the current token when it is this word or mark."""
        if self.at(word):
            self._index += 1
            return True
        return False

    def expect(self, word: str, context: str) -> Token:
        """Takes this word or mark or fails, naming the context."""
        if not self.at(word):
            self.fail(f"expected `{word}` {context}, found {self.current}")
        return self.next()

    def fail(
        self, what: str, token: Token | None = None, *, cause: str | None = None, remedy: str | None = None
    ) -> NoReturn:
        """Fails at the given token, by default the current one."""
        self.source.fail(what, (token or self.current).offset, cause=cause, remedy=remedy)

    def text_of(self, token: Token) -> str:
        """The text token as a str; fails where its bytes are not UTF-8."""
        assert isinstance(token.value, bytes)
        try:
            return token.value.decode("utf-8")
        except UnicodeDecodeError:
            self.fail("this text is not valid UTF-8", token, remedy="use blob for arbitrary bytes")

    def name(self, context: str) -> str:
        """Takes an identifier or a quoted name."""
        token = self.current
        if token.kind == "text":
            self.next()
            return self.text_of(token)
        if token.kind == "id":
            if token.value in KEYWORDS:
                self.fail(
                    f"`{token.value}` is a word of Candid and no name",
                    remedy=f'write it in quotes: "{token.value}"',
                )
            self.next()
            return str(token.value)
        self.fail(f"expected a name {context}, found {token}")

    def field_number(self) -> int:
        """Takes a numeric field id."""
        token = self.next()
        value = parse_integer(str(token.value))
        if not 0 <= value < 1 << 32 or str(token.value)[0] in "+-":
            self.fail("a field id is a number from 0 to 4_294_967_295", token)
        return value
