"""``basilisk build``."""

from __future__ import annotations

import json
from dataclasses import replace
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
  basilisk build --report             also show what went in and its size
  basilisk build --stdlib used        leave out what the program cannot import
"""


@click.command("build", epilog=_EPILOG, short_help="build a canister")
@click.argument("target", required=False, metavar="[PATH|NAME]")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--name", help="The canister's name.")
@click.option("--force", is_flag=True, help="Build even if nothing has changed.")
@click.option("--timings", is_flag=True, help="Show where the time went.")
@click.option("--report", is_flag=True, help="Show what went into the canister, and its size.")
@click.option("--report-json", type=click.Path(path_type=Path), help="Write that to a file as JSON.")
@click.option(
    "--stdlib",
    type=click.Choice(["full", "used"]),
    help="How much of the standard library ships: all of it, or what the program can import.",
)
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    help="Interpreter or virtual environment with the packages (default: the active one).",
)
@click.option("--quiet", "-q", is_flag=True, help="Print warnings and errors only.")
def command(
    target: str | None,
    output: Path | None,
    name: str | None,
    force: bool,
    timings: bool,
    report: bool,
    report_json: Path | None,
    stdlib: str | None,
    python: Path | None,
    quiet: bool,
) -> None:
    """Build a canister: NAME.wasm, NAME.wasm.gz and NAME.did in .basilisk/NAME/.

    PATH is a Python file or a folder, NAME a canister that a configuration file here declares; without
    either, the current folder is meant.
    """
    from basilisk.build.output import write_outputs
    from basilisk.build.project import check_backend, resolve
    from basilisk.cli.report import show_report

    check_backend()
    project = resolve(target, name=name)
    if stdlib is not None:
        project = replace(project, stdlib=stdlib)
    built = build_and_show(project, output=output, force=force, timings=timings, quiet=quiet, python=python)
    if report:
        show_report(built.report)
    if report_json is not None:
        write_outputs(
            {report_json.absolute(): json.dumps(built.report, indent=1, sort_keys=True).encode() + b"\n"}
        )
