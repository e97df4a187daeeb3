"""``basilisk build``."""

from __future__ import annotations

from pathlib import Path

import click

from basilisk.cli.building import build_and_show

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk build                      the project in this folder
  basilisk build examples/counter     a folder with main.py or src/main.py
  basilisk build src/main.py          a file
  basilisk build wallet               a canister of pyproject.toml, dfx.json or icp.yaml
  basilisk build --output out         results to out/ instead of .basilisk/NAME/
  basilisk build --timings            also show where the time went
"""


@click.command("build", epilog=_EPILOG, short_help="build a canister")
@click.argument("target", required=False, metavar="[PATH|NAME]")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--name", help="The canister's name.")
@click.option("--force", is_flag=True, help="Build even if nothing has changed.")
@click.option("--timings", is_flag=True, help="Show where the time went.")
@click.option("--quiet", "-q", is_flag=True, help="Print warnings and errors only.")
def command(
    target: str | None, output: Path | None, name: str | None, force: bool, timings: bool, quiet: bool
) -> None:
    """Build a canister: NAME.wasm, NAME.wasm.gz and NAME.did in .basilisk/NAME/.

    PATH is a Python file or a folder, NAME a canister that a configuration file here declares; without
    either, the current folder is meant.
    """
    from basilisk.build.project import check_backend, resolve

    check_backend()
    project = resolve(target, name=name)
    build_and_show(project, output=output, force=force, timings=timings, quiet=quiet)
