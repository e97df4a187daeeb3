"""``basilisk check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from basilisk.candid.types import Interface

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk check                          does the project in this folder build?
  basilisk check --against deployed.did   would an upgrade break the clients of that interface?
  basilisk check new.wasm.gz --against old.wasm.gz
"""


@click.command("check", epilog=_EPILOG, short_help="check a program, also against an earlier interface")
@click.argument("target", required=False, metavar="[PATH|NAME|WASM|DID]")
@click.option("--against", metavar="DID|WASM|PATH", help="The interface that clients use now.")
def command(target: str | None, against: str | None) -> None:
    """Check that a program builds and, with --against, that an upgrade keeps its interface.

    Every method of the earlier interface must still exist with a type that its clients can use (Candid
    specification, "Upgrading and Subtyping"). Ends with exit code 2 when one does not.
    """
    from basilisk.candid import check_upgrade, parse_did
    from basilisk.cli.interfaces import interface_text
    from basilisk.cli.show import warn
    from basilisk.errors import ProgramError

    new = parse_did(interface_text(target), source=target or "this project")
    if against is None:
        count = len(new.service.methods) if new.service is not None else 0
        click.echo(f"it builds: {count} method{'s' * (count != 1)}")
        return
    old = parse_did(interface_text(against), source=against)
    found = check_upgrade(old, new)
    broken = [item for item in found if item.fatal]
    for item in found:
        if not item.fatal:
            warn(f"{item} (calls keep working, but this value always arrives as null)")
    if broken:
        raise ProgramError(
            f"an upgrade would break {len(broken)} of the methods in {against}",
            cause="clients that were made for the earlier interface could not call them as before",
            remedy="keep the old types and add what is new as opt fields or as new methods",
            details="\n".join(f"  {item}" for item in broken),
        )
    added = sorted(_names(new) - _names(old))
    click.echo("compatible: every method keeps its clients" + (f"; new: {', '.join(added)}" if added else ""))


def _names(interface: Interface) -> set[str]:
    return {name for name, _ in interface.service.methods} if interface.service is not None else set()
