"""``basilisk bindings``."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk bindings ledger.did -o ledger.py     then: from ledger import Ledger
  basilisk bindings examples/counter            bindings for a program (builds it first)
  basilisk bindings wallet.wasm.gz              for a wasm file that carries its interface
"""


@click.command("bindings", epilog=_EPILOG, short_help="write typed Python for another canister's interface")
@click.argument("target", required=False, metavar="[DID|PATH|NAME|WASM]")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a file instead.")
@click.option("--name", help="Name of the service class; by default from the interface or the file.")
@click.option(
    "--line-length", type=click.IntRange(min=40), default=88, show_default=True, help="Columns of a line."
)
def command(target: str | None, output: Path | None, name: str | None, line_length: int) -> None:
    """Write typed Python for a canister's interface: a Service class, and its types.

    The module works in a canister, type checkers know its types, and the same interface always gives the same
    text.
    """
    from basilisk.bindings import make_bindings
    from basilisk.cli.interfaces import interface_text, load_did
    from basilisk.errors import UsageError

    if name is not None and not name.isidentifier():
        raise UsageError(f"{name!r} cannot be the name of a class", remedy="use letters, such as Ledger")
    source = target or Path.cwd().name
    text = make_bindings(
        interface_text(target), source=source, name=name, loader=load_did, line_length=line_length
    )
    if output is None:
        click.echo(text, nl=False)
        return
    from basilisk.build.output import write_outputs

    write_outputs({output.absolute(): text.encode()})
