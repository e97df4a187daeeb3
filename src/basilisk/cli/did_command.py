"""``basilisk did``."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk did                    interface of the project in this folder
  basilisk did main.py            interface of a program (builds it first)
  basilisk did wallet.wasm.gz     interface that a wasm file carries
"""


@click.command("did", epilog=_EPILOG, short_help="print a canister's interface")
@click.argument("target", required=False, metavar="[PATH|NAME|WASM]")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a file instead.")
def command(target: str | None, output: Path | None) -> None:
    """Print the Candid interface of a program or of a wasm file."""
    from basilisk.cli.interfaces import interface_text

    text = interface_text(target)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    from basilisk.build.output import write_outputs

    write_outputs({output.absolute(): text.encode()})
