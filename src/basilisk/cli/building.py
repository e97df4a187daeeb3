"""What ``build`` and ``run`` share: build with progress, then say what came out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from basilisk.cli import show

if TYPE_CHECKING:
    from basilisk.build.pipeline import Built
    from basilisk.build.project import Project

__all__ = ["build_and_show", "build_quietly"]


def build_quietly(
    project: Project, *, output: Path | None = None, force: bool = False, python: Path | None = None
) -> Built:
    """Build, showing progress, warnings and what the program printed while it was imported."""
    from basilisk.build.pipeline import build
    from basilisk.build.timings import Timings

    timings = Timings()
    copy = os.environ.get("ICP_WASM_OUTPUT_PATH")  # set by icp-cli for a custom build step
    with show.progress(timings):
        built = build(
            project,
            output=output,
            force=force,
            timings=timings,
            wasm_copy=Path(copy) if copy else None,
            python=python,
        )
    for line in built.log:
        click.echo(click.style("printed at build time: ", dim=True) + line, err=True)
    for text in built.warnings:
        show.warn(text)
    return built


def build_and_show(
    project: Project,
    *,
    output: Path | None = None,
    force: bool = False,
    timings: bool = False,
    quiet: bool = False,
    python: Path | None = None,
) -> Built:
    """Build and print the results' places and sizes."""
    built = build_quietly(project, output=output, force=force, python=python)
    if quiet:
        return built
    if built.fresh:
        click.echo(f"built {click.style(project.name, bold=True)} in {built.timings.total:.1f} s")
    else:
        click.echo(f"{click.style(project.name, bold=True)} is up to date")
    methods = len(built.methods)
    count = f"{methods} method{'s' if methods != 1 else ''}"
    rows = [(built.wasm, ""), (built.gzip, ""), (built.did, count)]
    shown = [(project.display(path), note or show.size(path.stat().st_size)) for path, note in rows]
    width = max(len(path) for path, _ in shown)
    for path, note in shown:
        click.echo(f"  {path:<{width}}  {note}")
    if timings:
        show.timing_table(built.timings)
    return built
