"""Texts of exceptions: the whole traceback with the user's source lines, in the layout of the interpreter.

The module ``traceback`` of the standard library would bring several others into every canister's memory;
this one needs nothing.  Frames of the import system and of Basilisk's own start-up are left out.
"""

from __future__ import annotations

from basilisk._guest.sources import source_of_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType, TracebackType
    from typing import Any

__all__ = ["Place", "format_exception", "places"]

# Reject messages and log lines are limited; the middle is what a reader misses least.
_MOST_CHARACTERS = 12_000
_MOST_FRAMES = 60
_MOST_REPEATS = 3
_DEEPEST_CHAIN = 20
_HIDDEN = (
    "_basilisk_boot",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "_frozen_importlib",
    "basilisk.calls",
    "basilisk.randomness",
    "basilisk.services",
    "basilisk.tasks",
    "basilisk.timers",
)


class Place:
    """One line of a traceback.  Columns are offsets in characters, from 0, or None."""

    __slots__ = ("column", "end_column", "end_line", "file", "function", "line", "namespace")

    def __init__(self, frame: FrameType, line: int, instruction: int) -> None:
        code = frame.f_code
        self.file = code.co_filename
        self.function = code.co_name
        self.namespace: dict[str, Any] = frame.f_globals
        self.line = line
        self.end_line: int | None = None
        self.column: int | None = None
        self.end_column: int | None = None
        position = _position(code, instruction)
        if position is not None and position[0] == line:
            _, self.end_line, self.column, self.end_column = position

    @property
    def hidden(self) -> bool:
        """True for lines that say nothing about the program."""
        name = str(self.namespace.get("__name__", ""))
        return (
            name in _HIDDEN
            or name == "basilisk._guest"
            or name.startswith("basilisk._guest.")
            or self.file.startswith("<frozen importlib")
        )


def _position(code: CodeType, instruction: int) -> tuple[int | None, ...] | None:
    positions = getattr(code, "co_positions", None)
    if positions is None or instruction < 0:
        return None
    for index, position in enumerate(positions()):
        if index == instruction // 2:
            return position  # type: ignore[no-any-return]
    return None


def places(traceback: TracebackType | None) -> list[Place]:
    """The lines of a traceback, outermost first, without those of the import system and of Basilisk."""
    found = []
    while traceback is not None:
        found.append(Place(traceback.tb_frame, traceback.tb_lineno, traceback.tb_lasti))
        traceback = traceback.tb_next
    return [place for place in found if not place.hidden]


def format_exception(error: BaseException) -> str:
    """The traceback, type and message of an exception and of those that led to it."""
    text = "\n".join(_chain(error, set(), 0)) + "\n"
    if len(text) > _MOST_CHARACTERS:
        half = _MOST_CHARACTERS // 2
        cut = len(text) - 2 * half
        text = f"{text[:half]}\n  ... {cut} characters left out ...\n{text[-half:]}"
    return text


def _chain(error: BaseException, seen: set[int], depth: int) -> Iterator[str]:
    seen.add(id(error))
    earlier, link = error.__cause__, "The above exception was the direct cause of the following exception:"
    if earlier is None and not error.__suppress_context__:
        earlier, link = (
            error.__context__,
            "During handling of the above exception, another exception occurred:",
        )
    if earlier is not None and id(earlier) not in seen and depth < _DEEPEST_CHAIN:
        yield from _chain(earlier, seen, depth + 1)
        yield f"\n{link}\n"
    lines = places(error.__traceback__)
    if lines:
        yield "Traceback (most recent call last):"
        yield from _stack(lines)
    yield from _message(error)
    members = getattr(error, "exceptions", None)
    if isinstance(members, tuple) and depth < _DEEPEST_CHAIN:
        for number, member in enumerate(members, 1):
            if isinstance(member, BaseException) and id(member) not in seen:
                yield f"  +---------------- {number} ----------------"
                for line in "\n".join(_chain(member, seen, depth + 1)).split("\n"):
                    yield f"  | {line}"


def _stack(lines: list[Place]) -> Iterator[str]:
    sources: dict[int, list[str]] = {}
    left_out = len(lines) - _MOST_FRAMES
    last, repeats = None, 0
    for index, place in enumerate(lines):
        if left_out > 0 and _MOST_FRAMES // 3 <= index < _MOST_FRAMES // 3 + left_out:
            if index == _MOST_FRAMES // 3:
                yield f"  ... {left_out} more calls ..."
            continue
        here = (place.file, place.line, place.function)
        repeats = repeats + 1 if here == last else 0
        last = here
        if repeats == _MOST_REPEATS:
            yield "  ... the same line again ..."
        if repeats >= _MOST_REPEATS:
            continue
        yield f'  File "{place.file}", line {place.line}, in {place.function}'
        yield from _source(place, sources)


def _source(place: Place, sources: dict[int, list[str]]) -> Iterator[str]:
    key = id(place.namespace)
    if key not in sources:
        source = source_of_namespace(place.namespace)
        sources[key] = source.splitlines() if source is not None else []
    lines = sources[key]
    if not 1 <= place.line <= len(lines):
        return
    raw = lines[place.line - 1]
    text = raw.strip()
    if not text:
        return
    yield f"    {text}"
    if place.end_line != place.line or place.column is None or place.end_column is None:
        return
    data = raw.encode("utf-8")
    indent = len(raw) - len(raw.lstrip())
    start = len(data[: place.column].decode("utf-8", "replace")) - indent
    end = len(data[: place.end_column].decode("utf-8", "replace")) - indent
    if 0 <= start < end <= len(text) and (start, end) != (0, len(text)):
        yield f"    {' ' * start}{'^' * (end - start)}"


def _message(error: BaseException) -> Iterator[str]:
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    if isinstance(error, SyntaxError) and error.filename is not None:
        yield from _syntax(error)
        text = str(error.msg)
    else:
        try:
            text = str(error)
        except Exception:
            text = "<the exception's text could not be made>"
    yield f"{name}: {text}" if text else name
    for note in getattr(error, "__notes__", None) or ():
        yield str(note)


def _syntax(error: SyntaxError) -> Iterator[str]:
    yield f'  File "{error.filename}", line {error.lineno}'
    if not error.text:
        return
    raw = error.text.rstrip("\n")
    text = raw.strip()
    yield f"    {text}"
    if error.offset is not None:
        start = max(error.offset - 1 - (len(raw) - len(raw.lstrip())), 0)
        end = start + 1
        if error.end_offset is not None and error.end_lineno == error.lineno:
            end = max(error.end_offset - 1 - (len(raw) - len(raw.lstrip())), end)
        yield f"    {' ' * start}{'^' * (min(end, len(text) + 1) - start)}"
