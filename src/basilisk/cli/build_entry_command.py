"""``python -m basilisk NAME ENTRY [DID]``: the form in the dfx.json files of Kybra and early Basilisk."""

from __future__ import annotations

import click

from basilisk.cli.building import build_and_show

__all__ = ["command"]


@click.command("build-entry", hidden=True)
@click.argument("name")
@click.argument("entry", required=False)
@click.argument("did", required=False)
@click.option("--verbose", "-v", is_flag=True, help="Accepted for old build commands.")
def command(name: str, entry: str | None, did: str | None, verbose: bool) -> None:
    """Build the canister NAME from the file ENTRY; also write its interface to DID."""
    from basilisk.build.project import check_backend, legacy, resolve

    check_backend()
    project = legacy(name, entry, did) if entry is not None else resolve(name)
    build_and_show(project, timings=verbose)
