"""Tables of numbers in Markdown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["table"]


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: Collection[int] = (0,)
) -> str:
    """A table whose columns hold numbers (to the right), except the ``text_columns``."""
    columns = range(len(headings))
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in columns]

    def line(row: Sequence[str]) -> str:
        cells = (
            row[column].ljust(widths[column]) if column in text_columns else row[column].rjust(widths[column])
            for column in columns
        )
        return "| " + " | ".join(cells) + " |"

    rule = "".join(
        "|" + "-" * (widths[column] + 2) if column in text_columns else "|" + "-" * (widths[column] + 1) + ":"
        for column in columns
    )
    return "\n".join([line(headings), rule + "|", *map(line, rows)])
