"""``basilisk migrate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from basilisk.migrate import Migration

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk migrate src --diff     show what would change
  basilisk migrate src            change it
  basilisk migrate src --check    is there anything to change?

\b
Exit codes:
  0    done; with --check: nothing would change
  1    with --check: something would change
  2    a file is not Python; nothing was changed
  64   there is no program
"""


@click.command("migrate", epilog=_EPILOG, short_help="rewrite a Kybra program to today's names")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--diff", "show_diff", is_flag=True, help="Print the changes and write nothing.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit code 1 if there are changes.")
def command(path: Path, show_diff: bool, only_check: bool) -> int:
    """Rewrite a program for Kybra: names of today, `await` in place of `yield` where that is safe.

    PATH is a file or a folder. What is not certain to mean the same afterwards stays as it is, with a line
    that says why; programs with Kybra's names keep working as they are.
    """
    from basilisk.migrate import migrate_path

    found = migrate_path(path)
    if show_diff:
        click.echo(found.diff(), nl=False)
    elif not only_check:
        found.write()
    _report(found, done=not (show_diff or only_check))
    return 1 if only_check and found.changed else 0


def _report(found: Migration, *, done: bool) -> None:
    for remark in found.remarks:
        click.echo(str(remark), err=True)
    word = "changed" if done else "would change"
    for path in found.changed:
        click.echo(f"{word}: {found.shown[path]}", err=True)
    if not found.changed:
        click.echo("nothing to change", err=True)
