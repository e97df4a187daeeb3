"""Kybra's README: its code blocks by section.

The document lies in a folder beside the checkout that holds what this project started from; nothing of it is
copied here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FOLDER", "Block", "blocks", "document", "read", "sections"]

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "seeds"
_MARK = "\n### Canister Methods\n"


@dataclass(frozen=True)
class Block:
    """A fenced block: ``chapter`` and ``section`` are the headings above it."""

    chapter: str
    section: str
    language: str
    text: str

    @property
    def name(self) -> str:
        """Chapter and section: ``Call APIs/reply raw``."""
        return f"{self.chapter}/{self.section}"

    @property
    def is_program(self) -> bool:
        """Whether it is Python; the interfaces in the chapter on types are marked as Python as well."""
        return self.language == "python" and not re.match(r"(service|type \w+)\b.*[:=]", self.text)

    @property
    def is_interface(self) -> bool:
        """Whether it is Candid."""
        return self.language == "python" and not self.is_program


def document() -> str | None:
    """The README's text, or None when it is not there."""
    for path in sorted(FOLDER.glob("*.txt")) if FOLDER.is_dir() else ():
        text = path.read_text(encoding="utf-8")
        if _MARK in text:
            return text
    return None


def read(text: str) -> list[Block]:
    """All fenced blocks in order."""
    found = []
    headings: dict[int, str] = {}
    pattern = re.compile(r"^(#+) ([^\n]*)\n|^```(\w*)\n(.*?)^```$", re.M | re.S)
    for match in pattern.finditer(text):
        if match[1] is not None:
            level = len(match[1])
            headings = {key: value for key, value in headings.items() if key < level} | {level: match[2]}
        else:
            section = headings.get(4, headings[3])
            found.append(Block(headings[3], section, match[3].lower(), match[4]))
    return found


def blocks(found: list[Block], name: str) -> list[Block]:
    """The blocks of one section, by chapter and section."""
    return [block for block in found if block.name == name]


def sections(found: list[Block]) -> Mapping[str, list[Block]]:
    """The blocks by section, in the document's order."""
    answer: dict[str, list[Block]] = {}
    for block in found:
        answer.setdefault(block.name, []).append(block)
    return answer
