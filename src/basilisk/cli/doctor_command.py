"""``basilisk doctor``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from basilisk.cli.checkup import Finding

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk doctor            what is found, what is missing, what to do
  basilisk doctor --json     the same for programs
"""
_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "missing": ("MISSING", "red")}


@click.command("doctor", epilog=_EPILOG, short_help="say what is found, what is missing, what to do")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> int:
    """Check everything Basilisk needs on this machine.

    Ends with exit code 3 when something is missing without which nothing can be built.
    """
    from basilisk.cli.checkup import checkup
    from basilisk.errors import EnvironmentFault

    findings = checkup()
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        _show(findings)
    return EnvironmentFault.exit_code if any(item.state == "missing" for item in findings) else 0


def _show(findings: list[Finding]) -> None:
    width = max(len(item.name) for item in findings)
    for item in findings:
        text, colour = _MARKS[item.state]
        click.echo(f"{click.style(f'{text:>7}', fg=colour)}  {item.name:<{width}}  {item.found}")
        if item.remedy:
            click.echo(f"{'':>7}  {'':<{width}}  do: {item.remedy}")
    missing = sum(item.state == "missing" for item in findings)
    click.echo(f"{missing} missing" if missing else "everything needed is there")
