"""Names of Candid as names of Python."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection

__all__ = ["Names", "class_name", "python_name", "quoted"]


def class_name(name: str) -> str:
    """A name in the manner of classes: ``http_request_args`` becomes ``HttpRequestArgs``."""
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", name) if part]
    joined = "".join(part[0].upper() + part[1:] for part in parts) or "Type"
    if joined[0].isdigit():
        joined = "T" + joined
    return joined + "_" if keyword.iskeyword(joined) else joined


def python_name(name: str) -> str:
    """The name itself where Python allows it, else one that is close to it."""
    # Two underscores at the beginning would be mangled inside a class, or mean something to Python.
    if name.isidentifier() and unicodedata.normalize("NFKC", name) == name and not name.startswith("__"):
        return name + "_" if keyword.iskeyword(name) else name
    letters = re.sub(r"[^0-9A-Za-z_]", "_", name).strip("_") or "unnamed"
    if letters[0].isdigit():
        letters = "_" + letters
    return letters + "_" if keyword.iskeyword(letters) else letters


def quoted(text: str) -> str:
    """A text as a literal of Python, in double quotes unless that takes more backslashes."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    parts = []
    for character in text:
        if character in (mark, "\\"):
            parts.append("\\" + character)
        elif character.isprintable():
            parts.append(character)
        else:
            parts.append(ascii(character)[1:-1])
    return f"{mark}{''.join(parts)}{mark}"


class Names:
    """Names of one scope: each is given once."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """The wanted name, or one with something behind it that is still free."""
        name, count = wanted, 1
        if name in self._taken:
            name = wanted + "_"
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        return name
