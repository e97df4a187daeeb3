"""The table of the whole suite."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

__all__ = ["Report"]


#: Characters of a cell.
_LONGEST = 90


@dataclass
class Report:
    """Rows as they come: what was compared, between what, how often, how often it differed."""

    rows: list[tuple[str, str, str, int]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def add(self, what: str, between: str, cases: str, differences: list[str]) -> None:
        """A row; its differences are told at the end."""
        self.rows.append((what, between, cases, len(differences)))
        self.differences += [f"{what}: {text}" for text in differences]
        self.say(f"{what}: {cases}, {len(differences)} differences")

    def note(self, text: str) -> None:
        """Something that could not be shown, with its reason."""
        self.notes.append(text)
        self.say(text)

    @staticmethod
    def say(text: str) -> None:
        """Progress."""
        print(text, file=sys.stderr, flush=True)

    def table(self, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """A table of its own, printed before the main one."""
        self.tables.append(_markdown(head, rows))

    def text(self) -> str:
        """All tables and what differed."""
        rows: list[tuple[str, ...]] = [
            (what, between, cases, str(count)) for what, between, cases, count in self.rows
        ]
        parts = [*self.tables, _markdown(("what", "compared between", "cases", "differences"), rows)]
        if self.notes:
            parts.append("\n".join(f"- not shown: {note}" for note in self.notes))
        if self.differences:
            parts.append("\n".join(self.differences))
        return "\n\n".join(parts)


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = [[_short(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
