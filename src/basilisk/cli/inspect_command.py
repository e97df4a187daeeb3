"""``basilisk inspect``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from basilisk.cli.wasmfile import WasmFile
    from basilisk.toolbox import Report
    from basilisk.wasm.describe import Description

__all__ = ["command"]

_EPILOG = """\b
Examples:
  basilisk inspect .basilisk/hello/hello.wasm.gz   imports, exports, sections, sizes, limits
  basilisk inspect hello.wasm --json               the same for programs
  basilisk inspect any.wasm --imports              also each import, with its type
"""


@click.command("inspect", epilog=_EPILOG, short_help="show what is in a wasm file")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.wasm[.gz]")
@click.option("--imports", is_flag=True, help="List every import.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, imports: bool, as_json: bool) -> int:
    """Show imports, exports, sections and sizes of a module, and how much of each limit it uses.

    Ends with exit code 4 when the Internet Computer would refuse the module.
    """
    from basilisk.cli.wasmfile import read_wasm
    from basilisk.errors import ModuleRefused
    from basilisk.toolbox import validate
    from basilisk.wasm.describe import describe

    found = read_wasm(file)
    description = describe(found.module)
    report = validate(found.stored)
    if as_json:
        click.echo(json.dumps(_as_dict(found, description, report), indent=2))
    else:
        _show(file, found, description, report, imports)
    return 0 if report.ok else ModuleRefused.exit_code


def _as_dict(found: WasmFile, description: Description, report: Report) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(found.stored).hexdigest(),
        "stored_bytes": len(found.stored),
        "module_bytes": len(found.module),
        "sections": [
            {"name": item.name, "offset": item.offset, "bytes": item.size} for item in description.sections
        ],
        "imports": [{"name": item.name, "type": item.type} for item in description.imports],
        "exports": [
            {"name": item.name, "kind": item.kind, "type": item.type} for item in description.exports
        ],
        "memory_pages": description.memory.minimum if description.memory is not None else 0,
        "functions": description.functions,
        "data_segments": description.data_segments,
        "data_bytes": description.data_bytes,
        "metadata": {
            name: content.decode("utf-8", "replace") for name, content in sorted(description.customs.items())
        },
        "limits": [
            {"name": item.label, "value": item.value, "limit": item.limit, "share": round(item.fraction, 4)}
            for item in report.shares()
        ],
        "violations": [str(item) for item in report.violations],
        "warnings": [str(item) for item in report.warnings],
    }


def _show(file: Path, found: WasmFile, description: Description, report: Report, imports: bool) -> None:
    from basilisk.cli import show

    click.echo(f"{click.style(str(file), bold=True)}  sha256 {hashlib.sha256(found.stored).hexdigest()}")
    pages = description.memory.minimum if description.memory is not None else 0
    facts = [f"module {show.size(len(found.module))}", f"memory {pages} pages of 64 KiB"]
    facts += [f"{description.functions:,} functions", f"{description.data_segments:,} data segments"]
    if found.compressed:
        facts.insert(0, f"gzip {show.size(len(found.stored))}")
    click.echo("  " + ", ".join(facts))
    rows = [
        (item.name, f"{item.size:,}", f"{item.size / len(found.module):.1%}") for item in description.sections
    ]
    show.table("\nSections", ["section", "bytes", "share"], rows, right=[1, 2])
    modules: dict[str, int] = {}
    for item in description.imports:
        name = item.name.partition(".")[0]
        modules[name] = modules.get(name, 0) + 1
    listed = ", ".join(f"{count} from {name}" for name, count in sorted(modules.items())) or "none"
    click.echo(f"Imports: {listed}")
    if imports:
        show.table("", ["import", "type"], [(item.name, item.type) for item in description.imports])
    show.table("\nExports", ["export", "type"], [(item.name, item.type) for item in description.exports])
    metadata = [(name, f"{len(content):,}") for name, content in sorted(description.customs.items())]
    if metadata:
        show.table("Metadata", ["section", "bytes"], metadata, right=[1])
    limits = [
        (item.label, f"{item.value:,}", f"{item.limit:,}", f"{item.fraction:.1%}") for item in report.shares()
    ]
    show.table("Limits of the Internet Computer", ["rule", "here", "limit", "share"], limits, right=[1, 2, 3])
    for finding in report.warnings:
        show.warn(str(finding))
    for finding in report.violations:
        click.echo(click.style("refused: ", fg="red", bold=True) + str(finding), err=True)
    if report.ok:
        click.echo("the Internet Computer accepts this module")
