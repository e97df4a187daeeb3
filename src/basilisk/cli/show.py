"""How results look: sizes, durations, tables, progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from basilisk.build.timings import Timings

__all__ = ["progress", "size", "table", "timing_table", "warn"]


def size(count: int) -> str:
    """Bytes for people: ``4,120 bytes`` or ``3.94 MB`` (a MB is 1,000,000 bytes)."""
    return f"{count:,} bytes" if count < 100_000 else f"{count / 1e6:.2f} MB"


def warn(text: str) -> None:
    """Print a warning to stderr."""
    click.echo(click.style("warning: ", fg="yellow", bold=True) + text, err=True)


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    """Print a table; ``right`` numbers the columns that are aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    console = Console()
    width = console.width if console.is_terminal else 200
    Console(width=width).print(made)


def timing_table(timings: Timings) -> None:
    """Where the time of a build went."""
    total = timings.total
    rows = [[name, f"{seconds * 1000:,.0f}"] for name, seconds in timings.seconds.items()]
    rest = total - sum(timings.seconds.values())
    rows.append(["everything else", f"{rest * 1000:,.0f}"])
    rows.append(["total", f"{total * 1000:,.0f}"])
    table("", ["stage", "ms"], rows, right=[1])


@contextmanager
def progress(timings: Timings) -> Iterator[None]:
    """Show the running stage on a terminal's stderr."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("starting", spinner="line") as status:
        timings.observer = status.update
        try:
            yield
        finally:
            timings.observer = None
