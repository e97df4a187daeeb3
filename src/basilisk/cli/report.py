"""The report of ``basilisk build --report``, for people."""

from __future__ import annotations

from typing import Any

import click

from basilisk.cli import show

__all__ = ["show_report"]


def show_report(report: dict[str, Any]) -> None:
    """Print tables of the packages and of the standard library."""
    rows = []
    for item in report["packages"]:
        name = f"{item['name']} {item['version']}".strip() or "the program"
        sources, data = sum(item["modules"].values()), sum(item["data"].values())
        rows.append([name, str(len(item["modules"])), f"{sources:,}", str(len(item["data"])), f"{data:,}"])
    columns = ["package", "modules", "bytes", "data files", "bytes"]
    show.table("What was packed", columns, rows, right=[1, 2, 3, 4])
    for item in report["packages"]:
        for file in item["native"]:
            click.echo(f"  left out: {file} (machine code); the package works without it, or fails on import")
        if item["deferred"]:
            click.echo(f"  {item['name']} fails where it uses {', '.join(item['deferred'])}")
        if item["unread"]:
            click.echo(f"  left out: {item['unread']} data files of {item['name']}, which nothing reads")
    library = report["stdlib"]
    rows = []
    for title, key in (("in memory", "in_memory"), ("loaded when imported", "on_import")):
        modules = library[key]
        largest = sorted(modules, key=lambda name: -modules[name])[:5]
        shown = ", ".join(f"{name} {modules[name]:,}" for name in largest)
        rows.append([title, str(len(modules)), f"{sum(modules.values()):,}", shown])
    rows.append(["left out", str(library["left_out"]), "", ""])
    title = f"Standard library ({library['profile']})"
    show.table(title, ["", "modules", "bytes", "the largest"], rows, right=[1, 2])
    for name, size in report["sizes"].items():
        click.echo(f"  {name}  {show.size(size)}")
