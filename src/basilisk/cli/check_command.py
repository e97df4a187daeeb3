"""``basilisk check``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from basilisk.candid.compatibility import Break, Comparison

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk check                          does the project in this folder build?
  basilisk check --against deployed.did   would an upgrade break the clients of that interface?
  basilisk check new.wasm.gz --against old.wasm.gz
  basilisk check --strict                 does a variable change under a function that uses it?

\b
Exit codes:
  0    it builds; with --against: no client breaks; with --strict: no warnings
  1    with --strict: there are warnings
  2    it does not build, or an upgrade would break a method
  64   a file cannot be read
  65   a file is not a Candid interface
"""


@click.command("check", epilog=_EPILOG, short_help="check a program, also against an earlier interface")
@click.argument("target", required=False, metavar="[PATH|NAME|WASM|DID]")
@click.option("--against", metavar="DID|WASM|PATH", help="The interface that clients use now.")
@click.option(
    "--both-ways", is_flag=True, help="Also fail when going back would break clients of the new interface."
)
@click.option("--strict", is_flag=True, help="Warn of variables that change under a function that uses them.")
def command(target: str | None, against: str | None, both_ways: bool, strict: bool) -> int:
    """Check that a program builds and, with --against, that an upgrade keeps its interface.

    Every method of the earlier interface must still exist with a type that its clients can use: the new
    service must be a subtype of the old one (Candid specification, "Upgrading and Subtyping"). Whether the
    old one is also a subtype of the new one, so that an upgrade can be taken back, is reported; with
    --both-ways it is required. Init arguments concern whoever installs the canister, not its clients: if
    arguments made for the old init no longer fit, there is a warning.

    A function looks up the variables around it when it runs, not when it is defined. With --strict there is a
    warning for each variable that is bound again after such a function, or in each turn of a loop around it.
    """
    from basilisk.candid import compare_interfaces
    from basilisk.cli.interfaces import interface
    from basilisk.errors import UsageError

    if both_ways and against is None:
        raise UsageError("--both-ways compares two interfaces", remedy="name the earlier one with --against")
    if strict and target is not None and target.endswith((".wasm", ".wasm.gz", ".did")):
        raise UsageError(f"--strict reads a program, and {target} is none", remedy="name the program")
    new = interface(target)
    if against is None:
        count = len(new.service.methods) if new.service is not None else 0
        click.echo(f"it builds: {count} method{'s' * (count != 1)}")
    else:
        _report(compare_interfaces(interface(against), new), against, both_ways)
    return 1 if strict and _warn_of_rebindings(target) else 0


def _warn_of_rebindings(target: str | None) -> bool:
    """Warns of what changes under functions of the program's own modules; whether there was anything."""
    from basilisk.build.closures import rebindings
    from basilisk.build.collect import collect
    from basilisk.build.environment import environment_folders
    from basilisk.build.project import resolve
    from basilisk.cli.show import warn
    from basilisk.runtime import load

    project = resolve(target)
    collection = collect(project, load().stdlib, environment_folders(project.root))
    found = [
        item
        for module in collection.modules.values()
        if module.user
        for item in rebindings(module.source.decode("utf-8-sig"), str(collection.location(module)))
    ]
    for item in found:
        warn(str(item))
    return bool(found)


def _report(found: Comparison, against: str, both_ways: bool) -> None:
    from basilisk.cli.show import warn
    from basilisk.errors import ProgramError

    for item in found.upgrade:
        if not item.fatal:
            warn(f"{item} (calls keep working, but this value always arrives as null)")
    if found.init is not None:
        warn(f"init: {found.init} (arguments made for the earlier interface do not fit)")
    if not found.compatible:
        raise ProgramError(
            f"an upgrade would break {_count(found.upgrade)} of the methods in {against}",
            cause="clients that were made for the earlier interface could not call them as before",
            remedy="keep the old types and add what is new as opt fields or as new methods",
            details=_lines(found.upgrade),
        )
    if both_ways and not found.reversible:
        raise ProgramError(
            f"going back to {against} would break {_count(found.rollback)} of the new methods",
            cause="clients that are made for the new interface could not call them on the earlier version",
            remedy="leave --both-ways out if the upgrade will not be taken back",
            details=_lines(found.rollback),
        )
    click.echo("compatible: every method keeps its clients")
    if found.added:
        click.echo(f"new: {', '.join(found.added)}")
    changed = [item for item in found.rollback if item.fatal and item.method not in found.added]
    if found.same:
        click.echo("going back: both interfaces mean the same")
    elif found.reversible:
        click.echo("going back: breaks nobody either")
    else:
        click.echo("going back: would break clients that use what is new" + (":" if changed else ""))
        if changed:
            click.echo(_lines(changed))


def _count(items: Iterable[Break]) -> int:
    return len({item.method for item in items if item.fatal})


def _lines(items: Iterable[Break]) -> str:
    return "\n".join(f"  {item}" for item in items if item.fatal)
