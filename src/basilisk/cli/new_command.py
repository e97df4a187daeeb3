"""``basilisk new``."""

from __future__ import annotations

import re
from pathlib import Path

import click

__all__ = ["command", "render"]

_EPILOG = """\b
Examples:
  basilisk new hello                  a project in ./hello
  basilisk new wallet --path apps/w   a project called wallet in ./apps/w
"""
_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


@click.command("new", epilog=_EPILOG, short_help="make a project")
@click.argument("name")
@click.option("--path", type=click.Path(path_type=Path), help="Folder for the project (default: ./NAME).")
def command(name: str, path: Path | None) -> None:
    """Make a project that builds, runs and is tested: a program, its tests, settings for dfx."""
    from basilisk.build.output import write_outputs
    from basilisk.errors import UsageError

    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} cannot be the name of a canister",
            remedy="begin with a letter; use letters, digits, underscores and dashes",
        )
    folder = path or Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} exists already and is not empty", remedy="choose another name, or --path FOLDER"
        )
    files = render(name)
    write_outputs({folder.absolute() / relative: text.encode() for relative, text in files.items()})
    click.echo(f"made {click.style(str(folder), bold=True)}")
    for relative in sorted(files):
        click.echo(f"  {folder / relative}")
    click.echo(f"next:\n  cd {folder}\n  basilisk run . greet '(\"World\")'")


def render(name: str) -> dict[str, str]:
    """Files of a new project by relative path."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(_TEMPLATES)
    environment = Environment(
        loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    files = {}
    for template in sorted(_TEMPLATES.rglob("*.j2")):
        relative = template.relative_to(_TEMPLATES).as_posix()
        target = relative.removesuffix(".j2").replace("dot_", ".")
        files[target] = environment.get_template(relative).render(name=name)
    return files
