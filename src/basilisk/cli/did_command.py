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
    if target is not None and target.endswith((".wasm", ".wasm.gz")):
        text = _of_wasm(Path(target))
    else:
        from basilisk.build.project import check_backend, resolve
        from basilisk.cli.building import build_quietly

        check_backend()
        text = build_quietly(resolve(target)).did.read_text("utf-8")
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    from basilisk.build.output import write_outputs

    write_outputs({output.absolute(): text.encode()})


def _of_wasm(path: Path) -> str:
    from basilisk.cli.wasmfile import read_wasm
    from basilisk.errors import UsageError
    from basilisk.runtime.sections import custom_sections

    found = custom_sections(read_wasm(path).module).get("icp:public candid:service")
    if found is None:
        raise UsageError(
            f"{path} carries no interface",
            cause="it has no custom section icp:public candid:service",
            remedy="name a canister that was built with its interface, or its program",
        )
    return found.decode("utf-8", "replace")
